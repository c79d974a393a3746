"""asyncmy's connection, made safe for tasks that are cancelled.

The driver gives a connection up when a task that waits for it is cancelled. So each statement runs in a task of its
own: who is cancelled leaves it running, and whoever uses the connection next has it ended on the server first
(``settle``).
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine, Iterator, Sequence
from typing import Any, Final, TypeVar

from asyncmy import errors as my
from asyncmy.cursors import SSCursor

from insula.database.dialects.mysql_opening import Killer, RawConnection, say_good_bye
from insula.database.errors import StatementTooComplex

_DRAINED_AT_ONCE: Final = 1000
_MATCHES: Final = " REGEXP "
_PATTERN_GIVEN_UP: Final = 1139

_T = TypeVar("_T")
_logger = logging.getLogger(__name__)


class MysqlRecord:
    """A row: labels, and values in their order."""

    __slots__ = ("_labels", "_values")

    def __init__(self, labels: tuple[str, ...], values: tuple[Any, ...]) -> None:
        self._labels = labels
        self._values = values

    def keys(self) -> tuple[str, ...]:
        return self._labels

    def __iter__(self) -> Iterator[Any]:
        return iter(self._values)

    def __getitem__(self, label: str) -> Any:
        return self._values[self._labels.index(label)]


class Wire:
    """Sends statements, one at a time, and reads what comes back. Raises the driver's errors."""

    __slots__ = ("_killer", "_raw", "_running", "_stream")

    def __init__(self, raw: RawConnection, killer: Killer) -> None:
        self._raw = raw
        self._killer = killer
        self._running: asyncio.Task[Any] | None = None
        """A statement whose task was cancelled."""
        self._stream: Stream | None = None

    @property
    def closed(self) -> bool:
        return bool(self._raw._stream_broken)

    @property
    def busy(self) -> bool:
        """Something runs, or has sent rows that nobody has read."""
        return self._running is not None or self._reading

    @property
    def in_transaction(self) -> bool:
        """What the server said with its last answer that was no error."""
        return bool(self._raw.get_transaction_status())

    async def run(self, statements: bytes) -> Any:
        """Run them in one round trip; the driver's result of the last one."""
        result = await self.finished(self._all(statements))
        if _MATCHES.encode() in statements:
            await self.check(result)
        return result

    async def check(self, result: Any) -> None:
        """Raises StatementTooComplex where the server gave up a regular expression: it only warns of that, and takes
        it for no match."""
        if result.warning_count:
            warned = await self.finished(self._all(b"SHOW WARNINGS"))
            if any(number == _PATTERN_GIVEN_UP for _, number, _ in warned.rows):
                raise StatementTooComplex(reason="a regular expression takes too many steps")

    async def stream(self, statement: str, limit_s: float) -> Stream:
        """Rows that are read as they are asked for. Raises TimeoutError when the first took longer than ``limit_s``."""
        cursor = self._raw.cursor(SSCursor)
        self._stream = Stream(self, cursor, matches=_MATCHES in statement)
        try:
            async with asyncio.timeout(limit_s):
                await self.finished(cursor.execute(statement))
        except TimeoutError:
            await self.settle()
            raise
        except my.MySQLError:
            self._stream = None
            raise
        return self._stream

    async def finished(self, work: Coroutine[Any, Any, _T]) -> _T:
        """The result of ``work``, which goes on when the one who waits is cancelled: then ``settle`` comes next."""
        task = asyncio.ensure_future(work)
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            self._running = task
            raise

    async def settle(self) -> BaseException | None:
        """Return once what was cancelled is over on the server too; the error that it ended with."""
        if not self.busy:
            return None
        running, error = self._running, None
        if running is None or not running.done():
            await self._kill()
        if running is not None:
            await asyncio.wait((running,))
            self._running = None
            error = None if running.cancelled() else running.exception()
        if self._stream is not None:
            await self._stream.drain()
            self._stream = None
        try:
            # If it was over before it was killed, this is killed instead, and not what comes next.
            await self.finished(self._raw.query(b"DO 0"))
        except my.MySQLError as late:
            _logger.debug("what was to be ended had ended before: %s", late)
        return error

    async def close(self) -> None:
        """Say good-bye; the server hangs up first, when the connection does not count any more."""
        if not self.closed:
            await say_good_bye(self._raw)
        self._raw.close()

    def abort(self) -> None:
        """Hang up."""
        transport = self._raw._transport
        if transport is not None:
            transport.abort()
        self._raw.close()

    @property
    def _reading(self) -> bool:
        return self._stream is not None and not self._stream.over

    async def _all(self, statements: bytes) -> Any:
        await self._raw.query(statements)
        result = self._raw._result
        while result.has_next:
            await self._raw.next_result()
            result = self._raw._result
        return result

    async def _kill(self) -> None:
        """Have the server end what runs; without an answer to that the connection is dropped."""
        try:
            await self._killer.kill_statement(self._raw.thread_id())
        except (my.MySQLError, OSError) as error:
            _logger.warning("a statement could not be ended and is left to its time limit: %s", error)
            self.abort()


class Stream:
    """Rows as the server sends them: it holds the rest back until they are read."""

    __slots__ = ("_cursor", "_matches", "_wire", "over")

    def __init__(self, wire: Wire, cursor: Any, *, matches: bool) -> None:
        self._matches = matches
        self._wire = wire
        self._cursor = cursor
        self.over = False

    async def fetch(self, count: int) -> Sequence[MysqlRecord]:
        """As of ``Cursor``."""
        rows = await self._wire.finished(self._cursor.fetchmany(count))
        self.over = len(rows) < count
        if self.over and self._matches:
            await self._wire.check(self._cursor._result)
        return records(self._cursor._result, rows)

    async def drain(self) -> None:
        """Read what the server had sent before it was told to stop."""
        try:
            while not self.over:
                self.over = len(await self._cursor.fetchmany(_DRAINED_AT_ONCE)) < _DRAINED_AT_ONCE
        except my.MySQLError as error:
            _logger.debug("a stream was ended: %s", error)
            self.over = True


def records(result: Any, rows: Sequence[tuple[Any, ...]]) -> list[MysqlRecord]:
    """Rows of a driver's result."""
    if not rows:
        return []
    labels = tuple(field.name for field in result.fields)
    return [MysqlRecord(labels, row) for row in rows]
