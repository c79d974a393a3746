"""What heads of requests and of answers have in common, read from bytes: pure, and so strictly that nobody can read them
in another way.

Two programs that see two different requests in the same bytes is what request smuggling lives on. What is read here
is a part of the grammar on which all agree; whatever lies outside of it is ``InvalidHttp``. What goes on is written
from what was read.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

from insula.gateway.errors import InvalidHttp

HEAD_BYTES: Final = 64 * 1024
"""The longest head that is read."""
HEADERS: Final = 256
"""The most headers of one head."""
CHUNKED: Final = -1
"""The length of a body that is sent in chunks."""
UNTIL_CLOSE: Final = -2
"""The length of an answer that ends with its connection."""
END: Final = b"\r\n\r\n"
"""What stands between a head and its body."""
SPELLINGS_KEPT: Final = 2048
"""Spellings of header names that need not be looked at again."""
LENGTH_DIGITS: Final = 18
TOKEN: Final = rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]"
"""Of a name; a piece of a pattern."""
TEXT: Final = rb"[\t -~\x80-\xff]"
"""What may stand in a line; a piece of a pattern."""

_TEXT: Final = bytes((9, *range(32, 127), *range(128, 256)))
_BLANK: Final = b" \t"
_NAME: Final = re.compile(TOKEN + rb"+")
_LENGTH: Final = re.compile(rb"[0-9]{1,%d}" % LENGTH_DIGITS)
_NOTHING_SAID: Final = frozenset({b"keep-alive"})
_SINGLE: Final = (b"host", b"content-length", b"transfer-encoding", b"expect", b"upgrade")
"""Headers that a head has once: of two, another program may believe the other."""

Lines = list[bytes]
Headers = list[tuple[bytes, bytes]]


def split(head: bytes) -> Lines:
    """Into lines. Raises ``InvalidHttp`` for control characters, lone CR and LF among them."""
    lines = head.split(b"\r\n")
    if len(head.translate(None, _TEXT)) != 2 * (len(lines) - 1):
        raise InvalidHttp(cause="there is a control character in the head")
    if len(lines) > HEADERS + 1:
        raise InvalidHttp(cause=f"there are more than {HEADERS} headers")
    return lines


def read_fields(lines: Lines) -> tuple[Headers, dict[bytes, bytes]]:
    """All headers, names in lower case and values without blanks around them, and the last of each name.

    Raises ``InvalidHttp``, also where one of ``_SINGLE`` is there twice.
    """
    fields = [
        (_name(name), value.strip(_BLANK))
        for name, colon, value in [line.partition(b":") for line in lines]
        if colon
    ]
    if len(fields) != len(lines):
        raise InvalidHttp(cause="there is a line without a colon among the headers")
    headers = dict(fields)
    if len(headers) != len(fields):
        names = [name for name, _ in fields]
        for name in _SINGLE:
            if names.count(name) > 1:
                raise InvalidHttp(cause=f"the header {name.decode()} is there more than once")
    return fields, headers


@lru_cache(maxsize=SPELLINGS_KEPT)
def _name(spelling: bytes) -> bytes:
    """In lower case. Raises ``InvalidHttp`` for what is no name, such as that of a folded line."""
    if _NAME.fullmatch(spelling) is None:
        raise InvalidHttp(cause="there is a header whose name is none")
    return spelling.lower()


def read_trailers(section: bytes) -> Headers:
    """Read the lines behind the last chunk, without the empty one. Raises ``InvalidHttp``."""
    return read_fields(split(section))[0]


def tokens(fields: Headers, name: bytes) -> frozenset[bytes]:
    """The words of a header that is a list, however many lines it is spread over; lower case."""
    return frozenset(
        word.strip(_BLANK).lower() for key, value in fields if key == name for word in value.split(b",")
    )


def read_options(fields: Headers, headers: dict[bytes, bytes]) -> frozenset[bytes]:
    """What is said of the connection; that it is kept alive, and nothing else, is nothing."""
    last = headers.get(b"connection", b"keep-alive")
    if last == b"keep-alive" and len(headers) == len(fields):
        return frozenset()
    return tokens(fields, b"connection") - _NOTHING_SAID


def read_length(headers: dict[bytes, bytes], without: int) -> int:
    """Of a body, as its head says; ``without``: what it means when it says nothing. Raises ``InvalidHttp``."""
    coding = headers.get(b"transfer-encoding")
    length = headers.get(b"content-length")
    if coding is None:
        if length is None:
            return without
        if _LENGTH.fullmatch(length) is None:
            raise InvalidHttp(cause="the header Content-Length is no number")
        return int(length)
    if length is not None:
        raise InvalidHttp(cause="it has both Content-Length and Transfer-Encoding")
    if coding.lower() != b"chunked":
        raise InvalidHttp(cause="its Transfer-Encoding is not known")
    return CHUNKED
