"""What a command costs beyond what it is about: from the request to start an application in another process until it is
heard that it runs, by a follower as the Supervisor's own, less the start itself, which the worker's own reports tell.
Beside it until the request is answered: then the worker has it in its ledger as well."""

import asyncio
import threading
import time
from datetime import datetime
from typing import Self

import harness
from environments import Head, head

from insula.fleet.discovery.redis import RedisDiscovery
from insula.fleet.lifecycle import Observed, Status
from insula.fleet.redis_server import RedisServer
from insula.fleet.seal import Seal
from insula.testing.fleets import KEY

ROUNDS = 100
WARM = 5
GOAL_MS = 15.0
PATIENCE_S = 10.0


class Reports:
    """What a worker reports of one application, heard beside the Supervisor: when each start began, and when it ran."""

    def __init__(self, port: int, name: str) -> None:
        self._name = name
        self._begun: datetime | None = None
        self._ran: datetime | None = None
        self.heard = 0.0
        """When it was heard that it runs, by ``perf_counter``."""
        self._told = threading.Event()
        self._loop = asyncio.new_event_loop()
        self._server = RedisServer(f"redis://127.0.0.1:{port}/0", "the benchmark")
        self._discovery = RedisDiscovery(self._server, Seal(bytes.fromhex(KEY)))
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._discovery.follow(), self._loop).result(PATIENCE_S)
        self._discovery.watch(self._hear)
        return self

    def __exit__(self, *_: object) -> None:
        asyncio.run_coroutine_threadsafe(self._close(), self._loop).result(PATIENCE_S)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(PATIENCE_S)

    async def _close(self) -> None:
        await self._discovery.close()
        await self._server.close()

    def _hear(self, environment: str, application: str, status: Status) -> None:
        if application != self._name:
            return
        if status.observed is Observed.COMMANDING:
            self._begun, self._ran = status.since, None
        elif status.observed is Observed.RUNNING:
            self._ran, self.heard = status.since, time.perf_counter()
            self._told.set()

    def forget(self) -> None:
        """What is told from now on counts."""
        self._begun = self._ran = None
        self._told.clear()

    def start_ms(self) -> float | None:
        """How long the start took by the worker's clock, in whole ms; ``None`` where only its end was told."""
        if not self._told.wait(PATIENCE_S):
            raise TimeoutError(f"{self._name} is not reported to run")
        if self._begun is None or self._ran is None:
            return None
        return (self._ran - self._begun).total_seconds() * 1e3


def main() -> None:
    with head("w1") as running:
        running.many(["shop"], "w1")
        with Reports(running.redis.port, "shop") as reports:
            command(running, reports)


def command(running: Head, reports: Reports) -> None:
    own, seen, answered = [], [], []
    for number in range(WARM + ROUNDS):
        running.call("stop", "shop")
        reports.forget()
        began = time.perf_counter()
        running.call("start", "shop")
        whole_ms = (time.perf_counter() - began) * 1e3
        start_ms = reports.start_ms()
        if number >= WARM and start_ms is not None:
            own.append(start_ms)
            seen.append((reports.heard - began) * 1e3 - start_ms)
            answered.append(whole_ms - start_ms)
    p50 = harness.median(seen)
    harness.report(
        "command, beyond the start itself",
        p50,
        "ms",
        peer="-",
        goal=f"<= {GOAL_MS:g} ms",
        met=p50 <= GOAL_MS,
        p90=sorted(seen)[len(seen) * 9 // 10],
        answered=harness.median(answered),
        start=harness.median(own),
        counted=len(seen),
    )


if __name__ == "__main__":
    main()
