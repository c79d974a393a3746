"""Heads of requests and answers, read from bytes: pure, and so strictly that nobody can read them in another way.

Two programs that see two different requests in the same bytes is what request smuggling lives on. What is read here
is a part of the grammar on which all agree; whatever lies outside of it is ``InvalidHttp``. What goes on is written
from what was read.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final, NamedTuple

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

METHODS: Final = frozenset({b"GET", b"HEAD", b"POST", b"PUT", b"PATCH", b"DELETE", b"OPTIONS"})
SPELLINGS_KEPT: Final = 2048
"""Spellings of header names that need not be looked at again."""

_TEXT: Final = bytes((9, *range(32, 127), *range(128, 256)))
"""What may stand in a line."""
_BLANK: Final = b" \t"
_NAME: Final = re.compile(rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_REQUEST_LINE: Final = re.compile(rb"([A-Z]+) ([!\"$-~]+) HTTP/1\.([01])")
_STATUS_LINE: Final = re.compile(rb"HTTP/1\.([01]) ([1-9][0-9]{2})(?: .*)?", re.DOTALL)
_ABSOLUTE: Final = re.compile(rb"http://([^/?@]+)(/.*)?", re.IGNORECASE)
_HOST: Final = re.compile(rb"[A-Za-z0-9._~%-]*(?::[0-9]*)?|\[[0-9A-Fa-f:.]+\](?::[0-9]*)?")
_LENGTH: Final = re.compile(rb"[0-9]{1,18}")
_SINGLE: Final = (b"host", b"content-length", b"transfer-encoding", b"expect", b"upgrade")
"""Headers that a head has once: of two, another program may believe the other."""

Lines = list[bytes]
Headers = list[tuple[bytes, bytes]]


class RequestHead(NamedTuple):
    """What a client asks for."""

    method: bytes
    target: bytes
    """Path and query, from the slash."""
    minor: int
    """1 for HTTP/1.1, 0 for HTTP/1.0."""
    lines: Lines
    """The headers as they were sent, in the order of ``fields``."""
    fields: Headers
    """Names in lower case, values without blanks around them."""
    headers: dict[bytes, bytes]
    """The last of each name."""
    length: int
    """Of the body in bytes, 0 for none, or ``CHUNKED``."""
    keep_alive: bool
    """The client may ask again on the same connection."""
    websocket: bool
    """It asks for a WebSocket."""
    expects: bool
    """It waits for a word before it sends its body."""


class AnswerHead(NamedTuple):
    """What an upstream answers."""

    line: bytes
    """The first."""
    status: int
    minor: int
    lines: Lines
    fields: Headers
    headers: dict[bytes, bytes]
    length: int
    """What the head says of the body, or ``CHUNKED``, or ``UNTIL_CLOSE``; whether there is one depends on the request."""
    keep_alive: bool
    """The connection may be used again."""


def read_request(head: bytes) -> RequestHead:
    """Read what stands before the empty line. Raises ``InvalidHttp``."""
    lines = _lines(head)
    line = _REQUEST_LINE.fullmatch(lines[0])
    if line is None:
        raise InvalidHttp(cause="the first line is none of a request of HTTP/1.1 or 1.0")
    method, target, version = line.groups()
    if method not in METHODS:
        raise InvalidHttp(cause="the method is not known")
    minor = 1 if version == b"1" else 0
    del lines[0]
    fields, headers = _fields(lines)
    host = headers.get(b"host")
    if host is None:
        if minor:
            raise InvalidHttp(cause="a request names the host that it is for once, in the header Host")
    elif _HOST.fullmatch(host) is None:
        raise InvalidHttp(cause="the header Host names no host")
    if target[0] != 47:
        target = _origin_form(target, host)
    keep_alive = minor == 1
    websocket = False
    connection = headers.get(b"connection")
    if connection is not None and connection != b"keep-alive":
        options = tokens(fields, b"connection")
        keep_alive = keep_alive and b"close" not in options
        websocket = b"upgrade" in options and headers.get(b"upgrade", b"").lower() == b"websocket"
    length = _length(headers, minor, 0)
    if websocket and (length or method != b"GET" or not minor):
        raise InvalidHttp(cause="a connection is upgraded by GET of HTTP/1.1, without a body")
    expects = False
    if b"expect" in headers:
        if headers[b"expect"].lower() != b"100-continue":
            raise InvalidHttp(cause="it expects something else than 100-continue")
        expects = length != 0 and minor == 1
    return RequestHead(method, target, minor, lines, fields, headers, length, keep_alive, websocket, expects)


def read_answer(head: bytes) -> AnswerHead:
    """Read what stands before the empty line. Raises ``InvalidHttp``."""
    lines = _lines(head)
    line = _STATUS_LINE.fullmatch(lines[0])
    if line is None:
        raise InvalidHttp(cause="the first line is none of an answer of HTTP/1.1 or 1.0")
    minor = 1 if line[1] == b"1" else 0
    status = int(line[2])
    first = lines.pop(0)
    fields, headers = _fields(lines)
    keep_alive = minor == 1
    if b"connection" in headers and headers[b"connection"] != b"keep-alive":
        keep_alive = keep_alive and b"close" not in tokens(fields, b"connection")
    length = _length(headers, minor, UNTIL_CLOSE)
    return AnswerHead(first, status, minor, lines, fields, headers, length, keep_alive)


def tokens(fields: Headers, name: bytes) -> frozenset[bytes]:
    """The words of a header that is a list, however many lines it is spread over; lower case."""
    return frozenset(
        word.strip(_BLANK).lower() for key, value in fields if key == name for word in value.split(b",")
    )


def read_trailers(section: bytes) -> Headers:
    """Read the lines behind the last chunk, without the empty one. Raises ``InvalidHttp``."""
    return _fields(_lines(section))[0]


def _lines(head: bytes) -> Lines:
    """Raises ``InvalidHttp`` for control characters, lone CR and LF among them."""
    lines = head.split(b"\r\n")
    if len(head.translate(None, _TEXT)) != 2 * (len(lines) - 1):
        raise InvalidHttp(cause="there is a control character in the head")
    if len(lines) > HEADERS + 1:
        raise InvalidHttp(cause=f"there are more than {HEADERS} headers")
    return lines


def _fields(lines: Lines) -> tuple[Headers, dict[bytes, bytes]]:
    """All, and the last of each name. Raises ``InvalidHttp``, also where one of ``_SINGLE`` is there twice."""
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


def _length(headers: dict[bytes, bytes], minor: int, without: int) -> int:
    """Of a body, as its head says; ``without``: what it means when it says nothing."""
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
    if coding.lower() != b"chunked" or not minor:
        raise InvalidHttp(cause="its Transfer-Encoding is not known")
    return CHUNKED


def _origin_form(target: bytes, host: bytes | None) -> bytes:
    """From its slash, of a target that names a host too. Raises ``InvalidHttp`` unless it is the one of the header."""
    absolute = _ABSOLUTE.fullmatch(target)
    if absolute is None:
        raise InvalidHttp(cause="the address begins with no slash")
    if host is None or absolute[1].lower() != host.lower():
        raise InvalidHttp(cause="the address names another host than the header Host")
    return absolute[2] or b"/"
