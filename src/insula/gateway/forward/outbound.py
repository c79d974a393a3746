"""One request until its head is out: to whom it goes, and on which connection; and how whoever works for it is let go."""

from __future__ import annotations

import asyncio
import logging
from abc import ABC, abstractmethod
from random import getrandbits
from typing import TYPE_CHECKING, Any, Final

from insula.core.clock import monotonic
from insula.gateway.forward import answering
from insula.gateway.forward.errand import Errand
from insula.gateway.forward.grammar import END
from insula.gateway.forward.phases import FRESH_S, POOLED_S
from insula.gateway.forward.relay import body
from insula.gateway.forward.rewrite import request_middle
from insula.gateway.forward.route import Address, Answer, Failure, Told, Upstream
from insula.gateway.forward.way import Way

if TYPE_CHECKING:
    from insula.gateway.forward.request import RequestHead
    from insula.gateway.forward.upstream import Connection, Pool

_log = logging.getLogger(__name__)

_SAFE: Final = (b"GET ", b"HEAD ", b"OPTIONS ")
"""Methods that change nothing: asking twice is as good as asking once."""


class Outbound(Errand, ABC):
    """It may be carried by a connection; what that tells is for whoever knows of answers."""

    _connection: Connection | None = None
    _waiting: asyncio.Future[Any] | None = None
    """The route's word, or a connection that is being opened."""
    _way: Way | None = None
    _pool: Pool | None = None
    """Where it is counted as under way."""
    _simple = True
    """An answer that is here as a whole can go on as it is, unless that says something of its connection."""

    # --- what a connection tells

    @abstractmethod
    def answer_came(self, data: bytes) -> None:
        """The upstream has sent something."""

    @abstractmethod
    def upstream_lost(self, error: Exception | None) -> None:
        """The connection is over; without an error where the upstream closed it in good order."""

    def upstream_full(self, full: bool) -> None:
        """Whether the upstream takes what is sent to it more slowly than it comes."""
        self._client.upstream_full(full)

    # --- where it goes

    def start(self, request: RequestHead) -> None:
        """Ask where it goes."""
        self._head = request
        self._body = body(request.length)
        self._line = b"%b %b HTTP/1.1" % (request.method, request.target)
        self._simple = request.method != b"HEAD" and request.keep_alive and not request.length
        try:
            told = self._door.route(self._asked)
        except Exception as error:  # noqa: BLE001 - whatever a route raises, it is logged and the client gets an answer
            self._misled(error)
            return
        if isinstance(told, Upstream):
            self._forward(told)
        elif isinstance(told, Answer):
            self._give(told)
        else:
            self._waiting = asyncio.ensure_future(told)
            self._waiting.add_done_callback(self._told)

    def _told(self, waiting: asyncio.Future[Told]) -> None:
        error = None if waiting.cancelled() else waiting.exception()
        if waiting is not self._waiting:  # the client has left
            return
        self._waiting = None
        self._since = monotonic()
        if waiting.cancelled() or error is not None:
            self._misled(error or asyncio.CancelledError())
        elif isinstance(told := waiting.result(), Answer):
            self._give(told)
        else:
            self._forward(told)

    def _misled(self, error: BaseException) -> None:
        self._give(answering.raised(error, self._asked))

    def _forward(self, told: Upstream) -> None:
        client, known, request = self._client, self._known, self._request
        middle = request_middle(request, told, client.peer, known.origin, trusted=client.trusted)
        patience_s = POOLED_S if self._repeatable else FRESH_S
        way = Way(known, told, client.door.pools.of(told.address), middle, patience_s)
        client.goes(way if way.keep(request, told) else None)
        self.follow(way)

    def follow(self, way: Way) -> None:
        """Go a way that is known."""
        self._way = way
        self._watch = way.watch
        self._set_out(way)

    def again(self, way: Way, line: bytes) -> None:
        """Carry another request the same way, by its first line; the one before is over."""
        self._line = line
        self._head = None
        self._status = 0
        self._identifier = way.known.given or b"%016x" % getrandbits(64)
        self._began = self._since = monotonic()
        self._set_out(way)

    def _set_out(self, way: Way) -> None:
        if way.watch is not None:
            way.watch.begun()
        pool = way.pool
        connection = pool.take(self._since - way.patience_s)
        if connection is not None:
            self._pool = pool
            self._carry(way, connection)
        elif pool.enter():
            self._pool = pool
            self._open(pool)
        else:
            self._fail(Failure.BUSY, "too many requests are under way with it")

    def _open(self, pool: Pool) -> None:
        self._waiting = asyncio.ensure_future(pool.open())
        self._waiting.add_done_callback(self._opened)

    def _opened(self, waiting: asyncio.Future[Connection]) -> None:
        error = None if waiting.cancelled() else waiting.exception()
        if waiting is not self._waiting:  # the client has left
            if not waiting.cancelled() and error is None:
                waiting.result().transport.abort()
            return
        self._waiting = None
        self._since = monotonic()
        if error is not None:
            self._fail(Failure.UNREACHABLE, str(error) or type(error).__name__)
        elif waiting.result().transport.is_closing():
            self._fail(Failure.BROKEN, "it closed the connection at once")
        else:
            assert self._way is not None
            self._carry(self._way, waiting.result())

    def _carry(self, way: Way, connection: Connection) -> None:
        self._connection = connection
        connection.carried = self
        line = self._line
        if way.base:
            line = line.replace(b" ", b" " + way.base, 1)
        connection.transport.write(b"".join((line, way.middle, self._identifier, END)))
        if self._body is not None:
            self._since = monotonic()
            self._client.feed()

    @property
    def _repeatable(self) -> bool:
        """Whether it can be sent again: it changes nothing, and all of it is here."""
        return self._line.startswith(_SAFE) and not self._known.block.length

    # --- how it is let go

    def _fail(self, why: Failure, cause: str) -> None:
        """The upstream has not answered, and nothing has gone out."""
        self._drop()
        answer = None
        if self._watch is not None:
            answer = self._watch.failed(self._asked, why, cause)
        else:
            _log.warning("%s did not answer: %s", self._address, cause)
        self._give(answering.failure(why, self._asked) if answer is None else answer)

    def _drop(self) -> None:
        if self._waiting is not None:
            waiting, self._waiting = self._waiting, None
            waiting.cancel()
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.carried = None
            connection.transport.abort()
        pool, self._pool = self._pool, None
        if pool is not None:
            pool.leave()

    @property
    def _address(self) -> Address | None:
        return None if self._way is None else self._way.address
