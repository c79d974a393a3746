"""Whatever is sent to the actions of access: it is understood or refused, and never an error of the server."""

from typing import Any

import httpx
import pytest

from insula.application.application import Application
from insula.testing.people import Head, People, accepted

ODD: list[Any] = [None, 2**70, True, "\0", "ä" * 3000, [], {}, [[]], [{}], {"id": []}, {"values": [[]]}]
FIELDS = {
    "auth": ["account", "email", "username", "password", "oldPassword", "newPassword", "all"],
    "users": [
        "username",
        "email",
        "password",
        "roles",
        "blocked",
        "systemSettings",
        "sub",
        "phone",
        "roleName",
    ],
    "roles": ["name", "title", "strategy", "snippets", "default", "users", "resources", "roleName"],
    "rolesResourcesScopes": ["key", "name", "scope", "resourceName"],
    "roles.resources": ["name", "actions", "usingActionsConfig", "roleName", "filter"],
    "roles.users": ["id", "values", "filterByTk"],
    "users.roles": ["name", "values", "filterByTk"],
    "apiKeys": ["name", "role", "expiresIn"],
    "systemSettings": ["title", "enabledLanguages", "options", "appLang"],
    "availableActions": ["filter"],
}
TARGETS = {"users": "/3", "roles": "/plain", "rolesResourcesScopes": "/3", "roles.resources": "/books"}
KEYS = [
    "",
    "/0",
    "/-1",
    "/x",
    "/9223372036854775808",
    "/%00",
    "/[1,2]",
    "/{}",
    "/[[]]",
    "/ä",
    "/%F0%9F%98%80",
    "/a.b",
]
QUERIES = [
    "filter={",
    "filter[a]=1",
    "filter=[]",
    "filterByTk={}",
    "filterByTk=[{}]",
    "fields=x",
    "sort=--",
    "page=x",
]


@pytest.fixture
async def ann(people: People) -> Head:
    """Someone who may do all this, and is not root; and what they may try to spoil."""
    ann = await people.add("ann", "admin")
    await people.make("bob", "member")
    root = await people.root()
    scope = {"key": "mine", "name": "Mine", "scope": {"createdById": "{{ $user.id }}"}}
    accepted(await people.web.post("/rolesResourcesScopes:create", json=scope, headers=root))
    await people.role("plain")
    return ann


async def broken(
    web: httpx.AsyncClient, head: Head, address: str, *, writes: bool, body: Any = None
) -> str | None:
    if writes:
        answer = await web.post(address, json=body, headers=head)
    else:
        answer = await web.get(address, headers=head)
    return f"{address} {body!r:.60}: {answer.text[:200]}" if answer.status_code >= 500 else None


async def test_nothing_breaks_an_action(house: Application, people: People, ann: Head) -> None:
    for resource in FIELDS:
        found: list[str | None] = []
        first = {"roles": "/plain", "users": "/3"}[resource.partition(".")[0]] if "." in resource else ""
        prefix = resource.replace(".", f"{first}/")
        for (name, action_name), action in house.plugin_manager.table.actions.items():
            if name != resource or action_name in ("signIn", "signUp", "signOut"):
                continue
            address = f"/{prefix}:{action_name}"
            for key in KEYS:
                found.append(
                    await broken(people.web, ann, address + key, writes=action.writes, body={"title": "x"})
                )
            for query in QUERIES:
                found.append(
                    await broken(people.web, ann, f"{address}?{query}", writes=action.writes, body={})
                )
            if not action.writes:
                continue
            for body in ODD:
                found.append(await broken(people.web, ann, address, writes=True, body=body))
                for field in FIELDS[resource]:
                    given = {"name": "fresh", "username": "fresh", field: body}
                    key = "" if action_name == "create" else TARGETS.get(resource, "")
                    found.append(await broken(people.web, ann, address + key, writes=True, body=given))
        assert [item for item in found if item] == []
        # All was asked as someone who may, to the end.
        accepted(await people.web.get("/users:list", headers=ann))


DOORS: list[str] = ["/auth:signIn", "/auth:signUp", "/auth:signOut"]


async def test_nothing_breaks_the_door(people: People, house: Application) -> None:
    """These hash or end sessions, so that fewer are tried."""
    for address in DOORS:
        root = await people.root()
        accepted(await people.web.post("/pm:update/auth", json={"settings": {"signUp": True}}, headers=root))
        found: list[str | None] = []
        for field in FIELDS["auth"]:
            for body in ODD:
                given = {"account": "nobody", "username": "nobody", field: body}
                found.append(await broken(people.web, {}, address, writes=True, body=given))
        for body in ODD:
            found.append(await broken(people.web, {}, address, writes=True, body=body))
        for head in (
            {"x-role": "\x7f" * 3000},
            {"x-authenticator": "x" * 3000},
            {"x-csrf-token": "ä"},
            {"cookie": ";=;"},
        ):
            sent = {name: value.encode("latin-1") for name, value in head.items()}
            found.append(await broken(people.web, sent, address, writes=True, body={}))  # type: ignore[arg-type]
        assert [item for item in found if item] == []


ROLES: list[str] = ["root", "nobody", "%00", "x" * 5000, "ä"]


async def test_any_role_may_be_asked_for(people: People) -> None:
    for head in ROLES:
        sent: Any = {**(await people.root()), "x-role": head.encode("latin-1")}
        answer = await people.web.get("/auth:check", headers=sent)
        assert answer.status_code == (200 if head == "root" else 403)
