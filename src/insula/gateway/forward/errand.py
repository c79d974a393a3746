"""One request that a client waits for: what is still to come of it, what it is answered from here, and how it ends.

Until the head of an answer has gone out, the client can be told what went wrong; from then on, only cutting its
connection says that the answer is not whole.
"""

from __future__ import annotations

import asyncio
import logging
from random import getrandbits
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote

from insula.core.clock import monotonic
from insula.gateway.forward.phases import DISCARDED_BYTES
from insula.gateway.forward.relay import Body
from insula.gateway.forward.request import RequestHead
from insula.gateway.forward.route import Answer, Asked, Watch

if TYPE_CHECKING:
    from insula.gateway.forward.client import Client
    from insula.gateway.forward.door import Door
    from insula.gateway.forward.way import Known

_access = logging.getLogger("insula.access")

_BROKEN_OFF: Final = 502
"""The status that an answer counts as of which only a part has gone out."""


class Errand:
    """It is over once: by an answer, by cutting the client off, or since the client has left."""

    # What a request needs only in some of its phases stands here: most set nothing of it.
    _body: Body | None = None
    """What is still to come of the request's; ``None`` once it is complete."""
    _watch: Watch | None = None
    _status = 0
    """Of the answer, once its head has gone out."""
    _unsent = 0
    """Bytes that a slow receiver had not taken when it was looked at last."""

    _head: RequestHead | None = None

    def __init__(self, client: Client, known: Known, line: bytes) -> None:
        """``line``: the first of the request, where that is all that it says beyond what is known."""
        self._client = client
        self._known = known
        self._line = line
        self._identifier = known.given or b"%016x" % getrandbits(64)
        self._began = self._since = monotonic()
        """Since when what the request waits for now has been waited for."""

    @property
    def _request(self) -> RequestHead:
        if self._head is None:
            self._head = RequestHead.again(self._line, self._known.block)
        return self._head

    @property
    def _door(self) -> Door:
        return self._client.door

    @property
    def _asked(self) -> Asked:
        """The request, for those who decide about it."""
        request, known = self._request, self._known
        raw_path, _, query = request.target.partition(b"?")
        path = raw_path.decode("ascii")
        return Asked(
            request.method.decode(),
            request.target,
            unquote(path) if "%" in path else path,
            query,
            request.fields,
            request.headers,
            self._client.peer,
            known.origin,
            self._identifier.decode(),
            request.websocket,
        )

    def _give(self, answer: Answer, *, close: bool = False) -> None:
        """Answer from here. A short body that is still coming is taken in, so that the connection can be kept."""
        request = self._request
        keep = request.keep_alive and not (close or self._door.closing)
        if self._body is not None and keep:
            keep = not request.expects and 0 < request.length <= DISCARDED_BYTES
        self._status = answer.status
        self._client.say(answer, self._identifier, to_head=request.method == b"HEAD", close=not keep)
        if self._body is not None and keep:
            self._client.upstream_full(False)
            self._client.feed()
        else:
            self._over(monotonic(), keep=keep)

    def refuse(self, answer: Answer) -> None:
        """What the client sends can not be passed on: say why, where it can be said, and part."""
        self._drop()
        if self._status:
            self._cut()
        else:
            self._give(answer, close=True)

    def abandon(self) -> None:
        """The client has left: whoever works for it is told so by the end of its connection."""
        self._drop()
        self._account(monotonic())

    def _cut(self) -> None:
        self._status = _BROKEN_OFF
        self._drop()
        self._account(monotonic())
        self._client.cut()

    def _drop(self) -> None:
        """Let go of whoever works for it, in the midst."""

    def _over(self, now: float, *, keep: bool) -> None:
        self._account(now)
        self._client.answered(now, keep=keep)

    def _account(self, now: float) -> None:
        """It is over, in whatever way."""
        seconds = now - self._began
        if self._watch is not None:
            self._watch.ended(self._status, seconds)
        if self._client.door.access_log:
            asked = self._asked
            line = (asked.method, asked.path, self._status, seconds * 1000, asked.origin.client)
            _access.info("%s %s %d %.1f ms %s", *line)

    def _stuck(self, receiver: asyncio.Transport, now: float) -> bool:
        """Whether a receiver has something to take. While it takes of it, the time begins anew."""
        unsent = receiver.get_write_buffer_size()
        if unsent != self._unsent:
            self._unsent = unsent
            self._since = now
        return unsent > 0
