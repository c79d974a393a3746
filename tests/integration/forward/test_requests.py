"""What upstreams and clients get to see of one another, over real sockets."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

import pytest

from insula.gateway.forward.route import Answer, Asked, Tcp, Told, Unix, Upstream
from insula.testing.front import GET, Line, Opened, Request, Watched, answering, ok, serving

BUFFERS_BYTES = 16 * 1024 * 1024
"""More than sockets keep of what nobody reads."""


async def test_a_request_goes_through(front: Opened) -> None:
    got: list[Request] = []

    def answer(request: Request) -> bytes:
        got.append(request)
        return ok(b"hello", "X-One: 1")

    async with serving(answering(answer)) as server:
        door = await front(Upstream(server.address))
        status, headers, body = await door.ask(
            b"POST /a%20b?c=d HTTP/1.1\r\nHost: shop_a.test:80\r\nX-Two: 2\r\nContent-Length: 3\r\n\r\nabc"
        )
    assert (status, headers, body) == (200, {"content-length": "5", "x-one": "1"}, b"hello")
    [request] = got
    assert request.line == "POST /a%20b?c=d HTTP/1.1"
    assert request.body == b"abc"
    assert request.headers.pop("x-request-id")
    assert request.headers == {
        "host": "shop_a.test:80",
        "x-two": "2",
        "content-length": "3",
        "x-forwarded-for": "127.0.0.1",
        "x-forwarded-host": "shop_a.test:80",
        "x-forwarded-proto": "http",
        "forwarded": 'for=127.0.0.1;proto=http;host="shop_a.test:80"',
    }


STRANGE = (
    b"GET / HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 9.9.9.9\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Host: b\r\n"
    b"Forwarded: for=9.9.9.9\r\nX-Real-IP: 9.9.9.9\r\nX-Hostname: c\r\nX-Forwarded-Port: 1\r\n"
    b"X-Request-Id: mine-1\r\n\r\n"
)


async def test_strangers_are_not_believed(front: Opened) -> None:
    got: list[Request] = []
    asked: list[Asked] = []
    async with serving(answering(lambda request: (got.append(request), ok(b""))[1])) as server:

        def route(each: Asked) -> Told:
            asked.append(each)
            return Upstream(server.address)

        await (await front(route)).ask(STRANGE)
    assert asked[0].origin[:4] == ("127.0.0.1", "http", "a", ("a",))
    assert asked[0].request_id == "mine-1"
    assert got[0].headers == {
        "host": "a",
        "x-forwarded-for": "127.0.0.1",
        "x-forwarded-host": "a",
        "x-forwarded-proto": "http",
        "forwarded": 'for=127.0.0.1;proto=http;host="a"',
        "x-request-id": "mine-1",
    }


async def test_trusted_proxies_are_believed(front: Opened) -> None:
    got: list[Request] = []
    async with serving(answering(lambda request: (got.append(request), ok(b""))[1])) as server:
        await (await front(Upstream(server.address), trusted="127.0.0.0/8")).ask(STRANGE)
    assert got[0].headers == {
        "host": "a",
        "x-real-ip": "9.9.9.9",
        "x-hostname": "c",
        "x-forwarded-port": "1",
        "x-forwarded-for": "9.9.9.9, 127.0.0.1",
        "x-forwarded-host": "b",
        "x-forwarded-proto": "https",
        "forwarded": 'for=9.9.9.9;proto=https;host="b"',
        "x-request-id": "mine-1",
    }


async def test_headers_between_neighbours_stay_behind(front: Opened) -> None:
    got: list[Request] = []

    def answer(request: Request) -> bytes:
        got.append(request)
        return ok(b"x", "Connection: X-Hop", "X-Hop: 1", "Keep-Alive: timeout=5", "X-Stays: 1")

    async with serving(answering(answer)) as server:
        door = await front(Upstream(server.address))
        sent = (
            b"POST / HTTP/1.1\r\nHost: a\r\nConnection: X-Hop, Host, Content-Length\r\nX-Hop: 1\r\nKeep-Alive: 1\r\n"
            b"TE: trailers\r\nTrailer: X\r\nUpgrade: h2c\r\nHTTP2-Settings: x\r\nContent-Length: 2\r\n\r\nab"
        )
        _, headers, _ = await door.ask(sent)
    assert headers == {"content-length": "1", "x-stays": "1"}
    assert set(got[0].headers) == {
        *("host", "content-length", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "forwarded"),
        "x-request-id",
    }
    assert got[0].body == b"ab"


async def test_a_route_changes_what_goes_on(front: Opened) -> None:
    got: list[Request] = []
    async with serving(answering(lambda request: (got.append(request), ok(b""))[1])) as server:
        told = Upstream(
            server.address,
            base=b"/other",
            headers=((b"host", b"inner"), (b"x-app", b"shop")),
            without=frozenset({b"x-secret"}),
            cookies=frozenset({b"nb_role_shop"}),
        )
        await (await front(told)).ask(
            b"GET /a HTTP/1.1\r\nHost: a\r\nX-App: b\r\nX-App: c\r\nX-Secret: 1\r\n"
            b"Cookie: nb_role_shop=1; nb_role_other=2; mine=3\r\n\r\n"
        )
    assert got[0].line == "GET /other/a HTTP/1.1"
    assert got[0].headers["host"] == "inner"
    assert got[0].headers["x-app"] == "shop"
    assert got[0].raw.count(b"-app") == 1
    assert got[0].headers["cookie"] == "nb_role_shop=1; mine=3"
    assert "x-secret" not in got[0].headers
    assert got[0].headers["x-forwarded-host"] == "a"


async def test_an_upstream_on_a_unix_socket(front: Opened, tmp_path: Path) -> None:
    async with serving(answering(lambda _: ok(b"local")), path=str(tmp_path / "socket")) as server:
        assert isinstance(server.address, Unix)
        assert (await (await front(Upstream(server.address))).ask(GET))[2] == b"local"


async def test_a_route_answers_by_itself(front: Opened) -> None:
    door = await front(lambda _: Answer(404, ((b"content-type", b"text/plain"),), b"none"))
    async with await door.line() as line:
        await line.send(GET + b"HEAD / HTTP/1.1\r\nHost: a\r\n\r\n" + GET)
        for head_only in (False, True, False):
            status, headers, body = await line.answer(head_only=head_only)
            assert (status, body) == (404, b"" if head_only else b"none")
            assert headers.pop("date").endswith("GMT")
            assert headers.pop("x-request-id")
            assert headers == {"content-type": "text/plain", "content-length": "4"}


@pytest.mark.parametrize("sent", [b"abc", b""])
async def test_the_body_of_what_is_answered_here_is_taken_in(front: Opened, sent: bytes) -> None:
    door = await front(lambda _: Answer(403))
    async with await door.line() as line:
        await line.send(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\n\r\n" + sent)
        assert (await line.answer())[0] == 403
        await line.send(b"abcdef"[len(sent) :] + GET)
        assert (await line.answer())[0] == 403


@pytest.mark.parametrize(
    "more",
    [b"Content-Length: 1000000", b"Transfer-Encoding: chunked", b"Content-Length: 1\r\nExpect: 100-continue"],
)
async def test_a_long_body_of_what_is_answered_here_ends_the_connection(front: Opened, more: bytes) -> None:
    door = await front(lambda _: Answer(403))
    async with await door.line() as line:
        await line.send(b"POST / HTTP/1.1\r\nHost: a\r\n" + more + b"\r\n\r\n")
        status, headers, _ = await line.answer()
        assert (status, headers["connection"]) == (403, "close")
        assert await line.rest() == b""


async def test_a_route_may_wait(front: Opened) -> None:
    gate = asyncio.Event()
    async with serving(answering(lambda request: ok(request.body))) as server:

        async def route(_: Asked) -> Told:
            await gate.wait()
            return Upstream(server.address)

        door = await front(route)
        async with await door.line() as line:
            await line.send(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 200000\r\n\r\n")
            await line.send(b"x" * 200_000)
            gate.set()
            assert (await line.answer())[2] == b"x" * 200_000


async def test_a_client_that_leaves_ends_the_wait(front: Opened) -> None:
    begun, ended = asyncio.Event(), asyncio.Event()

    async def route(_: Asked) -> Told:
        begun.set()
        try:
            return await asyncio.get_running_loop().create_future()
        finally:
            ended.set()

    door = await front(route)
    async with await door.line() as line:
        await line.send(GET)
        await begun.wait()
    async with asyncio.timeout(5):
        await ended.wait()


async def test_a_client_that_leaves_as_the_route_is_found_is_counted_out(front: Opened) -> None:
    watched = Watched()

    async def find() -> Upstream:
        (client,) = door.door.crowd
        client.transport.abort()  # heard of before what is found here
        return Upstream(Tcp("127.0.0.1", 1), watch=watched)

    door = await front(lambda _: find())
    async with await door.line() as line:
        await line.send(GET)
        await line.left()
    assert (watched.told, watched.under_way) == ([], 0)


class Defect(Exception):
    pass


@pytest.mark.parametrize("waits", [False, True])
async def test_a_route_that_raises_is_an_answer_too(
    front: Opened, waits: bool, caplog: pytest.LogCaptureFixture
) -> None:
    def fails(_: Asked) -> Told:
        raise Defect

    async def fails_later(_: Asked) -> Told:
        raise Defect

    status, _, body = await (await front(fails_later if waits else fails)).ask(GET)
    assert status == 500
    assert b"INTERNAL_ERROR" in body
    assert "Defect" in caplog.text


async def test_requests_may_come_at_once(front: Opened) -> None:
    async with serving(answering(lambda request: ok(request.line.encode() + request.body))) as server:
        door = await front(Upstream(server.address))
        async with await door.line() as line:
            await line.send(
                b"POST /1 HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nX: 1\r\n\r\n"
                b"GET /2 HTTP/1.1\r\nHost: a\r\n\r\n"
                b"POST /3 HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nxy\r\n"
                b"GET /4 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\nGET /5 HTTP/1.1\r\nHost: a\r\n\r\n"
            )
            bodies = [(await line.answer())[2] for _ in range(4)]
            assert await line.rest() == b""
    assert bodies == [
        b"POST /1 HTTP/1.13\r\nabc\r\n0\r\n\r\n",
        b"GET /2 HTTP/1.1",
        b"POST /3 HTTP/1.1xy",
        b"GET /4 HTTP/1.1",
    ]
    assert len(server.lines) == 1


async def test_who_asks_without_end_is_stopped(front: Opened) -> None:
    """What a client asks ahead of its answers stays with it: it is not kept here, however fast it comes."""
    asked = GET * 10_000
    sent = 0

    async def ask(line: Line) -> None:
        nonlocal sent
        while True:
            await line.send(asked)
            sent += len(asked)

    async with serving(answering(lambda _: ok(b"x"))) as server:
        door = await front(Upstream(server.address))
        async with await door.line() as line:
            asking = asyncio.create_task(ask(line))
            for _ in range(500):
                assert (await line.answer())[0] == 200
            asking.cancel()
            await asyncio.wait((asking,))
            line.reset()
    assert sent < BUFFERS_BYTES


def every_way(data: bytes) -> Sequence[list[bytes]]:
    """Cut at each place, and byte by byte."""
    return [[data[:at], data[at:]] for at in range(1, len(data), 7)] + [[bytes([byte]) for byte in data]]


async def test_however_requests_are_cut_the_answers_are_the_same(front: Opened) -> None:
    sent = (
        b"POST /1 HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"
        b"POST /2 HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nxyGET /3 HTTP/1.1\r\nHost: a\r\n\r\n"
    )
    async with serving(answering(lambda request: ok(request.line.encode() + request.body))) as server:
        door = await front(Upstream(server.address))
        for pieces in every_way(sent):
            async with await door.line(limit=1 << 20) as line:
                for piece in pieces:
                    line.writer.write(piece)
                    await asyncio.sleep(0)
                bodies = [(await line.answer())[2] for _ in range(3)]
            assert bodies[1:] == [b"POST /2 HTTP/1.1xy", b"GET /3 HTTP/1.1"]
            assert bodies[0] == b"POST /1 HTTP/1.13\r\nabc\r\n0\r\n\r\n"


@pytest.mark.parametrize(
    "sent",
    [
        b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"GET / HTTP/1.1\r\n\r\n",
        b"\x16\x03\x01\x02",
        b"GET / HTTP/1.1\r\nHost: a\r\nX: a\x00b\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n",
    ],
    ids=["length and chunks", "no host", "no HTTP", "NUL", "bad chunk"],
)
async def test_what_is_no_good_request_is_refused(front: Opened, sent: bytes) -> None:
    watched = Watched()
    async with serving(answering(lambda _: ok(b""))) as server:
        door = await front(Upstream(server.address, watch=watched))
        async with await door.line() as line:
            await line.send(sent + GET)
            status, headers, body = await line.answer()
            assert (status, headers["connection"]) == (400, "close")
            assert b"INVALID_HTTP" in body
            assert await line.rest() == b""
    assert watched.told in ([], [("ended", 400)])


async def test_a_head_that_is_too_long_is_refused(front: Opened) -> None:
    door = await front(lambda _: Answer(200))
    async with await door.line() as line:
        await line.send(b"GET / HTTP/1.1\r\nHost: a\r\nX: " + b"a" * 70_000)
        assert (await line.answer())[0] == 431


async def test_what_a_route_is_chosen_by_goes_on_though_a_client_lists_it(front: Opened) -> None:
    got: list[Request] = []
    async with serving(answering(lambda request: (got.append(request), ok(b""))[1])) as server:
        await (await front(Upstream(server.address))).ask(
            b"GET /a HTTP/1.1\r\nHost: a\r\nConnection: x-app, X-Environment, x-own\r\n"
            b"X-App: shop\r\nX-Environment: one\r\nX-Own: 1\r\n\r\n"
        )
    assert (got[0].headers["x-app"], got[0].headers["x-environment"]) == ("shop", "one")
    assert "x-own" not in got[0].headers
