"""What all benchmarks share: real servers, a signed-in collection of 10,000 rows, wrk, CPU of a process.

Conditions are the same everywhere: PostgreSQL with fsync on and default settings, the server as
``insula start`` runs it, ``wrk -t1 -c16 -d10s``, signed in with a bearer token. Each script prints one line
of JSON for each figure: figure, unit, the peer's, the goal, whether it was met, and the conditions.
"""

import contextlib
import json
import os
import platform
import random
import re
import string
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import psutil

from insula import __version__
from insula.testing import servers
from insula.testing.instance import Instance, database_settings

DATABASE = "insula_bench"
ROWS = 10_000
CONNECTIONS = 16
SECONDS = int(os.environ.get("BENCH_SECONDS", "10"))

FIELDS: list[dict[str, Any]] = [
    {"name": "title", "type": "string", "interface": "input"},
    {"name": "body", "type": "text", "interface": "textarea"},
    {"name": "quantity", "type": "integer", "interface": "integer"},
    {"name": "price", "type": "double", "interface": "number"},
    {"name": "active", "type": "boolean", "interface": "checkbox"},
    {"name": "due", "type": "date", "interface": "datetime"},
    {"name": "email", "type": "string", "interface": "email"},
    {
        "name": "state",
        "type": "string",
        "interface": "select",
        "uiSchema": {"enum": [{"value": v, "label": v} for v in ("new", "open", "done")]},
    },
]


@dataclass
class Running:
    """A server under test, signed in."""

    instance: Instance
    started_s: float
    """From the start of the process to its first answer."""
    token: str = ""

    @property
    def address(self) -> str:
        return self.instance.address

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}

    @property
    def _process(self) -> psutil.Process:
        return psutil.Process(self.instance.process.pid)

    def sign_in(self) -> None:
        with self.instance.sign_in() as client:
            self.token = client.headers["Authorization"].removeprefix("Bearer ")

    def client(self) -> httpx.Client:
        return httpx.Client(base_url=f"{self.address}/api/", headers=self.headers, timeout=120)

    def resident_mb(self) -> float:
        return self._process.memory_info().rss / 1e6

    def cpu_s(self) -> float:
        times = self._process.cpu_times()
        return times.user + times.system


@contextlib.contextmanager
def postgresql() -> Iterator[servers.Server]:
    """PostgreSQL as Debian delivers it: fsync on, default settings."""
    with servers.postgresql(fsync=True) as server:
        yield server


def installation(server: servers.Server | None, storage: Path) -> Instance:
    return Instance(storage, database_settings(server, DATABASE))


def started(instance: Instance) -> Running:
    """Start the server and wait for its first answer."""
    began = time.perf_counter()
    instance.start()
    return Running(instance, time.perf_counter() - began)


def launch(instance: Instance) -> Running:
    """Start the server, wait for its first answer, sign in."""
    running = started(instance)
    running.sign_in()
    return running


@contextlib.contextmanager
def insula(server: servers.Server | None) -> Iterator[Running]:
    """The product, started on ``server`` (``None``: SQLite) with a bare storage folder, signed in."""
    with tempfile.TemporaryDirectory(prefix="insula-bench-") as folder:
        instance = installation(server, Path(folder) / "storage")
        try:
            yield launch(instance)
        finally:
            instance.stop()


def record(number: int, chance: random.Random) -> dict[str, Any]:
    def words(count: int) -> str:
        return " ".join("".join(chance.choices(string.ascii_lowercase, k=6)) for _ in range(count))

    due = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=chance.randrange(500_000))
    return {
        "title": f"Item {number} {words(2)}",
        "body": words(20),
        "quantity": chance.randrange(1_000),
        "price": round(chance.uniform(1, 500), 2),
        "active": chance.random() < 0.5,
        "due": due.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "email": f"person{number}@example.com",
        "state": chance.choice(("new", "open", "done")),
    }


def model(running: Running, *, simple: bool = False, rows: int = ROWS, name: str = "items") -> None:
    """The issue's collection with ``rows`` rows."""
    chance = random.Random(7)
    with running.client() as client:
        body = {
            "name": name,
            "fields": FIELDS,
            "createdAt": True,
            "updatedAt": True,
            "createdBy": True,
            "updatedBy": True,
            "simplePaginate": simple,
        }
        client.post("/collections:create", json=body).raise_for_status()
        for first in range(0, rows, 500):
            batch = [record(number, chance) for number in range(first, min(first + 500, rows))]
            client.post(f"/{name}:create", json=batch).raise_for_status()


def wrk(url: str, token: str, *, script: str | None = None) -> dict[str, float]:
    """Requests per second and latency of ``url`` under 16 connections."""
    command = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{SECONDS}s", "--latency"]
    command += ["-H", f"Authorization: Bearer {token}"]
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as lua:
        if script:
            lua.write(script)
            lua.flush()
            command += ["-s", lua.name]
        output = subprocess.run([*command, url], check=True, capture_output=True, text=True).stdout
    errors = re.search(r"Non-2xx or 3xx responses: (\d+)", output)
    if errors:
        raise RuntimeError(f"{errors[1]} answers were errors:\n{output}")
    rate = re.search(r"Requests/sec:\s+([\d.]+)", output)
    total = re.search(r"(\d+) requests in", output)
    if not rate or not total:
        raise RuntimeError(output)
    return {"per_s": float(rate[1]), "requests": float(total[1])}


@dataclass
class Load:
    """One measured slice."""

    per_s: float
    cpu_ms: float
    """Server CPU (user and system) for each request."""


def load(running: Running, path: str, *, script: str | None = None) -> Load:
    """Warm up for a second's worth, then measure one slice."""
    with running.client() as client:
        for _ in range(50):
            if not script:
                client.get(f"/{path}").raise_for_status()
    before = running.cpu_s()
    result = wrk(f"{running.address}/api/{path}", running.token, script=script)
    return Load(result["per_s"], (running.cpu_s() - before) * 1e3 / result["requests"])


def median(values: list[float]) -> float:
    return sorted(values)[len(values) // 2]


def report(
    name: str, figure: float, unit: str, *, peer: str, goal: str, met: bool, **conditions: Any
) -> None:
    """The one line. ``peer``: NocoBase's figure, or what else it is held against."""
    line = {
        "name": name,
        "figure": round(figure, 4),
        "unit": unit,
        "peer": peer,
        "goal": goal,
        "met": met,
        "conditions": {
            "insula": __version__,
            "python": platform.python_version(),
            "cores": os.cpu_count(),
            "load": round(os.getloadavg()[0], 1),
            "connections": CONNECTIONS,
            "seconds": SECONDS,
            **{k: round(v, 4) if isinstance(v, float) else v for k, v in conditions.items()},
        },
    }
    sys.stdout.write(json.dumps(line) + "\n")
