"""The connection budget: how many connections one process may hold to one database server."""

import asyncio
from collections import deque
from collections.abc import Callable, Hashable
from time import monotonic
from typing import TYPE_CHECKING

from insula.database.connection import ServerConnection
from insula.database.errors import DatabaseClosed, TooManyConnections

if TYPE_CHECKING:
    from insula.database.pool import Pool

DEFAULT_CONNECTIONS = 50
WAIT_S = 30.0
"""How long a statement waits for a connection before it gives up."""
PATIENCE_S = 0.1
"""How long it waits for one of its own pool before another pool must give one up. A statement takes a few
milliseconds, opening a connection as many and a process of the server: taking turns beats taking away."""


class _Waiter:
    """A task that waits for a place; answered with a connection of its own pool, or ``None``: open one."""

    __slots__ = ("future", "pool", "since")

    def __init__(self, pool: "Pool") -> None:
        self.pool = pool
        self.since = monotonic()
        self.future: asyncio.Future[ServerConnection | None] = asyncio.get_running_loop().create_future()


class ConnectionBudget:
    """One per process and database server; used from one event loop.

    A place counts from before a connection is opened until after it is closed, so that the server never sees
    more than ``limit``. When all are taken, tasks wait for a connection of their own pool, first come, first
    served. A pool gives one up for another, its longest idle or the next that becomes free, when the other
    has none at all, or has less than its share and has waited for ``PATIENCE_S``.
    """

    def __init__(self, limit: int = DEFAULT_CONNECTIONS, *, wait_s: float = WAIT_S) -> None:
        if limit < 1:
            raise ValueError("a connection budget needs at least one connection")
        self.limit = limit
        self.used = 0
        self.waiting = 0
        """Tasks that wait for a connection now."""
        self.wait_s = wait_s
        self.streams = asyncio.Semaphore(max(1, limit // 2))
        """Turns for streams, which hold a connection for as long as their reader takes: half of the budget, so
        that slow readers never take the connections of all others."""
        self._parting = 0
        """Connections that are being closed: each will leave a place to whoever waits then."""
        self._queues: dict[Pool, deque[_Waiter]] = {}
        """Who waits, by pool; no queue is empty."""
        self._pools: dict[Hashable, Pool] = {}

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
            pool.held += 1
            return None
        waiter = _Waiter(pool)
        self._queues.setdefault(pool, deque()).append(waiter)
        self.waiting += 1
        self._make_room()
        impatience = asyncio.get_running_loop().call_later(PATIENCE_S, self._make_room)
        try:
            async with asyncio.timeout(self.wait_s):
                return await self._answer(waiter)
        except TimeoutError:
            raise TooManyConnections(where=pool.where, seconds=self.wait_s) from None
        finally:
            impatience.cancel()

    async def _answer(self, waiter: _Waiter) -> ServerConnection | None:
        try:
            return await waiter.future
        except asyncio.CancelledError:
            if waiter.future.cancelled():
                self._forget(waiter)
            elif waiter.future.exception() is None:
                # Answered and cancelled in the same moment: hand on what nobody will use.
                connection = waiter.future.result()
                if connection is None:
                    self.free(waiter.pool)
                else:
                    waiter.pool.give_back(connection)
            raise

    def free(self, pool: "Pool") -> None:
        """A place that ``pool`` held is free again: to the next who waits, else back into the budget."""
        pool.held -= 1
        heirs = self._in_need() or self._first_of_each()
        if heirs:
            heirs[0].pool.held += 1
            self._hand(heirs[0], None)
        else:
            self.used -= 1
        self._make_room()

    def offer(self, pool: "Pool", connection: ServerConnection) -> bool:
        """Give a connection of ``pool`` that became free to the task that waits longest for it, or close it for
        another pool in need. False where it may lie idle."""
        needs = [waiter for waiter in self._in_need()[self._parting :] if waiter.pool.held < pool.held]
        own = next((waiter for waiter in self._first_of_each() if waiter.pool is pool), None)
        if own is not None and not (needs and needs[0].since < own.since):
            self._hand(own, connection)
            return True
        if needs:
            pool.part(connection)
            return True
        return False

    def refuse(self, pool: "Pool") -> None:
        """Whoever waits for a connection of ``pool`` gets none: it is closed."""
        for waiter in tuple(self._queues.get(pool, ())):
            if not waiter.future.done():
                self._forget(waiter)
                waiter.future.set_exception(DatabaseClosed())

    def parting(self, change: int) -> None:
        """A connection begins (1) or ends (-1) to be closed."""
        self._parting += change

    def reclaim(self) -> bool:
        """Have the longest idle connection of all pools closed; False where none is idle."""
        idle = [pool for pool in self._pools.values() if pool.idle]
        if not idle:
            return False
        min(idle, key=lambda pool: pool.idle[0].idle_since).close_longest_idle()
        return True

    def _make_room(self) -> None:
        """Close idle connections for the pools in need, as many as are not being closed already."""
        while len(self._in_need()) > self._parting and self.reclaim():
            pass

    def _in_need(self) -> list[_Waiter]:
        """For each pool that may take a place from others: the task that waits longest. The longest first."""
        if not self.waiting:
            return []
        share = self.limit // len(self._queues.keys() | {pool for pool in self._pools.values() if pool.held})
        late = monotonic() - PATIENCE_S
        return [
            waiter
            for waiter in self._first_of_each()
            if not waiter.pool.held or (waiter.pool.held < share and waiter.since <= late)
        ]

    def _first_of_each(self) -> list[_Waiter]:
        """For each pool that is waited for: the task that waits longest. The longest first."""
        first = (
            next((each for each in queue if not each.future.done()), None) for queue in self._queues.values()
        )
        return sorted((waiter for waiter in first if waiter is not None), key=lambda waiter: waiter.since)

    def _hand(self, waiter: _Waiter, connection: ServerConnection | None) -> None:
        self._forget(waiter)
        waiter.future.set_result(connection)

    def _forget(self, waiter: _Waiter) -> None:
        queue = self._queues[waiter.pool]
        queue.remove(waiter)
        self.waiting -= 1
        if not queue:
            del self._queues[waiter.pool]
