"""The answer to one request, read from what its upstream sends and turned into what its client is sent. Pure."""

from __future__ import annotations

from typing import Final

from insula.gateway.errors import InvalidHttp
from insula.gateway.forward.answer import AnswerHead, read_answer
from insula.gateway.forward.grammar import CHUNKED, END, HEAD_BYTES, UNTIL_CLOSE
from insula.gateway.forward.relay import Body, body
from insula.gateway.forward.request import RequestHead
from insula.gateway.forward.rewrite import answer_head, switching_head

SWITCHING: Final = 101
_BODYLESS: Final = (204, 304)


class Reply:
    """Takes what comes, cut anywhere, and gives what goes on."""

    status = 0
    """Of the answer, once its head is read; ``SWITCHING`` when the upstream agrees to a WebSocket."""
    closes = False
    """The client's connection ends with it."""
    reusable = False
    """The upstream's connection can carry another request behind it."""
    done = False
    """It is whole, or what follows belongs to a WebSocket."""
    rest = b""
    """What came behind its end."""
    until_close = False
    """It ends with the upstream's connection."""

    _held = b""
    """The beginning of a head."""
    _body: Body | None = None

    def __init__(self, request: RequestHead) -> None:
        self._request = request

    def take(self, data: bytes, *, last: bool) -> bytes:
        """What goes on. ``last``: the client's connection is to end with this answer. Raises ``InvalidHttp``."""
        if self._body is not None:
            return self._pass(self._body, data)
        if self._held:
            data = self._held + data
        passed = b""
        while (end := data.find(END)) >= 0:
            end += len(END)
            head = read_answer(data[:end])
            if head.status >= 200:
                self._held = b""
                return passed + self._begin(head, data, end, last)
            if head.status == SWITCHING:
                return passed + self._switch(head, data[end:])
            if self._request.minor:
                passed += data[:end]
            data = data[end:]
        if len(data) > HEAD_BYTES:
            raise InvalidHttp(cause=f"a head is longer than {HEAD_BYTES} bytes")
        self._held = data
        return passed

    def _begin(self, head: AnswerHead, data: bytes, end: int, last: bool) -> bytes:
        """``end``: where the body begins in ``data``."""
        request = self._request
        self.status = head.status
        bodyless = request.method == b"HEAD" or head.status in _BODYLESS
        length = 0 if bodyless else head.length
        plain = head.length == CHUNKED and not request.minor
        self.until_close = length == UNTIL_CLOSE
        self.closes = last or self.until_close or not request.keep_alive
        self.reusable = head.keep_alive and not self.until_close
        first = answer_head(head, plain=plain, close=self.closes)
        self._body = body(length, plain=plain, trailers=True)
        if self._body is None:
            self.done = True
            self.rest = data[end:]
            return first
        return first + self._pass(self._body, data[end:]) if len(data) > end else first

    def _pass(self, answer: Body, data: bytes) -> bytes:
        passed = answer.take(data)
        if answer.done:
            self.done = True
            self.rest = answer.rest
        return passed

    def _switch(self, head: AnswerHead, rest: bytes) -> bytes:
        if not self._request.websocket:
            raise InvalidHttp(cause="it switches protocols without being asked")
        self.status = SWITCHING
        self.done = True
        return switching_head(head) + rest
