"""Database and Transaction on a SQLite file: one thread that writes, a few that read.

Readers see what was committed when their statement began (WAL) and never wait for the writer. Within this
process writes are ordered by a fair lock; against other processes by SQLite's own, waited for ``BUSY_S``.
That lock, taken by ``BEGIN IMMEDIATE``, holds off every other transaction that writes, so ``lock(name)``
has nothing more to do.
"""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Coroutine, Iterable, Mapping, Sequence
from types import TracebackType
from typing import Any, Self, TypeVar

from sqlalchemy.sql.base import Executable
from sqlalchemy.types import TypeEngine

from insula.database import sqlite_jobs as jobs
from insula.database.dialects.base import Dialect
from insula.database.encoding import encode_rows
from insula.database.ending import to_the_end
from insula.database.errors import Contention, DatabaseClosed, NotSupported, TransactionFailed
from insula.database.executor import STREAM_BATCH_ROWS, Row
from insula.database.guarded import NOTHING, GuardedTransaction
from insula.database.options import DatabaseOptions
from insula.database.sqlite_file import SqliteFile
from insula.database.statement import Statement
from insula.database.threads import Job, ThreadGroup

READERS = 4
MAX_STREAMS = 4
"""Streams that may be read at once; each has a thread and a connection of its own."""
IDLE_S = 60.0
"""Threads and connections of a file that nobody uses are ended after one to two times this."""

T = TypeVar("T")


class SqliteDatabase:
    """One application's file."""

    schema_prefix = ""

    def __init__(self, dialect: Dialect, options: DatabaseOptions) -> None:
        self.dialect = dialect
        self.statement_timeout_s = options.statement_timeout_s
        self.turn = asyncio.Lock()
        """Held by the transaction that is open on the writing connection."""
        self._file = SqliteFile(options.storage)
        self._writer = ThreadGroup("sqlite-writer", 1, self._file.connect, dialect.translate)
        self._readers = ThreadGroup("sqlite-reader", READERS, self._file.connect_to_read, dialect.translate)
        self._streams: set[ThreadGroup] = set()
        self.turns = asyncio.Semaphore(1)
        self._stream_places = asyncio.Semaphore(MAX_STREAMS)
        self._timer: asyncio.TimerHandle | None = None
        self._closed = False

    def compile(self, element: Executable) -> Statement:
        return self.dialect.compile(element)

    async def touch(self) -> None:
        """Create the file if it is missing. Raises InvalidStorage."""
        await self.write(_nothing, self.statement_timeout_s)

    async def fetch(self, statement: Statement, values: Mapping[str, Any]) -> list[Row]:
        job = jobs.fetch(statement, values)
        if statement.writes:
            return await self._write_alone(job)
        self._wake()
        return await self._readers.submit(job, self.statement_timeout_s)

    async def execute(self, statement: Statement, values: Mapping[str, Any]) -> int:
        return await self._write_alone(jobs.execute(statement, values))

    async def run(self, element: Executable, values: Mapping[str, Any] = NOTHING) -> list[Row]:
        return await self.fetch(self.compile(element), values)

    async def execute_many(self, statement: Statement, rows: Iterable[Mapping[str, Any]]) -> None:
        await self._write_alone(jobs.atomic(jobs.execute_many(statement, rows), self.dialect.begin))

    def transaction(self, *, statement_timeout_s: float | None = None) -> "SqliteTransaction":
        return SqliteTransaction(self, statement_timeout_s or self.statement_timeout_s)

    async def stream(
        self, statement: Statement, values: Mapping[str, Any], batch: int = STREAM_BATCH_ROWS
    ) -> AsyncIterator[list[Row]]:
        reading = jobs.Reading(statement, values, batch)
        await self._in_time(self._stream_places.acquire(), "as many answers are being read at once as may be")
        try:
            self._check_open()
            group = ThreadGroup("sqlite-stream", 1, self._file.connect_to_read, self.dialect.translate)
            self._streams.add(group)
            try:
                while rows := await group.submit(reading.next_batch, self.statement_timeout_s):
                    yield rows
            finally:
                await asyncio.shield(self._end_stream(group))
        finally:
            self._stream_places.release()

    def forget_prepared(self) -> None:
        """SQLite looks itself whether the tables are as they were."""

    async def close(self) -> None:
        self._closed = True
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        for group in (*self._streams, self._readers, self._writer):
            await group.close()

    def write(self, job: Job[T], deadline_s: float | None) -> asyncio.Future[T]:
        """Queue a job for the writing connection; whoever calls must have its turn."""
        self._wake()
        return self._writer.submit(job, deadline_s)

    async def _write_alone(self, job: Job[T]) -> T:
        self._check_open()
        # The turn is over when the job is queued: the one thread does what comes later after it.
        await self.take_turn()
        try:
            future = self.write(job, self.statement_timeout_s)
        finally:
            self.turn.release()
        try:
            return await future
        except asyncio.CancelledError:
            if not self._closed:
                # The one thread takes jobs in their order: when it does this one, the other is over.
                await to_the_end(self.write(_nothing, None))
            raise

    async def take_turn(self) -> None:
        """Wait until no other transaction writes; ``turn.release`` ends the turn. Raises Contention."""
        if self.turn.locked():
            await self._in_time(self.turn.acquire(), "a longer one is writing")
        else:
            await self.turn.acquire()

    async def _in_time(self, turn: Coroutine[Any, Any, Any], reason: str) -> None:
        """Wait for a turn, not longer than a statement may take."""
        try:
            async with asyncio.timeout(self.statement_timeout_s):
                await turn
        except TimeoutError:
            raise Contention(reason=reason) from None

    async def _end_stream(self, group: ThreadGroup) -> None:
        await group.close()
        self._streams.discard(group)

    def _check_open(self) -> None:
        if self._closed:
            raise DatabaseClosed()

    def _wake(self) -> None:
        if self._timer is None:
            self._check_open()
            self._timer = asyncio.get_running_loop().call_later(IDLE_S, self._rest)

    def _rest(self) -> None:
        """End the threads of a group that had nothing to do since the last look."""
        groups = [self._readers] if self.turn.locked() else [self._readers, self._writer]
        awake = len(groups) == 1
        for group in groups:
            if group.used:
                awake, group.used = True, False
            else:
                group.rest()
        self._timer = asyncio.get_running_loop().call_later(IDLE_S, self._rest) if awake else None


class SqliteTransaction(GuardedTransaction):
    """One transaction on the one writing connection."""

    def __init__(self, database: SqliteDatabase, timeout_s: float) -> None:
        super().__init__(database.dialect)
        self._database = database
        self._timeout_s = timeout_s
        self._open = False

    async def __aenter__(self) -> Self:
        await self._database.take_turn()
        try:
            await self._database.write(jobs.begin(self.dialect.begin), self._timeout_s)
        except BaseException:
            await self._end(jobs.rollback)
            raise
        self._open = True
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._open = False
        if error is None and not self._failed:
            await self._end(jobs.commit)
            return
        await self._end(jobs.rollback)
        if error is None:
            raise TransactionFailed()

    async def fetch(self, statement: Statement, values: Mapping[str, Any]) -> list[Row]:
        return await self._guard(jobs.fetch(statement, values))

    async def look(self, element: Executable, values: Mapping[str, Any]) -> list[Row]:
        statement = self.dialect.compile(element)
        if not self._open or statement.writes:
            raise RuntimeError("only reads explain a failure, and inside of the transaction's block")
        return await self._database.write(jobs.fetch(statement, values), self._timeout_s)

    async def execute(self, statement: Statement, values: Mapping[str, Any]) -> int:
        return await self._guard(jobs.execute(statement, values))

    async def execute_many(self, statement: Statement, rows: Iterable[Mapping[str, Any]]) -> None:
        await self._guard(jobs.execute_many(statement, rows))

    async def lock(self, name: str) -> None:
        """Nothing to wait for: the transaction is alone already."""

    async def copy_rows(
        self,
        table: str,
        columns: Sequence[str],
        rows: Sequence[Sequence[Any]],
        types: Sequence[TypeEngine[Any]] | None = None,
    ) -> int:
        encoded = rows if types is None else encode_rows(self.dialect, columns, types, rows)
        names = ", ".join(map(self.dialect.quote, columns))
        marks = ", ".join("?" * len(columns))
        text = f"INSERT INTO {self.dialect.quote(table)} ({names}) VALUES ({marks})"  # noqa: S608 - quoted
        return await self._guard(jobs.insert_rows(text, encoded))

    async def copy_csv(
        self, table: str, columns: Sequence[str], chunks: AsyncIterator[bytes], *, null: str = ""
    ) -> int:
        raise NotSupported(dialect=self.dialect.name, what="take CSV text as it is")

    async def _script(self, text: str) -> None:
        await self._guard(lambda connection: jobs.run(connection, text))

    async def _guard(self, job: Job[T]) -> T:
        if not self._open:
            raise RuntimeError("the transaction is used outside of its block")
        if self._failed:
            raise TransactionFailed()
        try:
            return await self._database.write(job, self._timeout_s)
        except BaseException:
            self._failed = True
            raise

    async def _end(self, job: Job[None]) -> None:
        """Queue the last job, and with it end the turn; then wait for it even when cancelled meanwhile."""
        try:
            ending = self._database.write(job, None)
        finally:
            self._database.turn.release()
        await to_the_end(ending)


def _nothing(connection: sqlite3.Connection) -> None:
    """A job that only takes its turn."""
