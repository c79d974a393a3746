"""Heads of requests, read from bytes. Pure; see ``grammar``."""

from __future__ import annotations

import re
from typing import Final

from insula.gateway.errors import InvalidHttp
from insula.gateway.forward.grammar import CHUNKED, Headers, read_fields, read_length, read_options, split

_METHODS: Final = rb"(GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS)"
TARGET: Final = rb"[!\"$-~]"
"""A character of a target; a piece of a pattern."""
_LINE: Final = re.compile(_METHODS + rb" (" + TARGET + rb"++) HTTP/1\.([01])")
_SLASH: Final = b"/"[0]
_ABSOLUTE: Final = re.compile(rb"http://([^/?@]+)(/.*)?", re.IGNORECASE)
_HOST: Final = re.compile(rb"[A-Za-z0-9._~%-]*(?::[0-9]*)?|\[[0-9A-Fa-f:.]+\](?::[0-9]*)?")


class Block:
    """The headers of a request. A client says the same ones again and again: they are read once."""

    __slots__ = ("fields", "headers", "host", "length", "lines", "options", "plain", "raw")

    def __init__(self, block: bytes) -> None:
        """``block``: from the line break behind the first line. Raises ``InvalidHttp``."""
        self.raw = block
        lines = split(block)
        del lines[0]
        self.lines = lines
        """As they were sent, in the order of ``fields``."""
        self.fields, self.headers = read_fields(lines)
        self.host = _host(self.headers)
        self.length = read_length(self.headers, 0)
        self.options = read_options(self.fields, self.headers)
        """What the client says of its connection."""
        self.plain = not self.options and self.length >= 0 and b"expect" not in self.headers
        """Nothing in it has to do with anything but the request itself."""


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

    @classmethod
    def again(cls, line: bytes, block: Block) -> RequestHead:
        """One that was recognised by its first line and its headers: nothing is said of the connection."""
        method, target, _ = line.split(b" ")
        return cls(method, target, block)

    @property
    def length(self) -> int:
        """Of the body in bytes, 0 for none, or ``CHUNKED``."""
        return self.block.length

    @property
    def fields(self) -> Headers:
        """Names in lower case, values without blanks around them."""
        return self.block.fields

    @property
    def headers(self) -> dict[bytes, bytes]:
        """The last of each name."""
        return self.block.headers


def read_request(head: bytes, known: Block | None = None) -> RequestHead:
    """Read what stands before the empty line. ``known``: headers that it may have. Raises ``InvalidHttp``."""
    end = head.find(b"\r\n")
    if end < 0:
        end = len(head)
    line = _LINE.fullmatch(head, 0, end)
    if line is None:
        raise InvalidHttp(
            cause="the first line is none of a request of HTTP/1.1 or 1.0, or the method is not known"
        )
    method, target, version = line.groups()
    raw = head[end:]
    block = known if known is not None and known.raw == raw else Block(raw)
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


def _host(headers: dict[bytes, bytes]) -> bytes | None:
    host = headers.get(b"host")
    if host is not None and _HOST.fullmatch(host) is None:
        raise InvalidHttp(cause="the header Host names no host")
    return host


def _origin_form(target: bytes, host: bytes | None) -> bytes:
    """From its slash, of a target that names a host too. Raises ``InvalidHttp`` unless it is the one of the header."""
    absolute = _ABSOLUTE.fullmatch(target)
    if absolute is None:
        raise InvalidHttp(cause="the address begins with no slash")
    if host is None or absolute[1].lower() != host.lower():
        raise InvalidHttp(cause="the address names another host than the header Host")
    return absolute[2] or b"/"
