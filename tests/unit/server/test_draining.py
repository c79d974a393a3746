"""A listener that goes down while clients come."""

import asyncio
import socket
from typing import Any, cast

import pytest

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
