"""Guessing is slow, tells nothing, and costs no memory without bounds."""

import statistics
import time
from typing import Any

import httpx
import pytest

from insula.application.access import throttle
from insula.application.application import Application
from insula.testing.clock import HandClock
from insula.testing.people import PASSWORD, ROOT_PASSWORD, Head, People, accepted, refusal

THROTTLED = (429, "TOO_MANY_ATTEMPTS")
WRONG = (401, "INVALID_CREDENTIALS")


def at(application: Application, address: str) -> httpx.AsyncClient:
    """A browser at this address."""
    transport = httpx.ASGITransport(application, client=(address, 1234))
    return httpx.AsyncClient(transport=transport, base_url="http://test")


async def guess(web: httpx.AsyncClient, account: str = "ann", password: str = "x") -> tuple[int, str]:
    answer = await web.post("/auth:signIn", json={"account": account, "password": password})
    web.cookies.clear()
    return refusal(answer)


@pytest.fixture
async def ann(people: People) -> Head:
    return await people.add("ann", "member")


async def test_ten_guesses_of_one_address_at_one_account(
    house: Application, people: People, ann: Head, clock: HandClock
) -> None:
    async with at(house, "10.0.0.1") as web, at(house, "10.0.0.2") as other:
        for _ in range(throttle.PAIR_ATTEMPTS):
            assert await guess(web) == WRONG
            clock.advance(1)
        answer = await web.post("/auth:signIn", json={"account": "ann", "password": PASSWORD})
        assert refusal(answer) == THROTTLED, "the right password makes no difference"
        wait = int(answer.headers["retry-after"])
        assert wait == throttle.WINDOW_S - throttle.PAIR_ATTEMPTS
        # Names are the same in capitals; others, and other addresses, are not held up.
        assert await guess(web, "ANN ") == THROTTLED
        assert await guess(web, "root", ROOT_PASSWORD) == (200, "")
        assert await guess(other, "ann", PASSWORD) == (200, "")
        # Whoever signed in already goes on.
        accepted(await web.get("/auth:check", headers=ann))
        clock.advance(wait - 1)
        assert await guess(web) == THROTTLED
        clock.advance(1)
        assert await guess(web) == WRONG, "one more for each that is long ago"
        assert await guess(web) == THROTTLED
        clock.advance(throttle.WINDOW_S)
        assert await guess(web, "ann", PASSWORD) == (200, "")


async def test_signing_in_forgives_earlier_slips(house: Application, people: People, ann: Head) -> None:
    async with at(house, "10.0.0.1") as web:
        for _ in range(3):
            for _ in range(throttle.PAIR_ATTEMPTS - 1):
                assert await guess(web) == WRONG
            assert await guess(web, "ann", PASSWORD) == (200, "")


async def test_many_addresses_at_one_account(house: Application, people: People, ann: Head) -> None:
    for number in range(throttle.ACCOUNT_ATTEMPTS):
        house.access.throttle.attempt("ann", f"10.1.{number // 256}.{number % 256}")
    async with at(house, "10.9.9.9") as web:
        assert await guess(web, "ann", PASSWORD) == THROTTLED
        assert await guess(web, "root", ROOT_PASSWORD) == (200, "")


async def test_one_address_at_many_accounts(house: Application, people: People, ann: Head) -> None:
    for number in range(throttle.CLIENT_ATTEMPTS):
        house.access.throttle.attempt(f"user{number}", "2001:db8::1")
    # One customer has many addresses of IPv6.
    async with at(house, "2001:db8::ffff:2") as web, at(house, "2001:db8:0:1::1") as other:
        assert await guess(web, "ann", PASSWORD) == THROTTLED
        assert await guess(other, "ann", PASSWORD) == (200, "")


JUMPS = [-10 * 365 * 86_400, 20 * 365 * 86_400]


async def test_a_clock_that_jumps_changes_nothing(
    house: Application, people: People, ann: Head, clock: HandClock
) -> None:
    async with at(house, "10.0.0.1") as web:
        for jump in JUMPS:
            for _ in range(throttle.PAIR_ATTEMPTS):
                assert await guess(web) == WRONG
            clock.jump(jump)
            assert await guess(web) == THROTTLED
            clock.advance(throttle.WINDOW_S - 1)
            assert await guess(web) == THROTTLED
            clock.advance(1)
            assert await guess(web, "ann", PASSWORD) == (200, "")


async def test_an_account_that_does_not_exist_is_not_told_apart(
    house: Application, people: People, ann: Head
) -> None:
    """Neither by what is answered, nor by when: both take the work of one hash, whatever else the machine does."""
    accepted(await people.web.post("/users:update/2", json={"blocked": True}, headers=await people.root()))
    web = people.web
    answers: dict[str, Any] = {}
    times: dict[str, list[float]] = {"root": [], "nobody": [], "ann": []}
    for _ in range(5):
        for account, spent in times.items():
            started = time.process_time()
            password = PASSWORD if account == "ann" else "wrong"
            answer = await web.post("/auth:signIn", json={"account": account, "password": password})
            spent.append(time.process_time() - started)
            heads = {name: value for name, value in answer.headers.items() if name != "x-request-id"}
            answers[account] = (answer.status_code, answer.content, heads)
    assert answers["root"] == answers["nobody"] == answers["ann"]
    typical = {account: statistics.median(spent) for account, spent in times.items()}
    assert min(typical.values()) > max(typical.values()) / 3, typical


async def test_unknown_accounts_are_throttled_alike(house: Application, people: People, ann: Head) -> None:
    async with at(house, "10.0.0.1") as web:
        for account in ("ann", "nobody"):
            found = [await guess(web, account) for _ in range(throttle.PAIR_ATTEMPTS + 1)]
            assert found == [WRONG] * throttle.PAIR_ATTEMPTS + [THROTTLED]
