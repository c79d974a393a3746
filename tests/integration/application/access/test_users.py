"""Users: made, changed and removed by others; and what people change of themselves."""

import asyncio
from typing import Any

import httpx
import pytest

from insula.application.access.holding import ROOT_LOCK
from insula.application.access.people import EVERYTHING
from insula.application.application import Application
from insula.data.filters.tree import Condition
from insula.testing.people import PASSWORD, People, accepted, refusal

CONFLICT = (409, "CONFLICT")
INVALID = (400, "VALIDATION_ERROR")


async def test_making_a_user(people: People, web: httpx.AsyncClient) -> None:
    root = await people.root()
    given = {"email": " Ann@Example.com ", "password": PASSWORD, "nickname": "Ann", "id": 77, "sub": "x"}
    made = accepted(await web.post("/users:create", json=given, headers=root))
    assert (made["id"], made["email"], made["blocked"]) == (2, "ann@example.com", False)
    assert len(made["sub"]) == 36 and "password" not in made
    roles = accepted(await web.get("/users/2/roles:list", headers=root))
    assert [role["name"] for role in roles] == ["member"], "the default one"
    for taken in ({"email": "ANN@example.com"}, {"username": "root"}):
        answer = await web.post("/users:create", json={**taken, "password": PASSWORD}, headers=root)
        assert refusal(answer) == CONFLICT
        assert next(iter(taken)) in answer.text
    for nameless in ({}, {"nickname": "x"}, {"username": "  "}, {"email": None}):
        answer = await web.post("/users:create", json={**nameless, "password": PASSWORD}, headers=root)
        assert refusal(answer) == INVALID
    assert len(accepted(await web.get("/users:list", headers=root))) == 2


@pytest.mark.parametrize(
    ("given", "named"),
    [
        *[
            ({"email": email}, "email")
            for email in ("noemail", "@b", "a@", "a@b@c", "a b@c", "x" * 300 + "@b.c")
        ],
        *[({"username": name}, "username") for name in ("you@example.com", "a b", "a/b", "a'b", "x" * 51)],
        *[({"password": password}, "password") for password in ("a", "password", "zorrozorr")],
        ({"username": None, "email": " "}, "A user"),
    ],
)
async def test_names_and_passwords_follow_one_rule(
    people: People, web: httpx.AsyncClient, given: dict[str, Any], named: str
) -> None:
    root = await people.root()
    body = {"username": "zorrozorr", "password": PASSWORD, **given}
    answer = await web.post("/users:create", json=body, headers=root)
    assert refusal(answer) == INVALID and named in answer.text, answer.text
    number = await people.make("zorrozorr", "member")
    answer = await web.post(f"/users:update/{number}", json={"username": "zorrozorr", **given}, headers=root)
    assert refusal(answer) == INVALID and named in answer.text, answer.text
    if "password" not in given:
        ann = await people.sign_in("zorrozorr")
        answer = await web.post("/users:updateProfile", json=given, headers=ann)
        assert refusal(answer) == INVALID and named in answer.text, answer.text


async def test_capitals_make_no_other_person(people: People, web: httpx.AsyncClient) -> None:
    root = await people.root()
    given = {"username": "Ädä", "email": "Ada@Example.com", "password": PASSWORD}
    made = accepted(await web.post("/users:create", json=given, headers=root))
    assert (made["username"], made["email"]) == ("ädä", "ada@example.com")
    for name in ("Ädä", "ÄDÄ", "ädä", "ADA@example.com"):
        await people.sign_in(name)
    for name in ("ÄDÄ", "Root"):
        answer = await web.post("/users:create", json={"username": name, "password": PASSWORD}, headers=root)
        assert refusal(answer) == CONFLICT, name
    changed = await web.post("/users:update/2", json={"username": "ROOT"}, headers=root)
    assert refusal(changed) == CONFLICT
    profile = await web.post(
        "/users:updateProfile", json={"username": "ROOT"}, headers=await people.sign_in("ädä")
    )
    assert refusal(profile) == CONFLICT


async def test_a_name_that_is_kept_in_capitals_from_before_still_signs_in(
    house: Application, people: People
) -> None:
    number = await people.make("old", "member")
    values = {"username": "OldName"}
    await house.repository.update("users", values, keys=(number,), scopes=EVERYTHING)
    await people.sign_in("OldName")


async def test_changing_users(people: People, web: httpx.AsyncClient) -> None:
    root = await people.root()
    ann, bob = await people.make("ann", "member"), await people.make("bob", "member")
    both = {"filterByTk": [ann, bob], "values": {"nickname": "N"}}
    rows = accepted(await web.post("/users:update", json=both, headers=root))
    assert [row["nickname"] for row in rows] == ["N", "N"]
    assert refusal(await web.post("/users:update/99", json={"nickname": "x"}, headers=root))[0] == 404
    assert refusal(await web.post("/users:update", json={"nickname": "x"}, headers=root))[0] == 400
    # Someone without a name could not sign in.
    assert refusal(await web.post(f"/users:update/{ann}", json={"username": None}, headers=root)) == INVALID
    await people.sign_in("ann")
    accepted(await web.post(f"/users:update/{ann}", json={"username": None, "email": "a@b.c"}, headers=root))
    await people.sign_in("a@b.c")


async def test_a_change_that_fails_changes_nothing(people: People, web: httpx.AsyncClient) -> None:
    root, head = await people.root(), await people.add("ann", "member")
    given: dict[str, Any] = {"password": "mine alone 5", "roles": ["admin"], "username": "root"}
    assert refusal(await web.post("/users:update/2", json=given, headers=root)) == CONFLICT
    # The session goes on, the password and the role are the old ones.
    found = accepted(await web.get("/auth:check", headers=head))
    assert [role["name"] for role in found["roles"]] == ["member"]
    await people.sign_in("ann", PASSWORD)


async def test_with_a_user_goes_all_that_is_theirs(
    house: Application, people: People, web: httpx.AsyncClient
) -> None:
    root, head = await people.root(), await people.add("ann", "admin")
    made = accepted(await web.post("/apiKeys:create", json={"name": "robot"}, headers=head))
    robot = {"authorization": f"Bearer {made['token']}"}
    accepted(await web.post("/books:create", json={"title": "A"}, headers=robot))
    assert accepted(await web.post("/users:destroy/2", headers=root)) == 1
    for bearer in (head, robot):
        status, code = refusal(await web.get("/auth:check", headers=bearer))
        assert status == 401 and code in ("NOT_EXIST_USER", "BLOCKED_TOKEN")
    for collection in ("rolesUsers", "sessions", "apiKeys"):
        rows = await house.repository.count(collection, None, scopes=EVERYTHING)
        assert rows == {"rolesUsers": 1, "sessions": 1, "apiKeys": 0}[collection]
    assert accepted(await web.get("/books:count", headers=root)) == {"count": 1}
    # A new user is another one.
    await people.make("ann", "member")
    assert refusal(await web.get("/auth:check", headers=head))[0] == 401


async def test_ones_own_profile(people: People, web: httpx.AsyncClient) -> None:
    head = await people.add("ann", "member")
    given = {
        "nickname": "Ann",
        "email": "ANN@example.com",
        "appLang": "de",
        "systemSettings": {"theme": "dark"},
    }
    row = accepted(await web.post("/users:updateProfile", json=given, headers=head))
    assert (row["nickname"], row["email"], row["systemSettings"]) == (
        "Ann",
        "ann@example.com",
        {"theme": "dark"},
    )
    own = accepted(await web.get("/auth:check", headers=head))
    assert {name: own[name] for name in given} == {**given, "email": "ann@example.com"}
    for theme in ("light", "dark", "system", None):
        chosen = {"systemSettings": {"theme": theme, "dense": True}}
        accepted(await web.post("/users:updateProfile", json=chosen, headers=head))
        assert (
            accepted(await web.get("/auth:check", headers=head))["systemSettings"] == chosen["systemSettings"]
        )
    for wrong, named in (
        ({"systemSettings": {"theme": "pink"}}, "systemSettings.theme must be one of light, dark, system"),
        ({"systemSettings": {"theme": ["dark"]}}, "systemSettings.theme"),
        ({"appLang": "German, please"}, "appLang"),
        ({"appLang": 7}, "appLang"),
    ):
        answer = await web.post("/users:updateProfile", json=wrong, headers=head)
        assert refusal(answer) == INVALID and named in answer.text, wrong
    for field in ("password", "roles", "blocked", "sub", "id", "createdAt", "nonsense"):
        answer = await web.post("/users:updateProfile", json={field: "x"}, headers=head)
        assert refusal(answer) == INVALID and field in answer.text
    nameless = {"username": "", "email": None}
    assert refusal(await web.post("/users:updateProfile", json=nameless, headers=head)) == INVALID
    assert (
        refusal(await web.post("/users:updateProfile", json={"username": "root"}, headers=head)) == CONFLICT
    )
    taken = {"email": "ROOT@example.com"}
    assert refusal(await web.post("/users:updateProfile", json=taken, headers=head)) == CONFLICT


async def test_what_is_kept_for_pages_is_small(people: People, web: httpx.AsyncClient) -> None:
    """It is read with each session, and kept in memory with those that were seen lately."""
    head = await people.add("ann", "member")
    accepted(await web.post("/users:updateProfile", json={"systemSettings": "x" * 16_000}, headers=head))
    large = {"systemSettings": {"a": ["x" * 1000] * 20}}
    assert refusal(await web.post("/users:updateProfile", json=large, headers=head)) == INVALID
    assert refusal(await web.post("/users:update/2", json=large, headers=await people.root())) == INVALID


async def test_who_may_list_users_may_export_them(people: People, web: httpx.AsyncClient) -> None:
    for head in (await people.root(), await people.add("adam", "admin")):
        answer = await web.get("/users:export?format=csv", headers=head)
        assert answer.status_code == 200, answer.text
        assert "root@example.com" in answer.text and "argon2" not in answer.text
    mia = await people.add("mia", "member")
    for name in ("users", "roles", "sessions", "apiKeys", "rolesUsers"):
        assert refusal(await web.get(f"/{name}:export", headers=mia))[0] in (403, 404), name
    for name in ("sessions", "apiKeys"):
        assert refusal(await web.get(f"/{name}:export", headers=await people.root()))[0] in (403, 404), name
    body = {"content": b"username\nx\n", "headers": {**await people.root(), "content-type": "text/csv"}}
    assert refusal(await web.post("/users:import", **body)) == (403, "NO_PERMISSION")
    paths = accepted_document(await web.get("/swagger:get", headers=await people.root()))
    assert "/users:export" in paths and "/users:import" not in paths


async def test_a_field_of_users_changes_between_writes(people: People, web: httpx.AsyncClient) -> None:
    """What is written was made for the type that the field has by then, where the database would not tell."""
    root, metadata = await people.root(), people.application.metadata
    accepted(
        await web.post("/collections/users/fields:create", json={"name": "n", "type": "string"}, headers=root)
    )
    body = {"username": "ann", "password": PASSWORD, "n": "7"}
    async with metadata.steady():
        address = "/collections/users/fields:update/n"
        change = asyncio.create_task(web.post(address, json={"type": "decimal"}, headers=root))
        early, _ = await asyncio.wait((change,), timeout=0.3)
        making = asyncio.create_task(web.post("/users:create", json=body, headers=root))
        early |= (await asyncio.wait((making,), timeout=0.3))[0]
    assert bool(early) is people.application.database.dialect.keeps_writers_off
    accepted(await change)
    made = accepted(await making)
    assert float(accepted(await web.get(f"/users:get/{made['id']}", headers=root))["n"]) == 7


async def test_becoming_root_waits_for_who_decides_about_root(people: People, web: httpx.AsyncClient) -> None:
    """So the set-up page does not make a first administrator while somebody else makes one."""
    root, repository = await people.root(), people.application.repository
    member = await people.make("member", "member")
    new = {"username": "new", "password": PASSWORD, "roles": ["root"]}
    async with repository.transaction() as deciding:
        await deciding.lock(ROOT_LOCK)
        gifts = [
            asyncio.create_task(web.post("/users:create", json=new, headers=root)),
            asyncio.create_task(web.post(f"/roles/root/users:add/{member}", headers=root)),
        ]
        done, _ = await asyncio.wait(gifts, timeout=0.3)
        assert done == set()
        named = Condition(("roleName",), "$eq", "root")
        assert await repository.count("rolesUsers", named, scopes=EVERYTHING, on=deciding) == 1
    assert [refusal(await gift) for gift in gifts] == [(200, "")] * 2
    assert await repository.count("rolesUsers", named, scopes=EVERYTHING) == 3


def accepted_document(answer: httpx.Response) -> dict[str, Any]:
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()["paths"]
    return found
