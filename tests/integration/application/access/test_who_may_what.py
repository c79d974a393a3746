"""Every route, asked by every kind of caller over HTTP. A route that has no row here fails the test."""

from collections.abc import Iterable, Mapping
from typing import Final

import httpx
import pytest

from insula.application.application import Application
from insula.testing.people import Head, People, accepted, refusal

NOBODY: Final = "nobody"
ABSENT: Final = "absent"
"""There is no such route: 404 for everyone, so that nobody learns of what is behind."""

_EVERYONE = "root admin member clerk anonymous"
_PEOPLE = "root admin member clerk"
_MANAGERS = "root admin"
_USERS = "root admin clerk"
"""The clerk has a role of their own: ``pm.users``; view and create in general, view and export of notes."""

RESOURCES: Final = {
    "app": {"getInfo getLang": _EVERYONE},
    "auth": {
        "signIn signUp lostPassword checkResetToken resetPassword": _EVERYONE,
        "check signOut syncCookies changePassword": _PEOPLE,
    },
    "authenticators": {"publicList": _EVERYONE},
    "pm": {"listEnabled": _EVERYONE, "list get enable disable update": _MANAGERS},
    "jobs": {"list get retry cancel undo": _PEOPLE},
    "roles": {"check": _EVERYONE, "create update destroy setDefaultRole": _MANAGERS},
    "roles.resources": {"list get create update destroy": _MANAGERS},
    "roles.users": {"list set add remove": _MANAGERS},
    "rolesResourcesScopes": {"list get create update destroy": _MANAGERS},
    "availableActions": {"list": _PEOPLE},
    "users": {"create update destroy": _USERS, "updateProfile setDefaultRole": _PEOPLE},
    "users.roles": {"list set add remove": _USERS},
    "apiKeys": {"create list destroy": _MANAGERS},
    "systemSettings": {"get": _EVERYONE, "update put": _MANAGERS},
    "collections": {"list listMeta get": _PEOPLE, "create update destroy move setFields": _MANAGERS},
    "collections.fields": {"list get": _PEOPLE, "create update destroy move": _MANAGERS},
    "fields": {"list get": _PEOPLE, "update destroy": _MANAGERS},
    "swagger": {"get": _MANAGERS},
    "imports": {"preview create": _MANAGERS},
    "menuItems": {"list get create update destroy move": _MANAGERS},
    "menu": {"mine": _PEOPLE},
}

_READ = "list get count query"
_CREATE = "create firstOrCreate updateOrCreate"
_CHANGE = "update destroy move"
_WHOLE = f"{_READ} {_CREATE} {_CHANGE} import importPreview export"

RECORDS: Final = {
    # Made by people.
    "notes": {
        f"{_READ}": _PEOPLE,
        _CREATE: "root admin member",
        _CHANGE: "root admin member",
        "import importPreview": _MANAGERS,
        "export": "root admin clerk",
    },
    "labels": {
        f"{_READ} {_CREATE}": _PEOPLE,
        _CHANGE: "root admin member",
        "import importPreview export": _MANAGERS,
    },
    "labelsNotes": {
        f"{_READ} {_CREATE}": _PEOPLE,
        # The rows between keep nobody's name, so that nobody has rows of their own.
        f"{_CHANGE} import importPreview export": _MANAGERS,
    },
    # Of a plugin.
    **{name: {_WHOLE: _MANAGERS} for name in ("authors", "books", "tags", "booksTags")},
    # Of access itself. What is not here is an action of the resource.
    "users": {f"{_READ} export": _USERS, "firstOrCreate updateOrCreate move import importPreview": NOBODY},
    "roles": {f"{_READ} export": _MANAGERS, "firstOrCreate updateOrCreate move import importPreview": NOBODY},
    **{
        name: {_WHOLE: ABSENT}
        for name in (
            *("insula", "insulaChanges", "migrations", "plugins", "sequences", "sessions"),
            *("rolesUsers", "rolesResources"),
            # Some of their actions are in ``RESOURCES``.
            *("jobs", "collections", "fields", "systemSettings", "apiKeys", "rolesResourcesScopes"),
            "menuItems",
        )
    },
}

_LINK = "add set remove toggle"
_TO_USERS = {_READ: _USERS, f"{_CREATE} {_CHANGE}": NOBODY, _LINK: "root admin member"}

RELATED: Final = {
    "notes.labels": {
        # These make nothing without "filterKeys"; what they make is linked, which is a change of the note.
        f"{_READ} firstOrCreate updateOrCreate": _PEOPLE,
        f"create {_CHANGE} {_LINK}": "root admin member",
    },
    "notes.owner": _TO_USERS,
    "notes.createdBy": _TO_USERS,
    "notes.updatedBy": _TO_USERS,
    "labels.createdBy": _TO_USERS,
    "labels.updatedBy": _TO_USERS,
    "users.owned": {
        _READ: _PEOPLE,
        f"{_CREATE} {_CHANGE}": "root admin member",
        # Would be a change of the user.
        _LINK: NOBODY,
    },
    **{
        name: {f"{_READ} {_CREATE} {_CHANGE} {_LINK}": _MANAGERS}
        for name in ("books.author", "books.tags", "authors.books")
    },
    # What there is, is in ``RESOURCES``.
    **{
        name: {f"{_READ} {_CREATE} {_CHANGE} {_LINK}": ABSENT}
        for name in ("users.roles", "roles.users", "roles.resources")
    },
}

CALLERS: Final = _EVERYONE.split()


def rows(table: Mapping[str, Mapping[str, str]]) -> dict[tuple[str, str], str]:
    return {
        (name, action): callers
        for name, actions in table.items()
        for words, callers in actions.items()
        for action in words.split()
    }


@pytest.fixture
async def heads(house: Application, people: People) -> dict[str, Head]:
    """The callers; and something of each kind to be asked for."""
    root = await people.root()
    text = {"name": "title", "type": "string"}
    for body in (
        {"name": "labels", "fields": [text], "createdBy": True, "updatedBy": True},
        {"name": "notes", "fields": [text], "createdBy": True, "updatedBy": True, "sortable": True},
    ):
        accepted(await people.web.post("/collections:create", json=body, headers=root))
    reverse = {"name": "owned", "type": "hasMany"}
    for field in (
        {"name": "labels", "type": "belongsToMany", "target": "labels", "through": "labelsNotes"},
        {"name": "owner", "type": "belongsTo", "target": "users", "reverseField": reverse},
    ):
        accepted(await people.web.post("/collections/notes/fields:create", json=field, headers=root))
    note = {"title": "A", "labels": [{"title": "B"}], "owner": 1}
    accepted(await people.web.post("/notes:create", json=note, headers=root))
    setting = [{"name": "view"}, {"name": "export"}]
    await people.role("clerk", ["view", "create"], ["pm.users"], notes=setting)
    found: dict[str, Head] = {"root": root, "anonymous": {}}
    for name in ("admin", "member", "clerk"):
        found[name] = await people.add(name, name)
    return found


async def ask(
    web: httpx.AsyncClient, head: Head, address: str, *, writes: bool, streams: bool
) -> httpx.Response:
    if streams:
        return await web.post(address, content=b"title\n", headers=head)
    return await (web.post if writes else web.get)(address, headers=head)


async def wrong(
    people: People, heads: dict[str, Head], address: str, expected: str, *, writes: bool, streams: bool
) -> Iterable[str]:
    """What is answered otherwise than expected."""
    found = []
    for caller in CALLERS:
        answer = await ask(people.web, heads[caller], address, writes=writes, streams=streams)
        people.web.cookies.clear()
        status, code = refusal(answer)
        closed = (401, "EMPTY_TOKEN") if caller == "anonymous" else (403, "NO_PERMISSION")
        if expected == ABSENT:
            right = (status, code) == (404, "NOT_FOUND")
        elif caller in expected.split():
            right = status < 500 and (status, code) != closed
        else:
            right = (status, code) == closed
        if not right:
            found.append(f"{caller} {address}: {status} {code} {answer.text[:100]}")
        if address == "/auth:signOut" and status == 200:
            heads[caller] = await people.sign_in(caller)
    return found


async def test_actions_of_resources(house: Application, people: People, heads: dict[str, Head]) -> None:
    expected, registered = rows(RESOURCES), house.plugin_manager.table.actions
    assert sorted(expected.keys() ^ registered.keys()) == []
    found: list[str] = []
    for (resource, name), callers in expected.items():
        action = registered[resource, name]
        address = f"/{resource.replace('.', '/1/')}:{name}"
        if resource.startswith("roles."):
            address = f"/roles/member/{resource.partition('.')[2]}:{name}"
        found += await wrong(people, heads, address, callers, writes=action.writes, streams=action.streams)
    assert found == []


async def test_actions_of_records(house: Application, people: People, heads: dict[str, Head]) -> None:
    expected, table = rows(RECORDS), house.plugin_manager.table
    registered = {
        (collection.name, action): table.records[action]
        for collection in house.metadata
        for action in table.records
    }
    served = {key for key in registered if key in table.actions}
    for key in served:
        expected.pop(key, None)
    assert sorted(expected.keys() ^ (registered.keys() - served)) == []
    found: list[str] = []
    for (collection, name), callers in expected.items():
        action, address = registered[collection, name], f"/{collection}:{name}"
        found += await wrong(people, heads, address, callers, writes=action.writes, streams=action.streams)
    assert found == []


async def test_actions_through_relations(house: Application, people: People, heads: dict[str, Head]) -> None:
    expected, table = rows(RELATED), house.plugin_manager.table
    offered = {**table.related, **table.links}
    registered = {
        (f"{collection.name}.{relation}", action)
        for collection in house.metadata
        if not collection.internal
        for relation in collection.relations
        for action in offered
    }
    served = {key for key in registered if key in table.actions}
    for key in served:
        expected.pop(key, None)
    assert sorted(expected.keys() ^ (registered - served)) == []
    found: list[str] = []
    for (through, name), callers in expected.items():
        collection, _, relation = through.partition(".")
        address = f"/{collection}/{'member' if collection == 'roles' else 1}/{relation}:{name}"
        writes = offered[name].writes
        found += await wrong(people, heads, address, callers, writes=writes, streams=False)
    assert found == []


async def test_rest_verbs_are_guarded_as_the_actions_that_they_mean(
    people: People, heads: dict[str, Head], web: httpx.AsyncClient
) -> None:
    for method, address, callers in (
        ("GET", "/notes", _PEOPLE),
        ("GET", "/notes/1", _PEOPLE),
        ("POST", "/notes", "root admin member"),
        ("PUT", "/notes/1", "root admin member"),
        ("PATCH", "/notes/1", "root admin member"),
        ("DELETE", "/notes/7", "root admin member"),
        ("GET", "/users", _USERS),
        ("GET", "/users/1", _USERS),
        ("DELETE", "/users/7", _USERS),
        ("POST", "/users/1/roles", ABSENT),
        ("GET", "/sessions", ABSENT),
        ("DELETE", "/rolesUsers/1", ABSENT),
        ("POST", "/notes/1/labels", "root admin member"),
        ("DELETE", "/notes/1/labels", "root admin member"),
    ):
        for caller in CALLERS:
            answer = await web.request(method, address, headers=heads[caller])
            status, code = refusal(answer)
            refused = code in ("NO_PERMISSION", "EMPTY_TOKEN")
            if callers == ABSENT:
                assert (status, code) == (404, "NOT_FOUND"), (method, address, caller, answer.text)
            else:
                assert refused is (caller not in callers.split()), (method, address, caller, answer.text)
                assert status < 500
