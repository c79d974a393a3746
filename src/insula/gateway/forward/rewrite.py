"""What changes of a head on its way: headers between neighbours stay behind, the client's address is told. Pure."""

from __future__ import annotations

import ipaddress
from functools import lru_cache
from http import HTTPStatus
from typing import Final

from insula.gateway import cookies
from insula.gateway.forward.head import (
    BLOCKS_KEPT,
    END,
    AnswerHead,
    Block,
    Headers,
    Lines,
    RequestHead,
    tokens,
)
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
    block = request.block
    keep = _known_kept if block.shared else _kept
    names = tuple([name for name, _ in upstream.headers]) if upstream.headers else ()
    kept = keep(block, trusted, names, upstream.without, upstream.cookies)
    chain = block.headers.get(b"x-forwarded-for", b"") if trusted else b""
    target = request.target if upstream.target is None else upstream.target
    lines = [
        b"%b %b HTTP/1.1%b" % (request.method, target, kept),
        _told(asked.peer, chain, asked.origin),
        b"x-request-id: %b%b" % (asked.request_id.encode(), END),
    ]
    if names:
        lines[1:1] = [b"%b: %b" % header for header in upstream.headers]
    if request.websocket:
        lines.insert(1, _UPGRADE)
    return b"\r\n".join(lines)


def _kept(
    block: Block,
    trusted: bool,
    replaced: tuple[bytes, ...],
    without: frozenset[bytes],
    cookies_kept: frozenset[bytes] | None,
) -> bytes:
    """The headers that go along, each behind a line break."""
    dropped = _OF_REQUESTS if trusted else _FROM_STRANGERS
    dropped = dropped.union(block.options - _NEVER_LISTED, replaced, without)
    if cookies_kept is not None and b"cookie" in block.headers:
        fields = [field for field in block.fields if field[0] not in dropped]
        lines = [b"%b: %b" % field for field in cookies.strip(fields, cookies_kept)]
    else:
        lines = [
            line for line, field in zip(block.lines, block.fields, strict=True) if field[0] not in dropped
        ]
    if block.host is None and b"host" not in dropped:
        lines.append(b"host: ")
    return b"".join([b"\r\n" + line for line in lines])


_known_kept = lru_cache(maxsize=BLOCKS_KEPT)(_kept)


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
    if not plain and not close:
        if head.as_it_is:
            return None
        if head.shorter:
            return head.shorter + END
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
