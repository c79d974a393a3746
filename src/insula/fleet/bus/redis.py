"""A command bus over Redis Streams, between processes and machines.

Each environment has a stream, read by a group of which one worker alone is a member at a time: the holder of the
environment's name. A command stays there until it is finished; then its outcome goes into the one stream of outcomes,
in the same transaction. Redis may forget everything at any time: who waits for an outcome looks whether the command
is still there and sends it again, and the worker knows what it has carried out already.
"""

from __future__ import annotations

from insula.fleet.bus.base import CommandBus
from insula.fleet.bus.redis_sender import Sender
from insula.fleet.bus.redis_taker import Taker
from insula.fleet.command import Command, Outcome
from insula.fleet.redis_server import RedisServer
from insula.fleet.seal import Seal


class RedisBus(CommandBus):
    """Sends, and takes for those environments whose name this process holds."""

    def __init__(self, server: RedisServer, seal: Seal, instance: str) -> None:
        """``instance`` names who takes: the same one after a restart."""
        self._sender = Sender(server, seal)
        self._taker = Taker(server, seal, instance)

    async def send(self, environment: str, command: Command) -> Outcome:
        return await self._sender.send(environment, command)

    def trouble(self) -> str:
        return self._sender.trouble

    async def take(self, environment: str) -> Command:
        return await self._taker.take(environment)

    async def finish(self, environment: str, outcome: Outcome) -> None:
        await self._taker.finish(environment, outcome)

    async def close(self) -> None:
        await self._sender.close()
