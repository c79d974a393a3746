"""One client: its requests are read one after the other, however they are cut, and answered in their order."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final, cast
from urllib.parse import unquote

from insula.core.clock import monotonic
from insula.core.errors import InsulaError
from insula.gateway.errors import HeadTooLarge, InvalidHttp
from insula.gateway.forward import answering
from insula.gateway.forward.exchange import Exchange
from insula.gateway.forward.head import END, HEAD_BYTES, Block, RequestHead, read_request
from insula.gateway.forward.phases import KEPT_BYTES, PARTING_S
from insula.gateway.forward.pipe import Pipe
from insula.gateway.forward.rewrite import own_answer
from insula.gateway.forward.route import Answer, Asked, Watch
from insula.gateway.trust import request_id

if TYPE_CHECKING:
    from insula.gateway.forward.door import Door

_AHEAD: Final = 1
"""Why nothing is read: what has come ahead of time is enough."""
_UPSTREAM: Final = 2
"""Why nothing is read: the upstream has not taken yet what was sent to it."""


class Client(asyncio.Protocol):
    """One connection."""

    __slots__ = (
        *(
            "_ahead",
            "_block",
            "_exchange",
            "_origin",
            "_parting",
            "_peer",
            "_served",
            "_since",
            "_trusted",
            "_unread",
            "_unsent",
        ),
        *("door", "full", "transport"),
    )

    def __init__(self, door: Door) -> None:
        self.door = door
        self._exchange: Exchange | None = None
        self._ahead = b""
        """What has come, and is not read yet."""
        self._unread = 0
        """Why nothing is read from the connection now; 0: it is read."""
        self.full = False
        """It does not take what is sent to it as fast as it comes."""
        self._parting = False
        """The last answer is out; what comes is thrown away."""
        self._served = False
        self._since = monotonic()
        """When the wait for a head, or the parting, began."""
        self._unsent = 0
        self._block: Block | None = None
        """The headers of the last request, and where a request with these comes from."""

    # --- asyncio.Protocol

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """It is there."""
        self.transport = cast(asyncio.Transport, transport)
        peer = transport.get_extra_info("peername")
        self._peer = peer[0] if isinstance(peer, tuple) else ""
        self._trusted = self._peer in self.door.proxies
        self.door.crowd.come(self)

    def data_received(self, data: bytes) -> None:
        """A part of a request, or more than one."""
        if self._exchange is None:
            if not self._parting:
                self._begin(self._ahead + data if self._ahead else data)
        elif self._ahead:
            self._keep(self._ahead + data)
        else:
            self._body(self._exchange, data)

    def eof_received(self) -> None:
        """The client says nothing more: it is not waiting for an answer either."""
        self._gone()

    def connection_lost(self, exc: Exception | None) -> None:
        """It is closed."""
        self.door.crowd.leave(self)
        self._gone()

    def pause_writing(self) -> None:
        """The client is slower than the upstream."""
        self.full = True
        if self._exchange is not None:
            self._exchange.client_full(True)

    def resume_writing(self) -> None:
        """It has caught up."""
        self.full = False
        if self._exchange is not None:
            self._exchange.client_full(False)
        elif self._ahead:
            self._again()

    # --- reading

    def _begin(self, data: bytes) -> None:
        """Read the next request, once its head is there."""
        if data[:2] == b"\r\n":
            data = data[2:]  # some put an empty line behind a body
        end = data.find(END)
        if end < 0 or self.full:
            self._wait_for_more(data, begins=not self._ahead)
            return
        try:
            if end > HEAD_BYTES:
                raise HeadTooLarge(limit=HEAD_BYTES)
            request = read_request(data[:end])
        except (InvalidHttp, HeadTooLarge) as error:
            self._refuse(error)
            return
        self._ahead = data[end + len(END) :]
        self._exchange = exchange = Exchange(self, request, self._asked(request), trusted=self._trusted)
        exchange.start()

    def _wait_for_more(self, data: bytes, *, begins: bool) -> None:
        if begins and self._served:
            self._since = monotonic()
        if self.full:
            self._keep(data)
            return
        self._ahead = data
        if len(data) > HEAD_BYTES:
            self._refuse(HeadTooLarge(limit=HEAD_BYTES))
        elif data and not data[:1].isalpha() and data != b"\r":
            self._refuse(InvalidHttp(cause="it begins with no method"))

    def _asked(self, request: RequestHead) -> Asked:
        headers = request.block.headers
        raw_path, _, query = request.target.partition(b"?")
        path = raw_path.decode("ascii")
        if request.block is not self._block:
            self._block = request.block
            self._origin = self.door.proxies.origin(self._peer, self.door.scheme, headers)
        return Asked(
            request.method.decode(),
            request.target,
            unquote(path) if "%" in path else path,
            query,
            request.block.fields,
            headers,
            self._peer,
            self._origin,
            request_id(headers.get(b"x-request-id")),
            request.websocket,
        )

    def _body(self, exchange: Exchange, data: bytes) -> None:
        try:
            rest = exchange.body_came(data)
        except InvalidHttp as error:
            exchange.refuse(answering.refusal(error))
            return
        if rest and not self._parting:
            self._keep(rest)
            if self._exchange is None:
                self._soon()

    def _soon(self) -> None:
        """Not at once: however many requests come in one piece, others have their turn in between."""
        asyncio.get_running_loop().call_soon(self._again)

    def _keep(self, data: bytes) -> None:
        self._ahead = data
        if len(data) > KEPT_BYTES:
            self._stop_reading(_AHEAD)

    def _again(self) -> None:
        """Read what has come ahead of time."""
        if self._exchange is None and self._ahead and not (self._parting or self.transport.is_closing()):
            data, self._ahead = self._ahead, b""
            self._begin(data)
            if len(self._ahead) <= KEPT_BYTES:
                self._go_on_reading(_AHEAD)

    def _stop_reading(self, why: int) -> None:
        if not self._unread and not self.transport.is_closing():
            self.transport.pause_reading()
        self._unread |= why

    def _go_on_reading(self, why: int) -> None:
        if self._unread:
            self._unread &= ~why
            if not self._unread and not self.transport.is_closing():
                self.transport.resume_reading()

    # --- what an exchange tells

    def feed(self) -> None:
        """There is somewhere for the body to go."""
        exchange, data = self._exchange, self._ahead
        if exchange is not None and data:
            self._ahead = b""
            self._go_on_reading(_AHEAD)
            self._body(exchange, data)

    def upstream_full(self, full: bool) -> None:
        """Whether the upstream takes the body more slowly than it comes."""
        if full:
            self._stop_reading(_UPSTREAM)
        else:
            self._go_on_reading(_UPSTREAM)

    def say(self, answer: Answer, identifier: str, *, to_head: bool, close: bool) -> None:
        """Send a whole answer of our own."""
        if not self.transport.is_closing():
            self.transport.write(
                own_answer(answer, request_id=identifier, date=self.door.date, to_head=to_head, close=close)
            )

    def answered(self, now: float, *, keep: bool) -> None:
        """The answer is whole. ``keep``: the connection may carry another request. ``now`` is monotonic."""
        self._exchange = None
        self._served = True
        self._since = now
        if self._unread:
            self._go_on_reading(_UPSTREAM)
        self.door.crowd.answered(self)
        if not keep or self.door.closing:
            self._part()
        elif self._ahead:
            self._soon()

    def cut(self) -> None:
        """The answer broke off: the client must not take what it has for the whole."""
        self._exchange = None
        self.door.reset(self.transport)

    def become_pipe(self, upstream: asyncio.Transport, watch: Watch | None, began: float) -> None:
        """The connection is no client's any more."""
        self._exchange = None
        self.door.crowd.leave(self)
        self._go_on_reading(_AHEAD | _UPSTREAM)
        Pipe(self.door.crowd, watch, began).join(self.transport, upstream)
        if self._ahead and not upstream.is_closing():
            upstream.write(self._ahead)  # only now, that an upstream which does not take it stops the client

    # --- parting

    @property
    def busy(self) -> bool:
        """A request is being answered."""
        return self._exchange is not None

    def finish(self) -> None:
        """The door is closed: go, unless something is under way."""
        if self._exchange is None:
            self.transport.close()

    def expire(self, now: float) -> None:
        """End what has taken too long. ``now`` is monotonic."""
        phases = self.door.phases
        waited_s = now - self._since
        if self._exchange is not None:
            self._exchange.expire(now)
        elif self._parting or self.transport.is_closing() or self.full:
            unsent = self.transport.get_write_buffer_size()
            if unsent != self._unsent:
                self._unsent = unsent
                self._since = now
            elif waited_s > (phases.untaken_s if unsent else PARTING_S):
                self.transport.abort()
        elif self._ahead:
            if waited_s > phases.head_s:
                self._tell(
                    answering.late(f"The head of the request was not complete after {phases.head_s:g} s.")
                )
        elif waited_s > (phases.keep_alive_s if self._served else phases.head_s):
            self.transport.close()

    def _refuse(self, error: InsulaError) -> None:
        self._tell(answering.refusal(error))

    def _tell(self, answer: Answer) -> None:
        """Say what is wrong with what can not be answered as a request, and part."""
        self.say(answer, request_id(None), to_head=False, close=True)
        self._part()

    def _part(self) -> None:
        """Nothing more is answered. What still comes is thrown away, so that the client gets to read the last answer."""
        self._ahead = b""
        self._since = monotonic()
        if not (self._parting or self.transport.is_closing()):
            self._parting = True
            self._go_on_reading(_AHEAD | _UPSTREAM)
            self.transport.write_eof()

    def _gone(self) -> None:
        exchange, self._exchange = self._exchange, None
        if exchange is not None:
            exchange.abandon()
