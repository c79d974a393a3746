"""A pool of connections to one database with one role: last in, first out, minimum none."""

import asyncio
import logging
from collections import Counter
from collections.abc import Awaitable, Callable, Coroutine
from time import monotonic
from typing import Any, TypeVar

from insula.database.budget import ConnectionBudget
from insula.database.connection import ServerConnection
from insula.database.errors import DatabaseClosed, TooManyConnections

IDLE_S = 60.0
"""An idle connection is closed after this."""
MAX_AGE_S = 1800.0
MAX_USES = 100_000
MAX_SCHEMAS = 64
"""A connection is retired after touching this many schemas: each table costs the server 13–15 kB."""
TICK_S = 5.0
"""How often idle and hanging connections are looked for."""
SETTLE_S = 5.0
"""How long a cancelled statement may take to end before its connection is dropped."""
CLOSE_S = 5.0
"""How long a parting connection, or a task that still uses one when the pool closes, is waited for."""
REFUSED_S = 10.0
"""How long «too many connections» of the server is waited out."""
_REFUSED_FIRST_WAIT_S = 0.05
_REFUSED_MAX_WAIT_S = 1.0

log = logging.getLogger(__name__)

T = TypeVar("T")
Open = Callable[[], Awaitable[ServerConnection]]
"""Opens a connection; raises errors of ``insula.database.errors``."""


class Pool:
    """Leases connections. A lease ends with ``give_back`` or, after an error, with ``recover``."""

    def __init__(
        self,
        open_one: Open,
        budget: ConnectionBudget,
        *,
        where: str,
        hang_s: float,
        driver_errors: tuple[type[Exception], ...],
    ) -> None:
        self.where = where
        self.users: Counter[str | None] = Counter()
        """Handles on the database, by schema."""
        self.held = 0
        """Places of the budget that this pool's connections take, also while they are opened or closed."""
        self.idle: list[ServerConnection] = []
        """The last one is the one used last."""
        self._open_one = open_one
        self._budget = budget
        self._hang_s = hang_s
        self._driver_errors: tuple[type[Exception], ...] = (*driver_errors, OSError, TimeoutError)
        self._all: set[ServerConnection] = set()
        self._tasks: set[asyncio.Task[Any]] = set()
        self._timer: asyncio.TimerHandle | None = None
        self._closed = False

    def lease_idle(self, schema: str | None) -> ServerConnection | None:
        """An idle connection; ``None`` where none is idle."""
        while self.idle:
            connection = self.idle.pop()
            if not connection.closed:
                if schema is not None:
                    connection.schemas.add(schema)
                connection.busy_since = monotonic()
                return connection
            self._gone(connection)
        return None

    async def lease(self, schema: str | None) -> ServerConnection:
        """A connection: idle, handed over by another task, or new.

        Raises DatabaseUnavailable, TooManyConnections, DatabaseClosed.
        """
        if self._closed:
            raise DatabaseClosed()
        connection = self.lease_idle(schema) or await self._budget.place(self)
        if connection is None:
            connection = await self._opened(self._open_patiently)
        elif self._closed:
            self.part(connection)
            raise DatabaseClosed()
        if schema is not None:
            connection.schemas.add(schema)
        connection.busy_since = monotonic()
        return connection

    async def lease_fresh(self, schema: str | None) -> ServerConnection:
        """A new connection, after dropping all idle ones: one of them turned out to be stale."""
        while self.idle:
            self._drop(self.idle.pop())
        return await self.lease(schema)

    async def probe(self) -> None:
        """Connect, or find that somebody is connected. Raises at once what hinders it, without a second try."""
        connection = self.lease_idle(None) or await self._budget.place(self)
        self.give_back(connection or await self._opened(self._open_one))

    def give_back(self, connection: ServerConnection) -> None:
        """End a lease after which the connection is as good as before."""
        connection.busy_since = 0.0
        connection.uses += 1
        share, connection.share = connection.share, None
        if self._closed or self._worn(connection):
            self.part(connection)
        elif not (self._budget.waiting and self._budget.offer(self, connection)):
            connection.idle_since = monotonic()
            self.idle.append(connection)
        if share is not None:
            share.end()

    def recover(self, connection: ServerConnection) -> asyncio.Task[None] | None:
        """End a lease after an error or a cancellation; the task, if there is one, ends when it is done."""
        if connection.closed:
            self._gone(connection)
        elif connection.clean:
            self.give_back(connection)
        else:
            return self._background(self._clean(connection))
        return None

    def close_longest_idle(self) -> None:
        """Close the connection that was idle longest, for the sake of another pool."""
        self.part(self.idle.pop(0))

    def forget(self, schema: str | None) -> None:
        """Nobody uses this schema any more: idle connections that know its statements are closed."""
        for connection in [one for one in self.idle if schema in one.schemas]:
            self.idle.remove(connection)
            self.part(connection)

    def part(self, connection: ServerConnection, within_s: float = CLOSE_S) -> asyncio.Task[None]:
        """Close a connection that nobody leases any more, in the background; in peace where that takes no longer."""
        self._budget.parting(1)
        return self._background(self._close(connection, within_s))

    async def close(self) -> None:
        """Close all connections; those still leased are waited for a moment, then dropped."""
        self._closed = True
        self._budget.refuse(self)
        while self.idle:
            self.part(self.idle.pop())
        deadline = monotonic() + CLOSE_S
        while (self._all or self._tasks) and monotonic() < deadline:
            if self._tasks:
                await asyncio.wait(self._tasks, timeout=deadline - monotonic())
            else:
                await asyncio.sleep(0.01)
        for connection in tuple(self._all):
            self._drop(connection)
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    # --- opening

    async def _opened(self, how: Open) -> ServerConnection:
        """A new connection. It is opened to the end also when the task is cancelled, for whoever comes next."""
        opening = self._background(self._open(how))
        try:
            return await asyncio.shield(opening)
        except asyncio.CancelledError:
            opening.add_done_callback(self._adopt)
            raise

    def _adopt(self, opening: asyncio.Task[ServerConnection]) -> None:
        if not opening.cancelled() and opening.exception() is None:
            self.give_back(opening.result())

    async def _open(self, how: Open) -> ServerConnection:
        """Open a connection in a place that was taken before; gives the place back when it fails."""
        try:
            if self._closed:
                raise DatabaseClosed()
            connection = await how()
        except BaseException:
            self._budget.free(self)
            raise
        self._all.add(connection)
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(TICK_S, self._tick)
        return connection

    async def _open_patiently(self) -> ServerConnection:
        """Others may hold the server's connections too: wait, give up idle ones of ours, try again."""
        deadline = monotonic() + REFUSED_S
        wait = _REFUSED_FIRST_WAIT_S
        while True:
            try:
                return await self._open_one()
            except TooManyConnections as error:
                if monotonic() + wait > deadline:
                    raise TooManyConnections(where=self.where, seconds=REFUSED_S) from error
            self._budget.reclaim()
            await asyncio.sleep(wait)
            wait = min(wait * 2, _REFUSED_MAX_WAIT_S)

    # --- parting

    def _worn(self, connection: ServerConnection) -> bool:
        return (
            connection.uses >= MAX_USES
            or len(connection.schemas) > MAX_SCHEMAS
            or monotonic() - connection.opened_at > MAX_AGE_S
        )

    def _drop(self, connection: ServerConnection) -> None:
        connection.terminate()
        self._gone(connection)

    def _gone(self, connection: ServerConnection) -> None:
        """The connection is no more: its place is free. Harmless when said twice."""
        if connection in self._all:
            self._all.remove(connection)
            self._budget.free(self)
            share, connection.share = connection.share, None
            if share is not None:
                share.end()

    async def _close(self, connection: ServerConnection, within_s: float) -> None:
        try:
            async with asyncio.timeout(within_s):
                await connection.close()
        except self._driver_errors as error:
            log.debug("a connection to %s did not part in peace: %r", self.where, error)
        finally:
            connection.terminate()
            self._budget.parting(-1)
            self._gone(connection)

    async def _clean(self, connection: ServerConnection) -> None:
        """Wait for a cancelled statement to end and roll back what is open."""
        try:
            async with asyncio.timeout(SETTLE_S):
                await connection.settle()
                if connection.in_transaction:
                    await connection.script("ROLLBACK")
        except self._driver_errors as error:
            log.warning("a connection to %s could not be cleaned and is dropped: %r", self.where, error)
        finally:
            if connection.clean:
                self.give_back(connection)
            else:
                self._drop(connection)

    def _background(self, work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    def _tick(self) -> None:
        """Close what was idle for long; drop what has hung for longer than the server allows a statement."""
        now = monotonic()
        while self.idle and now - self.idle[0].idle_since > IDLE_S:
            self.part(self.idle.pop(0))
        for connection in tuple(self._all):
            if connection.busy_since and now - connection.busy_since > self._hang_s:
                log.warning("a statement on %s gets no answer; its connection is dropped", self.where)
                connection.terminate()
        running = bool(self._all) and not self._closed
        self._timer = asyncio.get_running_loop().call_later(TICK_S, self._tick) if running else None
