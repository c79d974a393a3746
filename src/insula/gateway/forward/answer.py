"""Heads of answers, read from bytes. Pure; see ``grammar``.

Nearly all of them say nothing that the front door has to act upon but how long they are. One pattern knows these, and
sees at once that all their lines are well formed; only the others are taken apart.
"""

from __future__ import annotations

import re
from typing import Final

from insula.gateway.errors import InvalidHttp
from insula.gateway.forward.grammar import (
    CHUNKED,
    LENGTH_DIGITS,
    TEXT,
    TOKEN,
    UNTIL_CLOSE,
    Headers,
    Lines,
    read_fields,
    read_length,
    read_options,
    split,
)

_STATUS_LINE: Final = re.compile(rb"HTTP/1\.[01] ([1-9][0-9]{2})(?: |\r\n|\Z)")
_ONE: Final = b"1"[0]


def _spelled(word: str) -> str:
    """A pattern of a word in any case: faster than one that leaves all cases alone."""
    return "".join(f"[{letter}{letter.upper()}]" if letter.isalpha() else letter for letter in word)


_SPEAKING: Final = {
    "c": "|".join(
        (
            _spelled("ontent-length"),
            _spelled("onnection") + f"(?!: ?{_spelled('keep-alive')}\r)",  # which goes without saying
        )
    ),
    "t": "|".join(map(_spelled, ("ransfer-encoding", "railer", "e:"))),
    **{
        name[0]: _spelled(name[1:])
        for name in ("keep-alive", "proxy-connection", "upgrade", "http2-settings")
    },
}
"""Headers that say something of the body, or to a neighbour alone: first letter, how they go on."""
_INITIALS: Final = "".join(_SPEAKING)
_SILENT_INITIAL: Final = f"(?![{_INITIALS}{_INITIALS.upper()}]){TOKEN.decode()}"
_SILENT_NAME: Final = "|".join(f"[{at}{at.upper()}](?!{on})" for at, on in _SPEAKING.items())
_SILENT: Final = rb"(?:\r\n(?:%b|%b)" % (
    _SILENT_INITIAL.encode(),
    _SILENT_NAME.encode(),
) + rb"%b*+:%b*+)*+" % (TOKEN, TEXT)
"""Any number of other headers."""
_LENGTH: Final = rb"\r\n%b:[ \t]*+([0-9]{1,%d})[ \t]*+(?=\r)" % (
    _spelled("content-length").encode(),
    LENGTH_DIGITS,
)
_PLAIN: Final = re.compile(
    rb"HTTP/1\.1 (?!204)([2-9][0-9]{2})(?: %b*+)?" % TEXT + _SILENT + _LENGTH + _SILENT + rb"\r\n\r\n"
)
"""Status and length."""
_STATUSES: Final = {b"%d" % status: status for status in range(200, 1000)}
_NOT_MODIFIED: Final = 304


def whole_status(data: bytes) -> int:
    """The status of an answer that is here as a whole and can go on as it came; 0 for any other.

    Not for answers to HEAD.
    """
    plain = _PLAIN.match(data)
    if plain is None or int(plain[2]) != len(data) - plain.end():
        return 0
    status = _STATUSES[plain[1]]
    return 0 if status == _NOT_MODIFIED else status


class AnswerHead:
    """What an upstream answers."""

    length = UNTIL_CLOSE
    """What it says of the body, or ``CHUNKED``, or ``UNTIL_CLOSE``; whether there is one depends on the request."""
    minor = 1
    keep_alive = True
    """The connection may be used again."""
    as_it_is = False
    """It can go on as it came, where nothing has to be said but what it says itself."""
    _parts: tuple[Lines, Headers, dict[bytes, bytes]] | None = None

    def __init__(self, head: bytes) -> None:
        """``head``: with the empty line. Raises ``InvalidHttp``."""
        self.raw = head
        plain = _PLAIN.fullmatch(head)
        if plain is not None:
            self.status = _STATUSES[plain[1]]
            self.length = int(plain[2])
            self.as_it_is = True
            return
        line = _STATUS_LINE.match(head)
        if line is None:
            raise InvalidHttp(cause="the first line is none of an answer of HTTP/1.1 or 1.0")
        self.status = int(line[1])
        self._read()

    def _read(self) -> None:
        _, fields, headers = self.parts()
        if self.raw[7] != _ONE:
            self.minor = 0
            self.keep_alive = False
        if b"close" in read_options(fields, headers):
            self.keep_alive = False
        self.length = read_length(headers, UNTIL_CLOSE)
        if self.length == CHUNKED and not self.minor:
            raise InvalidHttp(cause="its Transfer-Encoding is not known")

    def parts(self) -> tuple[Lines, Headers, dict[bytes, bytes]]:
        """All lines, the headers of all but the first, and the last of each name. Raises ``InvalidHttp``."""
        if self._parts is None:
            lines = split(self.raw[:-4])
            self._parts = (lines, *read_fields(lines[1:]))
        return self._parts


read_answer = AnswerHead
"""Reads a head, the empty line included. Raises ``InvalidHttp``."""
