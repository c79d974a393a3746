"""One table of requests that hide another in them, for the front door, for nginx and for a plain ASGI proxy.

The front door shows no upstream the hidden one. nginx (1.22) is more patient with what is merely sloppy, lines
that end with LF alone for one, and takes what follows for a request of its own; the front door refuses that too.
"""

import asyncio
import contextlib
import re
from typing import NamedTuple

import pytest

from insula.gateway.forward.route import Tcp, Upstream
from insula.testing import proxies
from insula.testing.asgi_proxy import asgi_proxy
from insula.testing.front import Line, Opened, Request, answering, ok, serving

HIDDEN = b"GET /hidden HTTP/1.1\r\nHost: a\r\n\r\n"
LAST = b"GET /last HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
IN_CHUNKS = b"0\r\n\r\n" + HIDDEN


def post(*headers: bytes, body: bytes) -> bytes:
    return b"\r\n".join([b"POST /first HTTP/1.1", b"Host: a", *headers, b"", body])


class Case(NamedTuple):
    """What is sent, and the statuses of all answers by whoever gets it."""

    sent: bytes
    door: str = "400"
    nginx: str = "400"
    asgi: str = "400"


COUNTED = b"Content-Length: %d" % len(IN_CHUNKS)
TABLE = {
    "length and chunks": Case(post(COUNTED, b"Transfer-Encoding: chunked", body=IN_CHUNKS)),
    "chunks and length": Case(post(b"Transfer-Encoding: chunked", COUNTED, body=IN_CHUNKS)),
    "a length of nought and chunks": Case(
        post(b"Content-Length: 0", b"Transfer-Encoding: chunked", body=IN_CHUNKS)
    ),
    "two lengths": Case(post(b"Content-Length: 0", b"Content-Length: %d" % len(HIDDEN), body=HIDDEN)),
    "two lengths, the other way": Case(
        post(b"Content-Length: %d" % len(HIDDEN), b"Content-Length: 0", body=HIDDEN)
    ),
    "lengths in a list": Case(post(b"Content-Length: 0, %d" % len(HIDDEN), body=HIDDEN)),
    "a length with a sign": Case(post(b"Content-Length: +0", body=HIDDEN)),
    "a blank before the colon": Case(post(COUNTED, b"Transfer-Encoding : chunked", body=IN_CHUNKS)),
    "a tab before the colon": Case(post(COUNTED, b"Transfer-Encoding\t: chunked", body=IN_CHUNKS)),
    "a vertical tab": Case(post(COUNTED, b"Transfer-Encoding: \x0bchunked", body=IN_CHUNKS), nginx="501"),
    "a list of codings": Case(
        post(COUNTED, b"Transfer-Encoding: chunked, identity", body=IN_CHUNKS), nginx="501"
    ),
    "an unknown coding": Case(post(COUNTED, b"Transfer-Encoding: xchunked", body=IN_CHUNKS), nginx="501"),
    "two codings": Case(
        post(COUNTED, b"Transfer-Encoding: chunked", b"Transfer-Encoding: identity", body=IN_CHUNKS)
    ),
    "a folded coding": Case(post(COUNTED, b"Transfer-Encoding:\r\n chunked", body=IN_CHUNKS)),
    "a coding in another header's fold": Case(
        post(COUNTED, b"X: x\r\n Transfer-Encoding: chunked", body=IN_CHUNKS)
    ),
    "a coding behind CR": Case(post(COUNTED, b"X: x\rTransfer-Encoding: chunked", body=IN_CHUNKS)),
    "a coding behind NUL": Case(post(COUNTED, b"X: x\x00\r\nTransfer-Encoding: chunked", body=IN_CHUNKS)),
    "a length listed as the neighbour's": Case(
        post(COUNTED, b"Connection: Content-Length", body=IN_CHUNKS),
        door="200 200",
        nginx="200 200",
        asgi="200 200",
    ),
    "a length in the trailers": Case(
        post(b"Transfer-Encoding: chunked", body=b"0\r\nContent-Length: %d\r\n\r\n" % len(HIDDEN)),
        nginx="200 200",
    ),
    "a chunk size with 0x": Case(post(b"Transfer-Encoding: chunked", body=b"0x0\r\n\r\n" + HIDDEN)),
    "a chunk size that runs over": Case(
        post(b"Transfer-Encoding: chunked", body=b"1" + b"0" * 16 + b"\r\n\r\n" + HIDDEN)
    ),
    "a chunk that ends too late": Case(post(b"Transfer-Encoding: chunked", body=b"1\r\nabc\r\n" + IN_CHUNKS)),
    "a length of nothing": Case(post(b"Content-Length:", body=HIDDEN)),
    "a length with an underscore": Case(post(b"Content-Length: 0_0", body=HIDDEN)),
    "a length in hexadecimal": Case(post(b"Content-Length: 0x0", body=HIDDEN)),
    "a negative length": Case(post(b"Content-Length: -1", body=HIDDEN)),
    "a length with a blank in it": Case(post(b"Content-Length: 0 0", body=HIDDEN)),
    "a length behind NUL": Case(post(b"Content-Length: \x000", body=HIDDEN)),
    "a name with an underscore": Case(
        post(COUNTED, b"Transfer_Encoding: chunked", body=IN_CHUNKS),
        door="200 200",
        nginx="200 200",
        asgi="200 200",
    ),
    "chunks twice": Case(post(b"Transfer-Encoding: chunked", b"Transfer-Encoding: chunked", body=IN_CHUNKS)),
    "chunks in HTTP/1.0": Case(
        post(b"Transfer-Encoding: chunked", body=IN_CHUNKS).replace(b"1.1", b"1.0", 1), asgi="200"
    ),
    "chunks by another name": Case(
        post(COUNTED, b"Transfer-Encoding: gzip, chunked", body=IN_CHUNKS), nginx="501"
    ),
    "a chunk size with an underscore": Case(
        post(b"Transfer-Encoding: chunked", body=b"0_0\r\n\r\n" + HIDDEN)
    ),
    "a chunk size with a sign": Case(post(b"Transfer-Encoding: chunked", body=b"+0\r\n\r\n" + HIDDEN)),
    "a negative chunk": Case(post(b"Transfer-Encoding: chunked", body=b"-1\r\n\r\n" + HIDDEN)),
    "a chunk size before a blank": Case(
        post(b"Transfer-Encoding: chunked", body=b"0 \r\n\r\n" + HIDDEN), nginx="200 200 200"
    ),
    "a chunk size before LF": Case(
        post(b"Transfer-Encoding: chunked", body=b"0\n\r\n" + HIDDEN), nginx="200 200 200"
    ),
    "a chunk extension that ends with LF": Case(
        post(b"Transfer-Encoding: chunked", body=b"2;\nxx\r\n%x\r\n0\r\n\r\n" % len(HIDDEN) + HIDDEN)
    ),
    "a chunk extension that ends with CR": Case(
        post(b"Transfer-Encoding: chunked", body=b"1;a\rb\r\nx\r\n" + IN_CHUNKS)
    ),
    "a chunk that ends with LF": Case(
        post(b"Transfer-Encoding: chunked", body=b"1\r\nx\n" + IN_CHUNKS), nginx="200 200 200"
    ),
    "an end of chunks with LF": Case(
        post(b"Transfer-Encoding: chunked", body=b"0\r\n\n" + HIDDEN), nginx="200 200 200"
    ),
    "a request in the trailers": Case(
        post(b"Transfer-Encoding: chunked", body=b"0\r\n" + HIDDEN), nginx="200 200"
    ),
    "a head with LF": Case(post(COUNTED, body=IN_CHUNKS).replace(b"\r\n", b"\n", 3), nginx="200 200"),
    "LF in a header": Case(post(COUNTED, b"X: x\nTransfer-Encoding: chunked", body=IN_CHUNKS)),
    "a header without a name": Case(post(COUNTED, b": chunked", body=IN_CHUNKS)),
    "a header without a colon": Case(post(COUNTED, b"Transfer-Encoding chunked", body=IN_CHUNKS)),
    "a first header that is folded": Case(
        b"POST /first HTTP/1.1\r\n Transfer-Encoding: chunked\r\nHost: a\r\n"
        + COUNTED
        + b"\r\n\r\n"
        + IN_CHUNKS
    ),
    "a blank in the target": Case(b"GET /first HTTP/1.1 /hidden HTTP/1.1\r\nHost: a\r\n\r\n"),
    "a line break in the target": Case(b"GET /first%0d%0a\r/hidden HTTP/1.1\r\nHost: a\r\n\r\n"),
    "no version": Case(b"GET /first\r\nHost: a\r\n\r\n" + HIDDEN, nginx="", asgi="200"),
    "another version": Case(
        b"GET /first HTTP/1.9\r\nHost: a\r\nContent-Length: %d\r\n\r\n" % len(HIDDEN) + HIDDEN,
        nginx="200 200",
    ),
    "another host in the address": Case(
        b"GET http://b/first HTTP/1.1\r\nHost: a\r\n\r\n", nginx="200 200", asgi="200 200"
    ),
    "a body of GET": Case(
        b"GET /first HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n" % len(HIDDEN) + HIDDEN,
        door="200 200",
        nginx="200 200",
        asgi="200 200",
    ),
    "an expectation that is met by the body": Case(
        post(b"Content-Length: %d" % len(HIDDEN), b"Expect: 100-continue", body=HIDDEN),
        door="200 200",
        nginx="100 200 200",
        asgi="100 200 200",
    ),
    "two hosts": Case(b"GET /first HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", asgi="500"),
    "a switch to HTTP/2": Case(
        b"GET /first HTTP/1.1\r\nHost: a\r\nConnection: Upgrade, HTTP2-Settings\r\n"
        b"Upgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\nContent-Length: %d\r\n\r\n" % len(HIDDEN) + HIDDEN,
        door="200 200",
        nginx="200 200",
        asgi="500",
    ),
    "a WebSocket that hides one": Case(
        b"GET /first HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
        b"Content-Length: %d\r\n\r\n" % len(HIDDEN) + HIDDEN,
        nginx="200 200",
        asgi="500",
    ),
}


async def said(port: int, sent: bytes) -> str:
    """The statuses of all answers, until the connection ends."""
    async with Line(*await asyncio.open_connection("127.0.0.1", port)) as line:
        got = b""
        with contextlib.suppress(ConnectionError):
            await line.send(sent + LAST)
            got = await line.rest()
    return b" ".join(re.findall(rb"HTTP/1\.1 (\d{3}) ", got)).decode()


@pytest.mark.parametrize("proxy", ["door", "nginx", "asgi"])
async def test_no_upstream_sees_the_hidden_one(front: Opened, proxy: str) -> None:
    seen: list[Request] = []
    async with serving(answering(lambda request: (seen.append(request), ok(b"x"))[1])) as server:
        assert isinstance(server.address, Tcp)
        async with contextlib.AsyncExitStack() as stack:
            if proxy == "nginx":
                port = stack.enter_context(proxies.nginx(server.address.port)).port
            elif proxy == "asgi":
                port = await stack.enter_async_context(asgi_proxy(server.address.port))
            else:
                port = (await front(Upstream(server.address))).port
            for name, case in TABLE.items():
                del seen[:]
                answers = await said(port, case.sent)
                lines = [request.line for request in seen]
                assert answers == getattr(case, proxy), name
                assert any("/hidden" in line for line in lines) == (answers.count("200") == 3), name
                if proxy == "door":
                    assert any("/first" in line for line in lines) == (answers == "200 200"), name


def test_the_table_hides_something() -> None:
    """A server that counts every request would see it: else the table proves nothing."""
    assert sum(HIDDEN in case.sent for case in TABLE.values()) > len(TABLE) // 2
    assert all(case.door in ("400", "200 200") for case in TABLE.values())
