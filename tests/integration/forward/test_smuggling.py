"""One table of requests that hide another in them, for the front door and for nginx: no upstream gets to see the hidden one.

nginx is more patient with what is merely sloppy (lines that end with LF alone, for one); the front door refuses that too.
"""

import asyncio
import contextlib

import pytest

from insula.gateway.forward.route import Tcp, Upstream
from insula.testing import proxies
from insula.testing.front import Line, Opened, Request, answering, ok, serving

HIDDEN = b"GET /hidden HTTP/1.1\r\nHost: a\r\n\r\n"
LAST = b"GET /last HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
IN_CHUNKS = b"0\r\n\r\n" + HIDDEN


def post(*headers: bytes, body: bytes) -> bytes:
    return b"\r\n".join([b"POST /first HTTP/1.1", b"Host: a", *headers, b"", body])


COUNTED = b"Content-Length: %d" % len(IN_CHUNKS)
TABLE = {
    "length and chunks": post(COUNTED, b"Transfer-Encoding: chunked", body=IN_CHUNKS),
    "chunks and length": post(b"Transfer-Encoding: chunked", COUNTED, body=IN_CHUNKS),
    "a length of nought and chunks": post(
        b"Content-Length: 0", b"Transfer-Encoding: chunked", body=IN_CHUNKS
    ),
    "two lengths": post(b"Content-Length: 0", b"Content-Length: %d" % len(HIDDEN), body=HIDDEN),
    "two lengths, the other way": post(
        b"Content-Length: %d" % len(HIDDEN), b"Content-Length: 0", body=HIDDEN
    ),
    "lengths in a list": post(b"Content-Length: 0, %d" % len(HIDDEN), body=HIDDEN),
    "a length with a sign": post(b"Content-Length: +0", body=HIDDEN),
    "a blank before the colon": post(COUNTED, b"Transfer-Encoding : chunked", body=IN_CHUNKS),
    "a tab before the colon": post(COUNTED, b"Transfer-Encoding\t: chunked", body=IN_CHUNKS),
    "a vertical tab": post(COUNTED, b"Transfer-Encoding: \x0bchunked", body=IN_CHUNKS),
    "a list of codings": post(COUNTED, b"Transfer-Encoding: chunked, identity", body=IN_CHUNKS),
    "an unknown coding": post(COUNTED, b"Transfer-Encoding: xchunked", body=IN_CHUNKS),
    "two codings": post(
        COUNTED, b"Transfer-Encoding: chunked", b"Transfer-Encoding: identity", body=IN_CHUNKS
    ),
    "a folded coding": post(COUNTED, b"Transfer-Encoding:\r\n chunked", body=IN_CHUNKS),
    "a coding in another header's fold": post(
        COUNTED, b"X: x\r\n Transfer-Encoding: chunked", body=IN_CHUNKS
    ),
    "a coding behind CR": post(COUNTED, b"X: x\rTransfer-Encoding: chunked", body=IN_CHUNKS),
    "a coding behind NUL": post(COUNTED, b"X: x\x00\r\nTransfer-Encoding: chunked", body=IN_CHUNKS),
    "a length listed as the neighbour's": post(COUNTED, b"Connection: Content-Length", body=IN_CHUNKS),
    "a length in the trailers": post(
        b"Transfer-Encoding: chunked", body=b"0\r\nContent-Length: %d\r\n\r\n" % len(HIDDEN)
    ),
    "a chunk size with 0x": post(b"Transfer-Encoding: chunked", body=b"0x0\r\n\r\n" + HIDDEN),
    "a chunk size that runs over": post(
        b"Transfer-Encoding: chunked", body=b"1" + b"0" * 16 + b"\r\n\r\n" + HIDDEN
    ),
    "a chunk that ends too late": post(b"Transfer-Encoding: chunked", body=b"1\r\nabc\r\n" + IN_CHUNKS),
    "two hosts": b"GET /first HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
    "a switch to HTTP/2": b"GET /first HTTP/1.1\r\nHost: a\r\nConnection: Upgrade, HTTP2-Settings\r\n"
    b"Upgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\nContent-Length: %d\r\n\r\n" % len(HIDDEN) + HIDDEN,
    "a WebSocket that hides one": b"GET /first HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    b"Content-Length: %d\r\n\r\n" % len(HIDDEN) + HIDDEN,
}
PASSED = {"a length listed as the neighbour's", "a switch to HTTP/2"}
"""What is no deceit once it is written anew."""


async def said(port: int, sent: bytes) -> list[bytes]:
    """The first lines of all answers, until the connection ends."""
    async with Line(*await asyncio.open_connection("127.0.0.1", port)) as line:
        got = b""
        with contextlib.suppress(ConnectionError):
            await line.send(sent + LAST)
            got = await line.rest()
    return [part[:3] for part in got.split(b"HTTP/1.1 ")[1:]]


@pytest.mark.parametrize("proxy", ["door", "nginx"])
async def test_no_upstream_sees_the_hidden_one(front: Opened, proxy: str) -> None:
    seen: list[Request] = []
    async with serving(answering(lambda request: (seen.append(request), ok(b"x"))[1])) as server:
        assert isinstance(server.address, Tcp)
        with contextlib.ExitStack() as stack:
            if proxy == "nginx":
                port = stack.enter_context(proxies.nginx(server.address.port)).port
            else:
                port = (await front(Upstream(server.address))).port
            for name, sent in TABLE.items():
                del seen[:]
                answers = await said(port, sent)
                lines = [request.line for request in seen]
                assert not any("/hidden" in line for line in lines), name
                assert answers, name
                if proxy == "door":
                    expected = [b"200", b"200"] if name in PASSED else [b"400"]
                    assert answers == expected, name
                    assert ("POST /first HTTP/1.1" in lines) <= (name in PASSED or b"chunked" in sent), name


def test_the_table_hides_something() -> None:
    """A server that counts every request would see it: else the table proves nothing."""
    assert sum(HIDDEN in sent for sent in TABLE.values()) > len(TABLE) // 2
