"""uvicorn's HTTP/1.1, with limits for clients that are slow, endless or gone.

uvicorn itself waits for a request's head for ever, keeps any length of it, and closes a connection whose body
it did not read in a way that loses the answer. Here a connection knows since when it waits for what; whoever
holds it asks it now and then (``expire``) and it ends by itself what takes too long. The hot path pays for no
timer.
"""

from __future__ import annotations

import asyncio
import json
import re
from dataclasses import dataclass, replace
from http import HTTPStatus
from math import inf
from typing import TYPE_CHECKING, Any, Final, Self, cast

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from insula.core.ids import request_id
from insula.gateway.crowd import Crowd

if TYPE_CHECKING:
    from uvicorn import Config
    from uvicorn.server import ServerState

DISCARDED_BYTES: Final = 256 * 1024
"""The rest of a body that nobody read is taken in up to this length, so that the connection can be kept."""
_HOST: Final = re.compile(rb"[A-Za-z0-9._~%-]*(?::\d*)?|\[[0-9A-Fa-f:.]+\](?::\d*)?")
PARTING_S: Final = 2.0
"""How long what is still coming is thrown away after the last answer, so that the client gets to read it."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What a client gets: seconds, bytes, and how many connections there may be."""

    head_s: float = 30.0
    """From the beginning of a connection, or from the first byte of a later request, to the end of the head."""
    body_s: float = 30.0
    """Without a single byte of a body that is not complete and that is being read."""
    keep_alive_s: float = 75.0
    """Between two requests. Longer than the 60 s of most proxies in front, so that they close first."""
    head_bytes: int = 64 * 1024
    ping_s: float = 20.0
    """Between two questions to a WebSocket whether it is still there."""
    pong_s: float = 20.0
    """What it gets to answer in."""
    connections: int = 10_000
    """Beyond it, the connection that has been idle for the longest makes room for a new one."""

    def behind_a_door(self) -> Self:
        """Where a front door of this process is the only client: it knows these times and holds its own clients to them.

        Were both to, either could be the first: a connection that is closed just as the door sends a request on it is
        a failure to the door's client, who was not late.
        """
        return replace(self, head_s=inf, body_s=inf, keep_alive_s=inf)


class Protocol(HttpToolsProtocol):
    """One connection."""

    def __init__(
        self,
        limits: Limits,
        crowd: Crowd[Any],
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self._limits = limits
        self._crowd = crowd
        self._since = self.loop.time()
        """When the wait for a head, or for more of a body, began."""
        self._kept = False
        """Nothing has come since the last answer."""
        self._in_head = False
        self._head_bytes = 0
        self._chunk_bytes = 0
        self._guarded: RequestResponseCycle | None = None
        """The request whose body is still coming."""
        self._parting = False
        """The last answer is out; what comes is thrown away."""
        self._unsent_bytes = -1
        """Of the last answer, when it was looked at last."""

    # --- asyncio.Protocol

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._crowd.come(self)

    def connection_lost(self, exc: Exception | None) -> None:
        self._crowd.leave(self)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._parting:
            return
        if self._kept:
            self._kept = False
            self._since = self.loop.time()
        self._chunk_bytes = len(data)
        super().data_received(data)
        cycle = self.cycle
        if cycle is not None and cycle.more_body and not cycle.response_complete:
            self._since = self.loop.time()
            if self._guarded is not cycle:
                self._guard(cycle)
        if self._in_head:
            self._head_bytes += len(data)
            if self._head_bytes > self._limits.head_bytes:
                self._refuse_head()

    # --- httptools

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._in_head = True

    def on_headers_complete(self) -> None:
        if self._parting:
            return
        self._in_head = False
        most_bytes, self._head_bytes = self._head_bytes + self._chunk_bytes, 0
        if most_bytes > self._limits.head_bytes and self._length() > self._limits.head_bytes:
            self._refuse_head()
            return
        if not self._has_host():
            sentence = "A request names the host that it is for once, in the header Host."
            self._refuse(HTTPStatus.BAD_REQUEST, "INVALID_HTTP", sentence)
            return
        super().on_headers_complete()
        if self._upgrades():
            return
        cycle = self.cycle
        if cycle.scope["method"] != "HEAD" and not cycle.waiting_for_100_continue:
            cycle.transport = cast(asyncio.Transport, _HeadAndBody(cycle))

    def on_body(self, body: bytes) -> None:
        if not self._parting:
            super().on_body(body)

    def on_message_complete(self) -> None:
        if self._parting:
            return
        super().on_message_complete()
        if self._upgrades():
            return
        cycle = self.cycle
        if cycle is self._guarded and not cycle.response_started:
            cycle.keep_alive = self.parser.should_keep_alive() and cycle.scope["http_version"] != "1.0"
            cycle.transport = self.transport

    # --- uvicorn

    def on_response_complete(self) -> None:
        """Like uvicorn's, without a timer of its own."""
        self.server_state.total_requests += 1
        self._since = self.loop.time()
        self._kept = True
        self._crowd.answered(self)
        if self._parting or self.transport.is_closing():
            return
        self.flow.resume_reading()
        if self.pipeline:
            self._start_asgi_task(*self.pipeline.pop())

    def handle_websocket_upgrade(self) -> None:
        """Hand the connection over, unless an answer is still under way or it is going away."""
        if self._parting or self.transport.is_closing():
            return
        body = any(name in (b"content-length", b"transfer-encoding") for name, _ in self.headers)
        if self.busy or self.pipeline or body or self.parser.get_http_version() != "1.1":
            sentence = "A connection is upgraded between two requests, by one of HTTP/1.1 without a body."
            self._refuse(HTTPStatus.BAD_REQUEST, "INVALID_HTTP", sentence)
            return
        self._crowd.leave(self)
        super().handle_websocket_upgrade()

    def _upgrades(self) -> bool:
        """Whether what is read asks for a WebSocket: there is no request to be answered then."""
        return bool(self.parser.should_upgrade()) and self._should_upgrade()

    def send_400_response(self, msg: str) -> None:
        """What is sent is no HTTP."""
        self._refuse(HTTPStatus.BAD_REQUEST, "INVALID_HTTP", "This can not be understood as an HTTP request.")

    # --- limits

    @property
    def busy(self) -> bool:
        """A request is being read or answered."""
        return self.cycle is not None and not self.cycle.response_complete

    def expire(self, now: float) -> None:
        """End what has taken too long. ``now`` is the loop's time."""
        if self._parting or self.transport.is_closing():
            self._expire_last_answer(now)
        elif self.busy:
            if self.flow.read_paused or not self.cycle.more_body or self.cycle is not self._guarded:
                self._since = now  # it is not the client that is waited for
            elif now - self._since > self._limits.body_s:
                sentence = f"Nothing more of the body came for {self._limits.body_s:g} s."
                self._refuse(HTTPStatus.REQUEST_TIMEOUT, "TIMEOUT", sentence)
        elif now - self._since > (self._limits.keep_alive_s if self._kept else self._limits.head_s):
            if self._in_head:
                sentence = f"The head of the request was not complete after {self._limits.head_s:g} s."
                self._refuse(HTTPStatus.REQUEST_TIMEOUT, "TIMEOUT", sentence)
            else:
                self.transport.close()

    def _expire_last_answer(self, now: float) -> None:
        """A client that takes the answer gets all the time it needs, one that takes nothing does not."""
        unsent_bytes = self.transport.get_write_buffer_size()
        if unsent_bytes != self._unsent_bytes:
            self._unsent_bytes = unsent_bytes
            self._since = now
        elif now - self._since > (self._limits.body_s if unsent_bytes else PARTING_S):
            self.transport.abort()

    def _guard(self, cycle: RequestResponseCycle) -> None:
        """The body is still coming. Where the rest may be long, an answer before its end is the last one."""
        self._guarded = cycle
        length = next((value for name, value in self.headers if name == b"content-length"), b"")
        if not length.isdigit() or int(length[:20]) > DISCARDED_BYTES:
            cycle.keep_alive = False
            cycle.transport = cast(asyncio.Transport, _LastAnswer(self))

    def _length(self) -> int:
        """Bytes of the head."""
        return len(self.url) + sum(len(name) + len(value) + 4 for name, value in self.headers)

    def _has_host(self) -> bool:
        """Whether the header Host is there once and can be a host; HTTP/1.0 does not know it."""
        hosts = [value for name, value in self.headers if name == b"host"]
        if not hosts:
            return bool(self.parser.get_http_version() == "1.0")
        return len(hosts) == 1 and _HOST.fullmatch(hosts[0]) is not None

    def _refuse_head(self) -> None:
        limit = self._limits.head_bytes
        self._refuse(
            HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE,
            "HEAD_TOO_LARGE",
            f"Address and headers are longer than the {limit} bytes that are read.",
        )

    def _refuse(self, status: HTTPStatus, code: str, message: str) -> None:
        """Answer in the gateway's shape and part; where an answer is under way already, only break off."""
        if self._parting:
            return
        cycle = self.cycle
        begun = self.busy and cycle.response_started
        if self.busy:
            cycle.disconnected = True
            cycle.message_event.set()
        if begun or self.pipeline:
            self._parting = True
            self.transport.abort()
            return
        body = json.dumps({"error": {"status": status, "code": code, "message": message}}).encode()
        head = (
            f"HTTP/1.1 {status.value} {status.phrase}\r\n"
            "content-type: application/json; charset=utf-8\r\n"
            f"content-length: {len(body)}\r\n"
            f"x-request-id: {request_id()}\r\n"
            "connection: close\r\n\r\n"
        )
        self.transport.write(head.encode() + body)
        self.part()

    def part(self) -> None:
        """Say that nothing more will be answered, and wait a moment for the client to hear it."""
        if self._parting or self.transport.is_closing():
            return
        self._parting = True
        self._since = self.loop.time()
        self.flow.resume_reading()
        self.transport.write_eof()


class _HeadAndBody:
    """What the first two writes of an answer go to: the head waits for what follows it, and both go out in one.

    uvicorn writes them one by one; each write costs the kernel, and the client, about as much as all of our own
    work for a small answer. Only for answers that have a body.
    """

    __slots__ = ("_cycle", "_head", "_transport", "is_closing")

    def __init__(self, cycle: RequestResponseCycle) -> None:
        self._cycle = cycle
        self._transport = cycle.transport
        self._head = b""
        self.is_closing = self._transport.is_closing

    def write(self, data: bytes) -> None:
        if not self._head:
            self._head = data
            return
        self._cycle.transport = self._transport
        self._transport.write(self._head + data)

    def close(self) -> None:
        """The answer ends before its body began."""
        self._cycle.transport = self._transport
        self._transport.write(self._head)
        self._transport.close()


class _LastAnswer:
    """What a request with an endless body writes to: closing it is parting, so that the answer arrives.

    Closing a socket with unread bytes resets the connection, and the client may never see what was written.
    """

    __slots__ = ("_protocol", "is_closing", "write")

    def __init__(self, protocol: Protocol) -> None:
        self._protocol = protocol
        self.write = protocol.transport.write
        self.is_closing = protocol.transport.is_closing

    def close(self) -> None:
        self._protocol.part()
