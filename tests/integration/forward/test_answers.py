"""Answers: where they end, what goes with them, and what becomes of those that break off."""

import asyncio
import contextlib
import socket
import struct
from dataclasses import replace

import pytest

from insula.gateway.forward.client import Client
from insula.gateway.forward.route import Answer, Failure, Tcp, Upstream
from insula.testing.front import (
    GET,
    SHORT,
    Line,
    Opened,
    Request,
    Watched,
    answering,
    ok,
    serving,
)

HEAD = b"HEAD / HTTP/1.1\r\nHost: a\r\n\r\n"
POST = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc"
OLD = b"GET / HTTP/1.0\r\n\r\n"
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


@pytest.mark.parametrize(
    ("sent", "answer", "body"),
    [
        (GET, b"HTTP/1.1 304 Not Modified\r\nContent-Length: 10\r\nETag: x\r\n\r\n", b""),
        (GET, b"HTTP/1.1 204 No Content\r\nContent-Length: 10\r\n\r\n", b""),
        (GET, b"HTTP/1.1 204 No Content\r\n\r\n", b""),
        (HEAD, b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n", b""),
        (HEAD, CHUNKED, b""),
        (HEAD, b"HTTP/1.1 200 OK\r\n\r\n", b""),
        (GET, ok(b""), b""),
        (GET, CHUNKED + b"3\r\nabc\r\n0\r\n\r\n", b"3\r\nabc\r\n0\r\n\r\n"),
    ],
    ids=["304", "204 with length", "204", "HEAD", "HEAD in chunks", "HEAD without length", "empty", "chunks"],
)
async def test_the_next_answer_begins_where_one_ends(
    front: Opened, sent: bytes, answer: bytes, body: bytes
) -> None:
    async with serving(answering(lambda _: answer)) as server:
        door = await front(Upstream(server.address))
        async with await door.line() as line:
            for _ in range(3):
                await line.send(sent)
                status, headers, got = await line.answer(head_only=sent is HEAD)
                assert got == body
                assert "connection" not in headers
                assert (status != 204) or "content-length" not in headers
        assert len(server.lines) == 1


async def test_trailers_of_answers_go_on(front: Opened) -> None:
    answer = CHUNKED.replace(b"\r\n\r\n", b"\r\nTrailer: X-Sum\r\n\r\n") + b"1\r\na\r\n0\r\nX-Sum: 1\r\n\r\n"
    async with serving(answering(lambda _: answer)) as server:
        door = await front(Upstream(server.address))
        async with await door.line() as line:
            await line.send(GET.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"))
            assert (await line.rest()).endswith(b"1\r\na\r\n0\r\nX-Sum: 1\r\n\r\n")


async def test_an_old_client_gets_what_is_in_the_chunks(front: Opened) -> None:
    async with serving(answering(lambda _: CHUNKED + b"3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n")) as server:
        door = await front(Upstream(server.address))
        async with await door.line() as line:
            await line.send(OLD)
            assert await line.rest() == b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\nabcde"


async def test_an_answer_may_end_with_its_connection(front: Opened) -> None:
    async def serve(line: Line) -> None:
        await line.request()
        await line.send(b"HTTP/1.0 200 Fine\r\nX: 1\r\n\r\nabc")
        await line.send(b"def")

    async with serving(serve) as server:
        door = await front(Upstream(server.address))
        async with await door.line() as line:
            await line.send(GET)
            assert await line.rest() == b"HTTP/1.1 200 Fine\r\nX: 1\r\nconnection: close\r\n\r\nabcdef"


async def test_each_piece_goes_on_when_it_comes(front: Opened) -> None:
    """What is streamed is not held until there is more of it."""
    taken = asyncio.Semaphore(0)

    async def serve(line: Line) -> None:
        await line.request()
        await line.send(CHUNKED)
        for number in range(3):
            await line.send(b"9\r\ndata: %d\n\n\r\n" % number)
            await taken.acquire()
        await line.send(b"0\r\n\r\n")

    async with serving(serve) as server:
        door = await front(Upstream(server.address))
        async with await door.line() as line:
            await line.send(GET)
            assert await line.exactly(len(CHUNKED)) == CHUNKED
            for number in range(3):
                assert await line.exactly(14) == b"9\r\ndata: %d\n\n\r\n" % number
                taken.release()
            assert await line.exactly(5) == b"0\r\n\r\n"


async def test_words_in_between_go_on(front: Opened) -> None:
    async def serve(line: Line) -> None:
        while True:
            await line.request()
            await line.send(
                b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 102 Wait\r\n\r\n" + ok(b"x")
            )

    async with serving(serve) as server:
        door = await front(Upstream(server.address))
        async with await door.line() as line:
            await line.send(GET)
            assert [(await line.answer())[0] for _ in range(3)] == [103, 102, 200]
        async with await door.line() as line:
            await line.send(OLD)
            assert (await line.rest()).startswith(b"HTTP/1.1 200 OK")


async def test_a_client_may_wait_for_a_word_before_its_body(front: Opened) -> None:
    async def serve(line: Line) -> None:
        head = await line.head()
        assert b"\r\nExpect: 100-continue\r\n" in head
        await line.send(b"HTTP/1.1 100 Continue\r\n\r\n")
        await line.send(ok(await line.exactly(3)))

    async with serving(serve) as server:
        door = await front(Upstream(server.address))
        async with await door.line() as line:
            await line.send(POST[:-7] + b"\r\nExpect: 100-continue\r\n\r\n")
            assert (await line.answer())[0] == 100
            await line.send(b"abc")
            assert (await line.answer())[2] == b"abc"


async def test_a_refusal_may_come_before_the_body(front: Opened) -> None:
    """Then nobody can tell what follows from the body, and the connection ends."""

    async def serve(line: Line) -> None:
        await line.head()
        await line.send(b"HTTP/1.1 413 Too Large\r\nContent-Length: 2\r\n\r\nno")
        await line.left()

    async with serving(serve) as server:
        door = await front(Upstream(server.address))
        async with await door.line() as line:
            await line.send(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n" + b"x" * 1000)
            status, headers, body = await line.answer()
            assert (status, headers["connection"], body) == (413, "close", b"no")
            assert await line.rest() == b""


@pytest.mark.parametrize("closes", [False, True])
async def test_who_expects_a_word_may_be_refused(front: Opened, closes: bool) -> None:
    """The body is never sent. What follows on the connection would be taken for it, so there is nothing more."""
    refusal = b"HTTP/1.1 417 No\r\nContent-Length: 2\r\n\r\nno"

    async def serve(line: Line) -> None:
        head = await line.head()
        assert b"\r\nExpect: 100-continue\r\n" in head
        await line.send(refusal)
        if not closes:
            assert await line.rest() == b""

    async with serving(serve) as server:
        door = await front(Upstream(server.address))
        async with await door.line() as line:
            await line.send(POST[:-7] + b"\r\nExpect: 100-continue\r\n\r\n")
            status, headers, body = await line.answer()
            assert (status, headers["connection"], body) == (417, "close", b"no")
            await line.send(GET)
            assert await line.rest() == b""
        await server.all_left()
        assert len(server.lines) == 1


CUT_OFF = {
    "counted": b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc",
    "chunks": CHUNKED + b"3\r\nabc\r\n",
    "a part of a chunk": CHUNKED + b"5\r\nabc",
}


@pytest.mark.parametrize("answer", CUT_OFF.values(), ids=CUT_OFF.keys())
@pytest.mark.parametrize("resets", [False, True])
async def test_half_an_answer_does_not_pass_for_the_whole(front: Opened, answer: bytes, resets: bool) -> None:
    watched = Watched()

    async def serve(line: Line) -> None:
        await line.request()
        await line.send(answer)
        if resets:
            await seen.wait()
            line.writer.get_extra_info("socket").setsockopt(
                socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0)
            )
            line.reset()

    seen = asyncio.Event()
    async with serving(serve) as server:
        door = await front(Upstream(server.address, watch=watched))
        async with await door.line() as line:
            await line.send(GET + GET)
            try:
                got = await line.head()
                seen.set()
                got += await line.rest()
                assert not got.endswith(b"0\r\n\r\n")
                assert got.count(b"HTTP/1.1") == 1
                assert len(got.partition(b"\r\n\r\n")[2]) < 10 or b"chunked" in got
            except (ConnectionResetError, asyncio.IncompleteReadError):
                seen.set()
    assert watched.told == [("ended", 502)]


@pytest.mark.parametrize("late", [False, True])
async def test_an_answer_that_goes_wrong_is_cut_off_once_it_has_begun(front: Opened, late: bool) -> None:
    begun = asyncio.Event()

    async def serve(line: Line) -> None:
        await line.request()
        await line.send(CHUNKED if late else CHUNKED + b"zz\r\n")
        await begun.wait()
        await line.send(b"zz\r\n")
        await line.left()

    async with serving(serve) as server:
        door = await front(Upstream(server.address))
        async with await door.line() as line:
            await line.send(GET)
            head = await line.head()
            begun.set()
            assert head.startswith(b"HTTP/1.1 200" if late else b"HTTP/1.1 502")
            if late:
                with pytest.raises(ConnectionResetError):
                    await line.rest()


async def test_an_answer_until_close_that_is_reset_is_reset(front: Opened) -> None:
    go_on = asyncio.Event()

    async def serve(line: Line) -> None:
        await line.request()
        await line.send(b"HTTP/1.0 200 OK\r\n\r\nabc")
        await go_on.wait()
        line.writer.get_extra_info("socket").setsockopt(
            socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0)
        )
        line.reset()

    async with serving(serve) as server:
        door = await front(Upstream(server.address))
        async with await door.line() as line:
            await line.send(GET)
            await line.head()
            go_on.set()
            with pytest.raises(ConnectionResetError):
                await line.rest()


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"HTTP/1.1 200 OK\r\nContent-",
        b"SSH-2.0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nX: " + b"a" * 70_000,
    ],
    ids=["nothing", "half a head", "no HTTP", "length and chunks", "an unasked switch", "an endless head"],
)
async def test_no_answer_is_a_502(front: Opened, answer: bytes) -> None:
    watched = Watched()

    async def serve(line: Line) -> None:
        await line.request()
        await line.send(answer)

    async with serving(serve) as server:
        door = await front(Upstream(server.address, watch=watched))
        async with await door.line() as line:
            for _ in range(2):
                await line.send(GET)
                status, _, body = await line.answer()
                assert status == 502
                assert b"UPSTREAM_UNAVAILABLE" in body
    assert [told[2] for told in watched.told if told[0] == "failed"] == [Failure.BROKEN] * 2
    assert watched.told[-1] == ("ended", 502)


async def test_nobody_there(front: Opened) -> None:
    free = socket.create_server(("127.0.0.1", 0))
    address = Tcp("127.0.0.1", free.getsockname()[1])
    free.close()
    watched = Watched(answer=Answer(503, (), b"away"))
    door = await front(Upstream(address, watch=watched))
    status, _, body = await door.ask(POST)
    assert (status, body) == (503, b"away")
    assert watched.told[0][:3] == ("failed", "/", Failure.UNREACHABLE)
    assert watched.told[1:] == [("ended", 503)]


async def test_who_hangs_up_at_once(front: Opened) -> None:
    async def serve(line: Line) -> None:
        line.reset()

    async with serving(serve) as server:
        door = await front(Upstream(server.address))
        async with await door.line() as line:
            for _ in range(20):
                await line.send(GET)
                assert (await line.answer())[0] == 502


async def test_an_unwatched_failure_is_logged(front: Opened, caplog: pytest.LogCaptureFixture) -> None:
    door = await front(Upstream(Tcp("127.0.0.1", 1)))
    assert (await door.ask(GET))[0] == 502
    assert "did not answer" in caplog.text


async def test_what_comes_behind_an_answer_is_nobodys(front: Opened) -> None:
    async with serving(
        answering(lambda _: ok(b"x") + b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil")
    ) as server:
        door = await front(Upstream(server.address))
        async with await door.line() as line:
            for _ in range(3):
                await line.send(GET)
                assert (await line.answer())[2] == b"x"
        assert len(server.lines) == 3


# --- connections that are used again


def after(count: int, got: list[Request]) -> object:
    """Answers ``count`` requests on each connection, then closes without a word when the next one comes."""

    async def serve(line: Line) -> None:
        for _ in range(count):
            got.append(await line.request())
            await line.send(ok(b"x"))
        await line.request()

    return serve


async def test_a_stale_connection_is_not_noticed_by_safe_requests(front: Opened) -> None:
    got: list[Request] = []
    async with serving(after(1, got)) as server:  # type: ignore[arg-type]
        door = await front(Upstream(server.address))
        async with await door.line() as line:
            for _ in range(3):
                await line.send(GET)
                assert (await line.answer())[0] == 200
        assert len(server.lines) == 3


async def test_what_changes_something_is_never_sent_twice(front: Opened) -> None:
    got: list[Request] = []
    async with serving(after(1, got)) as server:  # type: ignore[arg-type]
        door = await front(Upstream(server.address))
        async with await door.line() as line:
            await line.send(POST + POST)
            assert [(await line.answer())[0] for _ in range(2)] == [200, 502]
        assert len(got) == 1
        assert len(server.lines) == 1


async def test_what_has_a_body_is_never_sent_twice(front: Opened) -> None:
    got: list[Request] = []
    async with serving(after(1, got)) as server:  # type: ignore[arg-type]
        door = await front(Upstream(server.address))
        async with await door.line() as line:
            await line.send(GET + POST.replace(b"POST", b"GET"))
            assert [(await line.answer())[0] for _ in range(2)] == [200, 502]
        assert len(got) == 1


async def test_what_changes_something_does_not_go_over_an_old_connection(
    front: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("insula.gateway.forward.outbound.FRESH_S", -1.0)
    async with serving(answering(lambda request: ok(request.body))) as server:
        door = await front(Upstream(server.address))
        async with await door.line() as line:
            for _ in range(2):
                await line.send(GET + POST)
                assert [(await line.answer())[2] for _ in range(2)] == [b"", b"abc"]
        assert len(server.lines) == 3


async def test_the_connection_used_last_is_used_first(front: Opened) -> None:
    async with serving(answering(lambda _: ok(b"x"))) as server:
        door = await front(Upstream(server.address))
        lines = [await door.line() for _ in range(4)]
        for line in lines:
            await line.send(GET)
        for line in lines:
            await line.answer()
        for _ in range(5):
            await lines[0].send(GET)
            await lines[0].answer()
        assert door.door.pools.idle() == len(server.lines) <= 4
        server.lines[-1].reset()


async def test_a_connection_that_speaks_unasked_is_closed(front: Opened) -> None:
    async with serving(answering(lambda _: ok(b"x"))) as server:
        door = await front(Upstream(server.address))
        await door.ask(GET)
        await server.lines[0].send(b"HTTP/1.1 408 Request Timeout\r\n\r\n")
        await server.all_left()
        assert door.door.pools.idle() == 0
        assert (await door.ask(GET))[0] == 200


async def test_too_many_at_once_are_told_so(front: Opened, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("insula.gateway.forward.upstream.BUSY_AT_MOST", 1)
    got, go_on = asyncio.Event(), asyncio.Event()

    async def serve(line: Line) -> None:
        await line.request()
        got.set()
        await go_on.wait()
        await line.send(ok(b"x"))

    watched = Watched()
    async with serving(serve) as server:
        door = await front(Upstream(server.address, watch=watched))
        async with await door.line() as line:
            await line.send(GET)
            await got.wait()
            status, headers, _ = await door.ask(GET)
            assert (status, headers["retry-after"]) == (503, "1")
            go_on.set()
            assert (await line.answer())[0] == 200
    assert watched.told[0][2] is Failure.BUSY


# --- what takes too long


async def test_each_phase_has_its_end(front: Opened) -> None:
    async def serve(line: Line) -> None:
        while "/slow" not in (await line.request()).line:
            await line.send(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab")
        await line.left()

    watched = Watched()
    async with serving(serve) as server:
        door = await front(Upstream(server.address, watch=watched), phases=SHORT)
        assert (await door.ask(b"GET / HTTP/1.1\r\nHost"))[0] == 408
        assert (await door.ask(POST[:-1]))[0] == 408
        assert (await door.ask(GET.replace(b"/", b"/slow", 1)))[0] == 504
        async with await door.line() as line:
            await line.send(GET)
            await line.head()
            await line.left()  # in the midst of the body
        async with await door.line() as line:
            assert await line.rest() == b""  # without a word
    assert [told[-1] for told in watched.told if told[0] == "ended"] == [408, 504, 502]


async def test_an_upstream_that_takes_no_connection_is_not_waited_for(front: Opened) -> None:
    """Its queue is full, and the system does not even refuse."""
    watched = Watched()
    with socket.create_server(("127.0.0.1", 0), backlog=0) as full, contextlib.ExitStack() as stack:
        for _ in range(4):
            waiting = stack.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(full.getsockname())
        door = await front(Upstream(Tcp(*full.getsockname()), watch=watched), phases=SHORT)
        began = asyncio.get_running_loop().time()
        status, _, body = await door.ask(GET)
        assert asyncio.get_running_loop().time() - began < 2 * SHORT.connect_s + 3
    assert (status, b"can not be reached" in body) == (502, True)
    assert [told[0] for told in watched.told] == ["failed", "ended"]
    assert watched.told[0][2:] == (Failure.UNREACHABLE, "TimeoutError")


async def test_an_upstream_may_have_an_underscore_in_its_name(front: Opened) -> None:
    """As services of a compose file have: it is looked up, and not refused as no name."""
    watched = Watched()
    door = await front(Upstream(Tcp("worker_a.invalid", 80), watch=watched))
    assert (await door.ask(GET))[0] == 502
    assert "name" in str(watched.told[0][3]).lower()  # of the resolver: not known, or nobody to ask


async def test_who_expects_a_word_is_not_hurried(front: Opened) -> None:
    async def serve(line: Line) -> None:
        await line.head()
        await line.left()

    phases = replace(SHORT, body_s=0.1, answer_s=0.4)
    async with serving(serve) as server:
        door = await front(Upstream(server.address), phases=phases)
        began = asyncio.get_running_loop().time()
        assert (await door.ask(POST[:-7] + b"\r\nExpect: 100-continue\r\n\r\n"))[0] == 408
        assert asyncio.get_running_loop().time() - began > 0.35


async def test_a_body_that_does_not_come_is_not_waited_for(front: Opened) -> None:
    door = await front(lambda _: Answer(403), phases=SHORT)
    async with await door.line() as line:
        await line.send(POST[:-1])
        assert (await line.answer())[0] == 403
        assert await line.rest() == b""


async def test_an_idle_client_is_let_go(front: Opened) -> None:
    async with serving(answering(lambda _: ok(b"x"))) as server:
        door = await front(Upstream(server.address), phases=SHORT)
        async with await door.line() as line:
            await line.send(GET)
            assert (await line.answer())[0] == 200
            assert await line.rest() == b""


@pytest.mark.parametrize("pieces", [(b"\r\n",), (b"\r", b"\n")])
async def test_empty_lines_keep_no_idle_client(front: Opened, pieces: tuple[bytes, ...]) -> None:
    async with serving(answering(lambda _: ok(b"x"))) as server:
        door = await front(Upstream(server.address), phases=SHORT)
        line = await door.line()
        await line.send(GET)
        assert (await line.answer())[0] == 200
        left = asyncio.create_task(line.left())
        with contextlib.suppress(ConnectionError):
            while not left.done():
                for piece in pieces:
                    await line.send(piece)
                    await asyncio.sleep(SHORT.tick_s / 4)
        await left


async def test_an_empty_line_may_stand_before_a_request(front: Opened) -> None:
    async with serving(answering(lambda _: ok(b"x"))) as server:
        door = await front(Upstream(server.address))
        async with await door.line() as line:
            for sent in (GET, b"\r\n" + GET, GET):
                await line.send(sent)
                assert (await line.answer())[0] == 200


async def test_a_defect_with_one_connection_ends_no_watch_over_the_others(
    front: Opened, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    expire = Client.expire
    seen: list[Client] = []

    def broken(client: Client, now: float) -> None:
        seen.append(client)
        if client is seen[0]:
            raise RuntimeError("a defect")
        expire(client, now)

    monkeypatch.setattr(Client, "expire", broken)
    door = await front(lambda _: Answer(200), phases=SHORT)
    async with await door.line() as line:
        await line.left()
    assert [record.exc_text for record in caplog.records if "looked after" in record.message]
    async with await door.line() as line:
        assert await line.rest() == b""  # its time is over, and somebody sees it
    assert len({id(client) for client in seen}) == 2
