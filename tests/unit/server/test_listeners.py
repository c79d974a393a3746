"""How long a listener waits for its clients, and that one behind a front door leaves that to the door."""

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any, cast

import pytest
import uvloop

from insula.server.listeners import TICK_S, Listener
from insula.server.protocol import Limits

LIMITS = Limits(head_s=TICK_S / 2, body_s=TICK_S / 2, keep_alive_s=TICK_S / 2)
PATIENCE_S = 10 * TICK_S
ASKED = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n"
OK = b"HTTP/1.1 200 "


def pytest_asyncio_loop_factories() -> dict[str, Callable[[], asyncio.AbstractEventLoop]]:
    """The loop that the product runs on."""
    return {"uvloop": uvloop.new_event_loop}


class Client:
    """One connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    def say(self, data: bytes) -> None:
        """Send this."""
        self._writer.write(data)

    async def heard(self) -> bytes:
        """The head of an answer; empty where the connection is closed without."""
        try:
            async with asyncio.timeout(PATIENCE_S):
                head = await self._reader.readuntil(b"\r\n\r\n")
        except asyncio.IncompleteReadError as error:
            return error.partial
        return head


async def takes_all(scope: Any, receive: Any, send: Any) -> None:
    """An application that reads the body and has nothing to say."""
    while (message := await receive()).get("more_body"):
        pass
    if message["type"] == "http.request":
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"0")]})
        await send({"type": "http.response.body"})


@asynccontextmanager
async def listening(limits: Limits) -> AsyncIterator[Callable[[], Any]]:
    """A listener that takes two bytes and says nothing; gives new clients of it."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        listener = Listener(cast(Any, takes_all), bound, limits)
        await listener.open()
        async with AsyncExitStack() as stack:

            async def client() -> Client:
                reader, writer = await asyncio.open_connection(*bound.getsockname())
                stack.callback(writer.close)
                return Client(reader, writer)

            stack.push_async_callback(listener.drain, PATIENCE_S)
            yield client


@pytest.mark.parametrize(
    ("begun", "rest", "told"),
    [
        pytest.param(ASKED[:9], ASKED[9:] + b"ab", b"HTTP/1.1 408 ", id="a head"),
        pytest.param(ASKED + b"a", b"b", b"HTTP/1.1 408 ", id="a body"),
        pytest.param(b"", ASKED + b"ab", b"", id="a first request"),
    ],
)
async def test_who_is_late_is_told_so_but_not_by_one_behind_a_door(
    begun: bytes, rest: bytes, told: bytes
) -> None:
    async with listening(LIMITS.behind_a_door()) as behind, listening(LIMITS) as outside:
        patient, late = await behind(), await outside()
        for client in (patient, late):
            client.say(begun)
        heard = await late.heard()
        assert heard.startswith(told) and bool(heard) is bool(told)
        patient.say(rest)
        assert (await patient.heard()).startswith(OK)


async def test_a_connection_is_kept_for_the_door_as_long_as_it_keeps_it() -> None:
    async with listening(LIMITS.behind_a_door()) as behind, listening(LIMITS) as outside:
        kept, closed = await behind(), await outside()
        for client in (kept, closed):
            client.say(ASKED + b"ab")
            assert (await client.heard()).startswith(OK)
        assert await closed.heard() == b""
        kept.say(ASKED + b"ab")
        assert (await kept.heard()).startswith(OK)
