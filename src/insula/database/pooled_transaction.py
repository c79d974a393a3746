"""A transaction on one connection of a pool, the same for every server dialect."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from time import monotonic
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, TypeVar

from sqlalchemy.types import TypeEngine

from insula.database.connection import ServerConnection
from insula.database.encoding import encode_rows, lock_key, schema_mark
from insula.database.ending import to_the_end
from insula.database.errors import NotSupported, StatementOutdated, TransactionFailed
from insula.database.executor import Row
from insula.database.guarded import GuardedTransaction
from insula.database.statement import Statement

if TYPE_CHECKING:
    from insula.database.pooled import PooledDatabase

_T = TypeVar("_T")


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
        self._leased = await self._database.begin(self.dialect.begin)
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
        await self._script(self.dialect.begin)
        await self._guard(lambda connection: connection.limit_statements(self._timeout_s))
        return await self._guard(work)

    async def _commit(self, connection: ServerConnection) -> None:
        connection.busy_since = monotonic()
        with self._database.leased(connection):
            word = await to_the_end(connection.script("COMMIT"))
        self._database.pool.give_back(connection)
        if word == "ROLLBACK":
            raise TransactionFailed()
        if self._mark:
            self._database.schema_mark = self._mark


async def _watched(connection: ServerConnection, chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """The chunks as they come; only while the server has to take one can the connection be hanging."""
    connection.busy_since = 0.0
    async for chunk in chunks:
        connection.busy_since = monotonic()
        yield chunk
        connection.busy_since = 0.0
    connection.busy_since = monotonic()
