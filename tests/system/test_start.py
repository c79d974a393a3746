"""The real process: how it starts, what stops it from starting, and how it ends."""

import asyncio
import contextlib
import json
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import httpx
import pytest

from insula.core.allocator import allocator
from insula.server.exits import Exit
from insula.testing import servers
from insula.testing.databases import administer
from insula.testing.instance import ROOT_EMAIL, ROOT_PASSWORD, Instance, database_settings
from insula.testing.relay import Relay

START_GOAL_S = 1.0
MEMORY_GOAL_MB = 90
SLACK = 10
"""Test machines are busy: the goals are measured in benchmarks, here they catch what is far off."""
PATIENCE_S = 30.0


def run(
    storage: Path, settings: Mapping[str, str], port: int | None = None
) -> subprocess.CompletedProcess[str]:
    """Start a process that is expected to end by itself."""
    made = Instance(storage, {**settings, "INIT_ROOT_EMAIL": "", "INIT_ROOT_PASSWORD": ""})
    environment = {**made.environment, "INIT_ROOT_USERNAME": "", "INIT_ROOT_NICKNAME": ""}
    if port is not None:
        environment["APP_PORT"] = str(port)
    environment |= {name: settings[name] for name in ("APP_PORT", "STORAGE_PATH") if name in settings}
    return subprocess.run(
        [sys.executable, "-m", "insula.server"],
        env=environment,
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
        cwd=storage.parent,
    )


Make = Callable[..., Instance]


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Make]:
    """Makes the installation of a test, from its settings; whatever still runs at the end is ended."""
    made: list[Instance] = []

    def one(settings: Mapping[str, str] | None = None) -> Instance:
        made.append(Instance(tmp_path / "s", settings or {"DB_DIALECT": "sqlite"}))
        return made[-1]

    yield one
    for each in made:
        if each.process is not None and each.process.poll() is None:
            each.kill()


@pytest.fixture
def sqlite(make: Make) -> Instance:
    """An installed, running process on SQLite."""
    made = make()
    made.start()
    return made


@pytest.mark.parametrize("dialect", ["sqlite", "postgres"])
def test_a_bare_folder_becomes_an_installation_and_starts_again(
    dialect: str, tmp_path: Path, make: Make, request: pytest.FixtureRequest
) -> None:
    server = request.getfixturevalue("postgresql") if dialect == "postgres" else None
    made = make(database_settings(server, f"start_{tmp_path.name[-12:]}"))
    made.start()
    with made.sign_in() as client:
        assert client.get("/auth:check").json()["data"]["email"] == ROOT_EMAIL
    key = (made.storage / "app_key").read_text()
    assert made.stop() == 0
    began = time.monotonic()
    made.start()
    took_s = time.monotonic() - began
    with made.sign_in() as client:
        assert client.get("/app:getInfo").json()["data"]["database"]["dialect"] == dialect
    assert made.process is not None
    status = Path(f"/proc/{made.process.pid}/status").read_text()
    resident_mb = int(re.search(r"VmRSS:\s+(\d+)", status)[1]) // 1024  # type: ignore[index]
    assert made.stop() == 0
    assert took_s <= START_GOAL_S * SLACK
    assert resident_mb <= MEMORY_GOAL_MB
    assert (made.storage / "app_key").read_text() == key
    assert not (made.storage / "insula.sock").exists()
    assert "setup?token" not in made.log


@pytest.mark.parametrize(
    ("settings", "code", "sentence"),
    [
        ({"APP_PORT": "abc"}, Exit.INVALID, 'APP_PORT is "abc"; write a number between 1 and 65535'),
        ({"TZ": "Mars/Olympus"}, Exit.INVALID, 'TZ is "Mars/Olympus"; write a time zone'),
        ({"STORAGE_PATH": "/proc/insula"}, Exit.INVALID, "name a folder that this user may write to"),
        ({"STORAGE_PATH": "x" * 120}, Exit.INVALID, "choose a shorter STORAGE_PATH"),
        ({"INSULA_HOST": "203.0.113.7"}, Exit.INVALID, "Nothing can listen on 203.0.113.7"),
        ({"INSULA_ACESS_LOG": "1"}, Exit.INVALID, "did you mean INSULA_ACCESS_LOG?"),
        ({"APP_KEY": "weak"}, Exit.INVALID, "APP_KEY has 4 characters"),
        ({"APP_MODE": "worker"}, Exit.INVALID, "APP_DISCOVERY_ADAPTER is not set; with APP_MODE=worker"),
        ({"DB_STORAGE": "/proc/none/main.sqlite"}, Exit.UNAVAILABLE, "/proc/none/main.sqlite"),
    ],
)
def test_bad_settings_stop_the_start_with_a_sentence(
    tmp_path: Path, settings: dict[str, str], code: Exit, sentence: str
) -> None:
    ended = run(tmp_path / "s", settings)
    assert sentence in ended.stderr
    assert "Traceback" not in ended.stderr
    assert ended.returncode == code
    assert list(tmp_path.iterdir()) == []


def test_a_port_in_use(tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("0.0.0.0", 0))
        other.listen()
        port = other.getsockname()[1]
        ended = run(tmp_path / "s", {}, port)
    assert ended.returncode == Exit.CONFLICT
    assert f"Another program listens on 0.0.0.0:{port}; stop it, or choose another port" in ended.stderr


def test_a_second_process_on_the_same_folder_names_the_first(sqlite: Instance) -> None:
    assert sqlite.process is not None
    ended = run(sqlite.storage, {}, servers.free_port())
    assert ended.returncode == Exit.CONFLICT
    assert f"is used by the process {sqlite.process.pid}; stop that one" in ended.stderr
    assert httpx.get(f"{sqlite.address}/api/__health_check").text == "ok"


def test_a_kill_leaves_nothing_that_hinders_the_next_start(sqlite: Instance) -> None:
    sqlite.kill()
    assert (sqlite.storage / "insula.sock").exists()
    sqlite.start()
    assert sqlite.stop() == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_requests_in_flight_finish_and_new_ones_are_refused(sqlite: Instance, number: int) -> None:
    assert sqlite.process is not None
    port = sqlite.port
    with socket.create_connection(("127.0.0.1", port)) as slow:
        body = json.dumps({"account": ROOT_EMAIL, "password": ROOT_PASSWORD}).encode()
        head = f"POST /api/auth:signIn HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        slow.sendall(head.encode() + body[:5])
        httpx.get(f"{sqlite.address}/api/__health_check")
        sqlite.process.send_signal(number)
        sqlite.printed("requests in flight")
        deadline = time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline:
            try:
                socket.create_connection(("127.0.0.1", port)).close()
            except ConnectionRefusedError:
                break
        slow.sendall(body[5:])
        slow.settimeout(PATIENCE_S)
        assert slow.recv(4096).startswith(b"HTTP/1.1 200")
    assert sqlite.process.wait(PATIENCE_S) == 0


def test_a_request_that_never_ends_is_ended_at_the_deadline(make: Make) -> None:
    made = make({"INSULA_STOP_TIMEOUT_S": "0.5"})
    made.start()
    assert made.process is not None
    with socket.create_connection(("127.0.0.1", made.port)) as stuck:
        stuck.sendall(
            b"POST /api/auth:signIn HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n{"
        )
        httpx.get(f"{made.address}/api/__health_check")
        began = time.monotonic()
        assert made.stop() == 0
        assert time.monotonic() - began < PATIENCE_S / 3
    assert "still running after 0.5 s" in made.log


def test_a_stop_while_waiting_for_the_database(tmp_path: Path, make: Make) -> None:
    nobody = servers.Server("127.0.0.1", servers.free_port(), "insula", "insula", None, tmp_path)  # type: ignore[arg-type]
    made = make({**database_settings(nobody), "INSULA_HOLD_TIMEOUT_S": "0.1"})
    process = made.begin()
    deadline = time.monotonic() + PATIENCE_S
    answer = None
    while answer is None and time.monotonic() < deadline:
        with contextlib.suppress(httpx.TransportError):
            answer = httpx.get(f"{made.address}/api/users:list")
    assert answer is not None
    assert answer.status_code == 503
    assert answer.json()["error"]["code"] == "APP_PREPARING"
    assert answer.headers["retry-after"]
    process.send_signal(signal.SIGTERM)
    assert process.wait(PATIENCE_S) == 0
    assert "Traceback" not in made.log


def test_a_database_that_stays_away_ends_the_start(tmp_path: Path) -> None:
    settings = {
        "DB_DIALECT": "postgres",
        "DB_HOST": "127.0.0.1",
        "DB_PORT": str(servers.free_port()),
        "DB_DATABASE": "x",
        "DB_USER": "x",
        "DB_PASSWORD": "s3cr3t-s3cr3t",
        "INSULA_WAIT_TIMEOUT_S": "1",
    }
    ended = run(tmp_path / "s", settings)
    assert ended.returncode == Exit.UNAVAILABLE
    assert "127.0.0.1" in ended.stderr
    assert "Traceback" not in ended.stderr
    assert "s3cr3t" not in ended.stderr + ended.stdout


def test_a_database_that_comes_late_is_waited_for_with_a_line_every_five_seconds(make: Make) -> None:
    with servers.postgresql() as first:
        port = first.port
        made = make(database_settings(first, "late"))
        # The same server later: its port is held closed by a relay that does not listen yet.
        relay = Relay(servers.free_port(), port)
        made.settings = {**made.settings, "DB_PORT": str(relay.port)}
        process = made.begin()
        made.printed(r"waiting for the database, \d+ of 60 s")
        with relay:
            made.printed(r"answers at http://")
            assert httpx.get(f"{made.address}/api/__health_check").text == "ok"
            process.send_signal(signal.SIGTERM)
            assert process.wait(PATIENCE_S) == 0


def test_a_role_that_may_not_create_the_database_is_told_the_statement(
    tmp_path: Path, postgresql: servers.Server
) -> None:
    role = "humble"
    sql = f"DROP ROLE IF EXISTS {role}; CREATE ROLE {role} LOGIN PASSWORD 'humble-humble'"
    asyncio.run(administer(postgresql, sql))
    settings = {**database_settings(postgresql, "not there"), "DB_USER": role, "DB_PASSWORD": "humble-humble"}
    ended = run(tmp_path / "s", settings)
    asyncio.run(administer(postgresql, f"DROP ROLE {role}"))
    assert ended.returncode in (Exit.MISSING, Exit.INVALID, Exit.DENIED, Exit.UNAVAILABLE)
    assert 'CREATE DATABASE "not there"' in ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_wrong_password_ends_the_start_at_once(tmp_path: Path, postgresql: servers.Server) -> None:
    settings = {**database_settings(postgresql, "x"), "DB_PASSWORD": "wrong-wrong-wrong"}
    began = time.monotonic()
    ended = run(tmp_path / "s", settings)
    assert time.monotonic() - began < PATIENCE_S / 3
    assert "password" in ended.stderr
    assert "wrong-wrong" not in ended.stderr + ended.stdout
    assert "Traceback" not in ended.stderr


def test_another_key_is_refused_with_a_sentence(sqlite: Instance) -> None:
    assert sqlite.stop() == 0
    ended = run(sqlite.storage, {"APP_KEY": "0123456789abcdefghijklmnopqrstuv"})
    assert "can not be opened with the key in APP_KEY; set APP_KEY to the key" in ended.stderr
    assert f"leave APP_KEY out to use the one in {sqlite.storage}/app_key." in ended.stderr
    assert ended.returncode == Exit.INVALID


@pytest.mark.parametrize("dialect", ["sqlite", "postgres"])
def test_a_lost_key_is_not_replaced(
    dialect: str, tmp_path: Path, make: Make, request: pytest.FixtureRequest
) -> None:
    server = request.getfixturevalue("postgresql") if dialect == "postgres" else None
    settings = database_settings(server, f"lost_{tmp_path.name[-12:]}")
    made = make(settings)
    made.start()
    assert made.stop() == 0
    path = made.storage / "app_key"
    key = path.read_text()
    path.unlink()
    ended = run(made.storage, settings)
    assert ended.returncode == Exit.INVALID
    assert f"is neither in {path} nor in APP_KEY; restore the file from your backup" in ended.stderr
    assert "Traceback" not in ended.stderr
    assert not path.exists()
    path.write_text("0123456789abcdef" * 4)
    ended = run(made.storage, settings)
    assert ended.returncode == Exit.INVALID
    assert f"can not be opened with the key in {path}; restore the file" in ended.stderr
    path.write_text(key)
    made.start()
    assert made.stop() == 0


def test_what_is_typed_becomes_the_server_with_its_allocator(make: Make, tmp_path: Path) -> None:
    (tmp_path / "orjson.py").write_text("raise SystemExit('imported from where it was started')")
    made = make()
    environment = {name: text for name, text in made.environment.items() if name not in allocator()}
    with made.log_path.open("wb") as sink:
        made.process = subprocess.Popen(
            [Path(sys.executable).with_name("insula"), "start"],
            env=environment,
            cwd=tmp_path,
            stdout=sink,
            stderr=sink,
        )
    made.wait_until_well()
    process = Path("/proc") / str(made.process.pid)
    given = dict(line.split("=", 1) for line in process.joinpath("environ").read_text().split("\0") if line)
    assert given.items() >= allocator().items()
    assert ("libjemalloc" in process.joinpath("maps").read_text()) == bool(allocator())
    assert made.stop() == 0


def test_an_unknown_plugin_stops_every_start(sqlite: Instance) -> None:
    assert sqlite.stop() == 0
    ended = run(sqlite.storage, {"APPEND_PRESET_BUILT_IN_PLUGINS": "nope"})
    assert "APPEND_PRESET_BUILT_IN_PLUGINS names what is no plugin here (nope); write some of" in ended.stderr
    assert "Traceback" not in ended.stderr
    assert ended.returncode == Exit.INVALID


def test_the_log_is_json_where_wanted_and_keeps_secrets(make: Make) -> None:
    key = "k3y-" * 4 + "0123456789abcdefghij"
    made = make(
        {"INSULA_LOG_FORMAT": "json", "INSULA_ACCESS_LOG": "true", "LOGGER_LEVEL": "DEBUG", "APP_KEY": key},
    )
    made.start()
    with made.sign_in() as client:
        token = client.headers["authorization"].split()[1]
        client.get("/users:list", params={"token": token}, headers={"X-Request-Id": "mine-1"})
        client.get("/users:list%0aforged")
    assert made.stop() == 0
    lines = [json.loads(line) for line in made.log.splitlines() if line.startswith("{")]
    mine = [line for line in lines if line.get("requestId") == "mine-1"]
    assert mine
    assert mine[0]["application"] == "main"
    for secret in (key, ROOT_PASSWORD, token):
        assert secret not in made.log


def test_the_time_of_tokens_survives_a_clock_that_is_off(make: Make) -> None:
    """The server's own zone changes nothing: a session made in one zone is good in another."""
    made = make({"TZ": "Pacific/Kiritimati"})
    made.start()
    with made.sign_in() as client:
        header = client.headers["authorization"]
    assert made.stop() == 0
    made.settings = {"TZ": "Pacific/Pago_Pago"}
    made.start()
    answer = httpx.get(f"{made.address}/api/auth:check", headers={"Authorization": header})
    assert answer.status_code == 200
    assert made.stop() == 0


def test_headers_never_make_a_request_local_but_the_socket_does(sqlite: Instance) -> None:
    forged = {"X-Forwarded-For": "local", "Insula-Local": "true", "X-Real-IP": "127.0.0.1"}
    assert httpx.get(f"{sqlite.address}/api/users:list", headers=forged).status_code == 401
    transport = httpx.HTTPTransport(uds=str(sqlite.storage / "insula.sock"))
    with httpx.Client(transport=transport) as operator:
        assert operator.get("http://insula/api/users:list").status_code == 200


def test_without_a_server_passwords_are_set_under_the_lock(sqlite: Instance) -> None:
    insula = sqlite.command
    assert ROOT_EMAIL in insula("users", "list").stdout
    assert sqlite.stop() == 0
    assert ROOT_EMAIL in insula("users", "list").stdout
    done = insula("users", "reset-password", ROOT_EMAIL, "--password", "another horse 2")
    assert done.returncode == 0, done.stderr
    assert (
        insula("users", "reset-password", "nobody", "--password", "another horse 2").returncode
        == Exit.MISSING
    )
    assert insula("collections", "list").returncode == Exit.UNAVAILABLE
    sqlite.start()
    sqlite.sign_in(ROOT_EMAIL, "another horse 2").close()
