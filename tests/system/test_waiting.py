"""Visits of applications that sleep, and how long they take to wake, at a real server."""

import socket
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from insula.testing import shelf
from insula.testing.eventually import until
from insula.testing.instance import Instance

PATIENCE_S = 30.0
VISITORS = 40

Asleep = Callable[..., Instance]


@pytest.fixture
def held(tmp_path: Path) -> Path:
    """While this file exists, no application wakes."""
    return tmp_path / "held"


@pytest.fixture
def asleep(install: Callable[..., Instance], tmp_path: Path, held: Path) -> Asleep:
    """Makes an installation whose application ``shop`` sleeps."""

    def make(**settings: str) -> Instance:
        plugin = shelf.installed(tmp_path / "plugin", shelf.HELD_WHILE.format(flag=str(held)))
        server = install(**plugin, **settings)
        server.start()
        with server.sign_in() as client:
            made = call(client, "create", {"name": "shop", "displayName": "The Shop"})
            assert server.wait_for_job(client, made["jobId"])["status"] == "succeeded"
            call(client, "sleep", filterByTk="shop")
        return server

    return make


def call(client: httpx.Client, verb: str, body: Any = None, **params: str) -> Any:
    answer = client.post(f"/applications:{verb}", json=body or {}, params=params)
    return answer.raise_for_status().json()["data"]


def visit(server: Instance, path: str = "/api/__app/shop/app:getInfo", **headers: str) -> httpx.Response:
    # There is no TLS: loading certificates for it, 40 times at once, would take longer than the visits.
    return httpx.get(f"{server.address}{path}", headers=headers, timeout=PATIENCE_S, verify=False)


def figure(server: Instance, name: str) -> float:
    page = visit(server, "/metrics").text
    samples = [sample for family in text_string_to_metric_families(page) for sample in family.samples]
    found = [s.value for s in samples if s.name == name and s.labels.get("application") == "shop"]
    return found[0] if found else 0.0


def test_all_who_come_while_it_wakes_are_served_by_one_start(asleep: Asleep, held: Path) -> None:
    server = asleep()
    held.touch()
    with ThreadPoolExecutor(VISITORS) as crowd:
        visits = [crowd.submit(visit, server) for _ in range(VISITORS)]
        until(lambda: figure(server, "insula_requests_held") == VISITORS)
        assert visit(server, "/api/app:getInfo").status_code == 200, "main goes on meanwhile"
        held.unlink()
        answers = [one.result() for one in visits]
    assert {(answer.status_code, answer.json()["data"]["name"]) for answer in answers} == {(200, "shop")}
    assert figure(server, "insula_requests_held") == 0
    assert figure(server, "insula_requests_total") == VISITORS
    with server.sign_in() as client:
        record = client.get("/applications:get/shop").json()["data"]
    assert record["status"] == "running"
    assert record["lastVisitAt"] is not None


def test_programs_are_told_the_phase_when_time_is_up(asleep: Asleep, held: Path) -> None:
    server = asleep(INSULA_HOLD_TIMEOUT_S="0.3")
    held.touch()
    began = time.monotonic()
    answer = visit(server)
    assert time.monotonic() - began >= 0.3
    error = answer.json()["error"]
    assert (answer.status_code, error["code"], error["maintaining"]) == (503, "APP_STARTING", True)
    assert error["command"] == {"name": "start"}
    assert int(answer.headers["retry-after"]) >= 1
    held.unlink()
    until(lambda: visit(server).status_code == 200)


def test_who_hangs_up_is_held_no_more_and_the_application_wakes_all_the_same(
    asleep: Asleep, held: Path
) -> None:
    server = asleep()
    held.touch()
    with socket.create_connection(("127.0.0.1", server.port)) as visitor:
        visitor.sendall(b"GET /api/__app/shop/app:getInfo HTTP/1.1\r\nHost: x\r\n\r\n")
        until(lambda: figure(server, "insula_requests_held") == 1)
    until(lambda: figure(server, "insula_requests_held") == 0)
    held.unlink()
    until(lambda: visit(server, "/api/__app/shop/__health_check").status_code == 200)
    assert figure(server, "insula_request_errors_total") == 0


def test_asking_for_its_health_wakes_nobody(asleep: Asleep) -> None:
    server = asleep()
    for _ in range(3):
        answer = visit(server, "/api/__app/shop/__health_check")
        assert (answer.status_code, answer.json()["error"]["code"]) == (503, "APP_STOPPED")
    with server.sign_in() as client:
        assert client.get("/applications:get/shop").json()["data"]["status"] == "stopped"


def test_a_server_that_stops_does_not_wait_for_who_is_held(asleep: Asleep, held: Path) -> None:
    server = asleep(INSULA_HOLD_TIMEOUT_S="300")
    held.touch()
    with ThreadPoolExecutor(1) as crowd:
        visiting = crowd.submit(visit, server)
        until(lambda: figure(server, "insula_requests_held") == 1)
        health = "/api/__app/shop/__health_check"
        until(lambda: visit(server, health).json()["error"]["code"] == "APP_STARTING")
        assert server.stop() == 0
        answer = visiting.result()
    assert (answer.status_code, answer.json()["error"]["code"]) == (503, "APP_STARTING")


def test_stopped_and_deleted(asleep: Asleep) -> None:
    server = asleep()
    with server.sign_in() as client:
        call(client, "stop", filterByTk="shop")
        stopped = visit(server)
        assert (stopped.status_code, stopped.json()["error"]["code"]) == (503, "APP_STOPPED")
        page = visit(server, "/apps/shop/admin", Accept="text/html")
        assert (page.status_code, "The Shop is not available" in page.text) == (503, True)
        call(client, "destroy", filterByTk="shop", confirm="shop")
        gone = visit(server)
        assert (gone.status_code, gone.json()["error"]["code"]) == (404, "APP_NOT_FOUND")
        assert visit(server, "/apps/shop/admin", Accept="text/html").status_code == 404
