"""What runs statements: the one interface that everything above this layer speaks to."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any, Protocol

from sqlalchemy.sql.base import Executable
from sqlalchemy.types import TypeEngine

from insula.database.dialects.base import Dialect
from insula.database.statement import Statement

Row = dict[str, Any]
"""Column label → Python value. A fresh dict for each row: the receiver may keep and change it."""

STREAM_BATCH_ROWS = 250
"""Rows read and encoded at one go; 10,000 at one go stalled the loop for 36–50 ms, 250 for 1 ms."""


class Executor(Protocol):
    """Runs statements, either each on a leased connection of its own or all inside one transaction.

    Every method raises the errors of ``insula.database.errors`` and no driver's. A statement that may write and
    is cancelled is interrupted; it may have been done all the same, but it is over when the call ends.
    """

    @property
    def dialect(self) -> Dialect: ...

    async def fetch(self, statement: Statement, values: Mapping[str, Any]) -> list[Row]:
        """Run a compiled statement and give its rows."""
        ...

    async def execute(self, statement: Statement, values: Mapping[str, Any]) -> int:
        """Run a compiled statement and give the number of rows it touched."""
        ...

    async def run(self, element: Executable, values: Mapping[str, Any] = ...) -> list[Row]:
        """Compile and run a statement that is too rare to keep (DDL, set-up). No rows: ``[]``."""
        ...

    async def execute_many(self, statement: Statement, rows: Iterable[Mapping[str, Any]]) -> None:
        """Run one statement for many sets of values in one round trip."""
        ...


class Transaction(Executor, Protocol):
    """All or nothing, on one connection, used by one task at a time.

    After a statement failed, only what a savepoint around it undid can be gone on from; anything else raises
    TransactionFailed and the transaction is rolled back, also when its block ends without an error.
    """

    async def look(self, element: Executable, values: Mapping[str, Any]) -> list[Row]:
        """``run`` of what only reads, to explain a failure: after it, where the dialect still can (SQLite)."""
        ...

    def savepoint(self) -> AbstractAsyncContextManager[None]:
        """What is done inside is undone alone when it raises."""
        ...

    async def lock(self, name: str) -> None:
        """Wait for the lock ``name`` of this application (advisory; held until the transaction ends)."""
        ...

    async def copy_rows(
        self,
        table: str,
        columns: Sequence[str],
        rows: Sequence[Sequence[Any]],
        types: Sequence[TypeEngine[Any]] | None = None,
    ) -> int:
        """Append rows by the fastest way that the dialect has (COPY on PostgreSQL). Gives their number.

        With ``types`` (one per column) values are Python values; without, they are what the driver stores.
        Rows are encoded at one go on PostgreSQL: hand over a thousand or so at a time.
        """
        ...

    async def copy_csv(
        self, table: str, columns: Sequence[str], chunks: AsyncIterator[bytes], *, null: str = ""
    ) -> int:
        """Append rows of CSV text (UTF-8, comma, no header), cut anywhere into chunks. Gives their number.

        An unquoted ``null`` means NULL. Takes as long as it takes. Raises NotSupported where the dialect's
        flag ``copies_csv`` is off.
        """
        ...


class Database(Executor, Protocol):
    """One application's handle on its database. Used from one event loop."""

    @property
    def schema_prefix(self) -> str:
        """What stands before each table name in SQL: ``"schema".`` or nothing."""
        ...

    @property
    def turns(self) -> asyncio.Semaphore:
        """Had by who keeps a transaction open, or waits for a lock in one, while the same work needs further connections:
        as many as leave some of these for it, however many begin such work at once."""
        ...

    def transaction(
        self, *, statement_timeout_s: float | None = None
    ) -> AbstractAsyncContextManager[Transaction]:
        """Begin; commit when the block ends, roll back when it raises (cancellation included).

        A commit that has begun is waited for also by who is cancelled meanwhile.

        ``statement_timeout_s`` replaces the database's own limit per statement, for changes of schema.
        """
        ...

    def stream(
        self, statement: Statement, values: Mapping[str, Any], batch: int = STREAM_BATCH_ROWS
    ) -> AsyncIterator[list[Row]]:
        """The rows in batches, read with a cursor: memory stays flat whatever their number."""
        ...

    def compile(self, element: Executable) -> Statement:
        """Compile an expression for this dialect. Costs 0.1–1 ms: keep the result for hot paths."""
        ...

    def forget_prepared(self) -> None:
        """Another process has changed tables: statements are prepared anew, as after a change of one's own."""
        ...

    async def close(self) -> None:
        """Give all connections back and refuse further work. May be called twice."""
        ...
