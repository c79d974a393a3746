"""A connection to Redis that is closed just before something is written to it, on the loop that servers run on."""

import subprocess
import sys

from insula.testing import servers

_PROGRAM = """
import asyncio, sys
import uvloop
from redis.asyncio.connection import AbstractConnection
from insula.fleet.errors import RedisUnavailable
from insula.fleet.redis_server import RedisServer

send, closes = AbstractConnection.send_packed_command, False

async def closed_before(self, command, check_health=True):
    if closes:
        self._writer.transport.abort()
        for _ in range(3):  # until the loop has let go of it
            await asyncio.sleep(0)
    await send(self, command, check_health)

async def ask():
    global closes
    async with RedisServer(f"redis://127.0.0.1:{sys.argv[1]}/0", "APP_COMMAND_REDIS_URL") as server:
        await server.probe()
        closes = True
        try:
            await server.probe()
        except RedisUnavailable:
            closes = False
            await server.probe()
            print("went on")

AbstractConnection.send_packed_command = closed_before
with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
    runner.run(ask())
"""


def test_it_is_one_that_does_not_answer(redis: servers.Server) -> None:
    words = [sys.executable, "-c", _PROGRAM, str(redis.port)]
    done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=30)
    assert (done.returncode, done.stdout) == (0, "went on\n"), done.stderr
