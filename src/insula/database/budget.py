"""The connection budget: how many connections one process may hold to one database server."""

import asyncio
from collections import deque
from collections.abc import Callable, Hashable, Iterator
from itertools import chain
from time import monotonic
from typing import TYPE_CHECKING

from insula.database.connection import ServerConnection
from insula.database.errors import DatabaseClosed, TooManyConnections
from insula.database.shares import Shares

if TYPE_CHECKING:
    from insula.database.pool import Pool

DEFAULT_CONNECTIONS = 50
WAIT_S = 30.0
"""How long a statement waits for a connection before it gives up."""
PATIENCE_S = 0.1
"""How long it waits for one of its own pool before another pool must give one up. A statement takes a few
milliseconds, opening a connection as many and a process of the server: taking turns beats taking away."""
REST_S = 0.02
"""A connection that has lain idle for so long is wanted by nobody of its own pool: whoever waits for one may have it."""
SCHEMAS_OF_A_POOL = 8
"""A server's process keeps in memory what it knows of each table that it has touched, and of each statement. Where
all schemas share all connections, each process comes to know everything: 200 schemas had a fifth of the rate of one,
and eight to a pool have all of it. More to a pool only where there would be more pools than half the budget."""


class _Waiter:
    """A task that waits for a place; answered with a connection of its own pool, or ``None``: open one."""

    __slots__ = ("_timer", "future", "pool", "since")

    def __init__(self, pool: "Pool") -> None:
        self.pool = pool
        self.since = monotonic()
        self.future: asyncio.Future[ServerConnection | None] = asyncio.get_running_loop().create_future()
        self._timer: asyncio.TimerHandle | None = None

    def later(self, work: "Callable[[_Waiter], None]") -> None:
        """Call ``work`` with this one after ``REST_S``."""
        self._timer = asyncio.get_running_loop().call_later(REST_S, work, self)

    def stop(self) -> None:
        """Call nothing any more."""
        if self._timer is not None:
            self._timer.cancel()


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
        self.shares = Shares(limit)
        """What each application may use of it."""
        self.streams = asyncio.Semaphore(max(1, (limit - 1) // 2))
        """Turns for streams, which hold a connection for as long as their reader takes: half of the budget without
        the claim's, so that slow readers never take the connections of all others. Who reads one needs a second
        connection now and then, to append; from a limit of 3 on there is always one that a stream does not hold, and
        that its application may use, however many streams are its own."""
        self.turns = asyncio.Semaphore(max(1, limit // 4))
        """See ``Database.turns``: few enough that streams and they leave some connections to others."""
        self.aside = asyncio.Lock()
        """Held by who uses the one connection that is beside the limit: it ends statements of the others, and can not
        wait until one of them is free. Where a dialect has need of it (``Dialect.aside``), the limit is one less."""
        self._parting = 0
        """Connections that are being closed: each will leave a place to whoever waits then."""
        self._queues: dict[Pool, deque[_Waiter]] = {}
        """Who waits, by pool; no queue is empty."""
        self._groups: dict[Hashable, list[Pool]] = {}
        """By server, database and role: the pools whose schemas are each other's neighbours."""

    @property
    def open(self) -> int:
        """Connections that are open now, or about to be."""
        return self.used + self.aside.locked()

    def pool(self, key: Hashable, make: Callable[[], "Pool"], schema: str | None = None) -> "Pool":
        """A pool of ``key``, made when it is asked for first; each user must ``leave`` it once.

        Users of the same schema have the same one; see ``SCHEMAS_OF_A_POOL``.
        """
        group = self._groups.setdefault(key, [])
        pool = next((each for each in group if schema in each.users), None)
        pool = pool or next((each for each in group if len(each.users) < SCHEMAS_OF_A_POOL), None)
        if pool is None and len(group) >= max(1, self.limit // 2):
            pool = min(group, key=lambda each: len(each.users))
        if pool is None:
            pool = make()
            group.append(pool)
        pool.users[schema] += 1
        return pool

    async def leave(self, key: Hashable, pool: "Pool", schema: str | None = None) -> None:
        """One user less; the last one closes the pool."""
        pool.users[schema] -= 1
        if not pool.users[schema]:
            del pool.users[schema]
            pool.forget(schema)
        if not pool.users:
            self._groups[key].remove(pool)
            if not self._groups[key]:
                del self._groups[key]
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
        waiter.later(self._grow_impatient)
        try:
            async with asyncio.timeout(self.wait_s):
                return await self._answer(waiter)
        except TimeoutError:
            raise TooManyConnections(where=pool.where, seconds=self.wait_s) from None
        finally:
            waiter.stop()

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
        idle = [pool for pool in self._pools() if pool.idle]
        if not idle:
            return False
        min(idle, key=lambda pool: pool.idle[0].idle_since).close_longest_idle()
        return True

    def _make_room(self) -> None:
        """Close idle connections for the pools in need, as many as are not being closed already."""
        while len(self._in_need()) > self._parting and self.reclaim():
            pass

    def _grow_impatient(self, waiter: _Waiter) -> None:
        """Look every ``REST_S`` whether another pool can give one up, or has one that nobody uses."""
        self._make_room()
        idle = [pool.idle[0].idle_since for pool in self._pools() if pool.idle]
        if idle and not self._parting and min(idle) <= monotonic() - REST_S:
            self.reclaim()
        waiter.later(self._grow_impatient)

    def _in_need(self) -> list[_Waiter]:
        """For each pool that may take a place from others: the task that waits longest. The longest first."""
        if not self.waiting:
            return []
        share = self.limit // len(self._queues.keys() | {pool for pool in self._pools() if pool.held})
        late = monotonic() - PATIENCE_S
        return [
            waiter
            for waiter in self._first_of_each()
            if not waiter.pool.held or (waiter.pool.held < share and waiter.since <= late)
        ]

    def _pools(self) -> Iterator["Pool"]:
        return chain.from_iterable(self._groups.values())

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
