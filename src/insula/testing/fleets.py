"""A whole fleet as real processes: a supervisor and its workers, over a Redis and a database service."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import httpx

from insula.testing import servers
from insula.testing.instance import Instance, database_settings
from insula.testing.leaks import outlives_a_test

KEY = "0123456789abcdef" * 4
PLACES = ("w1", "w2")
"""Environments as tests of a browser name them."""


@dataclass
class FleetOfProcesses:
    """One supervisor, and workers by name. Nothing is started by itself."""

    folder: Path
    redis_port: int
    database: servers.Server | None
    more: Mapping[str, str] = field(default_factory=dict)
    """Settings of all."""
    own: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """Place → settings of it alone."""
    failpoints: bool = False
    """Whether its processes can be armed while they run."""
    instances: dict[str, Instance] = field(default_factory=dict)

    @property
    def supervisor(self) -> Instance:
        """The head, made when it is first asked for."""
        return self.instances.get("supervisor") or self._make("supervisor", {"APP_PROCESS_ADAPTER": "remote"})

    def worker(self, name: str, storage: str = "", **more: str) -> Instance:
        """The environment of this name; made when it is first asked for, with its own storage unless said otherwise."""
        place = storage or name
        port = servers.free_port()
        own = {
            "APP_PROCESS_ADAPTER": "local",
            "ENVIRONMENT_NAME": name,
            "ENVIRONMENT_URL": f"http://127.0.0.1:{port}",
            "INSULA_HEARTBEAT_S": "2",
        }
        return self.instances.get(place) or self._make(place, {**own, **more}, port)

    def _make(self, place: str, own: Mapping[str, str], port: int | None = None) -> Instance:
        url = f"redis://127.0.0.1:{self.redis_port}/0"
        name = f"{self.folder.name[-20:].replace('-', '_')}_{place}"
        settings = {
            **database_settings(self.database, name),
            "APP_MODE": "supervisor" if place == "supervisor" else "worker",
            "APP_DISCOVERY_ADAPTER": "remote",
            "APP_COMMAND_ADAPTER": "redis",
            "APP_SUPERVISOR_REDIS_URL": url,
            "APP_COMMAND_REDIS_URL": url,
            "APP_SUPERVISOR_AES_SECRET_KEY": KEY,
            **self.more,
            **self._armable(place),
            **own,
            **self.own.get(place, {}),
        }
        made = Instance(self.folder / place, settings, port or servers.free_port())
        self.instances[place] = made
        return made

    def _armable(self, place: str) -> Mapping[str, str]:
        if not self.failpoints:
            return {}
        self.arm(place)
        return {"INSULA_TESTING": "true", "INSULA_FAILPOINTS": f"@{self._effects_of(place)}"}

    def _effects_of(self, place: str) -> Path:
        return self.folder / f"{place}.failpoints"

    def arm(self, place: str, effect: str = "", *names: str) -> None:
        """What happens from now on at these failpoints of a process, and at no others; without names nothing does."""
        file = self._effects_of(place)
        draft = file.with_suffix(".new")
        draft.write_text(",".join(f"{name}={effect}" for name in names))
        draft.rename(file)

    def start(self, *workers: str) -> None:
        """Supervisor and workers answer when this returns."""
        for name in workers:
            self.worker(name).begin()
        self.supervisor.start()
        for name in workers:
            self.worker(name).wait_until_well()

    @contextmanager
    def running(self, *workers: str) -> Iterator[Self]:
        """Started as by ``start``, for the tests of a module; ended after the block."""
        try:
            self.start(*workers)
            self.keep()
            yield self
        finally:
            self.end()

    def keep(self) -> None:
        """What runs of it runs on after the test."""
        for instance in self.instances.values():
            if instance.process is not None:
                outlives_a_test(instance.process.pid)

    def end(self) -> None:
        """End all that runs."""
        for instance in self.instances.values():
            instance.__exit__()

    def make(self, client: httpx.Client, name: str, place: str, **values: Any) -> dict[str, Any]:
        """An application in an environment, made to its end, as it is answered."""
        given = {"name": name, "environments": [place], **values}
        answer = client.post("/applications:create", json=given)
        assert answer.status_code == httpx.codes.OK, answer.text
        job = self.supervisor.wait_for_job(client, answer.json()["data"]["jobId"])
        assert job["status"] == "succeeded", job
        return shown(client, name)


def shown(client: httpx.Client, name: str) -> dict[str, Any]:
    """An application as it is answered."""
    found: dict[str, Any] = client.get("/applications:get", params={"filterByTk": name}).json()["data"]
    return found
