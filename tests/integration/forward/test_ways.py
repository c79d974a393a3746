"""Requests that repeat what the one before them said of itself: they go the same way, and nothing else does."""

import asyncio

import pytest

from insula.gateway.forward.client import Client
from insula.gateway.forward.phases import Phases
from insula.gateway.forward.route import Answer, Asked, Standing, Told, Upstream
from insula.testing.front import PATIENCE_S, Line, Opened, Request, Server, Watched, answering, ok, serving

HEADERS = b"Host: a\r\nX-One: 1\r\n\r\n"
GET = b"GET /api/a:list HTTP/1.1\r\n" + HEADERS


class Chooser:
    """A route that says of each of its answers that it holds for whatever begins with ``/api/a``."""

    def __init__(self, server: Server, **more: object) -> None:
        self.server = server
        self.more = more
        self.standing = Standing()
        self.asked: list[bytes] = []
        self.watched = Watched()

    def __call__(self, asked: Asked) -> Told:
        self.asked.append(asked.target)
        told = Upstream(self.server.address, prefix=b"/api/a", standing=self.standing, watch=self.watched)
        return told._replace(**self.more)  # type: ignore[arg-type]


class Upstreamed:
    """What an upstream got: it answers each request with its target."""

    def __init__(self) -> None:
        self.got: list[Request] = []

    def __call__(self, request: Request) -> bytes:
        self.got.append(request)
        return ok(b"" if request.line.startswith("HEAD") else request.line.split(" ")[1].encode())


async def body(line: Line, sent: bytes) -> bytes:
    """What a request is answered."""
    await line.send(sent)
    status, _, got = await line.answer(head_only=sent.startswith(b"HEAD"))
    assert status == 200
    return got


async def test_what_repeats_goes_the_same_way(front: Opened) -> None:
    seen = Upstreamed()
    async with serving(answering(seen)) as server:
        chooser = Chooser(server)
        door = await front(chooser)
        async with await door.line() as line:
            for target in (b"/api/a:list", b"/api/a:list", b"/api/a:get/1?x=%20%7B"):
                assert await body(line, b"GET %b HTTP/1.1\r\n%b" % (target, HEADERS)) == target
    assert chooser.asked == [b"/api/a:list"]
    assert [request.headers["x-one"] for request in seen.got] == ["1"] * 3
    assert {request.headers["forwarded"] for request in seen.got} == {'for=127.0.0.1;proto=http;host="a"'}
    assert len({request.headers["x-request-id"] for request in seen.got}) == 3
    assert (chooser.watched.told, chooser.watched.under_way) == ([("ended", 200)] * 3, 0)


@pytest.mark.parametrize(
    "other",
    [
        b"GET /api/b HTTP/1.1\r\n" + HEADERS,
        b"GET /api/a?__appName=b HTTP/1.1\r\n" + HEADERS,
        b"GET /api/a__x HTTP/1.1\r\n" + HEADERS,
        b"POST /api/a HTTP/1.1\r\n" + HEADERS,
        b"HEAD /api/a HTTP/1.1\r\n" + HEADERS,
        b"GET /api/a HTTP/1.0\r\n" + HEADERS,
        b"GET http://a/api/a HTTP/1.1\r\n" + HEADERS,
        b"GET /api/a HTTP/1.1\r\nX-Two: 2\r\n" + HEADERS,
        b"GET /api/a HTTP/1.1\r\nHost: a\r\nX-One: 2\r\n\r\n",
        b"POST /api/a HTTP/1.1\r\nContent-Length: 2\r\n" + HEADERS + b"ab",
    ],
)
async def test_what_differs_is_asked_about(front: Opened, other: bytes) -> None:
    seen = Upstreamed()
    async with serving(answering(seen)) as server:
        chooser = Chooser(server)
        door = await front(chooser)
        async with await door.line() as line:
            for sent in (GET, GET, other):
                await body(line, sent)
    assert len(chooser.asked) == 2
    assert len(seen.got) == 3
    assert (len(chooser.watched.told), chooser.watched.under_way) == (3, 0)


@pytest.mark.parametrize(
    "broken",
    [
        b"GET /api/a b HTTP/1.1\r\n" + HEADERS,
        b"GET /api/a#b HTTP/1.1\r\n" + HEADERS,
        b"GET /api/a HTTP/1.1\r\nnothing\r\n" + HEADERS,
        b"GET /api/a\x00 HTTP/1.1\r\n" + HEADERS,
        b"GET /api/a HTTP/1.2\r\n" + HEADERS,
        b"GET /api/a\r\n" + HEADERS,
    ],
)
async def test_what_is_refused_at_first_is_refused_later(front: Opened, broken: bytes) -> None:
    async with serving(answering(Upstreamed())) as server:
        door = await front(Chooser(server))
        async with await door.line() as line:
            await body(line, GET)
            await line.send(broken)
            assert (await line.answer())[0] == 400
            await line.left()


async def test_a_way_ends_with_what_it_stands_upon(front: Opened) -> None:
    async with (
        serving(answering(Upstreamed())) as first,
        serving(answering(lambda _: ok(b"other"))) as second,
    ):
        chooser = Chooser(first)
        door = await front(chooser)
        async with await door.line() as line:
            assert await body(line, GET) == b"/api/a:list"
            chooser.server = second
            assert await body(line, GET) == b"/api/a:list"
            chooser.standing.holds = False
            chooser.standing = Standing()
            assert await body(line, GET) == b"other"


async def test_what_is_put_in_front_of_a_target_is_put_there_each_time(front: Opened) -> None:
    seen = Upstreamed()
    async with serving(answering(seen)) as server:
        door = await front(Chooser(server, base=b"/base"))
        async with await door.line() as line:
            assert [await body(line, GET) for _ in range(3)] == [b"/base/api/a:list"] * 3


async def test_what_comes_in_one_piece_or_in_many_is_told_apart(front: Opened) -> None:
    seen = Upstreamed()
    async with serving(answering(seen)) as server:
        door = await front(Chooser(server))
        async with await door.line() as line:
            assert await body(line, GET) == b"/api/a:list"
            await line.send(GET * 3 + GET[:20])
            assert [(await line.answer())[2] for _ in range(3)] == [b"/api/a:list"] * 3
            assert await body(line, GET[20:]) == b"/api/a:list"
            await line.send(b"GET /api/a:%b HTTP/1.1\r\n%b" % (b"x" * 70_000, HEADERS))
            assert (await line.answer())[0] == 431


async def test_each_answer_is_for_its_own_request_however_it_comes(front: Opened) -> None:
    answers = [
        ok(b"x" * 300_000),
        ok(b"", "Connection: keep-alive"),
        b"HTTP/1.1 204 No Content\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n\r\n",
        b"HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n",
        ok(b"last", "Connection: close"),
        ok(b"more"),
    ]
    left = list(answers)
    async with serving(answering(lambda _: left.pop(0))) as server:
        chooser = Chooser(server)
        door = await front(chooser)
        async with await door.line() as line:
            got = []
            for _ in answers:
                await line.send(GET)
                got.append((await line.answer())[::2])
    bodies = [b"x" * 300_000, b"", b"", b"2\r\nab\r\n0\r\n\r\n", b"", b"last", b"more"]
    assert got == list(zip((200, 200, 204, 200, 304, 200, 200), bodies, strict=True))
    assert chooser.asked == [b"/api/a:list"]
    assert (len(chooser.watched.told), chooser.watched.under_way) == (7, 0)


async def test_a_connection_that_was_closed_meanwhile_is_replaced(front: Opened) -> None:
    seen = Upstreamed()
    async with serving(answering(seen)) as server:
        chooser = Chooser(server)
        door = await front(chooser)
        async with await door.line() as line:
            await body(line, GET)
            server.lines[0].reset()
            assert await body(line, GET) == b"/api/a:list"
    assert chooser.asked == [b"/api/a:list"]
    assert (len(chooser.watched.told), chooser.watched.under_way) == (2, 0)


async def test_an_upstream_that_is_gone_is_told_of_as_at_first(front: Opened) -> None:
    async with serving(answering(Upstreamed())) as server:
        chooser = Chooser(server)
        chooser.watched.answer = Answer(503, (), b"away")
        door = await front(chooser)
        line = await door.line()
        await body(line, GET)
    await server.all_left()
    async with line:
        await line.send(GET)
        assert (await line.answer())[::2] == (503, b"away")
    assert [told[0] for told in chooser.watched.told] == ["ended", "failed", "ended"]
    assert chooser.watched.told[1][1] == "/api/a:list"
    assert chooser.watched.under_way == 0


async def test_what_an_idle_client_has_said_is_forgotten(
    front: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("insula.gateway.forward.client.REMEMBERED_S", 0.1)
    async with serving(answering(Upstreamed())) as server:
        chooser = Chooser(server)
        door = await front(chooser, phases=Phases(tick_s=0.02))
        async with await door.line() as line:
            await body(line, GET)
            (client,) = door.door.crowd
            assert isinstance(client, Client)
            async with asyncio.timeout(PATIENCE_S):
                while client.way is not None:
                    await asyncio.sleep(0.01)
            assert await body(line, GET) == b"/api/a:list"
    assert chooser.asked == [b"/api/a:list"] * 2
