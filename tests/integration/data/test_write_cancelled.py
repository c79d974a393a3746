"""Writers that give up: what was kept all the same is told to observers."""

import asyncio
from collections.abc import Callable, Coroutine
from types import SimpleNamespace
from typing import Any

import pytest

from insula.data.catalog import StaticCatalog
from insula.data.changes import Change
from insula.data.scope import Unrestricted
from insula.data.writing import Writer
from insula.database.executor import Database
from insula.testing.library import create_tables, library

ALL = Unrestricted()


@pytest.fixture
async def world(database: Database) -> SimpleNamespace:
    collections = library()
    await create_tables(database, collections)
    writer = Writer(StaticCatalog(collections), database)
    for number in range(1, 4):
        await writer.create("authors", {"name": f"author {number}"}, scopes=ALL)
    seen: list[Change] = []
    writer.observers.append(seen.append)
    return SimpleNamespace(writer=writer, database=database, seen=seen)


async def given_up(work: Coroutine[Any, Any, Any], turns: int) -> bool:
    """Whether the work was still going on after so many turns of the loop, and so was cancelled."""
    task = asyncio.ensure_future(work)
    for _ in range(turns):
        await asyncio.sleep(0 if turns < 40 else 0.0001)
        if task.done():
            break
    task.cancel()
    (outcome,) = await asyncio.gather(task, return_exceptions=True)
    assert outcome is None or isinstance(outcome, asyncio.CancelledError | list | int | dict), outcome
    return isinstance(outcome, asyncio.CancelledError)


async def in_a_transaction(writer: Writer, value: int) -> None:
    async with writer.transaction() as transaction:
        await writer.update("authors", {"rank": value}, keys=[1], scopes=ALL, on=transaction)
        await writer.update("authors", {"rank": value}, keys=[2], scopes=ALL, on=transaction)


async def alone(writer: Writer, value: int) -> None:
    await writer.update("authors", {"rank": value}, keys=[1], scopes=ALL)


@pytest.mark.parametrize("work", [in_a_transaction, alone])
async def test_what_is_kept_is_told(
    world: SimpleNamespace, work: Callable[[Writer, int], Coroutine[Any, Any, None]]
) -> None:
    """Cancelled at every point: whatever is read afterwards by one who was told nothing is as before."""
    author = {"keys": [1], "scopes": ALL}
    before = (await world.writer.update("authors", {}, **author))[0]["rank"]
    for turns in range(400):
        world.seen.clear()
        cancelled = await given_up(work(world.writer, 1_000 + turns), turns)
        told = bool(world.seen)
        now = (await world.writer.update("authors", {}, **author))[0]["rank"]
        assert told or now == before, f"kept after {turns} turns, and nobody knows"
        before = now
        if not cancelled:
            break
    assert not cancelled
    assert now == 1_000 + turns
