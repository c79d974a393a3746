"""A Redis that is named, as in containers: a thread looks up its address, of the application for which that is done."""

import asyncio
from collections.abc import AsyncIterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import pytest

from insula.core import log
from insula.core.ids import random_id
from insula.fleet.bus.redis import RedisBus
from insula.fleet.command import Command, Outcome, Verb
from insula.fleet.redis_server import RedisServer
from insula.fleet.seal import Seal
from insula.testing.servers import Server

PATIENCE_S = 10.0
KEY = bytes(range(32))


class Threads(ThreadPoolExecutor):
    """Those of the process; tells for which application each is asked for."""

    def __init__(self) -> None:
        super().__init__(2)
        self.asked: list[str] = []

    def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
        self.asked.append(log.application.get())
        return super().submit(fn, *args, **kwargs)


@pytest.fixture
async def threads() -> AsyncIterator[Threads]:
    made = Threads()
    asyncio.get_running_loop().set_default_executor(made)
    yield made
    made.shutdown()


async def test_outcomes_are_heard_for_no_application(redis: Server, threads: Threads) -> None:
    """One that blocks its threads keeps no other from its outcomes, though it was the first that sent something."""
    async with (
        RedisServer(f"redis://localhost:{redis.port}/0", "X") as near,
        RedisServer(f"redis://127.0.0.1:{redis.port}/0", "X") as far,
    ):
        sender, taker = RedisBus(near, Seal(KEY), "head"), RedisBus(far, Seal(KEY), "one")
        environment = f"env_{random_id(6)}"

        async def ask() -> Outcome:
            log.application.set("first")
            command = Command(Verb.VOUCH, "first", random_id(8), deadline_s=PATIENCE_S)
            return await sender.send(environment, command)

        async def answer() -> None:
            await taker.finish(environment, Outcome((await taker.take(environment)).request_id))

        await asyncio.gather(asyncio.create_task(ask()), answer())
        assert "first" in threads.asked
        threads.asked.clear()
        await far.call("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
        async with asyncio.timeout(PATIENCE_S):
            while not threads.asked:  # it is heard again, by another connection
                await asyncio.sleep(0.01)
        assert set(threads.asked) == {""}
        await sender.close()
        await taker.close()
