"""The connection budget: how many connections one process may hold to one database server."""

import asyncio
from collections import deque
from collections.abc import Callable, Hashable
from typing import TYPE_CHECKING

from insula.database.connection import ServerConnection
from insula.database.errors import DatabaseClosed, TooManyConnections

if TYPE_CHECKING:
    from insula.database.pool import Pool

DEFAULT_CONNECTIONS = 50
WAIT_S = 30.0
"""How long a statement waits for a connection before it gives up."""


class _Waiter:
    """A task that waits for a place; answered with a connection of its own pool, or ``None``: open one."""

    __slots__ = ("future", "pool")

    def __init__(self, pool: "Pool") -> None:
        self.pool = pool
        self.future: asyncio.Future[ServerConnection | None] = asyncio.get_running_loop().create_future()


class ConnectionBudget:
    """One per process and database server; used from one event loop.

    First come, first served over all pools. When it is exhausted, idle connections of other pools are
    closed to make place. A place counts from before a connection is opened until after it is closed, so
    that the server never sees more than ``limit``.
    """

    def __init__(self, limit: int = DEFAULT_CONNECTIONS, *, wait_s: float = WAIT_S) -> None:
        if limit < 1:
            raise ValueError("a connection budget needs at least one connection")
        self.limit = limit
        self.used = 0
        self._wait_s = wait_s
        self._waiters: deque[_Waiter] = deque()
        self._pools: dict[Hashable, Pool] = {}

    @property
    def waiting(self) -> int:
        """Tasks that wait for a connection now."""
        return len(self._waiters)

    def pool(self, key: Hashable, make: Callable[[], "Pool"]) -> "Pool":
        """The one pool of ``key``, made when it is asked for first; each user must ``leave`` it once."""
        pool = self._pools.get(key)
        if pool is None:
            pool = self._pools[key] = make()
        pool.users += 1
        return pool

    async def leave(self, key: Hashable) -> None:
        """One user less; the last one closes the pool."""
        pool = self._pools[key]
        pool.users -= 1
        if pool.users == 0:
            del self._pools[key]
            await pool.close()

    async def place(self, pool: "Pool") -> ServerConnection | None:
        """Wait for a place: a connection of ``pool`` that just became free, or ``None``: open one.

        Raises TooManyConnections when nothing became free in time.
        """
        if self.used < self.limit:
            self.used += 1
            return None
        waiter = _Waiter(pool)
        self._waiters.append(waiter)
        self.reclaim()
        try:
            async with asyncio.timeout(self._wait_s):
                return await self._answer(waiter)
        except TimeoutError:
            raise TooManyConnections(where=pool.where, seconds=self._wait_s) from None

    async def _answer(self, waiter: _Waiter) -> ServerConnection | None:
        try:
            return await waiter.future
        except asyncio.CancelledError:
            if waiter in self._waiters:
                self._waiters.remove(waiter)
            elif waiter.future.done() and not waiter.future.cancelled() and waiter.future.exception() is None:
                # Answered and cancelled in the same moment: hand on what nobody will use.
                connection = waiter.future.result()
                if connection is None:
                    self.free()
                else:
                    waiter.pool.give_back(connection)
            raise

    def free(self) -> None:
        """A place is free again: to the next who waits, else back into the budget."""
        waiter = self._next()
        if waiter is None:
            self.used -= 1
        else:
            waiter.future.set_result(None)

    def offer(self, pool: "Pool", connection: ServerConnection) -> bool:
        """A connection of ``pool`` became free while tasks wait. False: the next in line is of another pool
        and ``pool`` must close it (the place goes on to whoever waits)."""
        while self._waiters and self._waiters[0].future.done():
            self._waiters.popleft()
        if not self._waiters or self._waiters[0].pool is not pool:
            return False
        self._waiters.popleft().future.set_result(connection)
        return True

    def refuse(self, pool: "Pool") -> None:
        """Whoever waits for a connection of ``pool`` gets none: it is closed."""
        for waiter in [waiter for waiter in self._waiters if waiter.pool is pool]:
            self._waiters.remove(waiter)
            if not waiter.future.done():
                waiter.future.set_exception(DatabaseClosed())

    def reclaim(self) -> bool:
        """Have the longest idle connection of all pools closed; False where none is idle."""
        idle = [pool for pool in self._pools.values() if pool.idle]
        if not idle:
            return False
        min(idle, key=lambda pool: pool.idle[0].idle_since).close_longest_idle()
        return True

    def _next(self) -> _Waiter | None:
        while self._waiters:
            waiter = self._waiters.popleft()
            if not waiter.future.done():
                return waiter
        return None
