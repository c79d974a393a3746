"""A database that tells the log what it runs: each statement's text, never its values. For ``LOGGER_LEVEL=debug``."""

import contextlib
import logging
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from typing import Any, cast

from sqlalchemy.sql.base import Executable

from insula.core.clock import monotonic
from insula.database.executor import STREAM_BATCH_ROWS, Database, Executor, Row, Transaction
from insula.database.guarded import NOTHING
from insula.database.statement import Statement

_log = logging.getLogger(__name__)


def traced(database: Database) -> Database:
    """The database itself, or one that tells what it does when the log wants to know: else it costs nothing."""
    return cast(Database, _TracedDatabase(database)) if _log.isEnabledFor(logging.DEBUG) else database


@contextlib.contextmanager
def _told(text: str) -> Iterator[None]:
    began = monotonic()
    try:
        yield
    except BaseException as error:
        _log.debug("%.1f ms, %s: %s", (monotonic() - began) * 1000, type(error).__name__, text)
        raise
    _log.debug("%.1f ms: %s", (monotonic() - began) * 1000, text)


class _TracedExecutor:
    """What it does not tell of is the inner one's own."""

    def __init__(self, inner: Executor) -> None:
        self._inner = inner

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    async def fetch(self, statement: Statement, values: Mapping[str, Any]) -> list[Row]:
        with _told(statement.text("")):
            return await self._inner.fetch(statement, values)

    async def execute(self, statement: Statement, values: Mapping[str, Any]) -> int:
        with _told(statement.text("")):
            return await self._inner.execute(statement, values)

    async def execute_many(self, statement: Statement, rows: Iterable[Mapping[str, Any]]) -> None:
        with _told(statement.text("")):
            await self._inner.execute_many(statement, rows)

    async def run(self, element: Executable, values: Mapping[str, Any] = NOTHING) -> list[Row]:
        with _told(self._inner.dialect.compile(element).text("")):
            return await self._inner.run(element, values)


class _TracedDatabase(_TracedExecutor):
    def __init__(self, inner: Database) -> None:
        super().__init__(inner)
        self._database = inner

    @contextlib.asynccontextmanager
    async def transaction(self, *, statement_timeout_s: float | None = None) -> AsyncIterator[Transaction]:
        with _told("a transaction"):
            async with self._database.transaction(statement_timeout_s=statement_timeout_s) as transaction:
                yield cast(Transaction, _TracedExecutor(transaction))

    def stream(
        self, statement: Statement, values: Mapping[str, Any], batch: int = STREAM_BATCH_ROWS
    ) -> AsyncIterator[list[Row]]:
        _log.debug("streamed: %s", statement.text(""))
        return self._database.stream(statement, values, batch)
