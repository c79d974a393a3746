"""What the benchmarks of environments share: a Supervisor and workers as real processes, over a real Redis and PostgreSQL."""

import contextlib
import tempfile
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import harness
import httpx

from insula.testing import servers
from insula.testing.fleets import FleetOfProcesses

AT_ONCE = 8
"""Clients that have applications made at the same time."""


@dataclass
class Head:
    """The Supervisor that runs, asked as its administrator."""

    fleet: FleetOfProcesses
    redis: servers.Server
    database: servers.Server
    running: harness.Running
    client: httpx.Client

    def call(self, verb: str, name: str | list[str], **body: Any) -> Any:
        """An action on applications. Raises where it is refused."""
        answer = self.client.post(f"/applications:{verb}", params={"filterByTk": name}, json=body)
        if answer.is_error:
            raise RuntimeError(answer.text)
        return answer.json()["data"]

    def many(self, names: list[str], place: str, **options: Any) -> None:
        """Make many in an environment; each runs when this returns."""

        def one(name: str) -> None:
            self.fleet.make(self.client, name, place, options=options)

        with ThreadPoolExecutor(AT_ONCE) as pool:
            list(pool.map(one, names))


@contextlib.contextmanager
def head(*workers: str, settings: Mapping[str, str] | None = None) -> Iterator[Head]:
    """A Supervisor and these workers, which answer. ``settings`` are of all of them."""
    with (
        tempfile.TemporaryDirectory(prefix="insula-bench-") as folder,
        harness.postgresql() as database,
        servers.redis() as redis,
    ):
        place = Path(folder) / "fleet"
        place.mkdir()
        fleet = FleetOfProcesses(place, redis.port, database, settings or {})
        try:
            fleet.start(*workers)
            running = harness.Running(fleet.supervisor, 0.0)
            running.sign_in()
            with running.client() as client:
                yield Head(fleet, redis, database, running, client)
        finally:
            fleet.end()
