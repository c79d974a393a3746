"""What an operator finds in the log of a real server."""

import json
import os
import pty
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from insula.testing.instance import ROOT_EMAIL, Instance

PATIENCE_S = 30.0
SECRET_VALUE = "nobody-may-read-this"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Instance]:
    settings = {"DB_DIALECT": "sqlite", "INSULA_LOG_FORMAT": "json", "INSULA_ACCESS_LOG": "true"}
    with Instance(tmp_path / "s", {**settings, "LOGGER_LEVEL": "debug"}) as made:
        made.start()
        yield made


def entries(server: Instance, logger: str) -> list[dict[str, Any]]:
    found = [json.loads(line) for line in server.log.splitlines() if line.startswith("{")]
    return [entry for entry in found if entry["logger"] == logger]


def messages(server: Instance, logger: str) -> list[str]:
    return [entry["message"] for entry in entries(server, logger)]


def test_changes_of_schema_and_rights_are_told_with_who_made_them(server: Instance) -> None:
    with server.sign_in() as client:
        client.post(
            "/collections:create", json={"name": "orders", "fields": [{"name": "n", "type": "string"}]}
        )
        client.post("/collections/orders/fields:create", json={"name": "secret", "type": "string"})
        client.post("/roles:create", json={"name": "clerk", "title": SECRET_VALUE})
        client.post("/roles:create", json={"name": "clerk"})
        client.post("/users:update/1", json={"nickname": SECRET_VALUE})
        person = {
            "username": "ada.lovelace",
            "email": "ada@example.com",
            "password": SECRET_VALUE,
        }
        client.post("/users:create", json=person).raise_for_status()
        client.post("/users:update?filterByTk=2", json={"username": "ada.king"}).raise_for_status()
        client.post("/orders:create", json={"n": SECRET_VALUE})
        client.post("/collections:destroy/orders")
    assert server.stop() == 0
    assert messages(server, "insula.application.audit") == [
        "user 1 in the role root did collections:create (orders)",
        "user 1 in the role root did collections/orders/fields:create (secret)",
        "user 1 in the role root did roles:create (clerk)",
        "user 1 in the role root did users:update/1",
        "user 1 in the role root did users:create",
        "user 1 in the role root did users:update (2)",
        "user 1 in the role root did collections:destroy/orders",
    ]
    for personal in ("ada.lovelace", "ada.king", "ada@example.com"):
        assert personal not in server.log
    assert SECRET_VALUE not in server.log


def test_failed_sign_ins_are_told_without_what_was_written(server: Instance) -> None:
    for account in (ROOT_EMAIL, SECRET_VALUE):
        httpx.post(f"{server.address}/api/auth:signIn", json={"account": account, "password": "x" * 9})
    assert server.stop() == 0
    assert messages(server, "insula.plugins.auth.actions") == [
        "a sign-in to user 1 from 127.0.0.1 failed",
        "a sign-in to an unknown account from 127.0.0.1 failed",
    ]
    assert SECRET_VALUE not in server.log


def test_requests_are_told_with_who_asked(server: Instance) -> None:
    with server.sign_in() as client:
        client.get("/app:getInfo")
        client.get("/roles:list", headers={"X-Request-Id": "mine"})
    httpx.get(f"{server.address}/api/roles:list", headers={"X-Request-Id": "theirs"})
    assert server.stop() == 0
    told = {entry["requestId"]: entry["message"] for entry in entries(server, "insula.access")}
    assert re.fullmatch(r"GET /api/roles:list 200 [\d.]+ ms 127\.0\.0\.1 user 1", told["mine"])
    assert re.fullmatch(r"GET /api/roles:list 401 [\d.]+ ms 127\.0\.0\.1", told["theirs"])


def test_debug_tells_the_statements_and_never_a_value(server: Instance) -> None:
    with server.sign_in() as client:
        client.post(
            "/collections:create", json={"name": "orders", "fields": [{"name": "n", "type": "string"}]}
        )
        client.post("/orders:create", json={"n": SECRET_VALUE}, headers={"X-Request-Id": "writes"})
        filtered = {"filter": json.dumps({"n": SECRET_VALUE})}
        client.get("/orders:list", params=filtered, headers={"X-Request-Id": "reads"})
        client.get("/orders:export", headers={"X-Request-Id": "streams"})
    assert server.stop() == 0
    told = [(e.get("requestId"), e["message"]) for e in entries(server, "insula.database.traced")]
    assert [m for i, m in told if i == "writes" and re.match(r"[\d.]+ ms: INSERT INTO \"?orders", m)], told
    assert [m for i, m in told if i == "reads" and re.search(r"FROM \"?orders", m)], told
    assert [m for i, m in told if i == "streams" and m.startswith("streamed: SELECT")]
    assert SECRET_VALUE not in server.log


@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGUSR1, signal.SIGUSR2])
def test_signals_of_log_tools_are_passed_over(server: Instance, number: signal.Signals) -> None:
    assert server.process is not None
    server.process.send_signal(number)
    server.printed(f"{number.name} is passed over")
    assert httpx.get(f"{server.address}/api/__health_check").status_code == 200
    assert server.stop() == 0


def test_a_closed_terminal_is_a_stop(server: Instance) -> None:
    assert server.stop() == 0
    mine, theirs = pty.openpty()
    with server.log_path.open("ab") as sink:
        server.process = subprocess.Popen(
            [sys.executable, "-m", "insula.server"],
            env=server.environment,
            stdin=theirs,
            stdout=sink,
            stderr=sink,
        )
    server.printed(r"(?s)answers at .*answers at ")
    server.process.send_signal(signal.SIGHUP)
    assert server.process.wait(PATIENCE_S) == 0
    os.close(mine)
    os.close(theirs)


def test_each_line_is_kept_in_the_file_of_its_application_too(install: Callable[..., Instance]) -> None:
    server = install(INSULA_ACCESS_LOG="true", INIT_ROOT_PASSWORD=SECRET_VALUE)
    server.start()
    headers = {"X-Request-Id": "id-of-this-request", "Authorization": f"Bearer {SECRET_VALUE}"}
    httpx.get(f"{server.address}/api/app:getInfo", headers=headers)
    assert server.stop() == 0
    text = (server.storage / "logs" / "main.log").read_text()
    asked = [entry for entry in map(json.loads, text.splitlines()) if entry["logger"] == "insula.access"]
    assert [entry["message"].split(" 200 ")[0] for entry in asked if "getInfo" in entry["message"]] == [
        "GET /api/app:getInfo"
    ]
    assert {"id-of-this-request"} <= {entry["requestId"] for entry in asked}
    assert {entry["application"] for entry in asked} == {"main"}
    assert SECRET_VALUE not in text
    assert '"message": "stopped"' in text
