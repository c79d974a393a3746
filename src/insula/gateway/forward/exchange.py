"""One request on its way: its body there, its answer back, and what becomes of it when the upstream leaves."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from insula.core.clock import monotonic
from insula.gateway.errors import InvalidHttp
from insula.gateway.forward import answering
from insula.gateway.forward.answer import whole_status
from insula.gateway.forward.outbound import Outbound
from insula.gateway.forward.reply import SWITCHING, Reply
from insula.gateway.forward.route import Failure

if TYPE_CHECKING:
    from insula.gateway.forward.upstream import Connection

_log = logging.getLogger(__name__)


class Exchange(Outbound):
    """One request, forwarded, and its answer."""

    _reply: Reply | None = None
    """The answer, as far as it has come, unless it has come as a whole."""

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

    # --- its answer

    def answer_came(self, data: bytes) -> None:
        """Part of what a connection carries."""
        client = self._client
        if self._simple and self._reply is None and not client.door.closing:
            status = whole_status(data)
            if status:
                self._status = status
                if not client.transport.is_closing():
                    client.transport.write(data)
                now = monotonic()
                self._give_back(now)
                if self._way is client.way and client.way is not None:
                    client.way.spare = self
                self._account(now)
                client.answered(now)
                return
        self._answer_in_parts(data)

    def _answer_in_parts(self, data: bytes) -> None:
        if self._reply is None:
            self._reply = Reply(self._request)
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
            reusable = reply.reusable and self._body is None and not reply.rest
            self._finish(reusable=reusable, keep=not reply.closes)

    def _switch(self) -> None:
        """The upstream agrees to a WebSocket: from now on there are two ends of a pipe."""
        connection, pool = self._connection, self._pool
        assert connection is not None and pool is not None
        connection.carried = self._connection = self._pool = None
        pool.leave()
        if self._watch is not None:
            self._watch.upgraded()
        self._client.become_pipe(connection.transport, self._watch)

    def _give_back(self, now: float) -> None:
        """The answer is whole, and the connection can carry another request."""
        connection, way, client = self._connection, self._way, self._client
        assert connection is not None and way is not None
        connection.carried = self._connection = self._pool = None
        if client.full and not connection.transport.is_closing():
            connection.transport.resume_reading()
        way.pool.give_back(connection, now)

    def _finish(self, *, reusable: bool, keep: bool) -> None:
        """The answer is whole."""
        now = monotonic()
        if reusable:
            self._give_back(now)
        else:
            self._drop()
        self._over(now, keep=keep)

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
        if self._reply is not None and self._reply.until_close and error is None:
            self._drop()
            self._over(monotonic(), keep=False)
        elif connection.used and self._reply is None and self._repeatable:
            self._open(self._pool)  # it was closed before our request came: nobody has seen it
        else:
            self._break_off(str(error) if error else "it closed the connection in the midst of it")

    def _break_off(self, cause: str) -> None:
        """What the upstream has sent is not the whole of an answer."""
        if self._status:
            _log.warning("an answer of %s was cut off: %s", self._address, cause)
            self._cut()
        else:
            self._fail(Failure.BROKEN, cause)

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
