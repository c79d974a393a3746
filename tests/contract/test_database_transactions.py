"""Transactions of every dialect: all or nothing, whatever happens in the middle."""

import asyncio
import itertools
from collections.abc import Awaitable, Callable

import pytest
import sqlalchemy as sa

from insula.database import errors
from insula.database.budget import ConnectionBudget
from insula.database.executor import Database, Transaction
from insula.database.statement import SCHEMA_TOKEN, Statement

ITEMS = sa.Table(
    "items",
    sa.MetaData(),
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
    schema=SCHEMA_TOKEN,
)
SLOW = {
    "sqlite": "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000000000) SELECT max(i) FROM n",
    "postgres": "SELECT pg_sleep(60)",
    "mariadb": "SELECT SLEEP(60)",
    "mysql": "SELECT SLEEP(60)",
}
"""Statements that take about a minute."""


@pytest.fixture
async def items(database: Database) -> Database:
    await database.run(sa.schema.CreateTable(ITEMS))
    return database


@pytest.fixture
def insert(items: Database) -> Statement:
    return items.compile(sa.insert(ITEMS))


async def ids(executor: Database | Transaction) -> list[int]:
    return [row["id"] for row in await executor.run(sa.select(ITEMS.c.id).order_by(ITEMS.c.id))]


async def test_commit_and_rollback(items: Database, insert: Statement) -> None:
    async with items.transaction() as transaction:
        await transaction.execute(insert, {"id": 1})
        assert await ids(transaction) == [1]
        assert await ids(items) == []
    with pytest.raises(ZeroDivisionError):
        async with items.transaction() as transaction:
            await transaction.execute(insert, {"id": 2})
            raise ZeroDivisionError
    assert await ids(items) == [1]
    with pytest.raises(RuntimeError):
        await transaction.execute(insert, {"id": 3})


async def test_savepoints(items: Database, insert: Statement) -> None:
    async with items.transaction() as transaction:
        await transaction.execute(insert, {"id": 1})
        with pytest.raises(errors.UniqueViolation):
            async with transaction.savepoint():
                await transaction.execute(insert, {"id": 2})
                await transaction.execute(insert, {"id": 1})
        async with transaction.savepoint():
            await transaction.execute(insert, {"id": 3})
            with pytest.raises(ZeroDivisionError):
                async with transaction.savepoint():
                    await transaction.execute(insert, {"id": 4})
                    raise ZeroDivisionError
    assert await ids(items) == [1, 3]


async def test_a_savepoint_that_was_rolled_back_to_is_gone(items: Database, insert: Statement) -> None:
    """Those that stay open would pile up under all that follow, each with its locks."""
    with pytest.raises(errors.DatabaseError):
        async with items.transaction() as transaction:
            with pytest.raises(ZeroDivisionError):
                async with transaction.savepoint():
                    raise ZeroDivisionError
            await transaction.run(sa.text("RELEASE SAVEPOINT insula_1"))


async def test_a_failure_can_not_be_ignored(items: Database, insert: Statement) -> None:
    with pytest.raises(errors.TransactionFailed):
        async with items.transaction() as transaction:
            await transaction.execute(insert, {"id": 1})
            with pytest.raises(errors.UniqueViolation):
                await transaction.execute(insert, {"id": 1})
            with pytest.raises(errors.TransactionFailed):
                await transaction.execute(insert, {"id": 2})
    with pytest.raises(errors.TransactionFailed):
        async with items.transaction() as transaction, transaction.savepoint():
            with pytest.raises(errors.TableMissing):
                await transaction.run(sa.text("SELECT * FROM nowhere"))
    assert await ids(items) == []


async def test_the_lock_orders_transactions(items: Database, insert: Statement) -> None:
    inside = 0
    most = 0

    async def one(key: int) -> None:
        nonlocal inside, most
        async with items.transaction() as transaction:
            await transaction.lock("metadata")
            inside += 1
            most = max(most, inside)
            await transaction.execute(insert, {"id": key})
            await asyncio.sleep(0)
            inside -= 1

    await asyncio.gather(*map(one, range(12)))
    assert most == 1
    assert len(await ids(items)) == 12


async def test_a_statement_that_takes_too_long_is_ended(items: Database, insert: Statement) -> None:
    slow = sa.text(SLOW[items.dialect.name])
    with pytest.raises(errors.StatementTimeout):
        async with items.transaction(statement_timeout_s=0.2) as transaction:
            await transaction.execute(insert, {"id": 1})
            await transaction.run(slow)
    assert await ids(items) == []


async def test_cancelled_while_waiting_for_a_slow_statement(items: Database, insert: Statement) -> None:
    slow = items.compile(sa.text(SLOW[items.dialect.name]))
    for work in (lambda: items.fetch(slow, {}), lambda: in_transaction(items, insert, slow)):
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.2):
                await work()
        async with asyncio.timeout(5):
            assert await ids(items) == []
            await items.execute(insert, {"id": 1})
            await items.run(sa.delete(ITEMS))


async def in_transaction(items: Database, insert: Statement, slow: Statement) -> None:
    async with items.transaction() as transaction:
        await transaction.execute(insert, {"id": 1})
        await transaction.fetch(slow, {})


async def test_a_transaction_goes_on_after_a_savepoint_was_cancelled(
    items: Database, insert: Statement
) -> None:
    slow = items.compile(sa.text(SLOW[items.dialect.name]))
    async with items.transaction() as transaction:
        await transaction.execute(insert, {"id": 1})
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.2), transaction.savepoint():
                await transaction.execute(insert, {"id": 2})
                await transaction.fetch(slow, {})
        await transaction.execute(insert, {"id": 3})
    assert await ids(items) == [1, 3]


async def test_cancelled_at_every_point(items: Database, insert: Statement, budget: ConnectionBudget) -> None:
    """Cancel after 0, 1, 2 … turns of the loop, until the work is done before: nothing may leak or half remain."""
    keys = itertools.count(0, 10)

    async def write() -> None:
        key = next(keys)
        async with items.transaction() as transaction:
            await transaction.lock("x")
            await transaction.execute(insert, {"id": key})
            async with transaction.savepoint():
                await transaction.execute(insert, {"id": key + 1})
            await transaction.execute_many(insert, [{"id": key + 2}, {"id": key + 3}])

    async def stream() -> None:
        async for _ in items.stream(items.compile(sa.select(ITEMS)), {}, 1):
            pass

    async def alone() -> None:
        key = next(keys)
        await items.execute_many(insert, [{"id": key + i} for i in range(4)])

    for work in (write, stream, alone):
        await cancel_everywhere(work)
        async with asyncio.timeout(60):
            for key in {key // 10 for key in await ids(items)}:
                assert len([i for i in await ids(items) if i // 10 == key]) == 4
            # Every connection is usable, outside of a transaction and without a lock.
            await asyncio.gather(*(write() for _ in range(10)))
        assert budget.used <= budget.limit


async def cancel_everywhere(work: Callable[[], Awaitable[None]]) -> None:
    for turns in range(400):
        task = asyncio.ensure_future(work())
        for _ in range(turns):
            await asyncio.sleep(0)
            if turns > 40:
                await asyncio.sleep(0.0001)
        if task.done():
            await task
            return
        task.cancel()
        if turns % 3 == 0:
            await asyncio.sleep(0)
            task.cancel()  # once more, while it cleans up
        with pytest.raises(asyncio.CancelledError):
            await task


async def test_many_writers_lose_nothing(items: Database, insert: Statement) -> None:
    async def write(key: int) -> None:
        if key % 2:
            await items.execute(insert, {"id": key})
            return
        async with items.transaction() as transaction:
            await transaction.execute(insert, {"id": key})

    await asyncio.gather(*map(write, range(100)))
    assert await ids(items) == list(range(100))
