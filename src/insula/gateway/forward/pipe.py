"""A WebSocket on its way through: what comes in at one end goes out at the other, unread."""

from __future__ import annotations

import asyncio
from typing import Any, Final

from insula.core.clock import monotonic
from insula.gateway.crowd import Crowd
from insula.gateway.forward.phases import UNTAKEN_S
from insula.gateway.forward.route import Watch


class Pipe:
    """Two ends. It is closed when both are; one that is closed closes the other, once that has taken what was sent."""

    __slots__ = ("_crowd", "_left", "_since", "_unsent", "_upstream", "_watch", "transport")

    busy: Final = True
    """Somebody listens, as long as it is there."""

    def __init__(self, crowd: Crowd[Any], watch: Watch | None) -> None:
        self._crowd = crowd
        self._watch = watch
        self._left: asyncio.Transport | None = None
        """The end that is still open when the other is closed."""
        self._since = 0.0
        self._unsent = 0

    def join(self, client: asyncio.Transport, upstream: asyncio.Transport) -> None:
        """Both belong to it from now on."""
        self.transport = client
        self._upstream = upstream
        client.set_protocol(_End(self, upstream))
        upstream.set_protocol(_End(self, client))
        self._crowd.come(self)

    def lost(self, other: asyncio.Transport) -> None:
        """One end is closed; ``other`` is the other."""
        if self._left is None:
            self._left = other
            self._since = monotonic()
            other.close()
            return
        self._crowd.leave(self)
        if self._watch is not None:
            self._watch.parted()

    def finish(self) -> None:
        """The door is closed."""
        self.transport.close()

    def abort(self) -> None:
        """Wait for neither end to take anything more."""
        self.transport.abort()
        self._upstream.abort()

    def expire(self, now: float) -> None:
        """Give up on an end that does not take the last words. ``now`` is monotonic."""
        if self._left is None:
            return
        unsent = self._left.get_write_buffer_size()
        if unsent != self._unsent:
            self._unsent = unsent
            self._since = now
        elif now - self._since > UNTAKEN_S:
            self._left.abort()


class _End(asyncio.Protocol):
    __slots__ = ("_other", "_pipe")

    def __init__(self, pipe: Pipe, other: asyncio.Transport) -> None:
        self._pipe = pipe
        self._other = other

    def data_received(self, data: bytes) -> None:
        if not self._other.is_closing():
            self._other.write(data)

    def pause_writing(self) -> None:
        if not self._other.is_closing():
            self._other.pause_reading()

    def resume_writing(self) -> None:
        if not self._other.is_closing():
            self._other.resume_reading()

    def connection_lost(self, exc: Exception | None) -> None:
        self._pipe.lost(self._other)
