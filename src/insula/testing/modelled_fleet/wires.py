"""What joins the supervisor and the environments: memory, where all of them are one process, or a real Redis."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, Final

from insula.fleet.bus.base import CommandBus
from insula.fleet.bus.memory import MemoryBus
from insula.fleet.bus.redis import RedisBus
from insula.fleet.command import Command, Outcome
from insula.fleet.discovery.base import Discovery
from insula.fleet.discovery.local import LocalDiscovery
from insula.fleet.discovery.redis import RedisDiscovery
from insula.fleet.lease import Life, lease_key
from insula.fleet.redis_server import RedisServer
from insula.fleet.seal import Seal
from insula.testing.modelled_fleet.watch import Watch

KEY: Final = bytes(range(32))
PATIENCE_S: Final = 30.0


@dataclass(frozen=True)
class Ends:
    """What one process has of them."""

    bus: CommandBus
    discovery: Discovery
    server: RedisServer | None = None

    async def close(self) -> None:
        """Once the process has ended, however."""
        if self.server is not None:
            await self.server.close()


class Wires(ABC):
    """Siblings implement all of it."""

    apart: bool
    """Whether supervisor and environments are processes of their own, which may end one without the other."""

    @abstractmethod
    def ends(self, life: Life) -> Ends:
        """For one life of a process."""

    @abstractmethod
    def anew(self) -> None:
        """All processes have ended: what was known only to them is gone."""

    @abstractmethod
    async def forget(self) -> None:
        """What lies between the processes is gone, and they go on."""

    @abstractmethod
    async def epoch(self, environment: str) -> int:
        """Of who holds the name now."""

    @abstractmethod
    def deafen(self, ends: Ends) -> None:
        """The next outcome does not reach who waits for it."""

    @abstractmethod
    async def close(self) -> None:
        """Nothing is asked any more."""


class InMemory(Wires):
    """As in shared-memory mode."""

    apart = False

    def __init__(self) -> None:
        self.anew()

    def ends(self, life: Life) -> Ends:
        return Ends(self._bus, self._discovery)

    def anew(self) -> None:
        self._bus, self._discovery = MemoryBus(), LocalDiscovery()

    async def forget(self) -> None:
        """There is nothing between."""

    async def epoch(self, environment: str) -> int:
        return 0

    def deafen(self, ends: Ends) -> None:
        """Nothing is lost on no way at all."""

    async def close(self) -> None:
        """There is nothing to be closed."""


class OverRedis(Wires):
    """As in multi-environment mode. The server is of nobody else's."""

    apart = True

    def __init__(self, url: str) -> None:
        self._url = url
        self._server = RedisServer(url, "X")

    def ends(self, life: Life) -> Ends:
        server, seal = RedisServer(self._url, "X"), Seal(KEY)
        return Ends(RedisBus(server, seal, life.instance), RedisDiscovery(server, seal, life), server)

    def anew(self) -> None:
        """Redis goes on."""

    async def forget(self) -> None:
        await self._server.call("FLUSHALL")

    async def epoch(self, environment: str) -> int:
        async with asyncio.timeout(PATIENCE_S):
            while not (held := await self._server.call("GET", lease_key(environment))):
                await asyncio.sleep(0.01)  # it was forgotten, and is renewed at any moment
        return int(held.split()[-1])

    def deafen(self, ends: Ends) -> None:
        sender: Any = ends.bus._sender  # type: ignore[attr-defined]
        hear = sender._tell

        def once(fields: dict[bytes, bytes]) -> None:
            sender._tell = hear

        sender._tell = once

    async def close(self) -> None:
        await self._server.call("FLUSHALL")
        await self._server.close()


class WatchedBus(CommandBus):
    """Has all looked at that is sent."""

    def __init__(self, bus: CommandBus, watch: Watch) -> None:
        self._bus = bus
        self._watch = watch

    async def send(self, environment: str, command: Command) -> Outcome:
        self._watch.sending(environment, command)
        try:
            return await self._bus.send(environment, command)
        finally:
            self._watch.answered(environment, command)

    def trouble(self) -> str:
        return self._bus.trouble()

    async def take(self, environment: str) -> Command:
        return await self._bus.take(environment)

    async def finish(self, environment: str, outcome: Outcome) -> None:
        await self._bus.finish(environment, outcome)

    async def close(self) -> None:
        await self._bus.close()
