"""Many applications in one real process: killed at any step of a command, stopped in order, started in order."""

import json
import re
import socket
import sqlite3
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from insula import __version__
from insula.core.ids import random_id
from insula.testing.instance import Instance

Install = Callable[..., Instance]
PATIENCE_S = 30.0
POLL_S = 0.02


def on_main_service(settings: Mapping[str, str]) -> dict[str, Any]:
    """Options for an application on main's service, under a name that nobody else has on a shared server."""
    if settings["DB_DIALECT"] == "sqlite":
        return {}
    return {"database": {"database": f"system_{random_id(8)}"}}


class Fleet:
    """What a test asks of a server that may be gone in the middle."""

    def __init__(self, server: Instance, client: httpx.Client) -> None:
        self.server = server
        self.client = client

    def try_to(self, verb: str, **body: Any) -> httpx.Response | None:
        """``None`` when the server was gone before it answered."""
        try:
            return self.client.post(f"/applications:{verb}", json=body)
        except httpx.TransportError:
            return None

    def do(self, verb: str, name: str = "shop", **more: Any) -> None:
        answer = self.client.post(f"/applications:{verb}", params={"filterByTk": name, **more})
        assert answer.status_code == 200, answer.text

    def create(self, name: str, **options: Any) -> None:
        answer = self.client.post("/applications:create", json={"name": name, "options": options})
        assert answer.status_code == 200, answer.text
        job = self.server.wait_for_job(self.client, answer.json()["data"]["jobId"])
        assert job["status"] == "succeeded", job

    def get(self, name: str = "shop") -> dict[str, Any] | None:
        found: dict[str, Any] | None = self.client.get(f"/applications:get/{name}").json()["data"]
        return found

    def answers(self, name: str = "shop") -> bool:
        return self.client.get(f"/__app/{name}/app:getInfo").status_code == 200

    def until(self, name: str, **wanted: Any) -> dict[str, Any]:
        deadline = time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline:
            found = self.get(name)
            if found is not None and all(found[key] == value for key, value in wanted.items()):
                return found
            time.sleep(POLL_S)
        raise AssertionError(f"{name} did not become {wanted}: {found}")

    def until_made(self) -> None:
        """The one job that makes something has come to a good end."""
        (job,) = self.client.get("/jobs:list").json()["data"]
        ended = self.server.wait_for_job(self.client, job["id"], timeout_s=PATIENCE_S)
        assert ended["status"] == "succeeded", ended


@contextmanager
def running(storage: Path, settings: Mapping[str, str], **more: str) -> Iterator[Fleet]:
    with Instance(storage, {**settings, **more}) as server:
        server.start()
        with server.sign_in() as client:
            yield Fleet(server, client)
        if server.process is not None and server.process.poll() is None:
            assert server.stop() == 0
            assert "Traceback" not in server.log


def gone(fleet: Fleet) -> None:
    assert fleet.server.process is not None
    fleet.server.process.wait(PATIENCE_S)


def arm(name: str) -> dict[str, str]:
    return {"INSULA_TESTING": "true", "INSULA_FAILPOINTS": f"{name}=kill"}


@pytest.mark.parametrize("place", ["checked", "recorded", "prepared", "created", "started"])
def test_killed_while_it_is_made_it_is_made_by_the_next_process_or_never_was(
    dialect_settings: Mapping[str, str], tmp_path: Path, place: str
) -> None:
    storage, options = tmp_path / "s", on_main_service(dialect_settings)
    with running(storage, dialect_settings, **arm(f"create.{place}")) as fleet:
        fleet.try_to("create", name="shop", options=options)
        gone(fleet)
    with running(storage, dialect_settings) as fleet:
        if place == "checked":
            assert fleet.get() is None
            fleet.create("shop", **options)
        fleet.until("shop", status="running", wanted="running")
        assert fleet.answers()
        fleet.until_made()
        fleet.do("destroy", confirm="shop")
        fleet.do("purge", confirm="shop")


@pytest.mark.parametrize("place", ["create.prepared", "start.prepared"])
def test_told_to_stop_while_it_is_made_it_is_made_by_the_next_process(
    dialect_settings: Mapping[str, str], tmp_path: Path, place: str
) -> None:
    storage, options = tmp_path / "s", on_main_service(dialect_settings)
    slowly = {
        "INSULA_TESTING": "true",
        "INSULA_FAILPOINTS": f"{place}=delay:30",
        "INSULA_STOP_TIMEOUT_S": "1",
    }
    with running(storage, dialect_settings, **slowly) as fleet:
        assert fleet.try_to("create", name="shop", options=options) is not None
        status = "preparing" if place == "create.prepared" else "initialized"
        fleet.until("shop", status=status, failure=None)
        began = time.monotonic()
        assert fleet.server.stop() == 0
        assert time.monotonic() - began < 15
    with running(storage, dialect_settings) as fleet:
        fleet.until("shop", status="running", wanted="running")
        fleet.until_made()
        fleet.do("destroy", confirm="shop")
        fleet.do("purge", confirm="shop")


@pytest.mark.parametrize("place", ["start.prepared", "start.initialized"])
def test_killed_while_it_starts_it_comes_up_with_main(
    dialect_settings: Mapping[str, str], tmp_path: Path, place: str
) -> None:
    storage, options = tmp_path / "s", on_main_service(dialect_settings)
    with running(storage, dialect_settings) as fleet:
        fleet.create("shop", startMode="withMain", **options)
        fleet.do("stop")
    with running(storage, dialect_settings, **arm(place)) as fleet:
        assert fleet.until("shop", wanted="stopped")["status"] == "stopped"
        with pytest.raises(httpx.TransportError):
            fleet.do("start")
        gone(fleet)
    with running(storage, dialect_settings) as fleet:
        fleet.until("shop", status="running")
        assert fleet.answers()
        fleet.do("destroy", confirm="shop")
        fleet.do("purge", confirm="shop")


def core_version(file: Path, becomes: str | None = None) -> str:
    """The version of Insula that an application's tables were made by; another one is written where it ``becomes`` that."""
    with closing(sqlite3.connect(file)) as connection:
        (text,) = connection.execute("SELECT value FROM insula WHERE key = 'fingerprint'").fetchone()
        fingerprint: dict[str, Any] = json.loads(text)
        if becomes is not None:
            older = json.dumps({**fingerprint, "core": becomes})
            connection.execute("UPDATE insula SET value = ? WHERE key = 'fingerprint'", (older,))
            connection.commit()
    return str(fingerprint["core"])


@pytest.mark.parametrize("place", ["upgrade.begun", "upgrade.migrated"])
def test_killed_while_it_is_upgraded_it_is_as_before_and_upgraded_at_its_next_visit(
    install: Install, place: str
) -> None:
    server = install()
    file = server.storage / "apps" / "shop" / "shop.sqlite"
    with running(server.storage, server.settings) as fleet:
        fleet.create("shop")
        fleet.do("sleep")
    core_version(file, "0.0.1")
    with running(server.storage, server.settings, **arm(place)) as fleet:
        with pytest.raises(httpx.TransportError):
            fleet.answers()
        gone(fleet)
    assert core_version(file) == "0.0.1"
    with running(server.storage, server.settings) as fleet:
        assert fleet.answers()
    assert core_version(file) == __version__


@pytest.mark.parametrize("place", ["delete.recorded", "delete.stopped", "purge.removed"])
def test_killed_while_it_goes_it_is_gone_or_can_be_restored(
    dialect_settings: Mapping[str, str], tmp_path: Path, place: str
) -> None:
    storage, options = tmp_path / "s", on_main_service(dialect_settings)
    with running(storage, dialect_settings, **arm(place)) as fleet:
        fleet.create("shop", **options)
        with pytest.raises(httpx.TransportError):
            fleet.do("destroy", confirm="shop")
            fleet.do("purge", confirm="shop")
        gone(fleet)
    with running(storage, dialect_settings) as fleet:
        if place == "purge.removed":
            deadline = time.monotonic() + PATIENCE_S
            while fleet.get() is not None and time.monotonic() < deadline:
                time.sleep(POLL_S)
            assert fleet.get() is None
            fleet.create("shop", **options)
        else:
            assert fleet.until("shop", wanted="deleted")["status"] == "stopped"
            fleet.do("restore")
            fleet.do("start")
        assert fleet.answers()
        fleet.do("destroy", confirm="shop")
        fleet.do("purge", confirm="shop")


def test_main_answers_first_then_those_that_start_with_it_also_after_a_kill(install: Install) -> None:
    server: Instance = install(INSULA_LOG_FORMAT="json")
    names = [f"a{number}" for number in range(6)]
    server.start()
    with server.sign_in() as client:
        fleet = Fleet(server, client)
        for name in names:
            fleet.create(name, startMode="withMain")
        fleet.create("later")
        fleet.create("broken", startMode="withMain")
    server.kill()
    (server.storage / "apps" / "broken" / "broken.sqlite").write_bytes(b"no database" * 4096)
    server.start()
    with server.sign_in() as client:
        fleet = Fleet(server, client)
        for name in names:
            fleet.until(name, status="running")
        assert fleet.until("later", wanted="asleep")["status"] == "stopped"
        assert fleet.until("broken", status="error")["wanted"] == "running"
        assert client.get("/app:getInfo").status_code == 200
        assert fleet.answers("later")
    assert server.stop() == 0


def test_stopping_lets_requests_to_applications_finish_and_leaves_nothing_running(install: Install) -> None:
    server: Instance = install()
    server.start()
    process = server.process
    assert process is not None
    with server.sign_in() as client:
        fleet = Fleet(server, client)
        for name in ("one", "two", "three"):
            fleet.create(name)
    body = b'{"account": "nobody", "password": "no password"}'
    with socket.create_connection(("127.0.0.1", server.port), timeout=PATIENCE_S) as slow:
        slow.sendall(
            b"POST /api/__app/one/auth:signIn HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
            b"Content-Length: %d\r\n\r\n" % len(body) + body[:5]
        )
        # who comes later is answered: the one before is known
        assert httpx.get(f"{server.address}/api/__health_check", timeout=PATIENCE_S).status_code == 200
        process.terminate()
        deadline = time.monotonic() + PATIENCE_S
        while "stopping: requests in flight" not in server.log and time.monotonic() < deadline:
            time.sleep(POLL_S)
        slow.sendall(body[5:])
        assert slow.recv(4096).startswith(b"HTTP/1.1 401 ")
    assert process.wait(PATIENCE_S) == 0
    assert re.search(r"INFO +insula stopped", server.log)
    assert "Traceback" not in server.log
    assert "have not stopped in time" not in server.log
