"""WebSockets through the door: many and large messages both ways, a slow end that holds up the other, how they are closed."""

import asyncio
import math
from collections.abc import Awaitable, Callable

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed

from insula.gateway.forward import pipe
from insula.gateway.forward.route import Tcp, Upstream
from insula.testing.front import PATIENCE_S, Opened, Watched

MANY = 5_000
LARGE = b"x" * (1 << 20)
HELD_BYTES = 96 << 20
"""More than sockets and libraries hold of what nobody takes."""

Talk = Callable[[ServerConnection], Awaitable[None]]


async def between(front: Opened, talk: Talk, then: Callable[[ClientConnection], Awaitable[None]]) -> Watched:
    """An upstream that talks so, and a client behind the door."""
    watched = Watched()
    async with serve(talk, "127.0.0.1", 0, max_size=None, compression=None) as server:
        address = Tcp("127.0.0.1", next(iter(server.sockets)).getsockname()[1])
        door = await front(Upstream(address, watch=watched))
        async with (
            asyncio.timeout(PATIENCE_S * 3),
            connect(f"ws://127.0.0.1:{door.port}/", max_size=None, compression=None) as client,
        ):
            await then(client)
            await client.close()
            while door.door.connections():
                await asyncio.sleep(0)
    assert watched.told == [("upgraded",), ("parted",)]
    return watched


async def test_many_messages_both_ways_at_once_arrive_in_their_order(front: Opened) -> None:
    async def count_and_send(connection: ServerConnection | ClientConnection) -> None:
        async def send() -> None:
            for number in range(MANY):
                await connection.send(str(number))

        sending = asyncio.create_task(send())
        assert [await connection.recv() for _ in range(MANY)] == [str(number) for number in range(MANY)]
        await sending

    async def talk(connection: ServerConnection) -> None:
        await count_and_send(connection)
        await connection.send("all came in order")
        await connection.wait_closed()

    async def then(client: ClientConnection) -> None:
        await count_and_send(client)
        assert await client.recv() == "all came in order"

    await between(front, talk, then)


@pytest.mark.parametrize("which", ["client", "upstream"])
async def test_who_reads_nothing_holds_up_the_other_end(front: Opened, which: str) -> None:
    stuck: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    async def send_until_stuck(connection: ServerConnection | ClientConnection) -> None:
        sent = 0
        while True:
            try:
                async with asyncio.timeout(0.5):
                    await connection.send(LARGE)
            except TimeoutError:
                stuck.set_result(sent)
                return
            sent += len(LARGE)

    async def talk(connection: ServerConnection) -> None:
        if which == "client":
            await send_until_stuck(connection)
        else:
            await stuck
        connection.transport.abort()

    async def then(client: ClientConnection) -> None:
        if which == "upstream":
            await send_until_stuck(client)
        assert 0 < await stuck < HELD_BYTES
        client.transport.abort()

    await between(front, talk, then)


async def test_an_upstream_that_takes_nothing_keeps_the_door_from_nothing_when_it_closes(
    front: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pipe, "UNTAKEN_S", math.inf)
    watched, closed = Watched(), asyncio.Event()

    async def talk(connection: ServerConnection) -> None:
        await closed.wait()  # what comes is not read
        connection.transport.abort()

    async with serve(talk, "127.0.0.1", 0, max_size=None, compression=None) as server:
        address = Tcp("127.0.0.1", next(iter(server.sockets)).getsockname()[1])
        door = await front(Upstream(address, watch=watched))
        url = f"ws://127.0.0.1:{door.port}/"
        async with connect(
            url, max_size=None, compression=None, open_timeout=PATIENCE_S, close_timeout=0
        ) as client:
            try:
                with pytest.raises(TimeoutError):
                    async with asyncio.timeout(0.5):
                        while True:
                            await client.send(LARGE)
                async with asyncio.timeout(PATIENCE_S):
                    await door.door.drain(0)
            finally:
                closed.set()
                client.transport.abort()
    assert watched.told == [("upgraded",), ("parted",)]


@pytest.mark.parametrize("which", ["client", "upstream"])
@pytest.mark.parametrize(("code", "reason"), [(1000, ""), (1001, "going"), (1012, "stops"), (4401, "who?")])
async def test_codes_of_the_end_arrive(front: Opened, which: str, code: int, reason: str) -> None:
    heard: asyncio.Future[tuple[int | None, str | None]] = asyncio.get_running_loop().create_future()

    async def end(connection: ServerConnection | ClientConnection, here: bool) -> None:
        if here:
            await connection.close(code, reason)
            return
        with pytest.raises(ConnectionClosed):
            await connection.recv()
        heard.set_result((connection.close_code, connection.close_reason))

    async def talk(connection: ServerConnection) -> None:
        await end(connection, which == "upstream")

    async def then(client: ClientConnection) -> None:
        await end(client, which == "client")
        assert await heard == (code, reason)

    await between(front, talk, then)


async def test_pings_go_through(front: Opened) -> None:
    """They are the ends' own affair: the door sends none, and answers none."""

    async def talk(connection: ServerConnection) -> None:
        await (await connection.ping(b"from upstream"))
        await connection.send("it came back")
        await connection.wait_closed()

    async def then(client: ClientConnection) -> None:
        await (await client.ping(b"from the client"))
        assert await client.recv() == "it came back"

    await between(front, talk, then)
