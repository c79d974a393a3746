"""Connections to upstreams, kept for the next request: the last that was used is the first to be used again.

A few connections that are always in use stay warm, and what is beyond them grows old and is closed.
"""

from __future__ import annotations

import asyncio
import ssl
from functools import cache
from typing import Protocol, cast
from weakref import WeakValueDictionary

from insula.gateway.forward.phases import BUSY_AT_MOST, POOLED_AT_MOST, POOLED_S, Phases
from insula.gateway.forward.route import Address, Unix


class Carried(Protocol):
    """What a connection carries now: one request and its answer, told of what happens."""

    def answer_came(self, data: bytes) -> None:
        """The upstream has sent something."""

    def upstream_lost(self, error: Exception | None) -> None:
        """The connection is over; without an error where the upstream closed it in good order."""

    def upstream_full(self, full: bool) -> None:
        """Whether the upstream takes what is sent to it more slowly than it comes."""


class Connection(asyncio.Protocol):
    """One, which carries one request at a time."""

    __slots__ = ("_pool", "carried", "since", "transport", "used")

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self.carried: Carried | None = None
        self.since = 0.0
        """When it was given back last."""
        self.used = False
        """It has carried a request before: it may turn out to be closed."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """It is there."""
        self.transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        """What was asked for, or a word that nobody has asked for: then nothing it says can be told apart."""
        if self.carried is None:
            self.transport.abort()
        else:
            self.carried.answer_came(data)

    def eof_received(self) -> None:
        """The upstream says nothing more."""
        self._over(None)

    def connection_lost(self, exc: Exception | None) -> None:
        """It is closed."""
        self._pool.forget(self)
        self._over(exc)

    def pause_writing(self) -> None:
        """The upstream is slower than the client."""
        if self.carried is not None:
            self.carried.upstream_full(True)

    def resume_writing(self) -> None:
        """It has caught up."""
        if self.carried is not None:
            self.carried.upstream_full(False)

    def _over(self, error: Exception | None) -> None:
        carried, self.carried = self.carried, None
        if carried is not None:
            carried.upstream_lost(error)


class Pool:
    """The connections to one address."""

    def __init__(self, address: Address, phases: Phases) -> None:
        self._address = address
        self._connect_s = phases.connect_s
        self._unused: list[Connection] = []
        """Who was given back last is last."""
        self.busy = 0
        """Requests that are under way with it, those included that still wait for a connection."""

    @property
    def idle(self) -> int:
        """Connections that wait for a request."""
        return len(self._unused)

    def enter(self) -> bool:
        """Begin a request that needs a new connection; not where too many are under way."""
        if self.busy >= BUSY_AT_MOST:
            return False
        self.busy += 1
        return True

    def leave(self) -> None:
        """It is over, or has become a pipe."""
        self.busy -= 1

    def take(self, since: float) -> Connection | None:
        """Begin a request on an unused connection that was given back after ``since``, if there is one."""
        unused = self._unused
        while unused:
            last = unused[-1]
            if last.since < since:
                return None
            unused.pop()
            if not last.transport.is_closing():
                self.busy += 1
                return last
        return None

    async def open(self) -> Connection:
        """A new connection. Raises ``OSError`` (a time-out and what TLS finds wrong among them) and ``UnicodeError``."""
        loop = asyncio.get_running_loop()
        address = self._address
        async with asyncio.timeout(self._connect_s):
            if isinstance(address, Unix):
                _, made = await loop.create_unix_connection(lambda: Connection(self), address.path)
            else:
                secured = _tls() if address.tls else None
                _, made = await loop.create_connection(
                    lambda: Connection(self), address.host, address.port, ssl=secured
                )
        return made

    def give_back(self, connection: Connection, now: float) -> None:
        """Its request is over, and it can be used again. ``now`` is monotonic."""
        self.busy -= 1
        connection.used = True
        connection.since = now
        self._unused.append(connection)
        if len(self._unused) > POOLED_AT_MOST:
            self._unused.pop(0).transport.close()

    def forget(self, connection: Connection) -> None:
        """It is closed."""
        if connection in self._unused:
            self._unused.remove(connection)

    def reap(self, before: float) -> None:
        """Close those that nobody has used since."""
        while self._unused and self._unused[0].since < before:
            self._unused.pop(0).transport.close()


class Pools:
    """Those of all upstreams."""

    def __init__(self, phases: Phases) -> None:
        self._phases = phases
        self._pools: WeakValueDictionary[Address, Pool] = WeakValueDictionary()
        """Those that are used, or have connections: they know their pool."""

    def of(self, address: Address) -> Pool:
        """The one of an address."""
        pool = self._pools.get(address)
        if pool is None:
            pool = self._pools[address] = Pool(address, self._phases)
        return pool

    def idle(self) -> int:
        """Connections that wait for a request."""
        return sum(pool.idle for pool in self._pools.values())

    def reap(self, now: float) -> None:
        """Close what was not used for long."""
        for pool in list(self._pools.values()):
            pool.reap(now - POOLED_S)

    def close(self) -> None:
        """Close all that are unused."""
        self.reap(float("inf"))


@cache
def _tls() -> ssl.SSLContext:
    return ssl.create_default_context()
