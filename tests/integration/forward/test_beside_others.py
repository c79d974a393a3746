"""One table of answers that are easy to get wrong, for the front door, for nginx and for a plain ASGI proxy.

After each comes another request on the same connection, so that whoever loses count of where an answer ends is found out.
"""

import asyncio
import contextlib
import re
from typing import NamedTuple

import pytest

from insula.gateway.forward.route import Tcp, Upstream
from insula.testing import proxies
from insula.testing.asgi_proxy import asgi_proxy
from insula.testing.front import Line, Opened, ok, serving

GET = b"GET / HTTP/1.1\r\nHost: shop_a.test\r\n\r\n"
HEAD = GET.replace(b"GET", b"HEAD")
POST = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc"
LAST = b"GET /last HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
HIDDEN = b"HTTP/1.1 299 Hidden\r\nContent-Length: 0\r\n\r\n"


CLOSES = b"CLOSES"
"""At the end of an answer: the connection is closed behind it."""


class Case(NamedTuple):
    """What is asked and answered, and what whoever asked gets to see: all statuses, and ``end`` where the last answer is whole."""

    sent: bytes
    answer: bytes
    door: str = "200 200 end"
    nginx: str = "200 200 end"
    asgi: str = "200 200 end"


def given(status: str, *headers: str, body: bytes = b"") -> bytes:
    return "\r\n".join([f"HTTP/1.1 {status}", *headers, "", ""]).encode() + body


TABLE = {
    "counted": Case(GET, ok(b"abc")),
    "empty": Case(GET, ok(b"")),
    "chunks": Case(GET, CHUNKED + b"3\r\nabc\r\n0\r\n\r\n"),
    "chunks with an extension": Case(GET, CHUNKED + b"3;a=b\r\nabc\r\n0;c\r\n\r\n"),
    "trailers": Case(GET, CHUNKED + b"3\r\nabc\r\n0\r\nX-Sum: 1\r\n\r\n"),
    "a length in the trailers": Case(
        GET, CHUNKED + b"3\r\nabc\r\n0\r\nContent-Length: 9\r\n\r\n", door="502 200 end"
    ),
    "HEAD": Case(HEAD, given("200 OK", "Content-Length: 10")),
    "HEAD in chunks": Case(HEAD, CHUNKED),
    "HEAD without a length": Case(HEAD, given("200 OK")),
    "HEAD with a body": Case(
        HEAD, given("200 OK", f"Content-Length: {len(HIDDEN)}", body=HIDDEN), asgi="200 299"
    ),
    "204": Case(GET, given("204 None"), door="204 200 end", nginx="204 200 end", asgi="204 200 end"),
    "204 with a length": Case(
        GET, given("204 None", "Content-Length: 10"), door="204 200 end", nginx="204 200 end", asgi="204"
    ),
    "204 in chunks": Case(
        GET,
        given("204 None", "Transfer-Encoding: chunked"),
        door="204 200 end",
        nginx="204 200 end",
        asgi="204 200 end",
    ),
    "204 with a body": Case(
        GET,
        given("204 None", f"Content-Length: {len(HIDDEN)}", body=HIDDEN),
        door="204 200 end",
        nginx="204 200 end",
        asgi="204",
    ),
    "304 with a length": Case(
        GET,
        given("304 Same", "Content-Length: 10", "ETag: x"),
        door="304 200 end",
        nginx="304 200 end",
        asgi="304",
    ),
    "304 with a body": Case(
        GET,
        given("304 Same", f"Content-Length: {len(HIDDEN)}", body=HIDDEN),
        door="304 200 end",
        nginx="304 200 end",
        asgi="304",
    ),
    "205": Case(
        GET,
        given("205 Reset", "Content-Length: 0"),
        door="205 200 end",
        nginx="205 200 end",
        asgi="205 200 end",
    ),
    "early hints": Case(
        GET,
        given("103 Early Hints", "Link: </a>") + ok(b"abc") + CLOSES,
        door="103 200 200 end",
        nginx="103 200 200 end",
    ),
    "an answer to POST": Case(POST, ok(b"abc")),
    "more than it says": Case(GET, ok(b"abc") + HIDDEN, asgi="200 299"),
    "more behind its chunks": Case(GET, CHUNKED + b"0\r\n\r\n" + HIDDEN, asgi="200 299"),
    "length and chunks": Case(
        GET,
        given("200 OK", "Content-Length: 5", "Transfer-Encoding: chunked", body=b"0\r\n\r\n" + HIDDEN),
        door="502 200 end",
        asgi="200",
    ),
    "two lengths": Case(
        GET,
        given("200 OK", "Content-Length: 0", f"Content-Length: {len(HIDDEN)}", body=HIDDEN) + CLOSES,
        door="502 200 end",
        nginx="200 299 200 end",
        asgi="500",
    ),
    "a length with a sign": Case(
        GET,
        given("200 OK", "Content-Length: +0", body=HIDDEN) + CLOSES,
        door="502 200 end",
        nginx="200 299 200 end",
        asgi="500",
    ),
    "a negative length": Case(
        GET, given("200 OK", "Content-Length: -1") + CLOSES, door="502 200 end", asgi="500"
    ),
    "an unknown coding": Case(
        GET,
        given("200 OK", "Transfer-Encoding: xchunked", body=b"0\r\n\r\n" + HIDDEN),
        door="502 200 end",
        asgi="500",
    ),
    "a blank before the colon": Case(
        GET,
        given("200 OK", "Content-Length : 3", body=b"abc"),
        door="502 200 end",
        nginx="502 200 end",
        asgi="500",
    ),
    "a folded header": Case(
        GET,
        given("200 OK", "X: a\r\n b", "Content-Length: 3", body=b"abc"),
        door="502 200 end",
        nginx="502 200 end",
    ),
    "a header behind CR": Case(
        GET,
        given("200 OK", "X: a\rSet-Cookie: b", "Content-Length: 3", body=b"abc"),
        door="502 200 end",
        nginx="502 200 end",
        asgi="500",
    ),
    "NUL in a header": Case(
        GET,
        given("200 OK", "X: a\0b", "Content-Length: 3", body=b"abc"),
        door="502 200 end",
        nginx="502 200 end",
        asgi="500",
    ),
    "a bad chunk": Case(GET, CHUNKED + b"zz\r\nabc\r\n0\r\n\r\n", door="502 200 end", nginx="", asgi="200"),
    "half of it": Case(
        GET,
        given("200 OK", "Content-Length: 10", body=b"abc") + CLOSES,
        door="reset",
        nginx="200",
        asgi="200",
    ),
    "half of its chunks": Case(
        GET, CHUNKED + b"3\r\nabc\r\n" + CLOSES, door="reset", nginx="200", asgi="200"
    ),
    "until it closes": Case(GET, b"HTTP/1.0 200 OK\r\n\r\nabc" + CLOSES, door="200"),
    "half a head": Case(
        GET, b"HTTP/1.1 200 OK\r\nContent-" + CLOSES, door="502 200 end", nginx="502 200 end", asgi="500"
    ),
    "nothing": Case(GET, CLOSES, door="502 200 end", nginx="502 200 end", asgi="500"),
    "no HTTP": Case(GET, b"SSH-2.0\r\n\r\n" + CLOSES, door="502 200 end", nginx="200 end", asgi="500"),
    "HTTP/2": Case(
        GET,
        b"HTTP/2 200\r\ncontent-length: 0\r\n\r\n" + CLOSES,
        door="502 200 end",
        nginx="200 end",
        asgi="500",
    ),
    "a status of two digits": Case(
        GET, given("20 OK", "Content-Length: 0") + CLOSES, door="502 200 end", nginx="20 200 end", asgi="500"
    ),
    "an unasked switch": Case(
        GET,
        given("101 Switching Protocols", "Upgrade: x", "Connection: upgrade") + CLOSES,
        door="502 200 end",
        nginx="101 200 end",
        asgi="500",
    ),
}


async def seen(port: int, sent: bytes) -> str:
    async with Line(*await asyncio.open_connection("127.0.0.1", port)) as line:
        await line.send(sent + LAST)
        try:
            got = await line.rest()
        except ConnectionResetError:
            return "reset"
    statuses = [found.decode() for found in re.findall(rb"HTTP/1\.1 (\d+) ", got)]
    return " ".join([*statuses, *(["end"] if got.endswith(b"end") else [])])


@pytest.mark.parametrize("proxy", ["door", "nginx", "asgi"])
async def test_each_answer_ends_where_it_ends(front: Opened, proxy: str) -> None:
    case = TABLE["counted"]

    async def serve(line: Line) -> None:
        while True:
            request = await line.request()
            if "/last" in request.line:
                await line.send(ok(b"end"))
                continue
            await line.send(case.answer.removesuffix(CLOSES))
            if case.answer.endswith(CLOSES):
                return

    found: dict[str, str] = {}
    async with serving(serve) as server, contextlib.AsyncExitStack() as stack:
        assert isinstance(server.address, Tcp)
        port = 0
        if proxy == "nginx":
            port = stack.enter_context(proxies.nginx(server.address.port)).port
        elif proxy == "door":
            port = (await front(Upstream(server.address))).port
        for name, case in TABLE.items():
            async with contextlib.AsyncExitStack() as own:
                if proxy == "asgi":  # its client's connections remember what one case has left on them
                    port = await own.enter_async_context(asgi_proxy(server.address.port))
                found[name] = await seen(port, case.sent)
    assert found == {name: getattr(case, proxy) for name, case in TABLE.items()}


def test_the_door_passes_on_nothing_that_was_not_asked_for() -> None:
    """Nothing that stands behind an answer, and nothing that could be read in two ways."""
    assert [name for name, case in TABLE.items() if "299" in case.door] == []
    assert all(case.door.endswith("end") or case.answer.endswith(CLOSES) for case in TABLE.values())
