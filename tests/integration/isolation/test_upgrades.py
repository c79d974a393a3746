"""What is sent on the way to a WebSocket, byte by byte, and how many of them a server takes."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, cast

import pytest
from websockets.asyncio.client import connect

from insula.server.listeners import Listener
from insula.server.protocol import Limits
from insula.testing.estate import Estate

WITHIN_S = 30.0
GOOD = (
    b"GET /ws HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: websocket\r\n"
    b"sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
)
PLAIN = b"GET /api/app:getLang HTTP/1.1\r\nhost: x\r\n\r\n"


@asynccontextmanager
async def serving(estate: Estate, limits: Limits) -> AsyncIterator[tuple[int, Listener]]:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        listener = Listener(cast(Any, estate.gateway), bound, limits)
        await listener.open()
        try:
            yield bound.getsockname()[1], listener
        finally:
            await listener.drain(1.0)


async def answer(port: int, *parts: bytes) -> bytes:
    """The first bytes that come back, or nothing where the connection is closed."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        for part in parts:
            writer.write(part)
            await writer.drain()
        async with asyncio.timeout(WITHIN_S):
            return await reader.read(65536)
    except ConnectionResetError:
        return b""
    finally:
        writer.close()


@pytest.mark.parametrize(
    ("sent", "heads"),
    [
        ((GOOD,), (b"HTTP/1.1 101 ",)),
        ((GOOD[:40], GOOD[40:]), (b"HTTP/1.1 101 ",)),
        ((GOOD.replace(b"GET /ws", b"GET /api/__app/main/ws"),), (b"HTTP/1.1 101 ",)),
        ((GOOD.replace(b"GET /ws", b"GET /elsewhere"),), (b"HTTP/1.1 404 ",)),
        ((GOOD.replace(b"GET", b"POST"),), (b"HTTP/1.1 4", b"")),
        ((GOOD.replace(b"HTTP/1.1", b"HTTP/1.0"),), (b"HTTP/1.1 400 ",)),
        ((GOOD.replace(b"version: 13", b"version: 8"),), (b"HTTP/1.1 426 ", b"HTTP/1.1 400 ")),
        ((GOOD.replace(b"sec-websocket-key", b"sec-other"),), (b"HTTP/1.1 400 ",)),
        ((GOOD.replace(b"host: x\r\n", b""),), (b"HTTP/1.1 400 ",)),
        ((GOOD.replace(b"upgrade: websocket", b"upgrade: h2c"),), (b"HTTP/1.1 404 ", b"HTTP/1.1 200 ")),
        ((GOOD.replace(b"\r\n\r\n", b"\r\ncontent-length: 5\r\n\r\nhello"),), (b"HTTP/1.1 400 ",)),
        ((PLAIN + GOOD,), (b"HTTP/1.1 ", b"")),
    ],
)
async def test_a_handshake_is_good_or_refused(
    estate: Estate, sent: tuple[bytes, ...], heads: tuple[bytes, ...]
) -> None:
    async with serving(estate, Limits()) as (port, _):
        found = await answer(port, *sent)
        assert any(found.startswith(head) if head else found == b"" for head in heads), found[:200]
        assert b" 500 " not in found[:20]
        # and the server goes on
        assert (await answer(port, PLAIN)).startswith(b"HTTP/1.1 200 ")


async def test_a_connection_can_be_upgraded_after_it_was_used(estate: Estate) -> None:
    async with serving(estate, Limits()) as (port, _):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(PLAIN)
        async with asyncio.timeout(WITHIN_S):
            assert (await reader.read(65536)).startswith(b"HTTP/1.1 200 ")
            writer.write(GOOD)
            assert (await reader.read(65536)).startswith(b"HTTP/1.1 101 ")
        writer.close()


async def test_connections_that_listen_are_counted_with_all_others(estate: Estate) -> None:
    async with serving(estate, Limits(connections=2)) as (port, listener):
        token = (await estate.sign_in("main"))["authorization"][7:]
        address = f"ws://127.0.0.1:{port}/ws"
        async with connect(address) as one, connect(address) as other:
            for page in (one, other):
                await page.send(json.dumps({"token": token}))
                assert json.loads(await page.recv()) == {"type": "ready"}
            assert listener.connections() == 2
            assert await answer(port, PLAIN) == b"", "none of both is idle"
            await one.send(json.dumps({"subscribe": ["jobs"]}))
            assert json.loads(await one.recv())["type"] == "subscribed"
        async with asyncio.timeout(WITHIN_S):
            while listener.connections():
                await asyncio.sleep(0.01)
        assert (await answer(port, PLAIN)).startswith(b"HTTP/1.1 200 ")
