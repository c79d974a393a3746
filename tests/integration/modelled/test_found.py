"""What the model has found wrong once, told plainly."""

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from insula.fleet.lifecycle import Observed, Wanted
from insula.testing.modelled_fleet.quick import quick
from insula.testing.modelled_fleet.site import ReadLedger
from insula.testing.modelled_fleet.wires import OverRedis
from insula.testing.modelled_fleet.world import World
from insula.testing.servers import Server

PATIENCE_S = 10.0


@pytest.fixture
async def world(own_redis: Server, ledger: ReadLedger, tmp_path: Path) -> AsyncIterator[World]:
    """Two environments, and an application that runs in one of them."""
    with quick():
        made = World(OverRedis(f"redis://127.0.0.1:{own_redis.port}/0"), tmp_path, ("east", "west"), ledger)
        await made.open()
        assert await do(made, "create") == "done"
        yield made
        assert not made.watch.violations, made.watch.violations
        await made.close()


async def do(world: World, verb: str) -> str:
    return await world.do("one", verb, with_main=False, places=("east",), calm=False)


async def until(right: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while not right():
            await asyncio.sleep(0.01)


def keeps(world: World) -> Wanted | None:
    kept = world.sites["east"].ledger.kept("one")
    return kept and kept.wanted


@pytest.mark.parametrize("verb", ["stop", "destroy"])
async def test_one_that_was_stopped_while_its_environment_was_away_is_not_woken_there(
    world: World, verb: str
) -> None:
    assert await do(world, "sleep") == "done"
    await world.kill("east")
    assert await do(world, verb) == "failed"  # wanted all the same
    await world.begin("east")
    await until(lambda: keeps(world) is Wanted.STOPPED)
    await world.visit_there("east", "one")
    assert world.sites["east"].process.status("one").observed is Observed.STOPPED


async def test_one_that_fell_asleep_while_its_environment_was_away_is_woken_there(world: World) -> None:
    assert await do(world, "stop") == "done"
    await world.kill("east")
    assert await do(world, "start") == "failed"
    assert await do(world, "sleep") == "failed"
    await world.begin("east")
    await until(lambda: keeps(world) is Wanted.ASLEEP)
    await world.visit_there("east", "one")
    assert world.sites["east"].process.status("one").observed is Observed.RUNNING
    await until(lambda: world.records.get("one").wanted is Wanted.RUNNING)


async def test_one_that_was_put_to_sleep_while_its_environment_was_away_is_not_taken_for_visited(
    world: World,
) -> None:
    """It starts with its environment, which comes back with what it was told last."""

    async def always(verb: str) -> str:
        return await world.do("always", verb, with_main=True, places=("west",), calm=False)

    assert await always("create") == "done"
    await world.kill("west")
    assert await always("sleep") == "failed"
    await world.begin("west")
    await until(lambda: _rests(world))
    assert world.records.get("always").wanted is Wanted.ASLEEP


def _rests(world: World) -> bool:
    west, kept = world.sites["west"], world.sites["west"].ledger.kept("always")
    return kept is not None and kept.wanted is Wanted.ASLEEP and west.process.running("always") is None
