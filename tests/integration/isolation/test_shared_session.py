"""An application that shares main's session lets in who is signed in to main: the person, and none of their rights."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import jwt
import pytest

from insula.application.access.people import EVERYTHING, where
from insula.application.access.policy import Policy
from insula.application.access.seen import SEEN_S
from insula.application.access.tokens import Tokens
from insula.testing.estate import Estate
from insula.testing.people import PASSWORD, Head, accepted, refusal

GOOD = (200, "")
NOT_OURS = (401, "INVALID_TOKEN")
BLOCKED = (401, "BLOCKED_TOKEN")


async def ask(
    estate: Estate, name: str, head: Head | None = None, path: str = "auth:check"
) -> httpx.Response:
    async with estate.browser() as web:
        return await web.get(f"/api/__app/{name}/{path}", headers=head)


async def users(estate: Estate, name: str) -> dict[str, dict[str, Any]]:
    """Subject → user."""
    repository = estate.applications[name].repository
    rows = (await repository.find("users", where("blocked", False), scopes=EVERYTHING)).rows
    return {str(row["sub"]): row for row in rows}


async def setting(estate: Estate, name: str, **values: Any) -> None:
    head = await estate.sign_in(name)
    async with estate.browser() as web:
        body = {"settings": values}
        accepted(await web.post(f"/api/__app/{name}/pm:update/auth", json=body, headers=head))


@pytest.fixture
async def shop(estate: Estate) -> Estate:
    """``shop`` shares main's session; ``depot`` does not."""
    await estate.add("shop", shares=True)
    await estate.add("depot")
    return estate


async def test_a_visitor_is_made_a_user_with_a_low_role_at_the_first_visit(shop: Estate) -> None:
    await shop.make("main", "anna", "admin", email="anna@example.com", nickname="Anna")
    head = await shop.sign_in("main", "anna")
    before = await users(shop, "shop")
    data = accepted(await ask(shop, "shop", head))
    assert [role["name"] for role in data["roles"]] == ["member"]
    assert (data["username"], data["email"], data["nickname"]) == ("anna", "anna@example.com", "Anna")
    (subject,) = (await users(shop, "shop")).keys() - before.keys()
    assert subject in await users(shop, "main")
    assert accepted(await ask(shop, "shop", head))["id"] == data["id"]
    assert refusal(await ask(shop, "shop", head, "users:list")) == (403, "NO_PERMISSION")
    assert refusal(await ask(shop, "shop", {**head, "x-role": "admin"})) == (403, "ROLE_NOT_FOUND_ERR")


async def test_many_first_requests_make_one_user(shop: Estate) -> None:
    await shop.make("main", "anna", "member")
    head = await shop.sign_in("main", "anna")
    answers = await asyncio.gather(*(ask(shop, "shop", head) for _ in range(8)))
    assert len({accepted(answer)["id"] for answer in answers}) == 1


async def test_overlapping_numbers_and_names_give_nobody_anything(shop: Estate) -> None:
    """The person behind a number or a name at main is another one here."""
    numbers = {}
    for name, who in (("main", "anna"), ("shop", "boss"), ("depot", "boss")):
        role = "admin" if who == "boss" else "member"
        numbers[name] = await shop.make(name, who, role, email="anna@example.com")
    assert len(set(numbers.values())) == 1, "the test needs numbers that overlap"
    anna = await shop.sign_in("main", "anna")
    data = accepted(await ask(shop, "shop", anna))
    assert data["id"] != numbers["shop"]
    assert [role["name"] for role in data["roles"]] == ["member"]
    assert (data["username"], data["email"]) == ("anna", None)
    boss = await shop.sign_in("shop", "boss")
    assert accepted(await ask(shop, "shop", boss))["id"] == numbers["shop"]
    assert refusal(await ask(shop, "depot", anna)) == NOT_OURS
    # A claim of a number is never looked at, not even a signed one.
    payload = jwt.decode(anna["authorization"][7:], options={"verify_signature": False})
    payload["userId"] = 1
    forged = jwt.encode(payload, shop.main.secrets.signing_key, "EdDSA")
    assert refusal(await ask(shop, "shop", {"authorization": f"Bearer {forged}"})) == BLOCKED


async def test_root_of_main_is_no_root_elsewhere_unless_it_is_their_own(shop: Estate) -> None:
    """Both have a root with the number 1; they are two people."""
    head = await shop.sign_in("main")
    data = accepted(await ask(shop, "shop", head))
    assert data["id"] != 1
    assert [role["name"] for role in data["roles"]] == ["member"]


async def test_the_same_person_is_found_by_their_subject(shop: Estate) -> None:
    await shop.make("main", "anna", "member")
    (subject,) = [sub for sub, row in (await users(shop, "main")).items() if row["username"] == "anna"]
    repository = shop.applications["shop"].repository
    number = await shop.make("shop", "chief", "admin")
    await repository.update("users", {"sub": subject}, keys=(number,), scopes=EVERYTHING)
    data = accepted(await ask(shop, "shop", await shop.sign_in("main", "anna")))
    assert (data["id"], data["username"]) == (number, "chief")
    assert [role["name"] for role in data["roles"]] == ["admin"]


async def test_without_sharing_nothing_of_main_counts(shop: Estate) -> None:
    head = await shop.sign_in("main")
    assert refusal(await ask(shop, "depot", head)) == NOT_OURS
    async with shop.browser() as web:
        accepted(await web.post("/api/auth:signIn", json={"account": "root", "password": "secret root 1"}))
        assert refusal(await web.get("/api/__app/depot/auth:check")) == (401, "EMPTY_TOKEN")
        assert refusal(await web.get("/api/__app/shop/auth:check")) == GOOD
        assert refusal(await web.get("/api/auth:check")) == GOOD
    depot = shop.applications["depot"].access.cookies
    assert not depot.shared


async def test_nobody_gets_into_main_or_a_neighbour_with_a_token_of_an_application(shop: Estate) -> None:
    for name in ("shop", "depot"):
        head = await shop.sign_in(name)
        for other in {"main", "shop", "depot"} - {name}:
            assert refusal(await ask(shop, other, head)) == NOT_OURS


async def test_only_main_signs_for_main(shop: Estate) -> None:
    token = (await shop.sign_in("main"))["authorization"][7:]
    claims = shop.main.access.tokens.read(token)
    forged = [
        Tokens("main", shop.applications["shop"].secrets).mint(claims),
        Tokens("main", shop.applications["depot"].secrets).mint(claims),
        Tokens("shop", shop.main.secrets).mint(claims),
        Tokens("depot", shop.main.secrets).mint(claims),
    ]
    for name in ("main", "shop", "depot"):
        for text in forged:
            answer = await ask(shop, name, {"authorization": f"Bearer {text}"})
            assert refusal(answer) == NOT_OURS, (name, text)


async def test_api_keys_of_main_are_no_one_who_signed_in(shop: Estate) -> None:
    head = await shop.sign_in("main")
    async with shop.browser() as web:
        key = accepted(await web.post("/api/apiKeys:create", json={"name": "k"}, headers=head))["token"]
    head = {"authorization": f"Bearer {key}"}
    assert refusal(await ask(shop, "main", head)) == GOOD
    assert refusal(await ask(shop, "shop", head)) == NOT_OURS


async def end_by_sign_out(estate: Estate, head: Head, number: int) -> None:
    async with estate.browser() as web:
        accepted(await web.post("/api/auth:signOut", headers=head))


async def end_by_blocking(estate: Estate, head: Head, number: int) -> None:
    root = await estate.sign_in("main")
    async with estate.browser() as web:
        accepted(await web.post(f"/api/users:update/{number}", json={"blocked": True}, headers=root))


async def end_by_new_password(estate: Estate, head: Head, number: int) -> None:
    other = await estate.sign_in("main", "anna")
    async with estate.browser() as web:
        body = {"oldPassword": PASSWORD, "newPassword": "quite another 3"}
        accepted(await web.post("/api/auth:changePassword", json=body, headers=other))


async def end_by_removal(estate: Estate, head: Head, number: int) -> None:
    root = await estate.sign_in("main")
    async with estate.browser() as web:
        accepted(await web.post(f"/api/users:destroy/{number}", headers=root))


@pytest.mark.parametrize(
    ("end", "code"),
    [
        (end_by_sign_out, "BLOCKED_TOKEN"),
        (end_by_blocking, "BLOCKED_TOKEN"),
        (end_by_new_password, "BLOCKED_TOKEN"),
        (end_by_removal, "NOT_EXIST_USER"),
    ],
)
async def test_what_ends_a_session_at_main_ends_it_here_at_once(shop: Estate, end: Any, code: str) -> None:
    number = await shop.make("main", "anna", "member")
    head = await shop.sign_in("main", "anna")
    for _ in range(2):
        assert refusal(await ask(shop, "shop", head)) == GOOD
    await end(shop, head, number)
    assert refusal(await ask(shop, "shop", head)) == (401, code)


async def test_who_is_blocked_here_stays_out(shop: Estate) -> None:
    await shop.make("main", "anna", "member")
    head = await shop.sign_in("main", "anna")
    number = accepted(await ask(shop, "shop", head))["id"]
    root = await shop.sign_in("shop")
    async with shop.browser() as web:
        address = f"/api/__app/shop/users:update/{number}"
        accepted(await web.post(address, json={"blocked": True}, headers=root))
    assert refusal(await ask(shop, "shop", head)) == BLOCKED
    assert refusal(await ask(shop, "main", head)) == GOOD


async def test_a_visit_here_does_not_renew_the_session_at_main(shop: Estate) -> None:
    head = await shop.sign_in("main")
    shop.clock.advance(Policy().renewal_s + SEEN_S)
    for _ in range(2):
        answer = await ask(shop, "shop", head)
        assert refusal(answer) == GOOD
        assert "x-new-token" not in answer.headers
        shop.clock.advance(SEEN_S + 1)
    assert "x-new-token" in (await ask(shop, "main", head)).headers
    shop.clock.advance(Policy().idle_s)
    assert refusal(await ask(shop, "shop", head)) == (401, "EXPIRED_TOKEN")


async def test_strangers_stay_out_where_the_application_says_so(shop: Estate) -> None:
    await shop.make("main", "anna", "member")
    head = await shop.sign_in("main", "anna")
    await setting(shop, "shop", createVisitors=False)
    assert refusal(await ask(shop, "shop", head)) == (401, "NOT_EXIST_USER")
    await setting(shop, "shop", createVisitors=True, visitorRole="admin")
    assert refusal(await ask(shop, "shop", head)) == (401, "NOT_EXIST_USER")
    await setting(shop, "shop", visitorRole="nobody-has-it")
    assert refusal(await ask(shop, "shop", head)) == (401, "NOT_EXIST_USER")
    await setting(shop, "shop", visitorRole="member")
    assert refusal(await ask(shop, "shop", head)) == GOOD


async def test_a_write_by_the_cookie_of_main_needs_the_proof_of_this_application(shop: Estate) -> None:
    async with shop.browser() as web:
        body = {"account": "root", "password": "secret root 1"}
        accepted(await web.post("/api/auth:signIn", json=body))
        mains = {cookie.name: cookie.value for cookie in web.cookies.jar}
        address = "/api/__app/shop/auth:changePassword"
        change = {"oldPassword": "they have none", "newPassword": "quite another 3"}
        refused = (403, "INVALID_CSRF_TOKEN")
        assert refusal(await web.post(address, json=change)) == refused
        proof = {"x-csrf-token": mains["nb_csrf_token_main"]}
        assert refusal(await web.post(address, json=change, headers=proof)) == refused
        own = web.cookies.get("nb_csrf_token_shop", path="/api/__app/shop/")
        taken = (400, "VALIDATION_ERROR")
        assert own and own != mains["nb_csrf_token_main"]
        assert refusal(await web.post(address, json=change, headers={"x-csrf-token": own})) == taken
        main = "/api/auth:changePassword"
        assert refusal(await web.post(main, json=change, headers={"x-csrf-token": own})) == refused


async def test_the_session_of_main_is_ended_at_main_alone(shop: Estate) -> None:
    head = await shop.sign_in("main")
    async with shop.browser() as web:
        for path in ("auth:signOut", "auth:signOut?all=true", "auth:syncCookies"):
            answer = await web.post(f"/api/__app/shop/{path}", headers=head)
            assert refusal(answer) == (403, "NEEDS_SESSION")
            assert "set-cookie" not in answer.headers
    assert refusal(await ask(shop, "main", head)) == GOOD


async def test_a_token_that_is_of_no_use_at_main_leaves_the_cookie_of_main_alone(shop: Estate) -> None:
    async with shop.browser() as web:
        body = {"account": "root", "password": "secret root 1"}
        token = accepted(await web.post("/api/auth:signIn", json=body))["token"]
        await end_by_sign_out(shop, {"authorization": f"Bearer {token}"}, 1)
        answer = await web.get("/api/__app/shop/auth:check")
        assert refusal(answer) == BLOCKED
        assert "set-cookie" not in answer.headers


async def test_a_role_that_was_chosen_in_one_session_of_main_ends_with_it(shop: Estate) -> None:
    """What a page looks through is no longer of whoever signs in next."""

    async def role(web: httpx.AsyncClient) -> str:
        return str(accepted(await web.get("/api/__app/shop/roles:check"))["role"])

    async with shop.browser() as web:
        body = {"account": "root", "password": "secret root 1"}
        accepted(await web.post("/api/auth:signIn", json=body))
        own = await role(web)
        people = await shop.sign_in("shop")
        accepted(await web.post("/api/__app/shop/roles:create", json={"name": "two"}, headers=people))
        found = accepted(await web.get("/api/__app/shop/auth:check"))
        held = [*(each["name"] for each in found["roles"]), "two"]
        address = f"/api/__app/shop/users/{found['id']}/roles:set"
        accepted(await web.post(address, json=held, headers=people))
        (proof,) = (each for each in web.cookies.jar if each.name == "nb_csrf_token_shop")
        web.cookies.set("nb_role_shop", "two", domain=proof.domain, path=proof.path)
        assert await role(web) == "two"
        accepted(await web.post("/api/auth:signIn", json=body))
        assert await role(web) == own
        assert web.cookies.get("nb_role_shop") is None
