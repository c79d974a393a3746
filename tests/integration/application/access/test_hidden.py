"""What someone may not see, they do not see by any detour either: filters, sorts, groups, relations, exports."""

import json
from typing import Any

import httpx
import pytest

from insula.application.access.people import password_hash
from insula.application.application import Application
from insula.testing.people import Head, People, accepted, refusal

UNKNOWN = (400, "UNKNOWN_FIELD")
SECRET = "hunter22"


@pytest.fixture
async def heads(people: People) -> dict[str, Head]:
    """Root; a reader who sees the titles of notes and nothing else of them; a keeper who sees all of users."""
    web, root = people.web, await people.root()
    fields = [
        {"name": "title", "type": "string"},
        {"name": "secret", "type": "string"},
        {"name": "pin", "type": "password"},
        {"name": "salary", "type": "integer"},
    ]
    body = {"name": "notes", "fields": fields, "createdBy": True, "sortable": True}
    accepted(await web.post("/collections:create", json=body, headers=root))
    parts = {"name": "parts", "fields": [{"name": "name", "type": "string"}]}
    accepted(await web.post("/collections:create", json=parts, headers=root))
    relation = {"name": "note", "type": "belongsTo", "target": "notes"}
    accepted(await web.post("/collections/parts/fields:create", json=relation, headers=root))
    note = {"title": "A", "secret": SECRET, "pin": "1234567", "salary": 7}
    accepted(await web.post("/notes:create", json=note, headers=root))
    accepted(await web.post("/parts:create", json={"name": "P", "note": 1}, headers=root))
    seen = [{"name": name, "fields": ["title", "createdBy"]} for name in ("view", "export")]
    await people.role("reader", ["view", "export"], notes=seen)
    await people.role("keeper", snippets=["pm.users", "pm.acl.roles"])
    return {
        "root": root,
        "reader": await people.add("ann", "reader"),
        "keeper": await people.add("bob", "keeper"),
    }


def filtered(name: str, operator: str, value: Any) -> dict[str, str]:
    return {"filter": json.dumps({name: {operator: value}})}


def detours(name: str) -> list[tuple[str, dict[str, Any]]]:
    """Ways to learn about the field ``name`` of notes."""
    values = [("$eq", SECRET), ("$ne", "x"), ("$includes", "h"), ("$startsWith", "h"), ("$regexp", "^h")]
    values += [("$in", [SECRET]), ("$empty", True), ("$notEmpty", True), ("$col", "title"), ("$like", "h%")]
    found: list[tuple[str, dict[str, Any]]] = [("/notes:list", filtered(name, *value)) for value in values]
    found += [
        ("/notes:list", filtered("title", "$col", name)),
        ("/notes:list", {"filter": json.dumps({"$not": {name: SECRET}})}),
        ("/notes:list", {"filter": json.dumps({"$or": [{"title": "x"}, {name: SECRET}]})}),
        ("/notes:list", {"sort": name}),
        ("/notes:list", {"sort": f"-{name}"}),
        ("/notes:list", {"fields": name}),
        ("/notes:list", {"fields[]": ["title", name]}),
        ("/notes:list", {"paginate": "false", "fields": name}),
        ("/notes:get/1", {"fields": name}),
        ("/notes:count", filtered(name, "$eq", SECRET)),
        ("/notes:export", filtered(name, "$eq", SECRET)),
        ("/notes:export", {"fields": name}),
        ("/notes:export", {"sort": name}),
        ("/parts:list", filtered(f"note.{name}", "$eq", SECRET)),
        ("/parts:list", {"sort": f"note.{name}"}),
        ("/parts:list", {"fields": f"note.{name}"}),
        ("/parts:list", {"appends": "note", "fields": f"name,note.{name}"}),
        ("/parts:count", filtered(f"note.{name}", "$includes", "h")),
        ("/parts/1/note:get", {"fields": name}),
        ("/parts/1/note:list", filtered(name, "$eq", SECRET)),
    ]
    return found


def queries(name: str) -> list[tuple[str, dict[str, Any]]]:
    """The same by aggregation."""
    count = {"field": "id", "aggregation": "count"}
    return [
        ("/notes:query", {"measures": [{"field": name, "aggregation": "max"}]}),
        ("/notes:query", {"measures": [{"field": name, "aggregation": "count"}]}),
        ("/notes:query", {"measures": [{"field": name, "aggregation": "min"}]}),
        ("/notes:query", {"measures": [count], "dimensions": [{"field": name}]}),
        ("/notes:query", {"measures": [count], "filter": {name: {"$includes": "h"}}}),
        ("/notes:query", {"measures": [count], "dimensions": [{"field": name}], "orders": [{"field": name}]}),
        (
            "/notes:query",
            {"measures": [{"field": name, "aggregation": "max", "alias": "m"}], "having": {"m": SECRET}},
        ),
        ("/parts:query", {"measures": [{"field": f"note.{name}", "aggregation": "max"}]}),
        ("/parts:query", {"measures": [{"field": ["note", name], "aggregation": "max"}]}),
        ("/parts:query", {"measures": [count], "dimensions": [{"field": f"note.{name}"}]}),
    ]


async def leaks(web: httpx.AsyncClient, head: Head, name: str) -> list[Any]:
    found = []
    for address, params in detours(name):
        answer = await web.get(address, params=params, headers=head)
        if answer.status_code != 400:
            found.append((address, params, answer.status_code, answer.text))
    for address, body in queries(name):
        answer = await web.post(address, json=body, headers=head)
        if answer.status_code != 400:
            found.append((address, body, answer.status_code, answer.text))
    return found


CLOSED: list[str] = ["secret", "salary", "pin", "nonsense"]


async def test_a_field_outside_the_role_does_not_exist(people: People, heads: dict[str, Head]) -> None:
    """Nor is it told from one that really does not."""
    for name in CLOSED:
        assert await leaks(people.web, heads["reader"], name) == []
        answer = await people.web.get("/notes:list", params={"sort": name}, headers=heads["reader"])
        assert refusal(answer) == UNKNOWN


async def test_whoever_may_see_the_field_can_go_these_ways(people: People, heads: dict[str, Head]) -> None:
    """So that the refusals above are about the field, and not about how it was asked for."""
    root = heads["root"]
    closed = []
    for address, params in detours("secret"):
        answer = await people.web.get(address, params=params, headers=root)
        if answer.status_code != 200:
            closed.append((address, params, answer.text))
    for address, body in queries("secret"):
        answer = await people.web.post(address, json=body, headers=root)
        if answer.status_code != 200:
            closed.append((address, body, answer.text))
    assert closed == [], "\n".join(str(item) for item in closed)


async def test_a_field_outside_the_role_is_left_out(people: People, heads: dict[str, Head]) -> None:
    web, reader = people.web, heads["reader"]
    for address in ("/notes:list", "/notes:get/1", "/notes:list?paginate=false", "/parts:list?appends=note"):
        answer = await web.get(address, headers=reader)
        accepted(answer)
        assert '"title":"A"' in answer.text and SECRET not in answer.text and "salary" not in answer.text
    answer = await web.get("/notes:export", headers=reader)
    assert answer.status_code == 200 and "A" in answer.text and SECRET not in answer.text
    assert "salary" not in answer.text and "pin" not in answer.text


async def test_a_password_field_is_hidden_from_root_too(people: People, heads: dict[str, Head]) -> None:
    assert await leaks(people.web, heads["root"], "pin") == []


async def test_others_are_seen_by_their_names_alone(people: People, heads: dict[str, Head]) -> None:
    web, reader = people.web, heads["reader"]
    row = accepted(await web.get("/notes:get/1?appends=createdBy", headers=reader))
    assert row["createdBy"] == {"id": 1, "nickname": "Root", "username": "root"}
    for name in ("email", "password", "phone", "sub", "blocked", "systemSettings", "roles.name"):
        for params in (
            filtered(f"createdBy.{name}", "$ne", "x"),
            {"sort": f"createdBy.{name}"},
            {"appends": "createdBy", "fields": f"title,createdBy.{name}"},
        ):
            answer = await web.get("/notes:list", params=params, headers=reader)
            assert answer.status_code in (400, 403), (name, params, answer.text)
    assert (await web.get("/notes:list?appends=createdBy.roles", headers=reader)).status_code in (400, 403)
    assert refusal(await web.get("/notes/1/createdBy:get", headers=reader)) == (403, "NO_PERMISSION")


async def test_the_hash_of_a_password_is_in_no_answer(
    house: Application, people: People, heads: dict[str, Head]
) -> None:
    web = people.web
    hashes = [await password_hash(house.repository, number) for number in (1, 2, 3)]
    assert all(text is not None and text.startswith("$argon2id$") for text in hashes)
    reads = [
        *("/users:list", "/users:get/1", "/users:list?paginate=false", "/users:list?appends=roles"),
        *("/roles:list?appends=users", "/roles/root/users:list", "/users/1/roles:list", "/auth:check"),
        *("/users:list?appends=roles.users", "/notes:list?appends=createdBy", "/notes/1/createdBy:get"),
        *("/users:query?measures[0][field]=id&measures[0][aggregation]=count", "/swagger:get"),
    ]
    writes: list[tuple[str, Any]] = [
        ("/users:create", {"username": "x", "password": "mine alone 5", "roles": ["member"]}),
        ("/users:update/2", {"password": "mine alone 6"}),
        ("/users:updateProfile", {"nickname": "Z"}),
        ("/auth:signIn", {"account": "x", "password": "mine alone 5"}),
        ("/users:destroy/4", None),
    ]
    answers = [await web.get(address, headers=heads["root"]) for address in reads]
    answers += [await web.post(address, json=body, headers=heads["root"]) for address, body in writes]
    for answer in answers:
        assert answer.status_code == 200, answer.text
        assert "$argon2" not in answer.text, answer.request.url
    for who in ("root", "keeper"):
        for params in (
            *({"fields": "password"}, {"sort": "password"}, {"except": "id", "fields": "id,password"}),
            *(filtered("password", op, "$argon2") for op in ("$startsWith", "$regexp", "$includes", "$ne")),
            filtered("nickname", "$col", "password"),
        ):
            answer = await web.get("/users:list", params=params, headers=heads[who])
            assert answer.status_code == 400, (params, answer.text)
        for body in (
            {"measures": [{"field": "password", "aggregation": "max"}]},
            {"measures": [{"field": "id", "aggregation": "count"}], "dimensions": [{"field": "password"}]},
            {"measures": [{"field": "id", "aggregation": "count"}], "filter": {"password": {"$ne": "x"}}},
        ):
            answer = await web.post("/users:query", json=body, headers=heads[who])
            assert answer.status_code in (400, 403), (body, answer.text)
        for through in ("roles.users.password", "roles.users.sub.x"):
            answer = await web.get("/users:list", params=filtered(through, "$ne", "x"), headers=heads[who])
            assert answer.status_code == 400, answer.text


async def test_a_hash_can_not_be_set(house: Application, people: People, heads: dict[str, Head]) -> None:
    """Text that looks like a hash is a password like any other."""
    text = str(await password_hash(house.repository, 1))
    accepted(await people.web.post("/users:update/3", json={"password": text}, headers=heads["root"]))
    assert await password_hash(house.repository, 3) != text
    await people.sign_in("bob", text)


async def test_an_export_has_the_rows_and_fields_of_its_own_grant(
    people: People, heads: dict[str, Head]
) -> None:
    """Its scope may look at fields that the role may not; nobody learns them."""
    web, root = people.web, heads["root"]
    accepted(await web.post("/notes:create", json={"title": "B", "secret": "other"}, headers=root))
    scope = {"key": "theirs", "name": "Theirs", "resourceName": "notes", "scope": {"secret": "other"}}
    number = accepted(await web.post("/rolesResourcesScopes:create", json=scope, headers=root))["id"]
    exported = {"name": "export", "fields": ["title"], "scope": number}
    await people.role("clerk", ["export"], notes=[exported])
    clerk = await people.add("cleo", "clerk")
    answer = await web.get("/notes:export", headers=clerk)
    assert (answer.status_code, answer.text.split()) == (200, ["id,title", "2,B"])
    for params in (filtered("secret", "$eq", "other"), {"fields": "secret"}, {"sort": "secret"}):
        assert refusal(await web.get("/notes:export", params=params, headers=clerk))[0] == 400
