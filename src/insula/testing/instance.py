"""Insula as a real process on a free port, for tests that need the whole: start, sign in, kill, start again."""

import contextlib
import os
import pty
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import httpx

from insula.core.allocator import allocator
from insula.testing import servers

ROOT_EMAIL = "root@example.com"
ROOT_PASSWORD = "correct horse battery 1"
Run = Callable[..., subprocess.CompletedProcess[str]]
"""Runs one command line: ``run("users", "list", input="…")``, with further settings."""
COMMAND_S = 60.0
"""What a command line may take."""
STALL_LIMIT_S = 60
"""Where many tests share few cores, one that is held up for a second says nothing of an application."""
_POLL_S = 0.01
_KEPT = ("PATH", "HOME", "LANG", "VIRTUAL_ENV", "PYTHONWARNINGS")


def database_settings(
    server: servers.Server | None, name: str = "insula_test", dialect: str = "postgres"
) -> dict[str, str]:
    """The ``DB_*`` variables for a server of that dialect, or for the embedded SQLite."""
    if server is None:
        return {"DB_DIALECT": "sqlite"}
    return {
        "DB_DIALECT": dialect,
        "DB_HOST": server.host,
        "DB_PORT": str(server.port),
        "DB_USER": server.user,
        "DB_PASSWORD": server.password,
        "DB_DATABASE": name,
    }


@dataclass
class Instance:
    """One installation: its storage folder and settings outlive its processes.

    As a context manager it ends what still runs when the block ends, however it ends; it does not start
    anything by itself.
    """

    storage: Path
    settings: Mapping[str, str] = field(default_factory=lambda: {"DB_DIALECT": "sqlite"})
    port: int = field(default_factory=servers.free_port)
    process: subprocess.Popen[bytes] | None = None
    log_path: Path = field(init=False)
    """Where its processes print to; beside the storage folder unless said otherwise."""

    def __post_init__(self) -> None:
        self.log_path = self.storage.with_name(f"{self.storage.name}.log")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self.process is not None and self.process.poll() is None:
            self.kill()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def log(self) -> str:
        """All that its processes printed so far."""
        return self.log_path.read_text() if self.log_path.is_file() else ""

    def command(
        self, *words: str, input: str | None = None, folder: Path | None = None, **more: str
    ) -> subprocess.CompletedProcess[str]:
        """Run one command line beside it, in ``folder`` and with ``more`` settings: ``command("users", "list")``."""
        return subprocess.run(
            [sys.executable, "-c", "from insula.cli import main; main()", *words],
            env=self.environment | more,
            cwd=folder,
            capture_output=True,
            text=True,
            timeout=COMMAND_S,
            check=False,
            input=input,
        )

    @property
    def environment(self) -> dict[str, str]:
        """What the process gets: the settings, a first administrator, and little of this process' own."""
        return {
            **allocator(),
            **{name: os.environ[name] for name in _KEPT if name in os.environ},
            "INIT_ROOT_EMAIL": ROOT_EMAIL,
            "INIT_ROOT_USERNAME": "root",
            "INIT_ROOT_PASSWORD": ROOT_PASSWORD,
            "INIT_ROOT_NICKNAME": "Root",
            "INSULA_STALL_LIMIT_S": str(STALL_LIMIT_S),
            **self.settings,
            "APP_PORT": str(self.port),
            "STORAGE_PATH": str(self.storage),
        }

    @property
    def pid(self) -> int:
        """Of the process that was begun last."""
        assert self.process is not None
        return self.process.pid

    def begin(self) -> subprocess.Popen[bytes]:
        """Start a process without waiting for it to answer."""
        with self.log_path.open("ab") as sink:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "insula.server"], env=self.environment, stdout=sink, stderr=sink
            )
        return self.process

    def start(self) -> None:
        """Start a process and return once it answers. Raises with its own words when it ended instead."""
        self.begin()
        self.wait_until_well()

    def wait_until_well(self) -> None:
        """Return once the process that was begun answers. Raises with its own words when it ended instead."""
        assert self.process is not None
        deadline = time.monotonic() + servers.START_TIMEOUT_S
        with httpx.Client(timeout=5) as client:
            while time.monotonic() < deadline and self.process.poll() is None:
                with contextlib.suppress(httpx.TransportError):
                    if client.get(f"{self.address}/api/__health_check").status_code == httpx.codes.OK:
                        return
                time.sleep(_POLL_S)
        self.kill()
        raise RuntimeError(f"Insula did not start: {self.log[-4000:]}")

    def printed(self, pattern: str) -> str:
        """The log, as soon as the pattern is found in it. Fails with the log when that takes too long."""
        deadline = time.monotonic() + servers.START_TIMEOUT_S
        while not re.search(pattern, self.log):
            assert time.monotonic() < deadline, self.log
            time.sleep(_POLL_S)
        return self.log

    def stop(self) -> int:
        """End it as an operator does; gives the exit code."""
        assert self.process is not None
        servers.stop(self.process, signal.SIGTERM)
        return int(self.process.returncode)

    def kill(self) -> None:
        """End it as a power cut does."""
        assert self.process is not None
        self.process.kill()
        self.process.wait()

    def sign_in(self, account: str = ROOT_EMAIL, password: str = ROOT_PASSWORD) -> httpx.Client:
        """A client of the API with a bearer token. The caller closes it."""
        answer = httpx.post(
            f"{self.address}/api/auth:signIn", json={"account": account, "password": password}, timeout=30
        )
        answer.raise_for_status()
        token = answer.json()["data"]["token"]
        headers = {"Authorization": f"Bearer {token}"}
        return httpx.Client(base_url=f"{self.address}/api/", headers=headers, timeout=120)

    def sign_in_to(self, application: str) -> httpx.Client:
        """The same to an application beside the main one, as its first user."""
        answer = httpx.post(
            f"{self.address}/api/__app/{application}/auth:signIn",
            json={"account": ROOT_EMAIL, "password": ROOT_PASSWORD},
            timeout=30,
        )
        answer.raise_for_status()
        return httpx.Client(
            headers={"Authorization": f"Bearer {answer.json()['data']['token']}"}, timeout=120
        )

    def make(self, client: httpx.Client, name: str, display_name: str, **options: Any) -> None:
        """Make an application and wait until it is there."""
        body = {"name": name, "displayName": display_name, "options": options}
        job = client.post("/applications:create", json=body).raise_for_status().json()["data"]["jobId"]
        assert self.wait_for_job(client, job)["status"] == "succeeded"

    def wait_for_job(self, client: httpx.Client, job: Any, *, timeout_s: float = 120.0) -> dict[str, Any]:
        """The job's record once it has ended, however it ended."""
        deadline = time.monotonic() + timeout_s
        while time.monotonic() < deadline:
            state: dict[str, Any] = client.get(f"/jobs:get/{job}").raise_for_status().json()["data"]
            if state["status"] in ("succeeded", "failed", "cancelled"):
                return state
            time.sleep(_POLL_S)
        raise TimeoutError(f"job {job} is still running after {timeout_s} s")


def at_a_terminal(instance: Instance, folder: Path, *words: str) -> tuple[int, str]:
    """Run one command line beside it as people at a terminal do: its exit code, and what they see on standard error."""
    mine, theirs = pty.openpty()
    try:
        done = subprocess.run(
            [sys.executable, "-c", "from insula.cli import main; main()", *words],
            env={**instance.environment, "TERM": "xterm", "COLUMNS": "100"},
            cwd=folder,
            stdout=subprocess.PIPE,
            stderr=theirs,
            timeout=COMMAND_S,
            check=False,
        )
    finally:
        os.close(theirs)
    seen = os.read(mine, 65536).decode()
    os.close(mine)
    return done.returncode, seen
