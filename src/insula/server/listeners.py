"""uvicorn on sockets of ours: started and drained by us, without its own signals and its own log."""

import asyncio
import functools
import logging
import socket
from collections.abc import Iterable
from typing import Any, cast

from uvicorn import Config, Server

from insula.fleet.process.base import AsgiApp
from insula.gateway.crowd import Crowd
from insula.server.protocol import Limits, Protocol

_log = logging.getLogger(__name__)

TICK_S = 1.0
"""How often the Date header is renewed, and connections are looked at that wait for something."""
LAST_WORDS_S = 2.0
"""What a request gets to end in after the deadline has cancelled it."""
MESSAGE_BYTES = 16 * 1024
"""The longest message that a WebSocket may send."""


class Listener:
    """One socket with an ASGI application behind it."""

    def __init__(self, app: AsgiApp, bound: socket.socket, limits: Limits) -> None:
        self._socket = bound
        self._crowd: Crowd[Any] = Crowd(limits.connections)
        config = Config(
            cast(Any, app),
            http=cast(Any, functools.partial(Protocol, limits, self._crowd)),
            ws=cast(Any, self._web_socket),
            ws_max_size=MESSAGE_BYTES,
            ws_ping_interval=limits.ping_s,
            ws_ping_timeout=limits.pong_s,
            ws_per_message_deflate=False,
            lifespan="off",
            interface="asgi3",
            log_config=None,
            access_log=False,
            proxy_headers=False,
            server_header=False,
        )
        config.load()
        self._server = Server(config)
        self._server.lifespan = config.lifespan_class(config)
        self._ticking: asyncio.Task[None] | None = None
        self._draining = False

    def _web_socket(self, **given: Any) -> asyncio.Protocol:
        """A connection that is upgraded. Its code is loaded with the first of them."""
        from insula.server.websocket import WebSocket

        return WebSocket(self._crowd, **given)

    def connections(self) -> int:
        """How many clients are connected now."""
        return len(self._crowd)

    async def open(self) -> None:
        """Take connections from now on."""
        await self._server.on_tick(0)
        await self._server.startup(sockets=[self._socket])
        self._ticking = asyncio.create_task(self._tick())

    async def drain(self, deadline_s: float) -> None:
        """Take no more connections, let requests in flight finish; cancel those that take longer."""
        if self._ticking is None:
            return
        self._draining = True
        try:
            async with asyncio.timeout(deadline_s):
                await self._server.shutdown(sockets=[self._socket])
        except TimeoutError:
            await self._cancel_requests(deadline_s)
        self._ticking.cancel()
        await asyncio.gather(self._ticking, return_exceptions=True)
        self._ticking = None

    async def _cancel_requests(self, deadline_s: float) -> None:
        state = self._server.server_state
        requests = list(state.tasks)
        _log.warning("%d requests were still running after %g s and are ended", len(requests), deadline_s)
        for request in requests:
            request.cancel()
        if requests:
            await asyncio.wait(requests, timeout=LAST_WORDS_S)
        for connection in list(state.connections):
            if connection.transport is not None:
                connection.transport.abort()

    async def _tick(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(TICK_S)
            await self._server.on_tick(0)
            now = loop.time()
            for connection in list(cast(Iterable[Protocol], self._server.server_state.connections)):
                connection.expire(now)
                if (
                    self._draining and not connection.transport.is_closing()
                ):  # it had come, and was not known yet, when all were told
                    connection.shutdown()
