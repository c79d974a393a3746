"""Signing in, seeing who one is, and signing out, here or everywhere."""

from typing import Any

import httpx
import pytest

from insula.application.access.people import EVERYTHING
from insula.application.application import Application
from insula.testing.clock import HandClock
from insula.testing.people import PASSWORD, ROOT_PASSWORD, People, accepted, refusal

WRONG = (401, "INVALID_CREDENTIALS")


NAMES: list[dict[str, str]] = [
    {"account": "root"},
    {"account": "ROOT@example.COM"},
    {"account": " root@example.com "},
    {"email": "root@example.com"},
    {"username": "root"},
]


async def test_an_account_has_several_names(web: httpx.AsyncClient) -> None:
    for given in NAMES:
        data = accepted(await web.post("/auth:signIn", json={**given, "password": ROOT_PASSWORD}))
        assert data["user"]["email"] == "root@example.com"
        assert "password" not in data["user"]
        assert data["token"].count(".") == 2


NOT_RIGHT: list[Any] = [
    None,
    {},
    {"account": "root"},
    {"account": "root", "password": "wrong"},
    {"account": "root", "password": ""},
    {"account": "root", "password": None},
    {"account": "root", "password": [ROOT_PASSWORD]},
    {"account": "root", "password": ROOT_PASSWORD + "\0"},
    {"account": "root", "password": "x" * 100_000},
    {"account": "nobody", "password": ROOT_PASSWORD},
    {"account": "ro\0ot", "password": ROOT_PASSWORD},
    {"account": "r" * 10_000, "password": ROOT_PASSWORD},
    {"account": {"$ne": ""}, "password": ROOT_PASSWORD},
    {"account": ["root"], "password": ROOT_PASSWORD},
    {"account": "", "password": ROOT_PASSWORD},
    {"email": "root", "password": ROOT_PASSWORD},
    {"username": "root@example.com", "password": ROOT_PASSWORD},
    {"username": "' or 1=1 --", "password": ROOT_PASSWORD},
]


async def test_what_is_wrong_is_not_told(web: httpx.AsyncClient) -> None:
    for body in NOT_RIGHT:
        answer = await web.post("/auth:signIn", json=body)
        assert refusal(answer) == WRONG
        assert answer.json()["errors"][0]["message"] == "The account or the password is not right."
        assert "set-cookie" not in answer.headers


async def test_the_blocked_do_not_get_in(people: People, web: httpx.AsyncClient) -> None:
    head, number = await people.add("ann", "member"), 2
    block = {"blocked": True}
    accepted(await web.post(f"/users:update/{number}", json=block, headers=await people.root()))
    assert refusal(await web.get("/auth:check", headers=head)) == (401, "BLOCKED_TOKEN")
    assert refusal(await web.post("/auth:signIn", json={"account": "ann", "password": PASSWORD})) == WRONG
    accepted(await web.post(f"/users:update/{number}", json={"blocked": False}, headers=await people.root()))
    accepted(await web.get("/auth:check", headers=await people.sign_in("ann")))
    # The tokens from before stay dead.
    assert refusal(await web.get("/auth:check", headers=head)) == (401, "BLOCKED_TOKEN")


async def test_an_e_mail_address_wins_over_a_name(
    house: Application, people: People, web: httpx.AsyncClient
) -> None:
    """No such name can be given any more, but may be there from before."""
    number = await people.make("eve", "member")
    values = {"username": "root@example.com"}
    await house.repository.update("users", values, keys=(number,), scopes=EVERYTHING)
    body = {"account": "root@example.com", "password": PASSWORD}
    assert refusal(await web.post("/auth:signIn", json=body)) == WRONG
    data = accepted(await web.post("/auth:signIn", json={**body, "password": ROOT_PASSWORD}))
    assert data["user"]["id"] == 1


async def test_only_one_way_to_sign_in_is_known(web: httpx.AsyncClient) -> None:
    body = {"account": "root", "password": ROOT_PASSWORD}
    accepted(await web.post("/auth:signIn", json=body, headers={"x-authenticator": "basic"}))
    other = await web.post("/auth:signIn", json=body, headers={"x-authenticator": "ldap"})
    assert refusal(other) == (400, "VALIDATION_ERROR")


async def test_check_shows_the_user_with_roles(people: People, web: httpx.AsyncClient) -> None:
    found = accepted(await web.get("/auth:check", headers=await people.add("ann", "member", "admin")))
    assert found.keys() == {
        *("id", "nickname", "username", "email", "phone", "sub", "blocked", "appLang", "systemSettings"),
        *("createdAt", "updatedAt", "roles"),
    }
    assert found["roles"] == [{"name": "member", "title": "Member"}, {"name": "admin", "title": "Admin"}]
    assert (found["id"], found["username"], found["email"], found["blocked"]) == (2, "ann", None, False)


async def test_signing_out_here(people: People, web: httpx.AsyncClient) -> None:
    here, there = await people.sign_in(), await people.sign_in()
    for head in (here, there):
        accepted(await web.get("/auth:check", headers=head))
    accepted(await web.post("/auth:signOut", headers=here))
    assert refusal(await web.get("/auth:check", headers=here)) == (401, "BLOCKED_TOKEN")
    assert refusal(await web.post("/auth:signOut", headers=here)) == (401, "BLOCKED_TOKEN")
    accepted(await web.get("/auth:check", headers=there))


@pytest.mark.parametrize("way", [{"json": {"all": True}}, {"params": {"all": "true"}}], ids=["body", "query"])
async def test_signing_out_everywhere(people: People, web: httpx.AsyncClient, way: dict[str, Any]) -> None:
    ann, here, there = await people.add("ann", "member"), await people.sign_in(), await people.sign_in()
    for head in (ann, here, there):
        accepted(await web.get("/auth:check", headers=head))
    accepted(await web.post("/auth:signOut", headers=here, **way))
    for head in (here, there):
        assert refusal(await web.get("/auth:check", headers=head)) == (401, "BLOCKED_TOKEN")
    accepted(await web.get("/auth:check", headers=ann))


async def test_signing_out_takes_the_cookies_away(people: People, web: httpx.AsyncClient) -> None:
    await web.post("/auth:signIn", json={"account": "root", "password": ROOT_PASSWORD})
    proof = {"x-csrf-token": web.cookies["nb_csrf_token_main"]}
    assert len(web.cookies) == 5
    accepted(await web.post("/auth:signOut", headers=proof))
    assert len(web.cookies) == 0


async def test_sessions_that_ended_are_swept(house: Application, people: People, clock: Any) -> None:
    for _ in range(3):
        await people.sign_in()
    assert await house.repository.count("sessions", None, scopes=EVERYTHING) == 3
    clock.advance(house.access.sessions.policy.idle_s + 1)
    await people.sign_in()
    assert await house.repository.count("sessions", None, scopes=EVERYTHING) == 1


async def test_a_hash_under_older_parameters_is_made_anew(house: Application, people: People) -> None:
    from argon2 import PasswordHasher

    from insula.application.access.people import keep_hash, password_hash

    old = PasswordHasher(time_cost=1, memory_cost=8 * 1024, parallelism=1).hash(PASSWORD)
    number = await people.make("ann", "member")
    await keep_hash(house.repository, number, old)
    await people.sign_in("ann")
    new = await password_hash(house.repository, number)
    assert new is not None and new != old and "m=19456,t=2,p=1" in new
    await people.sign_in("ann")
    assert await password_hash(house.repository, number) == new


async def test_the_ways_to_sign_in_are_told_to_anyone(people: People, web: httpx.AsyncClient) -> None:
    [way] = accepted(await web.get("/authenticators:publicList"))
    assert (way["name"], way["options"]) == ("basic", {"allowSignUp": False})
    settings = {"settings": {"signUp": True}}
    accepted(await web.post("/pm:update/auth", json=settings, headers=await people.root()))
    [way] = accepted(await web.get("/authenticators:publicList?_=123"))
    assert way["options"] == {"allowSignUp": True}
    assert refusal(await web.post("/authenticators:create", json={"name": "ldap"}))[0] == 404


@pytest.mark.parametrize("action", ["lostPassword", "checkResetToken", "resetPassword"])
async def test_forgotten_passwords_are_no_business_of_mail(web: httpx.AsyncClient, action: str) -> None:
    given = {"email": "root@example.com", "password": "another one 7"}
    answer = await web.post(f"/auth:{action}", json=given)
    assert refusal(answer) == (403, "TURNED_OFF")
    accepted(await web.post("/auth:signIn", json={"account": "root", "password": ROOT_PASSWORD}))


async def test_one_user_has_so_many_sessions_and_no_more(
    house: Application, people: People, web: httpx.AsyncClient, clock: HandClock
) -> None:
    root = await people.root()
    await people.make("ann", "member")
    await people.make("bob", "member")
    bob = await people.sign_in("bob")
    accepted(await web.post("/pm:update/auth", json={"settings": {"sessionsOfOne": 3}}, headers=root))
    heads = []
    for _ in range(5):
        heads.append(await people.sign_in("ann"))
        clock.advance(1)
    found = [refusal(await web.get("/auth:check", headers=head)) for head in heads]
    assert found == [(401, "BLOCKED_TOKEN")] * 2 + [(200, "")] * 3
    accepted(await web.get("/auth:check", headers=bob))
    assert await house.repository.count("sessions", None, scopes=EVERYTHING) == 5
    for wrong in (0, -1, 10_001, "many"):
        answer = await web.post("/pm:update/auth", json={"settings": {"sessionsOfOne": wrong}}, headers=root)
        assert refusal(answer)[0] == 400, wrong
