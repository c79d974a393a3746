"""Database and Transaction over a pool of server connections, the same for every server dialect."""

import asyncio
import contextlib
from collections.abc import (
    AsyncIterator,
    Awaitable,
    Callable,
    Hashable,
    Iterable,
    Iterator,
    Mapping,
    Sequence,
)
from time import monotonic
from types import TracebackType
from typing import Any, Self, TypeVar

from sqlalchemy.sql.base import Executable
from sqlalchemy.types import TypeEngine

from insula.database.budget import ConnectionBudget
from insula.database.connection import ServerConnection
from insula.database.dialects.base import Dialect
from insula.database.encoding import encode_rows, lock_key, schema_mark
from insula.database.errors import (
    DatabaseClosed,
    DatabaseGone,
    NotSupported,
    StatementOutdated,
    TransactionFailed,
)
from insula.database.executor import STREAM_BATCH_ROWS, Row
from insula.database.guarded import NOTHING, GuardedTransaction
from insula.database.options import DatabaseOptions
from insula.database.pool import Pool
from insula.database.statement import Statement

STALE_S = 1.0
"""A reused connection that is found lost within this was so before: a read is tried again on a fresh one."""

_T = TypeVar("_T")


class PooledDatabase:
    """One application's handle: a share of a pool, and the prefix of its tables."""

    def __init__(
        self, dialect: Dialect, options: DatabaseOptions, budget: ConnectionBudget, key: Hashable, pool: Pool
    ) -> None:
        self.dialect = dialect
        self.schema = options.schema
        self.schema_prefix = f"{dialect.quote(options.schema)}." if options.schema else ""
        self.schema_mark = ""
        """Appended to every text since the last change of schema, see ``encoding.schema_mark``."""
        self.statement_timeout_s = options.statement_timeout_s
        self.pool = pool
        self._budget = budget
        self._key = key
        self._closed = False

    def compile(self, element: Executable) -> Statement:
        return self.dialect.compile(element)

    def text(self, statement: Statement) -> str:
        text = statement.text(self.schema_prefix)
        return text + self.schema_mark if self.schema_mark else text

    async def fetch(self, statement: Statement, values: Mapping[str, Any]) -> list[Row]:
        arguments = statement.arguments(values)
        text = self.text(statement)
        connection = self.pool.lease_idle(self.schema)
        if connection is None or self._closed:
            connection = await self.lease(connection)
        try:
            records = await connection.fetch(text, arguments)
        except BaseException as error:
            problem = self.dialect.translate(error)
            again = not statement.writes and self._stale(connection, problem)
            self.pool.recover(connection)
            if not again:
                if problem is error:
                    raise
                raise problem from error
            records = await self._once(lambda fresh: fresh.fetch(text, arguments), fresh=True)
        else:
            self.pool.give_back(connection)
        if statement.is_ddl:
            self.schema_mark = schema_mark()
        return statement.rows(records)

    async def execute(self, statement: Statement, values: Mapping[str, Any]) -> int:
        arguments = statement.arguments(values)
        text = self.text(statement)
        count = await self._once(lambda connection: connection.execute(text, arguments))
        if statement.is_ddl:
            self.schema_mark = schema_mark()
        return count

    async def run(self, element: Executable, values: Mapping[str, Any] = NOTHING) -> list[Row]:
        return await self.fetch(self.compile(element), values)

    async def execute_many(self, statement: Statement, rows: Iterable[Mapping[str, Any]]) -> None:
        arguments = [statement.arguments(row) for row in rows]
        if arguments:
            text = self.text(statement)
            await self._once(lambda connection: connection.execute_many(text, arguments))

    def transaction(self, *, statement_timeout_s: float | None = None) -> "PooledTransaction":
        return PooledTransaction(self, statement_timeout_s)

    async def stream(
        self, statement: Statement, values: Mapping[str, Any], batch: int = STREAM_BATCH_ROWS
    ) -> AsyncIterator[list[Row]]:
        arguments = statement.arguments(values)
        text = self.text(statement)
        connection = await self.begin("BEGIN" if statement.writes else "BEGIN READ ONLY")
        # The reader may also just go away (GeneratorExit): then the connection is cleaned in the background.
        with self.leased(connection):
            cursor = await connection.cursor(text, arguments)
            full = True
            while full:
                connection.busy_since = monotonic()
                records = await cursor.fetch(batch)
                connection.busy_since = 0.0
                full = len(records) == batch
                if records:
                    yield statement.rows(records)
            await connection.script("COMMIT")
        self.pool.give_back(connection)

    async def close(self) -> None:
        if not self._closed:
            self._closed = True
            await self._budget.leave(self._key)

    async def lease(self, connection: ServerConnection | None = None) -> ServerConnection:
        """A connection of the pool. Raises DatabaseClosed, DatabaseUnavailable, TooManyConnections."""
        if self._closed:
            if connection is not None:
                self.pool.give_back(connection)
            raise DatabaseClosed()
        return connection or await self.pool.lease(self.schema)

    async def begin(self, word: str) -> ServerConnection:
        """A connection with a transaction begun; a stale one is replaced, for nothing was done yet."""
        connection = await self.lease()
        try:
            await connection.script(word)
        except BaseException as error:
            problem = self.dialect.translate(error)
            again = self._stale(connection, problem)
            self.pool.recover(connection)
            if not again:
                if problem is error:
                    raise
                raise problem from error
        else:
            return connection
        connection = await self.pool.lease_fresh(self.schema)
        with self.leased(connection):
            await connection.script(word)
        return connection

    @contextlib.contextmanager
    def leased(self, connection: ServerConnection) -> Iterator[None]:
        """Around the use of a connection: an error ends the lease and is raised as one of this layer's."""
        try:
            yield
        except BaseException as error:
            self.pool.recover(connection)
            problem = self.dialect.translate(error)
            if problem is error:
                raise
            raise problem from error

    async def _once(self, work: Callable[[ServerConnection], Awaitable[_T]], *, fresh: bool = False) -> _T:
        """Do ``work`` on a leased connection; never twice, for it may write."""
        connection = await (self.pool.lease_fresh(self.schema) if fresh else self.lease())
        with self.leased(connection):
            result = await work(connection)
        self.pool.give_back(connection)
        return result

    def _stale(self, connection: ServerConnection, problem: BaseException) -> bool:
        """Whether the connection was lost while it lay idle."""
        lost = isinstance(problem, DatabaseGone)
        return lost and connection.uses > 0 and monotonic() - connection.busy_since < STALE_S


class PooledTransaction(GuardedTransaction):
    """One transaction on one leased connection."""

    def __init__(self, database: PooledDatabase, statement_timeout_s: float | None) -> None:
        super().__init__(database.dialect)
        self._database = database
        self._timeout_s = database.statement_timeout_s if statement_timeout_s is None else statement_timeout_s
        self._extra_s = self._timeout_s - database.statement_timeout_s
        """How much longer than usual a statement may run before the pool takes its connection for hung."""
        self._leased: ServerConnection | None = None
        self._mark = ""
        """As ``PooledDatabase.schema_mark``, for a change of schema that is not committed yet."""
        self._begun_only = True

    async def __aenter__(self) -> Self:
        self._leased = await self._database.begin("BEGIN")
        if self._extra_s:
            with self._database.leased(self._leased):
                await self._leased.limit_statements(self._timeout_s)
        self._leased.busy_since = 0.0
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        connection, self._leased = self._connection, None
        if error is None and not self._failed:
            await self._commit(connection)
            return
        if cleaning := self._database.pool.recover(connection):
            # Shielded: who is cancelled once more does not wait, but the connection is cleaned all the same.
            await asyncio.shield(cleaning)
        if error is None:
            raise TransactionFailed()

    async def fetch(self, statement: Statement, values: Mapping[str, Any]) -> list[Row]:
        arguments = statement.arguments(values)
        text = self._text(statement)
        records = await self._guard(lambda connection: connection.fetch(text, arguments))
        self._after(statement)
        return statement.rows(records)

    async def execute(self, statement: Statement, values: Mapping[str, Any]) -> int:
        arguments = statement.arguments(values)
        text = self._text(statement)
        count = await self._guard(lambda connection: connection.execute(text, arguments))
        self._after(statement)
        return count

    async def execute_many(self, statement: Statement, rows: Iterable[Mapping[str, Any]]) -> None:
        arguments = [statement.arguments(row) for row in rows]
        if arguments:
            text = self._text(statement)
            await self._guard(lambda connection: connection.execute_many(text, arguments))

    async def lock(self, name: str) -> None:
        key = lock_key(self._database.schema, name)
        await self._guard(lambda connection: connection.lock(key))

    async def copy_rows(
        self,
        table: str,
        columns: Sequence[str],
        rows: Sequence[Sequence[Any]],
        types: Sequence[TypeEngine[Any]] | None = None,
    ) -> int:
        encoded = rows if types is None else encode_rows(self.dialect, columns, types, rows)
        schema = self._database.schema
        return await self._guard(lambda connection: connection.copy_rows(schema, table, columns, encoded))

    async def copy_csv(
        self, table: str, columns: Sequence[str], chunks: AsyncIterator[bytes], *, null: str = ""
    ) -> int:
        if not self.dialect.copies_csv:
            raise NotSupported(dialect=self.dialect.name, what="take CSV text as it is")
        schema, limit = self._database.schema, self._timeout_s

        async def work(connection: ServerConnection) -> int:
            await connection.limit_statements(None)
            watched = _watched(connection, chunks)
            count = await connection.copy_csv(schema, table, columns, watched, null)
            await connection.limit_statements(limit)
            return count

        return await self._guard(work)

    @property
    def _connection(self) -> ServerConnection:
        if self._leased is None:
            raise RuntimeError("the transaction is used outside of its block")
        return self._leased

    def _text(self, statement: Statement) -> str:
        return statement.text(self._database.schema_prefix) + (self._mark or self._database.schema_mark)

    def _after(self, statement: Statement) -> None:
        if statement.is_ddl:
            self._mark = schema_mark()

    async def _script(self, text: str) -> None:
        await self._guard(lambda connection: connection.script(text))

    async def _guard(self, work: Callable[[ServerConnection], Awaitable[_T]]) -> _T:
        """Do ``work`` on the connection, with its time watched and its errors translated."""
        if self._failed:
            raise TransactionFailed()
        connection = self._connection
        connection.busy_since = monotonic() + self._extra_s
        try:
            result = await work(connection)
        except BaseException as error:
            self._failed = True
            problem = self.dialect.translate(error)
            if not (self._begun_only and isinstance(problem, StatementOutdated)):
                if problem is error:
                    raise
                raise problem from error
            result = await self._restarted(work)
        finally:
            connection.busy_since = 0.0
        self._begun_only = False
        return result

    async def _restarted(self, work: Callable[[ServerConnection], Awaitable[_T]]) -> _T:
        """The first statement was prepared for an old schema: nothing was done yet, so begin anew."""
        self._begun_only = self._failed = False
        await self._script("ROLLBACK")
        await self._script("BEGIN")
        await self._guard(lambda connection: connection.limit_statements(self._timeout_s))
        return await self._guard(work)

    async def _commit(self, connection: ServerConnection) -> None:
        connection.busy_since = monotonic()
        with self._database.leased(connection):
            word = await connection.script("COMMIT")
        self._database.pool.give_back(connection)
        if word == "ROLLBACK":
            raise TransactionFailed()
        if self._mark:
            self._database.schema_mark = self._mark


async def _watched(connection: ServerConnection, chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """The chunks as they come; each is a sign that the connection has not hung."""
    async for chunk in chunks:
        connection.busy_since = monotonic()
        yield chunk
