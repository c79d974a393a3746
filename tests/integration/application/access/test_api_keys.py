"""Keys for programs: one user, one role, one expiry, shown once."""

from typing import Any

import httpx

from insula.application.access.people import EVERYTHING
from insula.application.application import Application
from insula.data.query import Query
from insula.testing.clock import HandClock
from insula.testing.people import Head, People, accepted, refusal

DAY_S = 86_400
NO_ROLE = (401, "USER_HAS_NO_ROLES_ERR")


async def key(web: httpx.AsyncClient, head: Head, **given: Any) -> Head:
    made = accepted(await web.post("/apiKeys:create", json={"name": "robot", **given}, headers=head))
    return {"authorization": f"Bearer {made['token']}"}


async def test_a_key_is_shown_once(house: Application, people: People, web: httpx.AsyncClient) -> None:
    root = await people.root()
    made = accepted(await web.post("/apiKeys:create", json={"name": "robot"}, headers=root))
    assert made.keys() == {"id", "name", "userId", "roleName", "expiresAt", "createdAt", "token"}
    assert (made["name"], made["userId"], made["roleName"]) == ("robot", 1, "root")
    (listed,) = accepted(await web.get("/apiKeys:list", headers=root))
    assert listed == {name: value for name, value in made.items() if name != "token"}
    for params in ({"fields": "jti"}, {"sort": "jti"}, {"filter": '{"jti":{"$ne":"x"}}'}):
        assert (await web.get("/apiKeys:list", params=params, headers=root)).status_code == 400
    (row,) = (await house.repository.find("apiKeys", Query(), scopes=EVERYTHING)).rows
    assert made["token"] not in str(row)


async def test_a_key_is_in_its_role_and_no_other(people: People, web: httpx.AsyncClient) -> None:
    await people.make("ann", "admin", "member")
    ann = await people.sign_in("ann")
    robot = await key(web, ann, role="member")
    found = accepted(await web.get("/auth:check", headers=robot))
    assert (found["username"], [role["name"] for role in found["roles"]]) == ("ann", ["member"])
    assert refusal(await web.get("/users:list", headers=robot)) == (403, "NO_PERMISSION")
    # Whatever it asks for.
    again = await web.get("/users:list", headers={**robot, "x-role": "admin"})
    assert refusal(again) == (403, "NO_PERMISSION")
    assert accepted(await web.get("/roles:check", headers={**robot, "x-role": "admin"}))["role"] == "member"


async def test_a_key_can_not_make_itself_last(people: People, web: httpx.AsyncClient) -> None:
    robot = await key(web, await people.root())
    for address in ("/apiKeys:create", "/apiKeys:list", "/apiKeys:destroy/1", "/users:updateProfile"):
        answer = await web.post(address, json={"name": "more"}, headers=robot)
        assert refusal(answer) == (403, "NEEDS_SESSION"), address
    assert refusal(await web.post("/users:setDefaultRole", json={"roleName": "root"}, headers=robot)) == (
        403,
        "NEEDS_SESSION",
    )


async def test_keys_are_ones_own(people: People, web: httpx.AsyncClient) -> None:
    ann, root = await people.add("ann", "admin"), await people.root()
    robot = await key(web, root)
    assert accepted(await web.get("/apiKeys:list", headers=ann)) == []
    assert refusal(await web.post("/apiKeys:destroy/1", headers=ann)) == (404, "NOT_FOUND")
    accepted(await web.get("/auth:check", headers=robot))
    assert accepted(await web.post("/apiKeys:destroy/1", headers=root)) == 1
    assert refusal(await web.get("/auth:check", headers=robot)) == (401, "BLOCKED_TOKEN")
    assert refusal(await web.post("/apiKeys:destroy", headers=root)) == (400, "FILTER_REQUIRED")


async def test_how_long_a_key_lasts(people: People, web: httpx.AsyncClient, clock: HandClock) -> None:
    root = await people.root()
    usual, week = await key(web, root), await key(web, root, expiresIn="7d")
    ever = await key(web, root, expiresIn="never")
    for wrong in ("7", "0d", "7h", "-7d", "100000d", 7, None, ["7d"], "7d ", "٧d"):
        answer = await web.post("/apiKeys:create", json={"name": "x", "expiresIn": wrong}, headers=root)
        assert refusal(answer) == (400, "VALIDATION_ERROR"), wrong
    clock.advance(7 * DAY_S - 1)
    for head in (usual, week, ever):
        answer = await web.get("/auth:check", headers=head)
        accepted(answer)
        assert "x-new-token" not in answer.headers
    clock.advance(1)
    assert refusal(await web.get("/auth:check", headers=week)) == (401, "EXPIRED_TOKEN")
    clock.advance(23 * DAY_S)
    assert refusal(await web.get("/auth:check", headers=usual)) == (401, "EXPIRED_TOKEN")
    clock.advance(10_000 * DAY_S)
    accepted(await web.get("/auth:check", headers=ever))


NOT_HELD: list[Any] = ["admin", "root", "nonsense", "", 5, None, {"name": "admin"}, {}, ["member"]]


async def test_a_key_for_a_role_that_one_does_not_hold(people: People, web: httpx.AsyncClient) -> None:
    await people.role("robots", ["view"], ["pm.api-keys.*"])
    ann = await people.add("ann", "robots", "member")
    for role in NOT_HELD:
        answer = await web.post("/apiKeys:create", json={"name": "robot", "role": role}, headers=ann)
        assert refusal(answer) == (403, "ROLE_NOT_FOUND_ERR"), role


async def test_a_key_ends_with_what_it_stands_on(people: People, web: httpx.AsyncClient) -> None:
    root = await people.root()
    ann = await people.add("ann", "admin", "member")
    robot = await key(web, ann, role="admin")
    accepted(await web.get("/users:list", headers=robot))
    # The sessions of its user do not matter to it.
    accepted(await web.post("/auth:signOut?all=true", headers=ann))
    accepted(await web.get("/users:list", headers=robot))
    accepted(await web.post("/users:update/2", json={"blocked": True}, headers=root))
    assert refusal(await web.get("/users:list", headers=robot)) == (401, "BLOCKED_TOKEN")
    accepted(await web.post("/users:update/2", json={"blocked": False}, headers=root))
    accepted(await web.get("/users:list", headers=robot))
    accepted(await web.post("/users/2/roles:set", json=["member"], headers=root))
    assert refusal(await web.get("/users:list", headers=robot)) == NO_ROLE
    accepted(await web.post("/users:destroy/2", headers=root))
    assert refusal(await web.get("/users:list", headers=robot))[0] == 401


async def test_a_key_needs_a_name(people: People, web: httpx.AsyncClient) -> None:
    for name in (None, ["x"], "x\0", "x" * 300):
        answer = await web.post("/apiKeys:create", json={"name": name}, headers=await people.root())
        assert answer.status_code == 400, (name, answer.text)
