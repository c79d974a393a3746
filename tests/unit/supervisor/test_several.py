"""One application in several environments: made by the first, reached from the others, started one after the other."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from insula.application.application import Application
from insula.fleet.command import Verb
from insula.fleet.lifecycle import Observed
from insula.supervisor.errors import CommandFailed
from insula.testing.fleet import PlayedEnvironment, PlayedFleet, played_fleet

WHO = "a test"


@pytest.fixture
async def two(main: Application) -> AsyncIterator[PlayedFleet]:
    async with played_fleet(main, "berlin", "paris") as played:
        yield played


def places(fleet: PlayedFleet) -> tuple[PlayedEnvironment, PlayedEnvironment]:
    return fleet.environments["berlin"], fleet.environments["paris"]


async def stopped(fleet: PlayedFleet) -> None:
    """One that is in both, and down; what was carried out so far is forgotten."""
    await fleet.make("shop", environments=["berlin", "paris"])
    await fleet.supervisor.stop("shop", actor=WHO)
    for place in places(fleet):
        place.carried.clear()


async def until(right: object) -> None:
    async with asyncio.timeout(60):
        while not right():  # type: ignore[operator]
            await asyncio.sleep(0)


async def test_where_the_others_do_not_reach_its_database_it_is_not_made(two: PlayedFleet) -> None:
    berlin, paris = places(two)
    await two.supervisor.create({"name": "shop", "environments": ["berlin", "paris"]}, actor=WHO)
    paris.failures[Verb.CONNECT] = "SERVER_UNREACHABLE"
    with pytest.raises(CommandFailed, match="in the environment paris"):
        await two.supervisor.prepare("shop")
    assert [verb for verb, _ in berlin.carried] == [Verb.PREPARE]
    assert not two.records.get("shop").made
    kept = two.records.get("shop").options["database"]
    paris.failures.clear()
    await two.supervisor.prepare("shop")
    assert two.records.get("shop").options["database"] == kept, "where it is stays where it is"
    await two.supervisor.install("shop")
    await two.supervisor.start("shop", actor=WHO)
    assert {name: status.observed for name, status in two.discovery.statuses("shop").items()} == {
        "berlin": Observed.RUNNING,
        "paris": Observed.RUNNING,
    }


async def test_it_is_started_in_one_after_the_other(two: PlayedFleet) -> None:
    berlin, paris = places(two)
    await stopped(two)
    berlin.gates[Verb.START] = asyncio.Event()
    starting = asyncio.create_task(two.supervisor.start("shop", actor=WHO))
    await until(lambda: berlin.carried)
    for _ in range(100):
        await asyncio.sleep(0)
    assert paris.carried == []
    berlin.gates[Verb.START].set()
    await starting
    assert berlin.carried == paris.carried == [(Verb.START, "shop")]


async def test_one_that_fails_keeps_no_other_from_it_and_is_told(two: PlayedFleet) -> None:
    berlin, paris = places(two)
    await stopped(two)
    berlin.failures[Verb.START] = "DATABASE_UNAVAILABLE"
    with pytest.raises(CommandFailed, match="in the environment berlin"):
        await two.supervisor.start("shop", actor=WHO)
    assert (sorted(berlin.running), sorted(paris.running)) == ([], ["shop"])
    statuses = two.discovery.statuses("shop")
    assert statuses["berlin"].observed is Observed.ERROR
    berlin.failures.clear()
    await two.supervisor.start("shop", actor=WHO)
    assert (sorted(berlin.running), sorted(paris.running)) == (["shop"], ["shop"])


async def test_it_is_stopped_everywhere_as_one(two: PlayedFleet) -> None:
    await stopped(two)
    await two.supervisor.start("shop", actor=WHO)
    await two.supervisor.stop("shop", actor=WHO)
    assert [sorted(place.running) for place in places(two)] == [[], []]
    found = {status.observed for status in two.discovery.statuses("shop").values()}
    assert found == {Observed.STOPPED}
