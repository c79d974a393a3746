"""The connection of one client: whether it is read, how long it may be silent, and how it ends."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final, cast

from insula.core.clock import monotonic
from insula.core.errors import InsulaError
from insula.core.ids import request_id_sent
from insula.gateway.forward import answering
from insula.gateway.forward.phases import PARTING_S
from insula.gateway.forward.rewrite import own_answer
from insula.gateway.forward.route import Answer

if TYPE_CHECKING:
    from insula.gateway.forward.door import Door
    from insula.gateway.forward.exchange import Exchange

NOTHING: Final = (b"", b"\r")
"""What has come is no beginning of a head, and may be an empty line in front of one."""
AHEAD: Final = 1
"""Why nothing is read: what has come ahead of time is enough."""
UPSTREAM: Final = 2
"""Why nothing is read: the upstream has not taken yet what was sent to it."""


class Connected(asyncio.Protocol):
    """Without what is asked on it."""

    __slots__ = (
        *("_ahead", "_exchange", "_parting", "_served", "_since", "_unread", "_unsent"),
        *("door", "full", "peer", "transport", "trusted"),
    )

    transport: asyncio.Transport

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

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """It is there."""
        self.transport = cast(asyncio.Transport, transport)
        peer = transport.get_extra_info("peername")
        self.peer = peer[0] if isinstance(peer, tuple) else ""
        self.trusted = self.peer in self.door.proxies
        """It is one of our proxies."""
        self.door.crowd.come(self)

    # --- whether it is read

    def _stop_reading(self, why: int) -> None:
        if not self._unread and not self.transport.is_closing():
            self.transport.pause_reading()
        self._unread |= why

    def _go_on_reading(self, why: int) -> None:
        if self._unread:
            self._unread &= ~why
            if not self._unread and not self.transport.is_closing():
                self.transport.resume_reading()

    @property
    def _begun(self) -> bool:
        """A head has begun."""
        return self._ahead not in NOTHING

    def say(self, answer: Answer, identifier: bytes, *, to_head: bool, close: bool) -> None:
        """Send a whole answer of our own."""
        if not self.transport.is_closing():
            self.transport.write(
                own_answer(answer, request_id=identifier, date=self.door.date, to_head=to_head, close=close)
            )

    # --- how it ends

    @property
    def busy(self) -> bool:
        """A request is being answered."""
        return self._exchange is not None

    def finish(self) -> None:
        """The door is closed: go, unless something is under way."""
        if self._exchange is None:
            self.transport.close()

    def abort(self) -> None:
        """Cut it off, whatever is under way."""
        self.transport.abort()

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
        elif self._begun:
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
        self.say(answer, request_id_sent(), to_head=False, close=True)
        self._part()

    def _part(self) -> None:
        """Nothing more is answered. What still comes is thrown away, so that the client gets to read the last answer."""
        self._ahead = b""
        self._since = monotonic()
        if not (self._parting or self.transport.is_closing()):
            self._parting = True
            self._go_on_reading(AHEAD | UPSTREAM)
            self.transport.write_eof()

    def _gone(self) -> None:
        exchange, self._exchange = self._exchange, None
        if exchange is not None:
            exchange.abandon()
