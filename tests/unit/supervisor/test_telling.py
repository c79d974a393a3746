"""The domain of what runs is known in its environments as soon as it changes, or as soon as they are back."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from insula.application.application import Application
from insula.fleet.command import Verb
from insula.fleet.environment import Environment
from insula.fleet.lifecycle import Wanted
from insula.testing.fleet import VERSION, PlayedFleet, played_fleet

WHO = "user 7"
DOMAIN = "shop.example.com"
DATABASE = {"database": {"dialect": "postgres", "host": "db", "username": "u", "password": "p"}}


@pytest.fixture
async def two(main: Application) -> AsyncIterator[PlayedFleet]:
    """A shop that runs in both environments."""
    async with played_fleet(main, "a", "b") as played:
        await played.make("shop", environments=["a", "b"], options=DATABASE)
        yield played


def told(fleet: PlayedFleet, place: str) -> list[str | None]:
    """The domains that came with starts of what runs, since it was made."""
    started = [each for each in fleet.environments[place].commands if each.verb is Verb.START]
    return [each.configuration.domain for each in started[1:] if each.configuration is not None]


async def until_told(fleet: PlayedFleet, place: str, domains: list[str | None]) -> None:
    async with asyncio.timeout(60):
        while told(fleet, place) != domains:
            await asyncio.sleep(0.01)


async def change(fleet: PlayedFleet, domain: str | None) -> None:
    await fleet.supervisor.update("shop", {"cname": domain}, actor=WHO)


async def test_all_in_which_it_runs_are_told(two: PlayedFleet) -> None:
    await change(two, DOMAIN)
    await two.supervisor.update("shop", {"displayName": "The shop", "cname": DOMAIN}, actor=WHO)
    await change(two, None)
    assert told(two, "a") == told(two, "b") == [DOMAIN, None]


async def test_what_does_not_run_is_started_by_nobody(two: PlayedFleet) -> None:
    await two.supervisor.stop("shop", actor=WHO)
    await change(two, DOMAIN)
    assert told(two, "a") == []
    await two.supervisor.start("shop", actor=WHO)
    assert told(two, "a") == [DOMAIN]


async def test_one_that_is_away_is_told_when_it_is_back(two: PlayedFleet) -> None:
    place = Environment("b", version=VERSION)
    await two.discovery.announce(replace(place, available=False))
    await two.supervisor.environments()
    await change(two, DOMAIN)
    assert (told(two, "a"), told(two, "b")) == ([DOMAIN], [])
    await two.discovery.announce(place)
    await two.supervisor.environments()
    await until_told(two, "b", [DOMAIN])


async def test_one_that_did_not_listen_keeps_the_change_and_is_told_when_it_is_back(
    two: PlayedFleet, caplog: pytest.LogCaptureFixture
) -> None:
    two.environments["b"].failures[Verb.START] = "DATABASE_BUSY"
    two.environments["b"].running.clear()
    await change(two, DOMAIN)
    assert "the domain of shop is not known in b yet" in caplog.text
    assert two.records.get("shop").cname == DOMAIN
    two.environments["b"].failures.clear()
    place = Environment("b", version=VERSION)
    await two.discovery.announce(replace(place, available=False))
    await two.supervisor.environments()
    await two.discovery.announce(place)
    await two.supervisor.environments()
    await until_told(two, "b", [DOMAIN, DOMAIN])


async def test_one_that_was_stopped_meanwhile_is_not_brought_up(two: PlayedFleet) -> None:
    place = Environment("b", version=VERSION)
    await two.discovery.announce(replace(place, available=False))
    await two.supervisor.environments()
    await change(two, DOMAIN)
    entry = two.records.get("shop")
    await two.records.change("shop", None, wanted=Wanted.STOPPED)
    assert entry.cname == DOMAIN
    await two.discovery.announce(place)
    await two.supervisor.environments()
    await two.supervisor.update("shop", {"displayName": "Later"}, actor=WHO)  # its turn comes after that
    assert told(two, "b") == []
