"""Handles, connections, threads and descriptors: how they come and go, on every dialect."""

import asyncio
import os
import threading

import pytest
import sqlalchemy as sa

from insula.database import embedded, errors, pool
from insula.database.budget import ConnectionBudget
from insula.database.engine import open_database
from insula.database.executor import Database
from insula.database.options import DatabaseOptions
from insula.database.provision.ensure import ensure_database, wait_for_database

ONE = sa.text("SELECT 1 AS one")


def descriptors() -> int:
    return len(os.listdir("/proc/self/fd"))


async def until(condition: object, *, within_s: float = 30.0) -> None:
    """Wait until ``condition()`` is true."""
    async with asyncio.timeout(within_s):
        while not condition():  # type: ignore[operator]
            await asyncio.sleep(0.01)


async def test_a_closed_handle_refuses_and_leaves_nothing(
    database_options: DatabaseOptions, budget: ConnectionBudget
) -> None:
    await ensure_database(database_options, ConnectionBudget())
    before, threads = descriptors(), threading.active_count()
    for _ in range(3):
        database = open_database(database_options, budget)
        await asyncio.gather(*(database.run(ONE) for _ in range(20)))
        stream = database.stream(database.compile(ONE), {})
        assert await anext(stream) == [{"one": 1}]
        await stream.aclose()  # type: ignore[attr-defined]
        await database.close()
        await database.close()
        for refused in (database.run(ONE), anext(database.stream(database.compile(ONE), {}))):
            with pytest.raises(errors.DatabaseClosed):
                await refused
        with pytest.raises(errors.DatabaseClosed):
            async with database.transaction():
                pass
    assert budget.used == 0
    assert threading.active_count() == threads
    await until(lambda: descriptors() <= before)


async def test_a_handle_may_close_while_it_is_used(
    database_options: DatabaseOptions, budget: ConnectionBudget
) -> None:
    await ensure_database(database_options, ConnectionBudget())
    database = open_database(database_options, budget)
    begun = asyncio.Event()

    async def hold() -> None:
        async with database.transaction() as transaction:
            await transaction.run(ONE)
            begun.set()
            await asyncio.sleep(0.1)

    holding = asyncio.create_task(hold())
    await begun.wait()
    await database.close()
    assert await asyncio.gather(holding, return_exceptions=True)
    assert budget.used == 0


async def test_nothing_is_connected_before_the_first_statement(
    database_options: DatabaseOptions, budget: ConnectionBudget
) -> None:
    threads = threading.active_count()
    database = open_database(database_options, budget)
    assert (budget.used, threading.active_count()) == (0, threads)
    await database.close()


async def test_idle_connections_and_threads_end(
    database: Database, budget: ConnectionBudget, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pool, "IDLE_S", 0.1)
    monkeypatch.setattr(pool, "TICK_S", 0.05)
    monkeypatch.setattr(embedded, "IDLE_S", 0.1)
    threads = threading.active_count()
    await asyncio.gather(*(database.run(ONE) for _ in range(5)))
    await until(lambda: budget.used == 0 and threading.active_count() <= threads)
    assert await database.run(ONE) == [{"one": 1}]


async def test_ensuring_twice_and_waiting(database: Database, database_options: DatabaseOptions) -> None:
    await asyncio.gather(*(ensure_database(database_options, ConnectionBudget()) for _ in range(3)))
    lines: list[str] = []
    await wait_for_database(database_options, ConnectionBudget(), 5, lines.append)
    assert lines == []


async def test_concurrent_reads_and_one_slow_one(database: Database) -> None:
    """A slow statement does not hold up others."""
    slow: sa.sql.base.Executable
    if database.dialect.name == "postgres":
        slow = sa.text("SELECT pg_sleep(3)")
    elif database.dialect.name != "sqlite":
        slow = sa.text("SELECT SLEEP(3)")
    else:
        base = sa.select(sa.literal(1).label("i")).cte("n", recursive=True)
        numbers = base.union_all(sa.select(base.c.i + 1).where(base.c.i < 10_000_000))
        slow = sa.select(sa.func.max(numbers.c.i))
    one = sa.select(sa.literal(1).label("one"))
    slow_task = asyncio.create_task(database.run(slow))
    await asyncio.sleep(0)
    for _ in range(20):
        assert await database.run(one) == [{"one": 1}]
    assert not slow_task.done()
    await slow_task
