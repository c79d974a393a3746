"""uvicorn's WebSocket protocol, with limits for clients that are slow, silent or loud."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

if TYPE_CHECKING:
    from uvicorn import Config
    from uvicorn.server import ServerState

    from insula.gateway.crowd import Crowd

HANDSHAKE_S: Final = 30.0
"""From the request to the agreement to talk."""
PARTING_S: Final = 5.0
"""What a client gets to take the last words, and to say its own."""


class WebSocket(WebSocketsSansIOProtocol):
    """One connection; it takes over from the protocol that has read its request."""

    def __init__(
        self,
        crowd: Crowd[Any],
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self._crowd = crowd
        self._since = self.loop.time()
        """When it began, or began to part."""
        self._parting = False

    busy: Final = True
    """As long as it is there, somebody listens: it is not idle."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self._crowd.come(self)

    def connection_lost(self, exc: Exception | None) -> None:
        self._crowd.leave(self)
        super().connection_lost(exc)

    def shutdown(self) -> None:
        """The server stops: say so, where there is somebody to say it to."""
        if not self.handshake_complete:
            self.transport.abort()
        elif (
            not self.transport.is_closing()
        ):  # else the last words are on their way already, and more may not be said
            super().shutdown()

    def expire(self, now: float) -> None:
        """End what has taken too long. ``now`` is the loop's time."""
        if self.close_sent or self.transport.is_closing():
            if not self._parting:
                self._parting, self._since = True, now
            elif now - self._since > PARTING_S:
                self.transport.abort()
        elif not self.handshake_complete and now - self._since > HANDSHAKE_S:
            self.transport.abort()
