"""``insula demo`` as a person types it."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import httpx
import psutil
import pytest

from insula.server.demo import ENVIRONMENTS, SUPERVISOR
from insula.server.exits import Exit
from insula.testing import servers
from insula.testing.fleet_client import FleetClient, environments, set_up
from insula.testing.instance import Instance, database_settings

PATIENCE_S = 60.0
POLL_S = 0.05
COMMAND = [sys.executable, "-c", "from insula.cli import main; main()", "demo"]


class Demo:
    """One that runs, and what it has told."""

    def __init__(self, folder: Path, process: subprocess.Popen[bytes]) -> None:
        self.folder = folder / "storage-demo"
        self.process = process
        self._printed = folder / "printed"

    @property
    def printed(self) -> str:
        return self._printed.read_text()

    def wait(self) -> None:
        """Until it says what to open."""
        deadline = time.monotonic() + PATIENCE_S
        while "Ctrl-C" not in self.printed:
            assert self.process.poll() is None, self.printed
            assert time.monotonic() < deadline, self.printed
            time.sleep(POLL_S)

    @property
    def addresses(self) -> dict[str, str]:
        return dict(re.findall(r"^(\w+) +(http://localhost:\d+)$", self.printed, re.MULTILINE))

    def end(self, how: int = signal.SIGINT) -> int:
        self.process.send_signal(how)
        return self.process.wait(PATIENCE_S)


def given(folder: Path, path: str, more: Mapping[str, str]) -> dict[str, str]:
    kept = {name: os.environ[name] for name in ("LANG", "PYTHONWARNINGS") if name in os.environ}
    return {**kept, "PATH": path, "HOME": str(folder), **more}


@contextmanager
def running(folder: Path, **more: str) -> Iterator[Demo]:
    """From the moment in which it says what to open; afterwards nothing of it runs any more."""
    path = f"{servers.redis_program().parent}:{os.environ['PATH']}"
    with (folder / "printed").open("wb") as sink:
        process = subprocess.Popen(
            COMMAND, cwd=folder, env=given(folder, path, more), stdout=sink, stderr=sink
        )
    demo = Demo(folder, process)
    try:
        demo.wait()
        begun = psutil.Process(process.pid).children()
        assert len(begun) == 4
        yield demo
        assert [one for one in begun if one.is_running()] == []
    finally:
        servers.stop(process)


@pytest.mark.parametrize("database", ["files", "server"])
def test_from_nothing_to_an_application_and_once_more(
    database: str, short_path: Path, request: pytest.FixtureRequest
) -> None:
    more: dict[str, str] = {}
    if database == "server":
        server = request.getfixturevalue("postgresql")
        more = database_settings(server, f"demo_{short_path.name[-12:]}")
    with running(short_path, **more) as demo:
        assert [*demo.addresses] == [SUPERVISOR, *ENVIRONMENTS]
        port = int(demo.addresses[SUPERVISOR].rsplit(":", 1)[1])
        supervisor = Instance(demo.folder / SUPERVISOR, port=port)
        set_up(supervisor, demo.printed)
        with FleetClient(supervisor) as client:
            rows = environments(client, 2)
            assert {row["name"]: row["url"] for row in rows} == {
                name: demo.addresses[name] for name in ENVIRONMENTS
            }
            assert {row["secured"] for row in rows} == {True}
            assert client.create("shop", environments=["env_b"])["statuses"] == {"env_b": "running"}
            client.inside("shop").close()
            client.inside("shop", at=demo.addresses["env_b"]).close()
        # What it tells to type works.
        typed = re.search(r"^  STORAGE_PATH=(\S+) \S+ (apps create .*)$", demo.printed, re.MULTILINE)
        assert typed
        words = typed[2].replace(" shop ", " blog ").split()
        made = supervisor.command(*words, folder=short_path, STORAGE_PATH=typed[1])
        assert made.returncode == Exit.DONE, made.stderr
        listed = supervisor.command("apps", "list", folder=short_path, STORAGE_PATH=typed[1])
        assert {"shop", "blog"} <= set(listed.stdout.split()), listed.stderr
        assert demo.end() == Exit.DONE, demo.printed
        assert "All of them have stopped. Logs and data stay in " in demo.printed
    with running(short_path, **more) as demo:
        assert "setup?token" not in demo.printed
        supervisor.port = int(demo.addresses[SUPERVISOR].rsplit(":", 1)[1])
        with FleetClient(supervisor) as client:
            environments(client, 2)
            client.inside("shop").close()
            client.inside("shop", at=demo.addresses["env_b"]).close()
        assert demo.end(signal.SIGTERM) == Exit.DONE, demo.printed


def test_when_one_ends_all_end_and_it_is_said_which(short_path: Path) -> None:
    with running(short_path) as demo:
        (victim,) = (
            one
            for one in psutil.Process(demo.process.pid).children()
            if one.environ().get("ENVIRONMENT_NAME") == "env_a"
        )
        victim.kill()
        assert demo.process.wait(PATIENCE_S) == Exit.UNAVAILABLE
        log = demo.folder / "env_a.log"
        assert (
            f"insula: env_a was killed by signal 9, so the others were stopped, too; its log {log}"
            in demo.printed
        )
        for address in demo.addresses.values():
            with pytest.raises(httpx.TransportError):
                httpx.get(address)


def test_without_redis_it_is_said_how_to_get_one(short_path: Path) -> None:
    done = subprocess.run(
        COMMAND,
        cwd=short_path,
        env=given(short_path, str(short_path), {}),
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == Exit.UNAVAILABLE
    assert "apt-get install redis-server" in done.stderr
