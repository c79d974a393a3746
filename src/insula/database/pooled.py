"""A database over a pool of server connections, the same for every server dialect."""

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
from typing import Any, TypeVar

from sqlalchemy.sql.base import Executable

from insula.database.budget import ConnectionBudget
from insula.database.connection import Cursor, ServerConnection
from insula.database.dialects.base import Dialect
from insula.database.encoding import schema_mark
from insula.database.ending import to_the_end
from insula.database.errors import DatabaseClosed, DatabaseGone, StatementOutdated, TooManyConnections
from insula.database.executor import STREAM_BATCH_ROWS, Row
from insula.database.guarded import NOTHING
from insula.database.options import DatabaseOptions
from insula.database.pool import Pool
from insula.database.pooled_transaction import PooledTransaction
from insula.database.shares import Share
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
        self._share = Share(budget.shares)

    def compile(self, element: Executable) -> Statement:
        return self.dialect.compile(element)

    def text(self, statement: Statement) -> str:
        text = statement.text(self.schema_prefix)
        return text + self.schema_mark if self.schema_mark else text

    async def fetch(self, statement: Statement, values: Mapping[str, Any]) -> list[Row]:
        arguments = statement.arguments(values)
        text = self.text(statement)
        connection = self._at_once() or await self.lease()
        try:
            records = await connection.fetch(text, arguments)
        except BaseException as error:
            problem = self.dialect.translate(error)
            again = not statement.writes and self._stale(connection, problem)
            await self._ended(connection, error if statement.writes else None)
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

    @property
    def turns(self) -> asyncio.Semaphore:
        return self._budget.turns

    def transaction(self, *, statement_timeout_s: float | None = None) -> PooledTransaction:
        return PooledTransaction(self, statement_timeout_s)

    async def stream(
        self, statement: Statement, values: Mapping[str, Any], batch: int = STREAM_BATCH_ROWS
    ) -> AsyncIterator[list[Row]]:
        arguments = statement.arguments(values)
        text = self.text(statement)
        begin = self.dialect.begin if statement.writes else self.dialect.begin_reading
        await self._turn()
        try:
            connection = await self.begin(begin)
            # The reader may also just go away (GeneratorExit): then the connection is cleaned in the background.
            with self.leased(connection):
                cursor = await self._cursor(connection, begin, text, arguments)
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
        finally:
            self._budget.streams.release()

    def forget_prepared(self) -> None:
        self.schema_mark = schema_mark()

    async def close(self) -> None:
        if not self._closed:
            self._closed = True
            await self._budget.leave(self._key, self.pool, self.schema)

    def _at_once(self) -> ServerConnection | None:
        """An idle connection, where there is one and the application may use one more: what ``lease`` gives, faster."""
        if self._closed or not self._share.begin():
            return None
        connection = self.pool.lease_idle(self.schema)
        if connection is None:
            self._share.end()
        else:
            connection.share = self._share
        return connection

    async def lease(self, *, fresh: bool = False) -> ServerConnection:
        """A connection of the pool, ``fresh``: a new one. Waits until the application may use one more.

        Raises DatabaseClosed, DatabaseUnavailable, TooManyConnections.
        """
        if self._closed:
            raise DatabaseClosed()
        if not self._share.begin():
            try:
                await self._share.wait(self._budget.wait_s)
            except TimeoutError:
                raise TooManyConnections(where=self.pool.where, seconds=self._budget.wait_s) from None
        try:
            pool = self.pool
            connection = await (pool.lease_fresh(self.schema) if fresh else pool.lease(self.schema))
        except BaseException:
            self._share.end()
            raise
        connection.share = self._share
        return connection

    async def probe(self) -> None:
        """See ``Pool.probe``."""
        await self.pool.probe()

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
        connection = await self.lease(fresh=True)
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

    async def _turn(self) -> None:
        """Wait until one more stream may hold a connection. Raises TooManyConnections."""
        try:
            async with asyncio.timeout(self._budget.wait_s):
                await self._budget.streams.acquire()
        except TimeoutError:
            raise TooManyConnections(where=self.pool.where, seconds=self._budget.wait_s) from None

    async def _once(self, work: Callable[[ServerConnection], Awaitable[_T]], *, fresh: bool = False) -> _T:
        """Do ``work`` on a leased connection; never twice, for it may write."""
        connection = await self.lease(fresh=fresh)
        try:
            result = await work(connection)
        except BaseException as error:
            await self._ended(connection, error)
            problem = self.dialect.translate(error)
            if problem is error:
                raise
            raise problem from error
        self.pool.give_back(connection)
        return result

    async def _ended(self, connection: ServerConnection, error: BaseException | None) -> None:
        """End a lease after an error; of a statement that was given up, when it is over on the server too."""
        cleaning = self.pool.recover(connection)
        if cleaning is not None and isinstance(error, asyncio.CancelledError):
            await to_the_end(cleaning)

    async def _cursor(
        self, connection: ServerConnection, begin: str, text: str, arguments: Sequence[Any]
    ) -> Cursor:
        """A cursor in a transaction just begun, which is begun anew if what was prepared is outdated."""
        try:
            return await connection.cursor(text, arguments)
        except BaseException as error:
            if not isinstance(self.dialect.translate(error), StatementOutdated):
                raise
        await connection.script("ROLLBACK")
        await connection.script(begin)
        return await connection.cursor(text, arguments)

    def _stale(self, connection: ServerConnection, problem: BaseException) -> bool:
        """Whether the connection was lost while it lay idle."""
        lost = isinstance(problem, DatabaseGone)
        return lost and connection.uses > 0 and monotonic() - connection.busy_since < STALE_S
