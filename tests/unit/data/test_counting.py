"""Counts that are asked for together share runs that began after they were asked."""

import asyncio

import pytest

from insula.data.counting import Counter


class World:
    """A count that takes as long as the test wants, and sees what is committed when it begins."""

    def __init__(self) -> None:
        self.committed = 0
        self.runs = 0
        self.gate = asyncio.Event()
        self.fails = False

    async def run(self) -> int:
        self.runs += 1
        seen = self.committed
        await self.gate.wait()
        if self.fails:
            raise RuntimeError("broken")
        return seen


async def turns() -> None:
    for _ in range(10):
        await asyncio.sleep(0)


async def test_who_comes_later_sees_what_was_committed_before() -> None:
    world, counter = World(), Counter()
    first = asyncio.create_task(counter.count("k", world.run))
    await turns()
    world.committed = 5
    others = [asyncio.create_task(counter.count("k", world.run)) for _ in range(50)]
    await turns()
    world.gate.set()
    assert await first == 0
    assert await asyncio.gather(*others) == [5] * 50
    assert world.runs == 2
    assert await counter.count("k", world.run) == 5
    assert world.runs == 3


async def test_other_counts_are_apart() -> None:
    world, counter = World(), Counter()
    both = [asyncio.create_task(counter.count(key, world.run)) for key in "ab"]
    await turns()
    assert world.runs == 2
    world.gate.set()
    assert await asyncio.gather(*both) == [0, 0]


async def test_the_one_who_leads_may_go_away() -> None:
    world, counter = World(), Counter()
    first = asyncio.create_task(counter.count("k", world.run))
    await turns()
    second, third = (asyncio.create_task(counter.count("k", world.run)) for _ in range(2))
    await turns()
    world.committed = 7
    first.cancel()
    await turns()
    assert world.runs == 2  # the second leads, the third shares it
    second.cancel()
    await turns()
    assert world.runs == 3
    world.gate.set()
    assert await third == 7
    for gone in (first, second):
        with pytest.raises(asyncio.CancelledError):
            await gone
    assert await counter.count("k", world.run) == 7


async def test_one_who_waits_may_go_away_at_any_time() -> None:
    world, counter = World(), Counter()
    first = asyncio.create_task(counter.count("k", world.run))
    await turns()
    waiting = [asyncio.create_task(counter.count("k", world.run)) for _ in range(3)]
    await turns()
    waiting[1].cancel()
    world.gate.set()
    assert await first == 0
    # Told to lead, and cancelled before it could.
    waiting[0].cancel()
    assert await waiting[2] == 0
    await asyncio.gather(*waiting, return_exceptions=True)
    assert await counter.count("k", world.run) == 0


async def test_errors_reach_all_who_share_the_run() -> None:
    world, counter = World(), Counter()
    tasks = [asyncio.create_task(counter.count("k", world.run)) for _ in range(4)]
    await turns()
    world.fails = True
    world.gate.set()
    results = await asyncio.gather(*tasks, return_exceptions=True)
    assert [type(result) for result in results] == [RuntimeError] * 4
    world.fails = False
    assert await counter.count("k", world.run) == 0
