"""One client: its requests are read one after the other, however they are cut, and answered in their order."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from insula.core.clock import monotonic
from insula.gateway.errors import HeadTooLarge, InvalidHttp
from insula.gateway.forward import answering
from insula.gateway.forward.connected import AHEAD, NOTHING, UPSTREAM, Connected
from insula.gateway.forward.exchange import Exchange
from insula.gateway.forward.grammar import END, HEAD_BYTES
from insula.gateway.forward.phases import KEPT_BYTES, REMEMBERED_S
from insula.gateway.forward.pipe import Pipe
from insula.gateway.forward.request import RequestHead, read_request
from insula.gateway.forward.route import Watch
from insula.gateway.forward.way import KNOWN_BYTES, Known, Way

if TYPE_CHECKING:
    from insula.gateway.forward.door import Door


class Client(Connected):
    """What is asked on one connection."""

    __slots__ = ("_known", "way")

    def __init__(self, door: Door) -> None:
        super().__init__(door)
        self._known: Known | None = None
        """The headers of the last request."""
        self.way: Way | None = None
        """See ``goes``."""

    # --- asyncio.Protocol

    def data_received(self, data: bytes) -> None:
        """A part of a request, or more than one."""
        if self._exchange is None:
            if self._parting:
                return
            way = self.way
            if way is not None and not self._ahead and not self.full and (line := way.line_of(data)):
                exchange = way.spare
                if exchange is None:
                    self._exchange = exchange = Exchange(self, way.known, line)
                    exchange.follow(way)
                else:
                    self._exchange = exchange
                    way.spare = None
                    exchange.again(way, line)
            else:
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
        self.goes(None)

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
        data = data.removeprefix(b"\r\n")  # some put an empty line behind a body
        end = data.find(END)
        if end < 0 or self.full:
            self._wait_for_more(data)
            return
        try:
            if end > HEAD_BYTES:
                raise HeadTooLarge(limit=HEAD_BYTES)
            request = read_request(data[:end], None if self._known is None else self._known.block)
        except (InvalidHttp, HeadTooLarge) as error:
            self._refuse(error)
            return
        self._ahead = data[end + len(END) :]
        self._exchange = exchange = Exchange(self, self._knows(request), b"")
        exchange.start(request)

    def _wait_for_more(self, data: bytes) -> None:
        if self._served and not self._begun and data not in NOTHING:
            self._since = monotonic()
        if self.full:
            self._keep(data)
            return
        self._ahead = data
        if len(data) > HEAD_BYTES:
            self._refuse(HeadTooLarge(limit=HEAD_BYTES))
        elif data and not data[:1].isalpha() and data != b"\r":
            self._refuse(InvalidHttp(cause="it begins with no method"))

    def _knows(self, request: RequestHead) -> Known:
        known, block = self._known, request.block
        if known is None or known.block is not block:
            origin = self.door.proxies.origin(self.peer, self.door.scheme, block.headers)
            known = Known(block, origin)
            self._known = known if len(block.raw) <= KNOWN_BYTES else None
            self.goes(None)
        return known

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
            self._stop_reading(AHEAD)

    def _again(self) -> None:
        """Read what has come ahead of time."""
        if self._exchange is None and self._ahead and not (self._parting or self.transport.is_closing()):
            data, self._ahead = self._ahead, b""
            self._begin(data)
            if len(self._ahead) <= KEPT_BYTES:
                self._go_on_reading(AHEAD)

    def expire(self, now: float) -> None:
        """As every connection; what it said of itself is forgotten before."""
        if self._exchange is None and now - self._since > REMEMBERED_S:
            self._known = None
            self.goes(None)
        super().expire(now)

    # --- what an exchange tells

    def goes(self, way: Way | None) -> None:
        """The way of the request that is under way, where another with the same headers may take it as well."""
        if self.way is not None:
            self.way.spare = None
        self.way = way

    def feed(self) -> None:
        """There is somewhere for the body to go."""
        exchange, data = self._exchange, self._ahead
        if exchange is not None and data:
            self._ahead = b""
            self._go_on_reading(AHEAD)
            self._body(exchange, data)

    def upstream_full(self, full: bool) -> None:
        """Whether the upstream takes the body more slowly than it comes."""
        if full:
            self._stop_reading(UPSTREAM)
        else:
            self._go_on_reading(UPSTREAM)

    def answered(self, now: float, *, keep: bool = True) -> None:
        """The answer is whole. ``keep``: the connection may carry another request. ``now`` is monotonic."""
        door = self.door
        self._exchange = None
        self._served = True
        self._since = now
        if self._unread:
            self._go_on_reading(UPSTREAM)
        door.crowd.answered(self)
        if not keep or door.closing:
            self._part()
        elif self._ahead:
            self._soon()

    def cut(self) -> None:
        """The answer broke off: the client must not take what it has for the whole."""
        self._exchange = None
        self.door.reset(self.transport)

    def become_pipe(self, upstream: asyncio.Transport, watch: Watch | None) -> None:
        """The connection is no client's any more."""
        self._exchange = None
        self.door.crowd.leave(self)
        self._go_on_reading(AHEAD | UPSTREAM)
        Pipe(self.door.crowd, watch).join(self.transport, upstream)
        if self._ahead and not upstream.is_closing():
            upstream.write(self._ahead)  # only now, that an upstream which does not take it stops the client
