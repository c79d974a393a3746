"""How long tokens and sessions last, and how tokens are replaced while they are used. Nothing is waited for."""

import asyncio
from typing import Any

import httpx
import jwt
import pytest

from insula.application.access.people import EVERYTHING
from insula.application.access.policy import Policy
from insula.application.access.seen import SEEN_S
from insula.application.application import Application
from insula.testing.clock import HandClock
from insula.testing.databases import TWO_DIALECTS
from insula.testing.people import ROOT_PASSWORD, Head, People, accepted, refusal

pytestmark = pytest.mark.parametrize("database_options", TWO_DIALECTS, indirect=True)

HOUR_S = 3600
POLICY = Policy()


def claims(token: str) -> dict[str, Any]:
    found: dict[str, Any] = jwt.decode(token, options={"verify_signature": False})
    return found


def bearer(token: str) -> Head:
    return {"authorization": f"Bearer {token}"}


async def ask(web: httpx.AsyncClient, head: Head) -> tuple[tuple[int, str], str | None]:
    answer = await web.get("/auth:check", headers=head)
    return refusal(answer), answer.headers.get("x-new-token")


async def sessions(house: Application) -> list[dict[str, Any]]:
    from insula.data.query import Query

    return (await house.repository.find("sessions", Query(), scopes=EVERYTHING)).rows


GOOD = (200, "")
BLOCKED = (401, "BLOCKED_TOKEN")
EXPIRED = (401, "EXPIRED_TOKEN")


async def test_a_token_is_renewed_once_it_is_old_enough(
    house: Application, people: People, web: httpx.AsyncClient, clock: HandClock
) -> None:
    old = await people.sign_in()
    clock.advance(POLICY.renewal_s - 1)
    assert await ask(web, old) == (GOOD, None)
    clock.advance(1)
    status, new = await ask(web, old)
    assert status == GOOD and new is not None
    before, after = claims(old["authorization"][7:]), claims(new)
    assert after["jti"].partition(".")[0] == before["jti"].partition(".")[0]
    assert after["signInTime"] == before["signInTime"]
    assert after["iat"] == int(clock.wall()) and after["exp"] == after["iat"] + POLICY.idle_s
    # The successor is told until the old one ends, and is one and the same.
    assert await ask(web, old) == (GOOD, new)
    assert await ask(web, bearer(new)) == (GOOD, None)
    clock.advance(POLICY.overlap_s - 1)
    assert await ask(web, old) == (GOOD, new)
    clock.advance(1)
    assert await ask(web, old) == (BLOCKED, None)
    assert await ask(web, bearer(new)) == (GOOD, None)
    assert [row["generation"] for row in await sessions(house)] == [1]


async def test_many_requests_renew_once(
    house: Application, people: People, web: httpx.AsyncClient, clock: HandClock
) -> None:
    old = await people.sign_in()
    clock.advance(POLICY.renewal_s)
    answers = await asyncio.gather(*(ask(web, old) for _ in range(20)))
    assert {status for status, _ in answers} == {GOOD}
    told = {token for _, token in answers if token is not None}
    assert len(told) == 1
    assert [row["generation"] for row in await sessions(house)] == [1]
    assert await ask(web, bearer(told.pop())) == (GOOD, None)


async def test_two_applications_objects_renew_once(
    house: Application, people: People, web: httpx.AsyncClient, clock: HandClock, make: Any
) -> None:
    """As on two environments over one database: neither sees what the other remembers."""
    from insula.application.access.steady_clock import SteadyClock
    from insula.application.registry import Registry
    from insula.testing.applications import Library
    from insula.testing.people import people_of

    twin = make(Library(), *Registry.discover().plugins.values())
    twin.access.clock = SteadyClock(clock.wall, clock.monotonic)
    await twin.start()
    try:
        async with people_of(twin) as others:
            old = await people.sign_in()
            assert await ask(others.web, old) == (GOOD, None)
            clock.advance(POLICY.renewal_s)
            both = [*(ask(web, old) for _ in range(5)), *(ask(others.web, old) for _ in range(5))]
            answers = await asyncio.gather(*both)
            assert {status for status, _ in answers} == {GOOD}
            assert len({token for _, token in answers if token is not None}) == 1
            assert [row["generation"] for row in await sessions(house)] == [1]
            # Signing out here is seen there, at the latest when a bearer is looked up again.
            fresh = await people.sign_in()
            assert await ask(others.web, fresh) == (GOOD, None)
            accepted(await web.post("/auth:signOut", headers=fresh))
            assert (await ask(web, fresh))[0] == BLOCKED
            clock.advance(SEEN_S)
            assert (await ask(others.web, fresh))[0] == BLOCKED
    finally:
        await twin.stop()


async def test_a_token_two_generations_old_is_refused(
    people: People, web: httpx.AsyncClient, clock: HandClock
) -> None:
    first = await people.sign_in()
    clock.advance(POLICY.renewal_s)
    _, second = await ask(web, first)
    assert second is not None
    clock.advance(POLICY.renewal_s)
    _, third = await ask(web, bearer(second))
    assert third is not None
    assert await ask(web, first) == (BLOCKED, None)
    assert await ask(web, bearer(second)) == (GOOD, third)


async def test_revoking_ends_every_generation_at_once(
    people: People, web: httpx.AsyncClient, clock: HandClock
) -> None:
    old = await people.sign_in()
    clock.advance(POLICY.renewal_s)
    _, new = await ask(web, old)
    assert new is not None
    assert await ask(web, bearer(new)) == (GOOD, None)
    accepted(await web.post("/auth:signOut", headers=bearer(new)))
    assert await ask(web, bearer(new)) == (BLOCKED, None)
    assert await ask(web, old) == (BLOCKED, None)


async def test_whoever_is_idle_signs_in_again(
    people: People, web: httpx.AsyncClient, clock: HandClock
) -> None:
    head = await people.sign_in()
    clock.advance(POLICY.idle_s - 1)
    status, new = await ask(web, head)
    assert status == GOOD and new is not None
    clock.advance(POLICY.idle_s)
    assert await ask(web, bearer(new)) == (EXPIRED, None)


async def test_however_busy_a_session_has_a_longest_duration(
    people: People, web: httpx.AsyncClient, clock: HandClock
) -> None:
    token = (await people.sign_in())["authorization"][7:]
    ends = clock.wall() + POLICY.session_s
    while clock.wall() + 12 * HOUR_S < ends:
        clock.advance(12 * HOUR_S)
        status, new = await ask(web, bearer(token))
        assert status == GOOD and new is not None
        token = new
    assert claims(token)["exp"] == ends, "the last token ends with its session"
    clock.advance(ends - clock.wall() - 1)
    assert (await ask(web, bearer(token)))[0] == GOOD
    clock.advance(1)
    assert await ask(web, bearer(token)) == ((401, "EXPIRED_SESSION"), None)


async def test_cookies_are_renewed_as_cookies(
    people: People, web: httpx.AsyncClient, clock: HandClock
) -> None:
    await web.post("/auth:signIn", json={"account": "root", "password": ROOT_PASSWORD})
    old, proof = web.cookies["nb_auth_token_main"], web.cookies["nb_csrf_token_main"]
    clock.advance(POLICY.renewal_s)
    answer = await web.get("/auth:check")
    accepted(answer)
    # Scripts are not shown what is HttpOnly.
    assert "x-new-token" not in answer.headers
    new = web.cookies["nb_auth_token_main"]
    assert new != old and claims(new)["jti"].endswith(".1")
    assert len(answer.headers.get_list("set-cookie")) == 5
    # The proof is that of the session, so that other pages of the browser can go on writing.
    assert web.cookies["nb_csrf_token_main"] == proof
    head = {"x-csrf-token": proof}
    accepted(await web.post("/books:create", json={"title": "A"}, headers=head))
    clock.advance(POLICY.overlap_s)
    accepted(await web.post("/books:create", json={"title": "B"}, headers=head))


async def test_an_ended_session_takes_its_cookies_away(
    people: People, web: httpx.AsyncClient, clock: HandClock
) -> None:
    await web.post("/auth:signIn", json={"account": "root", "password": ROOT_PASSWORD})
    clock.advance(POLICY.idle_s)
    assert refusal(await web.get("/auth:check")) == EXPIRED
    assert len(web.cookies) == 0
    assert refusal(await web.get("/auth:check")) == (401, "EMPTY_TOKEN")


async def settings(people: People, **given: Any) -> tuple[int, str]:
    root = await people.sign_in()
    return refusal(await people.web.post("/pm:update/auth", json={"settings": given}, headers=root))


async def test_durations_are_settings_and_count_at_once(
    people: People, web: httpx.AsyncClient, clock: HandClock
) -> None:
    head = await people.sign_in()
    shorter = {"overlapSeconds": 10, "renewalSeconds": 60, "idleSeconds": 300, "sessionSeconds": 1200}
    assert await settings(people, **shorter) == GOOD
    # Of sessions that are open already too.
    clock.advance(59)
    assert await ask(web, head) == (GOOD, None)
    clock.advance(1)
    status, new = await ask(web, head)
    assert status == GOOD and new is not None and claims(new)["exp"] == int(clock.wall()) + 300
    clock.advance(10)
    assert await ask(web, head) == (BLOCKED, None)
    clock.advance(289)
    assert (await ask(web, bearer(new)))[0] == GOOD
    clock.advance(1)
    assert await ask(web, bearer(new)) == (EXPIRED, None)


async def test_a_shorter_idle_time_ends_tokens_that_were_to_last_longer(
    people: People, web: httpx.AsyncClient, clock: HandClock
) -> None:
    head = await people.sign_in()
    assert await ask(web, head) == (GOOD, None)
    assert await settings(people, renewalSeconds=60, idleSeconds=300) == GOOD
    clock.advance(300)
    assert await ask(web, head) == (EXPIRED, None)


async def test_a_shorter_session_ends_those_that_are_open(
    people: People, web: httpx.AsyncClient, clock: HandClock
) -> None:
    head = await people.sign_in()
    clock.advance(2 * HOUR_S)
    _, new = await ask(web, head)
    assert new is not None
    shorter = {"renewalSeconds": 60, "idleSeconds": 600, "sessionSeconds": 2 * HOUR_S}
    assert await settings(people, **shorter) == GOOD
    assert await ask(web, bearer(new)) == ((401, "EXPIRED_SESSION"), None)


DO_NOT_FIT: list[dict[str, Any]] = [
    {"idleSeconds": 60},
    {"renewalSeconds": 0},
    {"overlapSeconds": 0},
    {"overlapSeconds": 7200},
    {"sessionSeconds": 3600},
    {"sessionSeconds": -1},
    {"idleSeconds": "day"},
    {"idleSeconds": 1.5},
    {"idleMinutes": 5},
    {"signUp": "yes"},
]


async def test_durations_that_do_not_fit_are_refused(house: Application, people: People) -> None:
    for given in DO_NOT_FIT:
        assert await settings(people, **given) == (400, "VALIDATION_ERROR")
        assert house.access.sessions.policy == POLICY


async def test_a_clock_set_back_keeps_sessions_going(
    people: People, web: httpx.AsyncClient, clock: HandClock
) -> None:
    head = await people.sign_in()
    clock.jump(-30 * HOUR_S)
    assert await ask(web, head) == (GOOD, None)
    clock.advance(POLICY.renewal_s)
    status, new = await ask(web, head)
    assert status == GOOD and new is not None
    clock.jump(30 * HOUR_S)
    assert await ask(web, bearer(new)) == (GOOD, None)


async def test_a_clock_set_forwards_and_back_opens_nothing(
    people: People, web: httpx.AsyncClient, clock: HandClock
) -> None:
    head = await people.sign_in()
    clock.jump(10 * 365 * 24 * HOUR_S)
    assert (await ask(web, head))[0] == (401, "EXPIRED_SESSION")
    clock.jump(-10 * 365 * 24 * HOUR_S)
    assert await ask(web, head) == (GOOD, None)
    later = await people.sign_in()
    assert await ask(web, later) == (GOOD, None)
