"""One request on its way: to whom it goes, its body there, its answer back, and what becomes of it when the upstream leaves."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any, Final

from insula.core.clock import monotonic
from insula.gateway.errors import InvalidHttp
from insula.gateway.forward import answering
from insula.gateway.forward.errand import Errand
from insula.gateway.forward.head import RequestHead
from insula.gateway.forward.phases import FRESH_S, POOLED_S
from insula.gateway.forward.reply import SWITCHING, Reply
from insula.gateway.forward.rewrite import request_head
from insula.gateway.forward.route import Answer, Asked, Failure, Told, Upstream

if TYPE_CHECKING:
    from insula.gateway.forward.client import Client
    from insula.gateway.forward.upstream import Connection, Pool

_log = logging.getLogger(__name__)

_SAFE: Final = frozenset({b"GET", b"HEAD", b"OPTIONS"})
"""Methods that change nothing: asking twice is as good as asking once."""


class Exchange(Errand):
    """One request, forwarded, and its answer."""

    _connection: Connection | None = None
    _waiting: asyncio.Future[Any] | None = None
    """The route's word, or a connection that is being opened."""
    _upstream: Upstream | None = None

    def __init__(self, client: Client, request: RequestHead, asked: Asked, *, trusted: bool) -> None:
        super().__init__(client, request, asked)
        self._trusted = trusted
        self._reply = Reply(request)

    # --- where it goes

    def start(self) -> None:
        """Ask where it goes."""
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
            told = None if waiting.cancelled() or error is not None else waiting.result()
            if isinstance(told, Upstream) and told.watch is not None:
                told.watch.ended(0, monotonic() - self._began)
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
        self._upstream = told
        self._watch = told.watch
        pool = self._door.pools.of(told.address)
        if not pool.enter():
            self._fail(Failure.BUSY, "too many requests are under way with it")
            return
        self._pool = pool
        connection = pool.take(self._since - (POOLED_S if self._repeatable else FRESH_S))
        if connection is None:
            self._open(pool)
        else:
            self._carry(connection)

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
            self._carry(waiting.result())

    def _carry(self, connection: Connection) -> None:
        assert self._upstream is not None
        self._connection = connection
        connection.carried = self
        head = request_head(self._request, self._asked, self._upstream, trusted=self._trusted)
        connection.transport.write(head)
        if self._body is not None:
            self._since = monotonic()
            self._client.feed()

    @property
    def _repeatable(self) -> bool:
        """Whether it can be sent again: it changes nothing, and all of it is here."""
        return self._request.method in _SAFE and not self._request.length

    # --- its body

    def body_came(self, data: bytes) -> bytes:
        """The client has sent something. What does not belong to the body, or has nowhere to go yet, is given back.

        Raises ``InvalidHttp``.
        """
        body = self._body
        if body is None or not (self._connection or self._status):
            return data
        passed = body.take(data)
        self._since = monotonic()
        if self._connection is not None and passed and not self._connection.transport.is_closing():
            self._connection.transport.write(passed)
        if not body.done:
            return b""
        self._body = None
        if self._connection is None:  # answered here: it was only waited for
            self._over(monotonic(), keep=True)
        return body.rest

    def upstream_full(self, full: bool) -> None:
        """Part of what a connection carries."""
        self._client.upstream_full(full)

    # --- its answer

    def answer_came(self, data: bytes) -> None:
        """Part of what a connection carries."""
        reply = self._reply
        try:
            passed = reply.take(data, last=self._body is not None or self._door.closing)
        except InvalidHttp as error:
            self._break_off(error.message)
            return
        if passed and not self._client.transport.is_closing():
            self._client.transport.write(passed)
        self._status = reply.status
        if not reply.done:
            self._since = monotonic()
        elif reply.status == SWITCHING:
            self._switch()
        else:
            self._finish(reply)

    def _switch(self) -> None:
        """The upstream agrees to a WebSocket: from now on there are two ends of a pipe."""
        connection, pool = self._connection, self._pool
        assert connection is not None and pool is not None
        connection.carried = self._connection = None
        pool.leave()
        if self._watch is not None:
            self._watch.upgraded()
        self._client.become_pipe(connection.transport, self._watch, self._began)

    def _finish(self, reply: Reply) -> None:
        """The answer is whole."""
        connection, pool = self._connection, self._pool
        assert connection is not None and pool is not None
        connection.carried = self._connection = None
        if reply.reusable and self._body is None and not reply.rest:
            if self._client.full and not connection.transport.is_closing():
                connection.transport.resume_reading()
            now = monotonic()
            pool.give_back(connection, now)
            self._over(now, keep=not reply.closes)
        else:
            connection.transport.abort()
            self._over(monotonic(), keep=not reply.closes)

    def client_full(self, full: bool) -> None:
        """Whether the client takes its answer more slowly than it comes."""
        connection = self._connection
        if connection is not None and not connection.transport.is_closing():
            if full:
                connection.transport.pause_reading()
            else:
                connection.transport.resume_reading()

    # --- what goes wrong

    def upstream_lost(self, error: Exception | None) -> None:
        """Part of what a connection carries."""
        connection, self._connection = self._connection, None
        assert connection is not None and self._pool is not None
        reply = self._reply
        if reply.until_close and error is None:
            self._over(monotonic(), keep=False)
        elif connection.used and not reply.heard and self._repeatable:
            self._open(self._pool)  # it was closed before our request came: nobody has seen it
        else:
            self._break_off(str(error) if error else "it closed the connection in the midst of it")

    def _break_off(self, cause: str) -> None:
        """What the upstream has sent is not the whole of an answer."""
        if self._status:
            _log.warning("an answer of %s was cut off: %s", self._upstream, cause)
            self._cut()
        else:
            self._fail(Failure.BROKEN, cause)

    def _fail(self, why: Failure, cause: str) -> None:
        """The upstream has not answered, and nothing has gone out."""
        self._drop()
        answer = None
        if self._watch is not None:
            answer = self._watch.failed(self._asked, why, cause)
        else:
            _log.warning("%s did not answer: %s", self._upstream, cause)
        self._give(answering.failure(why) if answer is None else answer)

    def _drop(self) -> None:
        if self._waiting is not None:
            waiting, self._waiting = self._waiting, None
            waiting.cancel()
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.carried = None
            connection.transport.abort()

    # --- what takes too long

    def expire(self, now: float) -> None:
        """End what has taken too long. ``now`` is monotonic."""
        if self._waiting is not None:
            return  # a route knows how long it may take, and so does a connection that is being opened
        if self._status:
            self._expire_answer(now)
        elif self._connection is not None:
            self._expire_request(self._connection, now)

    def _expire_answer(self, now: float) -> None:
        phases = self._door.phases
        stuck = self._stuck(self._client.transport, now)
        waited_s = now - self._since
        if stuck:
            if waited_s > phases.untaken_s:
                self._cut()
        elif self._connection is None:  # answered here: it is the body that does not come
            if waited_s > phases.body_s:
                self._over(now, keep=False)
        elif waited_s > phases.pause_s:
            self._cut()

    def _expire_request(self, connection: Connection, now: float) -> None:
        phases = self._door.phases
        stuck = self._stuck(connection.transport, now)
        waited_s = now - self._since
        if stuck:
            if waited_s > phases.untaken_s:
                self._fail(Failure.SILENT, f"it took nothing of the request for {phases.untaken_s:g} s")
        elif self._body is not None:
            # Who expects a word before the body waits for the upstream, and not the other way round.
            if waited_s > (phases.answer_s if self._request.expects else phases.body_s):
                self.refuse(answering.late(f"Nothing more of the body came for {phases.body_s:g} s."))
        elif waited_s > phases.answer_s:
            self._fail(Failure.SILENT, f"nothing came from it for {phases.answer_s:g} s")
