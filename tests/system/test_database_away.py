"""A database that hangs, dies in the middle or stays away, under a real process that runs on."""

import contextlib
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Self

import httpx
import psutil
import pytest

from insula.server.exits import Exit
from insula.testing import servers
from insula.testing.instance import Instance, database_settings
from insula.testing.suspended import suspended

PATIENCE_S = 30.0
STATEMENT_TIMEOUT_S = 2
BOUND_S = 15.0
"""Within this every request has its answer, whatever the database does."""
AWAY = {503: {"DATABASE_UNAVAILABLE", "DATABASE_BUSY"}, 504: {"DATABASE_TIMEOUT", "TIMEOUT"}}


@pytest.fixture(scope="module")
def database() -> Iterator[servers.Server]:
    """A PostgreSQL that only this module ill-treats."""
    with servers.postgresql() as server:
        yield server


@pytest.fixture
def server(database: servers.Server, tmp_path: Path) -> Iterator[Instance]:
    settings = {
        **database_settings(database, tmp_path.name[-40:]),
        "INSULA_DB_STATEMENT_TIMEOUT_S": str(STATEMENT_TIMEOUT_S),
    }
    with Instance(tmp_path / "s", settings) as made:
        made.start()
        with made.sign_in() as client:
            fields = [{"name": "text", "type": "text"}, {"name": "number", "type": "integer"}]
            client.post("/collections:create", json={"name": "notes", "fields": fields}).raise_for_status()
        yield made


def backends(database: servers.Server) -> list[psutil.Process]:
    """Processes of PostgreSQL that serve connections of clients."""
    found = []
    for child in psutil.Process(database.process.pid).children():
        with contextlib.suppress(psutil.NoSuchProcess):
            if "127.0.0.1" in " ".join(child.cmdline()):
                found.append(child)
    return found


class Load:
    """Requests from several threads until told to stop; every one is answered, and counted by its outcome."""

    def __init__(self, server: Instance, *asks: Callable[[httpx.Client, int], httpx.Response]) -> None:
        self.outcomes: Counter[tuple[int, str]] = Counter()
        self.longest_s = 0.0
        self.created: set[int] = set()
        """Numbers whose creation was answered with 200."""
        self.tried: set[int] = set()
        self._server = server
        self._stopped = threading.Event()
        self._lock = threading.Lock()
        self._number = 0
        self._threads = [threading.Thread(target=self._run, args=(ask,)) for ask in asks for _ in range(3)]
        self.wrong: list[str] = []

    def __enter__(self) -> Self:
        self._clients = [self._server.sign_in() for _ in range(1)]
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopped.set()
        for thread in self._threads:
            thread.join(PATIENCE_S * 2)
        for client in self._clients:
            client.close()

    def until(self, found: Callable[[], bool]) -> None:
        deadline = time.monotonic() + PATIENCE_S
        while not found():
            assert time.monotonic() < deadline, (self.outcomes, self._server.log[-3000:])
            time.sleep(0.01)

    def served(self, more: int = 30) -> None:
        """Wait for so many further answers with 200."""
        wanted = self.count(200) + more
        self.until(lambda: self.count(200) >= wanted)

    def failed(self, more: int = 1) -> None:
        wanted = sum(self.outcomes.values()) - self.count(200) + more
        self.until(lambda: sum(self.outcomes.values()) - self.count(200) >= wanted)

    def count(self, status: int) -> int:
        return sum(number for (found, _), number in self.outcomes.items() if found == status)

    def _run(self, ask: Callable[[httpx.Client, int], httpx.Response]) -> None:
        while not self._stopped.is_set():
            with self._lock:
                self._number += 1
                number = self._number
            began = time.monotonic()
            answer = ask(self._clients[0], number)
            took_s = time.monotonic() - began
            code = "" if answer.status_code == 200 else answer.json()["errors"][0]["code"]
            with self._lock:
                self.longest_s = max(self.longest_s, took_s)
                self.outcomes[answer.status_code, code] += 1
                if answer.request.method == "POST":
                    self.tried.add(number)
                    if answer.status_code == 200:
                        self.created.add(number)
                if answer.status_code != 200 and code not in AWAY.get(answer.status_code, ()):
                    self.wrong.append(answer.text)


def lists(client: httpx.Client, number: int) -> httpx.Response:
    return client.get("/notes:list", params={"filter[number][$gt]": number - 20})


def creates(client: httpx.Client, number: int) -> httpx.Response:
    return client.post("/notes:create", json={"number": number, "text": "x" * 100})


def check(server: Instance, load: Load) -> None:
    """All answers were right, in time, and what was answered as created is there once."""
    assert load.wrong == []
    assert load.longest_s < BOUND_S
    with server.sign_in() as client:
        rows = client.get("/notes:list?paginate=false&fields=number").json()["data"]
    numbers = [row["number"] for row in rows]
    assert len(numbers) == len(set(numbers))
    assert load.created <= set(numbers) <= load.tried
    assert httpx.get(f"{server.address}/api/__health_check").text == "ok"
    assert "Traceback" not in server.log


def test_connections_that_the_server_ends_are_replaced(server: Instance, database: servers.Server) -> None:
    with Load(server, lists, creates) as load:
        load.served()
        for _ in range(3):
            for backend in backends(database):
                with contextlib.suppress(psutil.NoSuchProcess):
                    backend.terminate()
            load.served()
    check(server, load)


def test_a_backend_that_dies_takes_all_down_for_a_moment(server: Instance, database: servers.Server) -> None:
    with Load(server, lists, creates) as load:
        load.served()
        load.until(lambda: bool(backends(database)))
        backends(database)[0].kill()
        load.failed()
        load.served()
    check(server, load)


def test_a_database_that_hangs_is_not_waited_for_endlessly(
    server: Instance, database: servers.Server
) -> None:
    postgres = psutil.Process(database.process.pid)
    with Load(server, lists, creates) as load:
        load.served()
        with suspended(postgres.pid, *(child.pid for child in postgres.children())):
            load.failed(3)
            assert httpx.get(f"{server.address}/api/__health_check", timeout=BOUND_S).text == "ok"
            page = httpx.get(f"{server.address}/admin/", timeout=PATIENCE_S)
            assert (page.status_code, "its database does not answer" in page.text) == (503, True)
        load.served()
    check(server, load)


def test_an_import_survives_the_loss_of_its_connection(server: Instance, database: servers.Server) -> None:
    rows = 60_000
    with server.sign_in() as client:
        body = b"name,number\n" + b"".join(b"a note,%d\n" % number for number in range(rows))
        job = client.post("/imports:create?collection=long", content=body).json()["data"]["jobId"]
        deadline = time.monotonic() + PATIENCE_S
        while client.get(f"/jobs:get/{job}").json()["data"]["status"] == "waiting":
            assert time.monotonic() < deadline
        for _ in range(3):
            for backend in backends(database):
                with contextlib.suppress(psutil.NoSuchProcess):
                    backend.terminate()
            time.sleep(0.02)
        ended = None
        while ended is None:
            assert time.monotonic() < deadline
            answer = client.get(f"/jobs:get/{job}")
            if answer.status_code == 200 and answer.json()["data"]["status"] in ("succeeded", "failed"):
                ended = answer.json()["data"]
        assert ended["status"] == "succeeded", ended
        assert ended["steps"][0]["result"]["imported"] == rows
        numbers = sorted(row["number"] for row in client.get("/long:list?paginate=false").json()["data"])
        assert numbers == list(range(rows))


def test_a_database_that_is_killed_and_comes_back(tmp_path: Path) -> None:
    with (
        servers.postgresql() as database,
        Instance(tmp_path / "s", database_settings(database, "killed")) as server,
    ):
        server.start()
        with server.sign_in() as client:
            fields = [{"name": "text", "type": "text"}, {"name": "number", "type": "integer"}]
            client.post("/collections:create", json={"name": "notes", "fields": fields}).raise_for_status()
        with Load(server, lists, creates) as load:
            load.served()
            database.process.kill()
            database.process.wait()
            load.failed(20)
            answer = httpx.post(
                f"{server.address}/api/auth:signIn", json={"account": "x", "password": "y"}, timeout=BOUND_S
            )
            assert (answer.status_code, answer.json()["errors"][0]["code"]) == (503, "DATABASE_UNAVAILABLE")
            assert answer.headers["retry-after"]
            with servers.postgresql_again(database) as again:
                load.served()
                load.__exit__()
                check(server, load)
                began = time.monotonic()
                assert server.stop() == 0
                assert time.monotonic() - began < BOUND_S
                assert again.process.poll() is None


def test_a_stop_while_the_database_hangs_keeps_its_deadline(
    server: Instance, database: servers.Server
) -> None:
    postgres = psutil.Process(database.process.pid)
    server.stop()
    server.settings = {**server.settings, "INSULA_STOP_TIMEOUT_S": "1"}
    server.start()
    with Load(server, lists) as load:
        load.served()
    with suspended(postgres.pid, *(child.pid for child in postgres.children())):
        began = time.monotonic()
        assert server.stop() == 0
        assert time.monotonic() - began < BOUND_S
    assert "Traceback" not in server.log


# --- at the start


def start(storage: Path, settings: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """A start that is expected to end by itself."""
    made = Instance(storage, settings)
    return subprocess.run(
        [sys.executable, "-m", "insula.server"],
        env=made.environment,
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )


def one_sentence(ended: subprocess.CompletedProcess[str]) -> str:
    assert "Traceback" not in ended.stderr
    (sentence,) = [line for line in ended.stderr.splitlines() if line.startswith("insula: ")]
    return sentence


def test_a_start_before_a_port_that_never_answers(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as mute:
        mute_server = servers.Server("127.0.0.1", mute.getsockname()[1], "x", "x", None, tmp_path)  # type: ignore[arg-type]
        began = time.monotonic()
        ended = start(tmp_path / "s", {**database_settings(mute_server), "INSULA_WAIT_TIMEOUT_S": "6"})
        assert 6 <= time.monotonic() - began < BOUND_S
    assert ended.returncode == Exit.UNAVAILABLE
    assert "took too long" in one_sentence(ended)
    assert "waiting for the database, 5 of 6 s" in ended.stderr


def test_a_start_before_something_that_is_no_database(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def babble() -> None:
            with contextlib.suppress(OSError):
                while True:
                    connection, _ = listening.accept()
                    with connection:
                        connection.recv(1024)
                        connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

        thread = threading.Thread(target=babble)
        thread.start()
        other = servers.Server("127.0.0.1", listening.getsockname()[1], "x", "x", None, tmp_path)  # type: ignore[arg-type]
        ended = start(tmp_path / "s", {**database_settings(other), "INSULA_WAIT_TIMEOUT_S": "1"})
        listening.shutdown(socket.SHUT_RDWR)
        thread.join(PATIENCE_S)
    assert ended.returncode == Exit.UNAVAILABLE
    one_sentence(ended)


def test_a_start_with_an_unknown_host(tmp_path: Path) -> None:
    settings = {
        "DB_DIALECT": "postgres",
        "DB_HOST": "no-such-host.invalid",
        "DB_USER": "x",
        "DB_DATABASE": "x",
        "INSULA_WAIT_TIMEOUT_S": "1",
    }
    ended = start(tmp_path / "s", settings)
    assert ended.returncode == Exit.UNAVAILABLE
    assert "no-such-host.invalid" in one_sentence(ended)


def test_a_start_with_an_unknown_role_or_a_database_of_another_encoding(
    tmp_path: Path, database: servers.Server
) -> None:
    ended = start(tmp_path / "s", {**database_settings(database, "x"), "DB_USER": "nobody-of-that-name"})
    assert ended.returncode == Exit.UNAVAILABLE
    assert "nobody-of-that-name" in one_sentence(ended)
    subprocess.run(
        ["psql", "-h", database.host, "-p", str(database.port), "-U", "insula", "-d", "postgres", "-c",
         "CREATE DATABASE latin ENCODING 'LATIN1' TEMPLATE template0 LOCALE 'C'"],
        env={"PGPASSWORD": "insula", "PATH": "/usr/bin:/bin"}, check=True, capture_output=True,
    )  # fmt: skip
    ended = start(tmp_path / "s", database_settings(database, "latin"))
    assert ended.returncode == Exit.UNAVAILABLE
    assert "latin" in one_sentence(ended)
