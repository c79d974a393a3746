"""What changes of a head on its way: headers between neighbours stay behind, the client's address is told. Pure."""

from __future__ import annotations

import ipaddress
from http import HTTPStatus
from typing import Final

from insula.gateway import cookies
from insula.gateway.forward.answer import AnswerHead
from insula.gateway.forward.grammar import END, Headers, Lines, tokens
from insula.gateway.forward.request import Block, RequestHead
from insula.gateway.forward.route import Answer, Upstream
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
_NEVER_LISTED: Final = frozenset(
    {b"content-length", b"transfer-encoding", b"host", b"x-app", b"x-environment", b""}
)
"""What goes on even where a client lists it among the headers for its neighbour."""
_LENGTHS: Final = frozenset({b"content-length", b"transfer-encoding"})
_NO_CONTENT: Final = 204

_CLOSE: Final = b"connection: close"
_UPGRADE: Final = b"connection: Upgrade\r\nupgrade: websocket"


def request_middle(
    request: RequestHead, told: Upstream, peer: str, origin: Origin, *, trusted: bool
) -> bytes:
    """What stands between the first line of a request and its id. ``trusted``: the peer is one of our proxies."""
    block = request.block
    chain = block.headers.get(b"x-forwarded-for", b"") if trusted else b""
    lines = [b"", *_kept(block, told, trusted=trusted)]
    if request.websocket:
        lines.append(_UPGRADE)
    lines += [b"%b: %b" % header for header in told.headers]
    lines += _told(peer, chain, origin)
    lines.append(b"x-request-id: ")
    return b"\r\n".join(lines)


def _kept(block: Block, told: Upstream, *, trusted: bool) -> Lines:
    """The headers that go along."""
    dropped = _OF_REQUESTS if trusted else _FROM_STRANGERS
    if block.options or told.headers or told.without:
        replaced = [name for name, _ in told.headers]
        dropped = dropped.union(block.options - _NEVER_LISTED, replaced, told.without)
    if told.cookies is not None and b"cookie" in block.headers:
        fields = [field for field in block.fields if field[0] not in dropped]
        lines = [b"%b: %b" % field for field in cookies.strip(fields, told.cookies)]
    else:
        lines = [
            line for line, field in zip(block.lines, block.fields, strict=True) if field[0] not in dropped
        ]
    if block.host is None and b"host" not in dropped:
        lines.append(b"host: ")
    return lines


def _told(peer: str, chain: bytes, origin: Origin) -> Lines:
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
    return lines


def _node(client: str) -> bytes:
    try:
        address = ipaddress.ip_address(client)
    except ValueError:
        return b"unknown"
    return f'"[{address}]"'.encode() if address.version == 6 else client.encode()


def answer_head(head: AnswerHead, *, plain: bool, close: bool) -> bytes:
    """What the client is sent, the empty line included.

    ``plain``: the body goes on without its chunks. ``close``: the connection ends with this answer.
    """
    if head.as_it_is and not (plain or close):
        return head.raw
    lines, fields, headers = head.parts()
    dropped = _CONNECTION
    if b"connection" in headers:
        dropped |= tokens(fields, b"connection") - _NEVER_LISTED
    if head.status == _NO_CONTENT:
        dropped |= _LENGTHS
    if plain:
        dropped |= {b"transfer-encoding", b"trailer"}
    kept = _without(lines, fields, dropped)
    if close:
        kept.append(_CLOSE)
    return b"\r\n".join(kept) + END


def switching_head(head: AnswerHead) -> bytes:
    """Of an answer that agrees to a WebSocket."""
    lines, fields, _ = head.parts()
    return b"\r\n".join([*_without(lines, fields, _CONNECTION), _UPGRADE]) + END


def _without(lines: Lines, fields: Headers, dropped: frozenset[bytes]) -> Lines:
    """The first line, as one of HTTP/1.1, and those that are not dropped."""
    kept = [line for line, field in zip(lines[1:], fields, strict=True) if field[0] not in dropped]
    return [b"HTTP/1.1" + lines[0][8:], *kept]


def own_answer(answer: Answer, *, request_id: bytes, date: bytes, to_head: bool, close: bool) -> bytes:
    """A whole answer of the front door itself. ``to_head``: nothing but its head was asked for."""
    lines = [b"HTTP/1.1 %d %b" % (answer.status, _phrase(answer.status))]
    lines += [b"%b: %b" % header for header in answer.headers if header[0] not in _LENGTHS]
    bodyless = answer.status in (_NO_CONTENT, HTTPStatus.NOT_MODIFIED)
    if not bodyless:
        lines.append(b"content-length: %d" % len(answer.body))
    lines.append(b"date: %b" % date)
    lines.append(b"x-request-id: %b" % request_id)
    if close:
        lines.append(_CLOSE)
    return b"\r\n".join(lines) + END + (b"" if bodyless or to_head else answer.body)


def _phrase(status: int) -> bytes:
    try:
        return HTTPStatus(status).phrase.encode()
    except ValueError:
        return b""
