"""A listener that goes down while clients come."""

import asyncio
import socket
from typing import Any, cast

import pytest
from websockets.asyncio.client import connect
from websockets.frames import Frame, Opcode

from insula.core.clock import monotonic
from insula.server.listeners import TICK_S, Listener
from insula.server.protocol import Limits

DEADLINE_S = 20 * TICK_S


async def nothing(scope: Any, receive: Any, send: Any) -> None:
    raise AssertionError("nobody asks for anything")


@pytest.mark.parametrize("turns", range(3, 8))
async def test_who_comes_just_then_and_says_nothing_is_not_waited_for(turns: int) -> None:
    """They were let in, so many turns of the loop ago: with the third, nobody has been told of them yet."""
    with socket.socket() as bound, socket.socket() as client:
        bound.bind(("127.0.0.1", 0))
        address = bound.getsockname()
        listener = Listener(cast(Any, nothing), bound, Limits())
        await listener.open()
        client.setblocking(False)
        with pytest.raises(BlockingIOError):
            client.connect(address)
        for _ in range(turns):
            await asyncio.sleep(0)
        began = monotonic()
        await listener.drain(DEADLINE_S)
        assert monotonic() - began < DEADLINE_S / 2
        assert listener.connections() == 0


async def listens(scope: Any, receive: Any, send: Any) -> None:
    await receive()
    await send({"type": "websocket.accept"})
    await receive()


async def test_who_is_just_saying_goodbye_is_let_go() -> None:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        listener = Listener(cast(Any, listens), bound, Limits())
        await listener.open()
        async with connect(f"ws://127.0.0.1:{bound.getsockname()[1]}") as client:
            (connection,) = listener._server.server_state.connections
            goodbye = Frame(Opcode.CLOSE, b"\x03\xe8").serialize(mask=True)
            cast(asyncio.Protocol, connection).data_received(goodbye)
            await listener.drain(DEADLINE_S)
            await client.wait_closed()
            assert client.close_code == 1000
        assert listener.connections() == 0
