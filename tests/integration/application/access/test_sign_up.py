"""Strangers who make themselves a user, where the application lets them; and which passwords it takes."""

import json
from typing import Any

import httpx

from insula.application.application import Application
from insula.testing.people import PASSWORD, ROOT_PASSWORD, Head, People, accepted, refusal

ANN = {"username": "ann", "email": "Ann@Example.com", "password": "rose garden 7"}


async def settings(people: People, **given: Any) -> httpx.Response:
    return await people.web.post("/pm:update/auth", json={"settings": given}, headers=await people.root())


async def test_signing_up_is_off_unless_it_is_allowed(people: People, web: httpx.AsyncClient) -> None:
    assert refusal(await web.post("/auth:signUp", json=ANN)) == (403, "TURNED_OFF")
    accepted(await settings(people, signUp=True))
    data = accepted(await web.post("/auth:signUp", json=ANN))
    assert (data["user"]["username"], data["user"]["email"]) == ("ann", "ann@example.com")
    assert "password" not in data["user"]
    web.cookies.clear()
    head = {"authorization": f"Bearer {data['token']}"}
    assert [role["name"] for role in accepted(await web.get("/auth:check", headers=head))["roles"]] == [
        "member"
    ]
    await people.sign_in("ann@example.com", ANN["password"])
    accepted(await settings(people, signUp=False))
    assert refusal(await web.post("/auth:signUp", json=ANN)) == (403, "TURNED_OFF")


async def test_those_who_sign_up_get_the_default_role(people: People, web: httpx.AsyncClient) -> None:
    accepted(await settings(people, signUp=True))
    await people.role("guest", ["view"])
    chosen = {"roleName": "guest"}
    accepted(await web.post("/roles:setDefaultRole", json=chosen, headers=await people.root()))
    data = accepted(await web.post("/auth:signUp", json={**ANN, "roles": ["root"], "blocked": False}))
    web.cookies.clear()
    head = {"authorization": f"Bearer {data['token']}"}
    assert accepted(await web.get("/roles:check", headers=head))["role"] == "guest"


async def test_a_default_role_that_configures_lets_no_strangers_in(
    house: Application, people: People, web: httpx.AsyncClient
) -> None:
    accepted(await settings(people, signUp=True))
    root = await people.root()
    for role in ("admin", "root", "anonymous"):
        answer = await web.post("/roles:setDefaultRole", json={"roleName": role}, headers=root)
        assert refusal(answer) == (400, "VALIDATION_ERROR"), role
    # The default role can be widened afterwards.
    wider = {"snippets": ["pm.users"]}
    accepted(await web.post("/roles:update/member", json=wider, headers=root))
    assert refusal(await web.post("/auth:signUp", json=ANN)) == (403, "TURNED_OFF")


TAKEN: list[dict[str, str]] = [{"username": "root"}, {"email": "ROOT@example.com"}]


async def test_a_name_is_taken_once(people: People, web: httpx.AsyncClient) -> None:
    accepted(await settings(people, signUp=True))
    for taken in TAKEN:
        answer = await web.post("/auth:signUp", json={**ANN, **taken})
        assert refusal(answer) == (409, "CONFLICT")
        assert next(iter(taken)) in answer.text
        assert "set-cookie" not in answer.headers


NOT_TAKEN: list[dict[str, Any]] = [
    {"password": None},
    {"password": ""},
    {"password": "short 7"},
    {"password": "aaaaaaaaaaaa"},
    {"password": "Password1"},
    {"password": "ANN@example.com"},
    {"password": "annannann", "username": "Annannann"},
    {"password": "x1y2z3" * 50},
    {"password": "rose\0garden"},
    {"password": 1234567890},
    {"password": ["rose garden 7"]},
    {"confirm_password": "rose garden 8"},
    {"username": None, "email": None},
    {"username": " ", "email": ""},
    {"username": {"a": 1}},
    {"username": "a" * 300},
    {"email": ["a@example.com"]},
    {"phone": "1" * 51},
    {"nickname": "\ud800"},
]


async def test_what_is_not_taken(people: People, web: httpx.AsyncClient) -> None:
    accepted(await settings(people, signUp=True))
    for change in NOT_TAKEN:
        body = json.dumps({**ANN, **change})
        answer = await web.post("/auth:signUp", content=body, headers={"content-type": "application/json"})
        assert answer.status_code == 400, answer.text
        assert "set-cookie" not in answer.headers
    assert len(accepted(await web.get("/users:list", headers=await people.root()))) == 1


async def test_signing_up_is_throttled(people: People, web: httpx.AsyncClient) -> None:
    accepted(await settings(people, signUp=True))
    taken = {**ANN, "username": "root"}
    codes = [refusal(await web.post("/auth:signUp", json=taken)) for _ in range(11)]
    assert codes == [(409, "CONFLICT")] * 10 + [(429, "TOO_MANY_ATTEMPTS")]


async def change(web: httpx.AsyncClient, head: Head, **body: Any) -> tuple[int, str]:
    return refusal(await web.post("/auth:changePassword", json=body, headers=head))


async def test_a_password_is_changed_by_who_knows_it(people: People, web: httpx.AsyncClient) -> None:
    other, head = await people.sign_in(), await people.sign_in()
    old, new = ROOT_PASSWORD, "another one 3"
    refused = (400, "VALIDATION_ERROR")
    assert await change(web, head, oldPassword="wrong", newPassword=new) == refused
    assert await change(web, head, oldPassword=old, newPassword=new, confirmPassword="x") == refused
    for weak in ("", "short 7", "root@example.com", "12345678", "zzzzzzzzzz", None, 5):
        assert await change(web, head, oldPassword=old, newPassword=weak) == refused
    assert await change(web, head, newPassword=new) == refused
    assert await change(web, head, oldPassword=old, newPassword=new, confirmPassword=new) == (200, "")
    assert (await web.get("/auth:check", headers=head)).status_code == 200
    assert refusal(await web.get("/auth:check", headers=other)) == (401, "BLOCKED_TOKEN")
    await people.sign_in("root", new)
    gone = await web.post("/auth:signIn", json={"account": "root", "password": old})
    assert refusal(gone) == (401, "INVALID_CREDENTIALS")


async def test_guessing_the_old_password_is_throttled(people: People, web: httpx.AsyncClient) -> None:
    head = await people.root()
    for _ in range(10):
        assert (await change(web, head, oldPassword="guess", newPassword="another one 3"))[0] == 400
    refused = await change(web, head, oldPassword=ROOT_PASSWORD, newPassword="another one 3")
    assert refused == (429, "TOO_MANY_ATTEMPTS")
    # A thief of a token can not lock the owner out of signing in.
    await people.sign_in()


async def test_a_key_changes_no_password(people: People, web: httpx.AsyncClient) -> None:
    root = await people.root()
    key = accepted(await web.post("/apiKeys:create", json={"name": "robot"}, headers=root))["token"]
    head = {"authorization": f"Bearer {key}"}
    body = {"oldPassword": ROOT_PASSWORD, "newPassword": "another one 3"}
    assert await change(web, head, **body) == (403, "NEEDS_SESSION")
    assert refusal(await web.post("/auth:signOut?all=true", headers=head)) == (403, "NEEDS_SESSION")


async def test_how_short_a_password_may_be_is_a_setting(people: People, web: httpx.AsyncClient) -> None:
    root = await people.root()
    accepted(await settings(people, shortestPassword=12))
    user = {"username": "ann", "password": "eleven char", "roles": ["member"]}
    assert refusal(await web.post("/users:create", json=user, headers=root)) == (400, "VALIDATION_ERROR")
    user["password"] = PASSWORD
    number = accepted(await web.post("/users:create", json=user, headers=root))["id"]
    weak = await web.post(f"/users:update/{number}", json={"password": "eleven char"}, headers=root)
    assert refusal(weak) == (400, "VALIDATION_ERROR")
    for wrong in (0, 256, "8", -1):
        assert refusal(await settings(people, shortestPassword=wrong))[0] == 400


async def test_a_password_that_others_set_ends_all_sessions(people: People, web: httpx.AsyncClient) -> None:
    head = await people.add("ann", "member")
    accepted(await web.get("/auth:check", headers=head))
    new = {"password": "given by root 4"}
    accepted(await web.post("/users:update/2", json=new, headers=await people.root()))
    assert refusal(await web.get("/auth:check", headers=head)) == (401, "BLOCKED_TOKEN")
    await people.sign_in("ann", new["password"])
