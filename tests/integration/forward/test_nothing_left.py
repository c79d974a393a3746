"""What is remembered of a client goes with its connection, at once: nobody has to look for garbage."""

import asyncio
import gc

from insula.gateway.forward.client import Client
from insula.gateway.forward.exchange import Exchange
from insula.gateway.forward.route import Standing, Upstream
from insula.gateway.forward.upstream import Pool
from insula.gateway.forward.way import Known, Way
from insula.testing.front import GET, PATIENCE_S, Opened, answering, ok, serving

ASKS = 3


def left() -> list[str]:
    """The kinds of what is still there."""
    kinds = (Client, Exchange, Known, Pool, Way)
    return sorted(type(each).__name__ for each in gc.get_objects() if isinstance(each, kinds))


async def test_nothing_is_left_of_a_client_that_has_left(front: Opened) -> None:
    gc.collect()
    before = left()
    gc.disable()
    try:
        async with serving(answering(lambda _: ok(b"x"))) as server:
            told = Upstream(server.address, prefix=b"/", standing=Standing())
            door = await front(told)
            async with await door.line() as line:
                for _ in range(ASKS):
                    await line.send(GET)
                    assert (await line.answer())[2] == b"x"
                assert {"Client", "Exchange", "Known", "Pool", "Way"} <= set(left())
            await door.door.drain(1)
            async with asyncio.timeout(PATIENCE_S):
                while left() != before:  # the connection to the upstream needs a turn to be closed
                    await asyncio.sleep(0)
    finally:
        gc.enable()
