"""Heads of requests and answers, read from bytes: pure, and so strictly that nobody can read them in another way.

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

BLOCK_BYTES: Final = 4 * 1024
"""The longest headers that are kept for the next request with the same ones."""
BLOCKS_KEPT: Final = 512

METHODS: Final = frozenset({b"GET", b"HEAD", b"POST", b"PUT", b"PATCH", b"DELETE", b"OPTIONS"})
SPELLINGS_KEPT: Final = 2048
"""Spellings of header names that need not be looked at again."""

_TEXT: Final = bytes((9, *range(32, 127), *range(128, 256)))
"""What may stand in a line."""
_BLANK: Final = b" \t"
_NAME: Final = re.compile(rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_REQUEST_LINE: Final = re.compile(rb"([A-Z]+) ([!\"$-~]+) HTTP/1\.([01])")
_STATUS_LINE: Final = re.compile(rb"HTTP/1\.[01] ([1-9][0-9]{2})(?: |\r\n|\Z)")
_ONE, _SLASH = b"1/"
_SAID: Final = re.compile(
    rb"\r\n(?!connection: keep-alive(?:\r\n|\Z))(?:[ \t]|(content-length|transfer-encoding|connection|keep-alive|"
    rb"proxy-connection|te|upgrade|http2-settings|trailer)([ \t]*):[ \t]*([^\r]*))"
)
"""What an answer says of its body and of its connection, in lower case: name, what must not be there, value."""
_NOTHING_SAID: Final = frozenset({b"keep-alive"})
_KEPT_ALIVE: Final = b"\r\nconnection: keep-alive"
"""What goes without saying."""
_ABSOLUTE: Final = re.compile(rb"http://([^/?@]+)(/.*)?", re.IGNORECASE)
_HOST: Final = re.compile(rb"[A-Za-z0-9._~%-]*(?::[0-9]*)?|\[[0-9A-Fa-f:.]+\](?::[0-9]*)?")
LENGTH_DIGITS: Final = 18
_LENGTH: Final = re.compile(rb"[0-9]{1,%d}" % LENGTH_DIGITS)
_SINGLE: Final = (b"host", b"content-length", b"transfer-encoding", b"expect", b"upgrade")
"""Headers that a head has once: of two, another program may believe the other."""

Lines = list[bytes]
Headers = list[tuple[bytes, bytes]]


class Block:
    """The headers of a request. A client says the same ones again and again: they are read once."""

    __slots__ = ("fields", "headers", "host", "length", "lines", "options", "plain", "shared")

    def __init__(self, block: bytes) -> None:
        """``block``: from the line break behind the first line. Raises ``InvalidHttp``."""
        lines = _lines(block)
        del lines[0]
        self.lines = lines
        """As they were sent, in the order of ``fields``."""
        self.fields, self.headers = _fields(lines)
        self.host = _host(self.headers)
        self.length = _length(self.headers, 0)
        self.options = _options(self.fields, self.headers)
        """What the client says of its connection."""
        self.plain = not self.options and self.length >= 0 and b"expect" not in self.headers
        """Nothing in it has to do with anything but the request itself."""
        self.shared = len(block) <= BLOCK_BYTES
        """It is kept for the next request with the same ones."""


class RequestHead:
    """What a client asks for."""

    minor = 1
    """1 for HTTP/1.1, 0 for HTTP/1.0."""
    keep_alive = True
    """The client may ask again on the same connection."""
    websocket = False
    """It asks for a WebSocket."""
    expects = False
    """It waits for a word before it sends its body."""

    def __init__(self, method: bytes, target: bytes, block: Block) -> None:
        self.method = method
        self.target = target
        """Path and query, from the slash."""
        self.block = block
        self.length = block.length
        """Of the body in bytes, 0 for none, or ``CHUNKED``."""

    @property
    def fields(self) -> Headers:
        """Names in lower case, values without blanks around them."""
        return self.block.fields

    @property
    def headers(self) -> dict[bytes, bytes]:
        """The last of each name."""
        return self.block.headers


class AnswerHead:
    """What an upstream answers."""

    length = UNTIL_CLOSE
    """What it says of the body, or ``CHUNKED``, or ``UNTIL_CLOSE``; whether there is one depends on the request."""
    minor = 1
    keep_alive = True
    """The connection may be used again."""
    as_it_is = False
    """Nothing in it is for the front door alone."""
    shorter = b""
    """It without the one line that is; nothing where more has to be changed."""
    _parts: tuple[Lines, Headers, dict[bytes, bytes]] | None = None

    def __init__(self, head: bytes) -> None:
        """Raises ``InvalidHttp``."""
        line = _STATUS_LINE.match(head)
        if line is None:
            raise InvalidHttp(cause="the first line is none of an answer of HTTP/1.1 or 1.0")
        self._head = head
        self.status = int(line[1])
        if not self._read_quickly():
            self._read()

    def _read_quickly(self) -> bool:
        """Whether it is one of the many that say nothing but how long they are."""
        head = self._head
        low = head.lower()
        said = _SAID.findall(low)
        if len(said) != 1 or head[7] != _ONE or self.status < 200 or self.status == 204:
            return False
        name, blank, value = said[0]
        if name != b"content-length" or blank or not value.isdigit() or len(value) > LENGTH_DIGITS:
            return False
        if len(head.translate(None, _TEXT)) != 2 * head.count(b"\r\n"):
            return False
        start = low.find(_KEPT_ALIVE)
        if start < 0:
            self.as_it_is = True
        elif low.count(b"\r\nconnection:") == 1:
            self.shorter = head[:start] + head[start + len(_KEPT_ALIVE) :]
        else:
            return False
        self.length = int(value)
        return True

    def _read(self) -> None:
        _, fields, headers = self.parts()
        if self._head[7] != _ONE:
            self.minor = 0
            self.keep_alive = False
        if b"close" in _options(fields, headers):
            self.keep_alive = False
        self.length = _length(headers, UNTIL_CLOSE)
        if self.length == CHUNKED and not self.minor:
            raise InvalidHttp(cause="its Transfer-Encoding is not known")

    def parts(self) -> tuple[Lines, Headers, dict[bytes, bytes]]:
        """All lines, the headers of all but the first, and the last of each name. Raises ``InvalidHttp``."""
        if self._parts is None:
            lines = _lines(self._head)
            self._parts = (lines, *_fields(lines[1:]))
        return self._parts


def read_request(head: bytes) -> RequestHead:
    """Read what stands before the empty line. Raises ``InvalidHttp``."""
    end = head.find(b"\r\n")
    if end < 0:
        end = len(head)
    line = _REQUEST_LINE.fullmatch(head, 0, end)
    if line is None:
        raise InvalidHttp(cause="the first line is none of a request of HTTP/1.1 or 1.0")
    method, target, version = line.groups()
    if method not in METHODS:
        raise InvalidHttp(cause="the method is not known")
    block = _known_block(head[end:]) if len(head) - end <= BLOCK_BYTES else Block(head[end:])
    if target[0] != _SLASH:
        target = _origin_form(target, block.host)
    request = RequestHead(method, target, block)
    if version != b"1":
        request.minor = 0
        request.keep_alive = False
    elif block.host is None:
        raise InvalidHttp(cause="a request names the host that it is for once, in the header Host")
    if not block.plain:
        _look_closer(request)
    return request


def _look_closer(request: RequestHead) -> None:
    """It says something of its connection, or of how its body comes. Raises ``InvalidHttp``."""
    block, length = request.block, request.length
    if length == CHUNKED and not request.minor:
        raise InvalidHttp(cause="its Transfer-Encoding is not known")
    if b"close" in block.options:
        request.keep_alive = False
    if b"upgrade" in block.options and block.headers.get(b"upgrade", b"").lower() == b"websocket":
        if length or request.method != b"GET" or not request.minor:
            raise InvalidHttp(cause="a connection is upgraded by GET of HTTP/1.1, without a body")
        request.websocket = True
    if b"expect" in block.headers:
        if block.headers[b"expect"].lower() != b"100-continue":
            raise InvalidHttp(cause="it expects something else than 100-continue")
        request.expects = length != 0 and request.minor == 1


@lru_cache(maxsize=BLOCKS_KEPT)
def _known_block(block: bytes) -> Block:
    return Block(block)


read_answer = AnswerHead
"""Reads what stands before the empty line. Raises ``InvalidHttp``."""


def tokens(fields: Headers, name: bytes) -> frozenset[bytes]:
    """The words of a header that is a list, however many lines it is spread over; lower case."""
    return frozenset(
        word.strip(_BLANK).lower() for key, value in fields if key == name for word in value.split(b",")
    )


def _options(fields: Headers, headers: dict[bytes, bytes]) -> frozenset[bytes]:
    """What is said of the connection; that it is kept alive, and nothing else, is nothing."""
    last = headers.get(b"connection", b"keep-alive")
    if last == b"keep-alive" and len(headers) == len(fields):
        return frozenset()
    return tokens(fields, b"connection") - _NOTHING_SAID


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


def _host(headers: dict[bytes, bytes]) -> bytes | None:
    host = headers.get(b"host")
    if host is not None and _HOST.fullmatch(host) is None:
        raise InvalidHttp(cause="the header Host names no host")
    return host


def _length(headers: dict[bytes, bytes], without: int) -> int:
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
    if coding.lower() != b"chunked":
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
