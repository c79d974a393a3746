"""What changes of a head on its way: headers between neighbours stay behind, the client's address is told. Pure."""

from __future__ import annotations

import ipaddress
from functools import lru_cache
from http import HTTPStatus
from typing import Final

from insula.gateway import cookies
from insula.gateway.forward.head import END, AnswerHead, Lines, RequestHead, tokens
from insula.gateway.forward.route import Answer, Asked, Upstream
from insula.gateway.trust import Origin

_CONNECTION: Final = frozenset(
    {b"connection", b"keep-alive", b"proxy-connection", b"te", b"upgrade", b"http2-settings"}
)
"""Headers between two neighbours."""
_OURS: Final = frozenset(
    {b"forwarded", b"x-forwarded-for", b"x-forwarded-host", b"x-forwarded-proto", b"x-request-id"}
)
"""Set by the front door, with what a trusted proxy said in them."""
_OF_PROXIES: Final = frozenset(
    {
        *(b"x-forwarded-port", b"x-forwarded-prefix", b"x-forwarded-scheme", b"x-forwarded-server"),
        *(b"x-forwarded-ssl", b"x-forwarded-by", b"x-hostname", b"x-real-ip", b"x-client-ip"),
    }
)
"""What only proxies say: of strangers, it stays behind."""
_OF_REQUESTS: Final = _CONNECTION | _OURS | {b"trailer"}
_FROM_STRANGERS: Final = _OF_REQUESTS | _OF_PROXIES
_NEVER_LISTED: Final = frozenset({b"content-length", b"transfer-encoding", b"host", b""})
"""What goes on even where a client lists it among the headers for its neighbour."""
_LENGTHS: Final = frozenset({b"content-length", b"transfer-encoding"})
_NO_CONTENT: Final = 204
ADDRESSES_KEPT: Final = 1024
"""Clients whose headers need not be written again."""

_CLOSE: Final = b"connection: close"
_UPGRADE: Final = b"connection: Upgrade\r\nupgrade: websocket"


def request_head(request: RequestHead, asked: Asked, upstream: Upstream, *, trusted: bool) -> bytes:
    """What the upstream is sent, the empty line included. ``trusted``: the peer is one of our proxies."""
    headers = request.headers
    dropped = _OF_REQUESTS if trusted else _FROM_STRANGERS
    listed = headers.get(b"connection")
    if listed is not None and listed != b"keep-alive":
        dropped |= tokens(request.fields, b"connection") - _NEVER_LISTED
    if upstream.without:
        dropped |= upstream.without
    if upstream.headers:
        dropped |= {name for name, _ in upstream.headers}
    if upstream.cookies is not None and b"cookie" in headers:
        lines = _with_own_cookies(request, dropped, upstream.cookies)
    else:
        lines = [
            line for line, field in zip(request.lines, request.fields, strict=True) if field[0] not in dropped
        ]
    target = request.target if upstream.target is None else upstream.target
    lines.insert(0, b"%b %b HTTP/1.1" % (request.method, target))
    if upstream.headers:
        lines += [b"%b: %b" % header for header in upstream.headers]
    if b"host" not in headers and b"host" not in dropped:
        lines.append(b"host: ")
    if request.websocket:
        lines.append(_UPGRADE)
    chain = headers.get(b"x-forwarded-for", b"") if trusted else b""
    lines.append(_told(asked.peer, chain, asked.origin))
    lines.append(b"x-request-id: %b%b" % (asked.request_id.encode(), END))
    return b"\r\n".join(lines)


def _with_own_cookies(request: RequestHead, dropped: frozenset[bytes], kept: frozenset[bytes]) -> Lines:
    """The lines that go along, of applications' cookies those that are ``kept``."""
    fields = [field for field in request.fields if field[0] not in dropped]
    return [b"%b: %b" % field for field in cookies.strip(fields, kept)]


@lru_cache(maxsize=ADDRESSES_KEPT)
def _told(peer: str, chain: bytes, origin: Origin) -> bytes:
    """The lines that say where a request comes from; ``chain``: the addresses that a trusted proxy has told."""
    host = origin.host.encode("latin-1")
    lines = [b"x-forwarded-proto: %b" % origin.scheme.encode()]
    if host:
        lines.append(b"x-forwarded-host: %b" % host)
    if peer or chain:
        addresses = b", ".join(part for part in (chain, peer.encode()) if part)
        lines.append(b"x-forwarded-for: %b" % addresses)
    forwarded = [b"for=%b" % _node(origin.client), b"proto=%b" % origin.scheme.encode()]
    if host:
        forwarded.append(b'host="%b"' % host)
    lines.append(b"forwarded: %b" % b";".join(forwarded))
    return b"\r\n".join(lines)


def _node(client: str) -> bytes:
    try:
        address = ipaddress.ip_address(client)
    except ValueError:
        return b"unknown"
    return f'"[{address}]"'.encode() if address.version == 6 else client.encode()


def answer_head(head: AnswerHead, *, plain: bool, close: bool) -> bytes | None:
    """What the client is sent, the empty line included; ``None`` when the head goes on as it came.

    ``plain``: the body goes on without its chunks. ``close``: the connection ends with this answer.
    """
    simple = head.minor == 1 and head.status != _NO_CONTENT and head.headers.keys().isdisjoint(_CONNECTION)
    if simple and not plain and not close:
        return None
    dropped = _CONNECTION
    if b"connection" in head.headers:
        dropped |= tokens(head.fields, b"connection") - _NEVER_LISTED
    if head.status == _NO_CONTENT:
        dropped |= _LENGTHS
    if plain:
        dropped |= {b"transfer-encoding", b"trailer"}
    lines = [line for line, field in zip(head.lines, head.fields, strict=True) if field[0] not in dropped]
    lines.insert(0, b"HTTP/1.1" + head.line[8:])
    if close:
        lines.append(_CLOSE)
    return b"\r\n".join(lines) + END


def switching_head(head: AnswerHead) -> bytes:
    """Of an answer that agrees to a WebSocket."""
    lines = [line for line, field in zip(head.lines, head.fields, strict=True) if field[0] not in _CONNECTION]
    return b"\r\n".join([head.line, *lines, _UPGRADE]) + END


def own_answer(answer: Answer, *, request_id: str, date: bytes, to_head: bool, close: bool) -> bytes:
    """A whole answer of the front door itself. ``to_head``: nothing but its head was asked for."""
    lines = [b"HTTP/1.1 %d %b" % (answer.status, _phrase(answer.status))]
    lines += [b"%b: %b" % header for header in answer.headers if header[0] not in _LENGTHS]
    bodyless = answer.status in (_NO_CONTENT, HTTPStatus.NOT_MODIFIED)
    if not bodyless:
        lines.append(b"content-length: %d" % len(answer.body))
    lines.append(b"date: %b" % date)
    lines.append(b"x-request-id: %b" % request_id.encode())
    if close:
        lines.append(_CLOSE)
    return b"\r\n".join(lines) + END + (b"" if bodyless or to_head else answer.body)


def _phrase(status: int) -> bytes:
    try:
        return HTTPStatus(status).phrase.encode()
    except ValueError:
        return b""
