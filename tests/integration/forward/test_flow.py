"""Bodies that do not fit into memory, clients and upstreams that leave, WebSockets, and the door that closes."""

import asyncio
import gc
import socket
from collections.abc import AsyncIterator
from pathlib import Path

import psutil
import pytest
from websockets.asyncio.client import connect
from websockets.asyncio.server import ServerConnection, serve

from insula.gateway.forward.door import Door
from insula.gateway.forward.route import Answer, Asked, Failure, Tcp, Told, Upstream
from insula.gateway.trust import TrustedProxies
from insula.testing.front import (
    GET,
    PATIENCE_S,
    SHORT,
    Line,
    Opened,
    Watched,
    answering,
    ok,
    serving,
)

EARLY_BYTES = 8 * 1024 * 1024
LARGE_BYTES = 64 * 1024 * 1024
PIECE = b"x" * 65536
ROOM_BYTES = 12 * 1024 * 1024
"""What a body of ``LARGE_BYTES`` may take while it passes: buffers of sockets and of streams."""


def resident() -> int:
    gc.collect()
    return int(psutil.Process().memory_info().rss)


class Peak:
    """The most memory that the process has while something is looked at."""

    def __init__(self) -> None:
        self._before = resident()
        self.grown = 0

    def look(self) -> None:
        self.grown = max(self.grown, psutil.Process().memory_info().rss - self._before)


async def test_a_large_answer_passes_in_little_memory(front: Opened) -> None:
    async def send(line: Line) -> None:
        await line.request()
        await line.send(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % LARGE_BYTES)
        for _ in range(LARGE_BYTES // len(PIECE)):
            await line.send(PIECE)

    async with serving(send) as server:
        door = await front(Upstream(server.address))
        async with await door.line() as line:
            await line.send(GET)
            await line.head()
            peak, left = Peak(), LARGE_BYTES
            while left:
                left -= len(await line.reader.read(65536))
                if left % 64 == 0:
                    peak.look()
    assert peak.grown < ROOM_BYTES


async def test_a_large_body_passes_in_little_memory(front: Opened) -> None:
    peak = Peak()

    async def take(line: Line) -> None:
        await line.head()
        left = LARGE_BYTES
        while left:
            data = await line.reader.read(65536)
            left -= len(data)
            peak.look()
        await line.send(ok(b"all"))

    async with serving(take) as server:
        door = await front(Upstream(server.address))
        async with await door.line() as line:
            await line.send(b"PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n" % LARGE_BYTES)
            for _ in range(LARGE_BYTES // len(PIECE)):
                await line.send(PIECE)
            assert (await line.answer())[2] == b"all"
    assert peak.grown < ROOM_BYTES


async def sent_until_stuck(line: Line) -> int:
    """Send until nobody takes anything more. Gives how much went."""
    sent = 0
    while True:
        line.writer.write(PIECE)
        try:
            async with asyncio.timeout(0.3):
                await line.writer.drain()
        except TimeoutError:
            return sent
        sent += len(PIECE)


async def test_who_takes_nothing_holds_up_the_other(front: Opened) -> None:
    """The client does not read: the upstream can not send more than buffers hold."""
    stuck: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    async def send(line: Line) -> None:
        await line.request()
        await line.send(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % (1 << 40))
        stuck.set_result(await sent_until_stuck(line))
        await line.left()

    watched = Watched()
    async with serving(send) as server:
        door = await front(Upstream(server.address, watch=watched))
        async with await door.line(limit=1024) as line:
            await line.send(GET)
            async with asyncio.timeout(PATIENCE_S):
                assert await stuck < 32 * 1024 * 1024
            line.reset()
            await server.all_left()
    assert watched.told == [("ended", 200)]


async def test_an_upstream_that_takes_nothing_is_given_up(front: Opened) -> None:
    async def ignore(line: Line) -> None:
        line.writer.transport.pause_reading()  # type: ignore[attr-defined]
        await over.wait()

    over = asyncio.Event()
    watched = Watched()
    async with serving(ignore) as server:
        door = await front(Upstream(server.address, watch=watched), phases=SHORT)
        async with await door.line() as line:
            await line.send(b"PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n" % (1 << 40))
            sending = asyncio.create_task(sent_until_stuck(line))
            status, headers, _ = await line.answer()
            assert (status, headers["connection"]) == (504, "close")
            sending.cancel()
            await asyncio.gather(sending, return_exceptions=True)
        over.set()
    assert watched.told[0][2] is Failure.SILENT


async def test_a_client_that_takes_nothing_is_given_up(front: Opened) -> None:
    async def send(line: Line) -> None:
        await line.request()
        await line.send(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % (1 << 40))
        await sent_until_stuck(line)
        await line.left()

    async with serving(send) as server:
        door = await front(Upstream(server.address), phases=SHORT)
        async with await door.line(limit=1024) as line:
            await line.send(GET)
            await line.head()
            await server.all_left()


@pytest.mark.parametrize("answers", [False, True])
@pytest.mark.parametrize("resets", [False, True])
async def test_a_client_that_leaves_ends_the_work_upstream(
    front: Opened, answers: bool, resets: bool
) -> None:
    async def work(line: Line) -> None:
        await line.request()
        if answers:
            await line.send(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nabc")
        begun.set()
        await line.left()

    begun = asyncio.Event()
    watched = Watched()
    async with serving(work) as server:
        door = await front(Upstream(server.address, watch=watched))
        line = await door.line()
        await line.send(GET)
        await begun.wait()
        if answers:
            await line.exactly(10)
        if resets:
            line.reset()
        else:
            await line.close()
        await server.all_left()
    assert watched.told == [("ended", 200 if answers else 0)]


async def test_a_client_that_leaves_in_the_midst_of_its_body(front: Opened) -> None:
    async with serving(answering(lambda _: ok(b""))) as server:
        door = await front(Upstream(server.address))
        async with await door.line() as line:
            await line.send(b"PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n")
            while not server.lines:
                await asyncio.sleep(0)
        await server.all_left()


# --- WebSockets


@pytest.fixture
async def echo() -> AsyncIterator[Tcp]:
    async def talk(connection: ServerConnection) -> None:
        async for message in connection:
            await connection.send(message)

    async with serve(talk, "127.0.0.1", 0, max_size=None, compression=None) as server:
        yield Tcp("127.0.0.1", next(iter(server.sockets)).getsockname()[1])


async def test_a_websocket_is_a_pipe(front: Opened, echo: Tcp) -> None:
    watched = Watched()
    asked: list[Asked] = []

    def route(each: Asked) -> Told:
        asked.append(each)
        return Upstream(echo, watch=watched)

    door = await front(route)
    async with connect(f"ws://127.0.0.1:{door.port}/ws", max_size=None, compression=None) as talk:
        for message in ("a", b"b" * 3_000_000, "c"):
            await talk.send(message)
            assert await talk.recv() == message
        assert watched.told == [("upgraded",)]
    while len(watched.told) < 2:
        await asyncio.sleep(0)
    assert watched.told == [("upgraded",), ("parted",)]
    assert asked[0].websocket
    assert door.door.connections() == 0


async def test_what_a_client_says_early_arrives(front: Opened) -> None:
    """Frames that come with the request go on once the upstream has agreed; its first words may come with that."""

    async def agree(line: Line) -> None:
        await line.head()
        await line.send(
            b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\nhello"
        )
        await line.send(await line.exactly(5))

    async with serving(agree) as server:
        door = await front(Upstream(server.address))
        async with await door.line() as line:
            await line.send(
                b"GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\nearly"
            )
            assert (await line.answer())[:2] == (101, {"connection": "Upgrade", "upgrade": "websocket"})
            assert await line.rest() == b"helloearly"


async def test_what_a_client_says_early_holds_it_up_too(front: Opened, tmp_path: Path) -> None:
    """More than an upstream takes that has agreed and does not read: the client can not send more than buffers hold."""

    async def ignore(line: Line) -> None:
        await line.head()
        line.writer.transport.pause_reading()  # type: ignore[attr-defined]
        await line.send(
            b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n"
        )
        await over.wait()

    over = asyncio.Event()
    async with serving(ignore, str(tmp_path / "upstream")) as server:
        door = await front(Upstream(server.address))
        async with await door.line() as line:
            await line.send(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")
            line.writer.write(b"x" * EARLY_BYTES)
            assert (await line.answer())[0] == 101
            assert await sent_until_stuck(line) < 32 * 1024 * 1024
            over.set()
            line.reset()
        await server.all_left()


async def test_a_refused_websocket_is_an_answer(front: Opened) -> None:
    async with serving(answering(lambda _: b"HTTP/1.1 403 No\r\nContent-Length: 0\r\n\r\n")) as server:
        door = await front(Upstream(server.address))
        async with await door.line() as line:
            for _ in range(2):
                await line.send(
                    b"GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"
                )
                assert (await line.answer())[0] == 403


@pytest.mark.parametrize("which", ["client", "upstream"])
async def test_either_end_of_a_websocket_closes_the_other(front: Opened, which: str) -> None:
    async def agree(line: Line) -> None:
        await line.head()
        await line.send(
            b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n"
        )
        if which == "upstream":
            line.reset()
        await line.left()

    watched = Watched()
    async with serving(agree) as server:
        door = await front(Upstream(server.address, watch=watched))
        async with await door.line() as line:
            await line.send(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")
            await line.head()
            if which == "client":
                line.reset()
            await line.left()
        await server.all_left()
    assert watched.told == [("upgraded",), ("parted",)]


# --- the door itself


async def test_the_door_closes_when_all_is_said(front: Opened, echo: Tcp) -> None:
    begun, go_on = asyncio.Event(), asyncio.Event()

    async def slow(line: Line) -> None:
        await line.request()
        begun.set()
        await go_on.wait()
        await line.send(ok(b"done"))
        await line.left()

    async with serving(slow) as server:
        door = await front(lambda asked: Upstream(echo if asked.websocket else server.address))
        idle = await door.line()
        busy = await door.line()
        talk = await connect(f"ws://127.0.0.1:{door.port}/")
        await busy.send(GET)
        await begun.wait()
        closing = asyncio.create_task(door.door.drain(PATIENCE_S))
        assert await idle.rest() == b""
        await talk.wait_closed()
        with pytest.raises(OSError):
            await asyncio.open_connection("127.0.0.1", door.port)
        go_on.set()
        status, headers, body = await busy.answer()
        assert (status, headers["connection"], body) == (200, "close", b"done")
        await busy.close()
        await closing
    assert door.door.connections() == 0


async def test_what_takes_too_long_is_cut_off_when_the_door_closes(front: Opened) -> None:
    async def route(_: Asked) -> Told:
        begun.set()
        return await asyncio.get_running_loop().create_future()

    begun = asyncio.Event()
    door = await front(route)
    async with await door.line() as line:
        await line.send(GET)
        await begun.wait()
        await door.door.drain(0.05)
        await line.left()
    assert door.door.connections() == 0


async def test_the_longest_idle_makes_room(front: Opened) -> None:
    door = await front(lambda _: Answer(200), connections=2)
    first, second = await door.line(), await door.line()
    for line in (first, second, first):
        await line.send(GET)
        await line.answer()
    third = await door.line()
    await third.send(GET)
    assert (await third.answer())[0] == 200
    await second.left()
    await first.send(GET)
    assert (await first.answer())[0] == 200


async def test_many_at_once_on_a_unix_socket(tmp_path: object) -> None:
    path = f"{tmp_path}/door"
    bound = socket.socket(socket.AF_UNIX)
    bound.bind(path)
    door = Door(lambda asked: Answer(200, (), asked.target), TrustedProxies([]), connections=10_000)
    await door.open(bound)

    async def ask(number: int) -> None:
        async with Line(*await asyncio.open_unix_connection(path)) as line:
            for turn in range(3):
                await line.send(b"GET /%d-%d HTTP/1.1\r\nHost: a\r\n\r\n" % (number, turn))
                assert (await line.answer())[2] == b"/%d-%d" % (number, turn)

    await asyncio.gather(*(ask(number) for number in range(100)))
    await door.drain(PATIENCE_S)
    bound.close()
