"""A Supervisor and two environments beside a Redis, on one machine that has nothing but that: what each is started with."""

import shutil
import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from insula.server import settings
from insula.server.errors import RedisNotInstalled
from insula.server.storage import new_key, open_folder
from insula.server.together import Probe, Program, run_together
from insula.server.variables import SERVER, variables_of_server

SUPERVISOR = "supervisor"
ENVIRONMENTS = ("env_a", "env_b")
PORTS = {SUPERVISOR: 14000, "env_a": 15000, "env_b": 16000, "redis": 16379}
"""The ports that are taken where they are free."""
PATIENCE_S = 120.0
"""For a start, which itself waits for its database and Redis."""
KEY_FILE = "command_key"
_REDIS = ("redis-server", "valkey-server")
_REDIS_URLS = ("APP_SUPERVISOR_REDIS_URL", "APP_COMMAND_REDIS_URL")
_KEY = "APP_SUPERVISOR_AES_SECRET_KEY"


@dataclass(frozen=True, slots=True)
class Demo:
    """The programs, those that all others need first, and where they are reached."""

    stages: tuple[tuple[Program, ...], ...]
    addresses: Mapping[str, str]
    """Name → address, the Supervisor's first."""
    folder: Path


async def run_demo(path: str, announce: Callable[[Demo], None]) -> Demo:
    """Run all until a signal says stop. Gives what ran; what it keeps is in its folder. Raises as ``plan`` and
    ``run_together`` do."""
    demo = plan(path, variables_of_server())
    await run_together(demo.stages, partial(announce, demo), PATIENCE_S)
    return demo


def plan(path: str, given: Mapping[str, str]) -> Demo:
    """What to start with the environment ``given``: its own database (``DB_*``), Redis and key are used where it names them.

    Raises ``StorageUnreachable`` for the folder, ``SettingsWrong``, ``RedisNotInstalled``.
    """
    read = settings.read(given).values
    folder = open_folder(path)
    ports = {name: _free_port(port) for name, port in PORTS.items()}
    redis = () if all(name in read for name in _REDIS_URLS) else (_redis(folder, ports["redis"], given),)
    own_redis = f"redis://127.0.0.1:{ports['redis']}/0"
    shared = {
        **given,
        **{name: read.get(name, own_redis) for name in _REDIS_URLS},
        _KEY: read.get(_KEY) or _key(folder / KEY_FILE),
        "APP_DISCOVERY_ADAPTER": "remote",
        "APP_COMMAND_ADAPTER": "redis",
        "INSULA_HOST": "127.0.0.1",
    }
    members = tuple(_member(name, ports[name], folder, shared) for name in (SUPERVISOR, *ENVIRONMENTS))
    addresses = {name: f"http://localhost:{ports[name]}" for name in (SUPERVISOR, *ENVIRONMENTS)}
    return Demo((redis, members), addresses, folder)


def _member(name: str, port: int, folder: Path, shared: Mapping[str, str]) -> Program:
    """The Supervisor or an environment, in a folder of its own."""
    address = f"http://localhost:{port}"
    role = {"APP_MODE": "supervisor", "APP_PROCESS_ADAPTER": "remote"}
    if name != SUPERVISOR:
        role = {
            "APP_MODE": "worker",
            "APP_PROCESS_ADAPTER": "local",
            "ENVIRONMENT_NAME": name,
            "ENVIRONMENT_URL": address,
            "ENVIRONMENT_PROXY_URL": f"http://127.0.0.1:{port}",
        }
    storage = folder / name
    own = {"INSULA_URL": address, "APP_PORT": str(port), "STORAGE_PATH": str(storage)}
    environment = {**shared, **role, **own}
    reading = settings.read(environment)
    if reading.values.get("DB_DIALECT", "sqlite") == "sqlite":
        environment["DB_STORAGE"] = str(storage / "main.sqlite")
    elif database := reading.values.get("DB_DATABASE"):
        environment["DB_DATABASE"] = f"{database}_{name}"
    told = settings.read(environment).settings()
    ask = f"GET {told.api_base_path}__health_check HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    return Program(
        name,
        SERVER,
        environment,
        folder / f"{name}.log",
        Probe(port, ask.encode(), b"HTTP/1.1 200 "),
        speaks=name == SUPERVISOR,
    )


def _redis(folder: Path, port: int, given: Mapping[str, str]) -> Program:
    """One that keeps nothing: all that stands in it is written again. Raises ``RedisNotInstalled``."""
    program = next(filter(None, map(shutil.which, _REDIS)), None)
    if program is None:
        raise RedisNotInstalled()
    place = ("--bind", "127.0.0.1", "--port", str(port), "--dir", str(folder))
    command = (program, *place, "--save", "", "--appendonly", "no")
    return Program("redis", command, given, folder / "redis.log", Probe(port, b"PING\r\n", b"+PONG"))


def _key(path: Path) -> str:
    """The key that all of them share, kept for the next time."""
    return path.read_text(encoding="ascii").strip() if path.exists() else new_key(path)


def _free_port(wanted: int) -> int:
    """``wanted``, or another of loopback where something listens on it."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", wanted))
        except OSError:
            probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
