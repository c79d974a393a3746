"""Workers that run nothing, a hundred in one process: ``python simulated.py REDIS_PORT WORKERS RUNNING EVERY_S BEAT_S``.

Each does on the wire what a worker does: holds its name, says that it lives, takes commands, answers the look at its
health at a port of its own, and reports its applications, of which one more is woken by a visitor every so many seconds.
"""

import asyncio
import sys
from itertools import count

from insula import __version__
from insula.core.clock import now
from insula.core.ids import request_id
from insula.fleet.bus.redis import RedisBus
from insula.fleet.command import Command, Outcome, Verb
from insula.fleet.discovery.redis import RedisDiscovery
from insula.fleet.environment import Environment
from insula.fleet.errors import EnvironmentTaken
from insula.fleet.lifecycle import Observed, Status, Wanted
from insula.fleet.redis_server import RedisServer
from insula.fleet.seal import Seal
from insula.testing.fleets import KEY

WELL = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok"


class Simulated:
    """One of them."""

    def __init__(self, worker: int, bus: RedisBus, discovery: RedisDiscovery, running: int) -> None:
        self._worker = worker
        self._name = f"sim{worker}"
        self._bus = bus
        self._discovery = discovery
        self._running = running

    async def run(self, every_s: float, beat_s: float) -> None:
        await self._discovery.hold(self._name, f"instance of {self._name}", _lost)
        server = await asyncio.start_server(_well, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        for number in range(self._running):
            self._report(f"app{self._worker}x{number}", Status(Observed.RUNNING, now()))
        here = Environment(
            self._name,
            url=f"http://127.0.0.1:{port}",
            proxy_url=f"http://127.0.0.1:{port}",
            version=__version__,
            instance=f"instance of {self._name}",
            beat_s=beat_s,
            applications=self._running,
            load={"cpu": 0.1, "memoryMb": 90.0, "connections": 10},
        )
        await asyncio.gather(self._beat(here), self._take(), self._visits(every_s))

    def _report(self, application: str, status: Status) -> None:
        self._discovery.report(self._name, application, status)

    async def _beat(self, here: Environment) -> None:
        while True:
            await self._discovery.announce(here)
            await asyncio.sleep(here.beat_s)

    async def _take(self) -> None:
        while True:
            command = await self._bus.take(self._name)
            state = Observed.RUNNING if command.verb is Verb.START else Observed.STOPPED
            self._report(command.application, Status(state, now()))
            await self._bus.finish(self._name, Outcome(command.request_id))

    async def _visits(self, every_s: float) -> None:
        await asyncio.sleep(every_s * (self._worker % 100) / 100)  # not all at once
        for number in count(self._running):
            application = f"app{self._worker}x{number}"
            command = Command(Verb.START, application, request_id())
            self._report(application, Status(Observed.COMMANDING, now(), command, own=Wanted.RUNNING))
            await asyncio.sleep(0.02)
            self._report(application, Status(Observed.RUNNING, now(), own=Wanted.RUNNING))
            await asyncio.sleep(every_s)


def _lost(error: EnvironmentTaken) -> None:
    sys.exit(error.message)


async def _well(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    writer.write(WELL)
    await writer.drain()
    writer.close()


async def main(port: int, workers: int, running: int, every_s: float, beat_s: float) -> None:
    server, seal = RedisServer(f"redis://127.0.0.1:{port}/0", "the benchmark"), Seal(bytes.fromhex(KEY))
    bus, discovery = RedisBus(server, seal, "simulated"), RedisDiscovery(server, seal)
    made = [Simulated(worker, bus, discovery, running) for worker in range(workers)]
    await asyncio.gather(*(each.run(every_s, beat_s) for each in made))


if __name__ == "__main__":
    given = sys.argv
    asyncio.run(main(int(given[1]), int(given[2]), int(given[3]), float(given[4]), float(given[5])))
