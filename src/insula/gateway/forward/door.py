"""The door itself: what all clients share, and how it is opened and closed."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
import struct
from email.utils import formatdate
from typing import Final

from insula.core.clock import monotonic
from insula.gateway.crowd import Crowd
from insula.gateway.forward.client import Client
from insula.gateway.forward.connected import Connected
from insula.gateway.forward.phases import Phases
from insula.gateway.forward.pipe import Pipe
from insula.gateway.forward.route import Route
from insula.gateway.forward.upstream import Pools
from insula.gateway.trust import TrustedProxies

_log = logging.getLogger(__name__)

BACKLOG: Final = 2048
"""Connections that wait to be taken."""
_RESET: Final = struct.pack("ii", 1, 0)
"""Closing does not wait for what is unsent, and tells the other side that it was no good end."""


class Door:
    """One socket on which requests are taken and forwarded."""

    def __init__(
        self,
        route: Route,
        proxies: TrustedProxies,
        *,
        connections: int,
        phases: Phases | None = None,
        scheme: str = "http",
        access_log: bool = False,
    ) -> None:
        """``connections``: clients at once; each may need a descriptor more, for the connection to its upstream."""
        self.route = route
        self.proxies = proxies
        self.phases = Phases() if phases is None else phases
        self.scheme = scheme
        """Which clients of this socket have used, unless a trusted proxy says otherwise."""
        self.access_log = access_log
        self.pools = Pools(self.phases)
        self.crowd: Crowd[Connected | Pipe] = Crowd(connections)
        self.closing = False
        """Nothing new is begun."""
        self.date = b""
        """The header of that name."""
        self._server: asyncio.Server | None = None
        self._ticking: asyncio.TimerHandle | None = None

    def connections(self) -> int:
        """How many clients are connected now."""
        return len(self.crowd)

    async def open(self, bound: socket.socket) -> None:
        """Take connections on a bound socket, TCP or unix, from now on."""
        loop = asyncio.get_running_loop()
        if bound.family == socket.AF_UNIX:
            self._server = await loop.create_unix_server(self._client, sock=bound, backlog=BACKLOG)
        else:
            self._server = await loop.create_server(self._client, sock=bound, backlog=BACKLOG)
        self._tick()

    async def drain(self, deadline_s: float) -> None:
        """Take no more connections, and close idle ones and WebSockets; let requests in flight finish, cut off those
        that take longer."""
        if self._server is None:
            return
        self.closing = True
        self._server.close()
        self._server = None
        for connection in self.crowd:
            connection.finish()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(deadline_s):
                await self.crowd.all_left()
        if busy := sum(connection.busy for connection in self.crowd):
            _log.warning("%d requests were still running after %g s and are cut off", busy, deadline_s)
        for connection in self.crowd:
            connection.abort()
        await self.crowd.all_left()
        self.pools.close()
        if self._ticking is not None:
            self._ticking.cancel()

    def _client(self) -> Client:
        return Client(self)

    def _tick(self) -> None:
        """Look after all that takes too long, now and then."""
        self._ticking = asyncio.get_running_loop().call_later(self.phases.tick_s, self._tick)
        self.date = formatdate(usegmt=True).encode()
        now = monotonic()
        for connection in self.crowd:
            try:
                connection.expire(now)
            except Exception:  # noqa: BLE001 - logged; a defect with one must not end the only watch over all
                _log.exception("a connection could not be looked after, and is cut off")
                connection.abort()
        self.pools.reap(now)

    @staticmethod
    def reset(transport: asyncio.Transport) -> None:
        """Close it so that the other side can not take what it has got for the whole."""
        if not transport.is_closing():
            with contextlib.suppress(OSError):  # it is closed already
                transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        transport.abort()
