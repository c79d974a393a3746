"""Where a body ends: counted, in chunks, or with its connection. Pure; the pieces may be cut anywhere.

Each kind takes what came and gives what goes on; when it is ``done``, ``rest`` is what came behind its end.
"""

from __future__ import annotations

import re
from typing import Final, Protocol

from insula.gateway.errors import InvalidHttp
from insula.gateway.forward.grammar import CHUNKED, END, UNTIL_CLOSE, read_trailers

SIZE_LINE_BYTES: Final = 256
"""The longest line that says how long a chunk is; there may be extensions on it."""
TRAILER_BYTES: Final = 8 * 1024
"""The longest section of trailers."""

_TOKEN: Final = rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+"
_SIZE: Final = re.compile(
    rb"([0-9A-Fa-f]{1,15})(?:;" + _TOKEN + rb"(?:=(?:" + _TOKEN + rb'|"[\t !#-\[\]-~]*"))?)*'
)
_FORBIDDEN: Final = frozenset({b"content-length", b"transfer-encoding", b"host", b"connection", b"trailer"})
"""What belongs into a head, and would change how a message is read."""


class Body(Protocol):
    """One body on its way."""

    done: bool
    """Its end has come."""
    rest: bytes
    """What came behind its end."""

    def take(self, data: bytes) -> bytes:
        """What of ``data`` goes on. Not to be called once it is done. Raises ``InvalidHttp``."""


class Counted:
    """As many bytes as its head has said."""

    __slots__ = ("_left", "done", "rest")

    def __init__(self, length: int) -> None:
        self._left = length
        self.done = False
        self.rest = b""

    def take(self, data: bytes) -> bytes:
        """All of it, up to the end."""
        left = self._left - len(data)
        if left > 0:
            self._left = left
            return data
        self.done = True
        if left == 0:
            return data
        self.rest = data[left:]
        return data[:left]


class UntilClose:
    """All that comes; it never knows that it is done."""

    __slots__ = ()

    done: bool = False
    rest: bytes = b""

    def take(self, data: bytes) -> bytes:
        """All of it."""
        return data


class Chunks:
    """Chunks, passed on as they came; what is in them alone, where the receiver does not know chunks.

    Nothing goes on before it is known to be well formed. Trailers of requests stay behind: a header that an
    application sees must have been there when it was decided where the request goes.
    """

    __slots__ = ("_held", "_left", "_plain", "_trailers", "_within", "done", "rest")

    def __init__(self, *, plain: bool = False, trailers: bool = False) -> None:
        self._plain = plain
        self._trailers = trailers
        self._left = 0
        """Bytes of the chunk that is under way which are still to come."""
        self._within = False
        """A chunk is under way, or the line break behind it is still to come."""
        self._held = b""
        """The beginning of a line, or of the end."""
        self.done = False
        self.rest = b""

    def take(self, data: bytes) -> bytes:
        """What of it goes on, up to the end."""
        if self._held:
            data = self._held + data
        pieces: list[bytes] = []
        at = self._walk(data, pieces)
        if self.done:
            self._held = b""
            return b"".join(pieces) if self._plain else self._end(data, at)
        self._held = data[at:]
        if self._plain:
            return b"".join(pieces)
        return data[:at] if self._held else data

    def _walk(self, data: bytes, pieces: list[bytes]) -> int:
        """Go over all that is complete. Gives where the rest begins, or the line of the last chunk once that is known."""
        at, total = 0, len(data)
        while True:
            if self._within:
                step = min(self._left, total - at)
                if self._plain:
                    pieces.append(data[at : at + step])
                at += step
                self._left -= step
                if self._left or total - at < 2:
                    return at
                if data[at : at + 2] != b"\r\n":
                    raise InvalidHttp(cause="a chunk is longer than it says")
                at += 2
                self._within = False
            end = data.find(b"\r\n", at, at + SIZE_LINE_BYTES)
            if end < 0:
                if total - at >= SIZE_LINE_BYTES:
                    raise InvalidHttp(cause="the line with the size of a chunk is too long")
                return at
            size = _SIZE.fullmatch(data, at, end)
            if size is None:
                raise InvalidHttp(cause="the size of a chunk is no number")
            self._left = int(size[1], 16)
            if not self._left:
                self.done = self._ends(data, end)
                return at
            self._within = True
            at = end + 2

    def _ends(self, data: bytes, end: int) -> bool:
        """Whether all is there behind the line of the last chunk, which ends at ``end``."""
        close = data.find(END, end)
        if (len(data) if close < 0 else close) - end > TRAILER_BYTES:
            raise InvalidHttp(cause="the trailers are too long")
        if close < 0:
            return False
        if close > end:
            for name, _ in read_trailers(data[end + 2 : close]):
                if name in _FORBIDDEN:
                    raise InvalidHttp(cause="a trailer can not say how a message is read")
        self.rest = data[close + len(END) :]
        return True

    def _end(self, data: bytes, at: int) -> bytes:
        """Of the last piece, what goes on; the line of the last chunk begins at ``at``."""
        if self._trailers:
            return data[: len(data) - len(self.rest)]
        return data[:at] + b"0" + END


def body(length: int, *, plain: bool = False, trailers: bool = False) -> Body | None:
    """The body that a head tells of; ``None`` for none."""
    if length == CHUNKED:
        return Chunks(plain=plain, trailers=trailers)
    if length == UNTIL_CLOSE:
        return UntilClose()
    return Counted(length) if length else None
