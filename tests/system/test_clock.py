"""A wall clock that jumps by a year, forwards and backwards, under a process that runs on."""

import time
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from insula.testing.instance import ROOT_EMAIL, ROOT_PASSWORD, Instance
from insula.testing.shifted_clock import NoCompiler, ShiftedClock

YEAR_S = 365 * 24 * 3600
NEAR = timedelta(minutes=5)
PATIENCE_S = 15.0


@pytest.fixture(scope="module")
def clock(tmp_path_factory: pytest.TempPathFactory) -> ShiftedClock:
    try:
        return ShiftedClock.built(tmp_path_factory.mktemp("clock"))
    except NoCompiler:
        pytest.skip("there is no C compiler to build the library with that moves the clock")


@pytest.fixture
def server(clock: ShiftedClock, dialect_settings: Mapping[str, str], tmp_path: Path) -> Iterator[Instance]:
    clock.jump_to(0)
    with Instance(tmp_path / "s", {**dialect_settings, **clock.environment}) as made:
        made.start()
        with made.sign_in() as client:
            fields = [
                {"name": "text", "type": "string"},
                {"name": "serial", "type": "snowflakeId"},
                {"name": "code", "type": "nanoid"},
            ]
            wanted = {"name": "notes", "fields": fields, "createdAt": True, "updatedAt": True}
            client.post("/collections:create", json=wanted).raise_for_status()
        yield made


def write(client: httpx.Client, count: int = 20) -> list[dict[str, Any]]:
    return [
        client.post("/notes:create", json={"text": str(number)}).raise_for_status().json()["data"]
        for number in range(count)
    ]


def age(row: Mapping[str, Any], name: str = "createdAt") -> timedelta:
    """How far behind the true time a moment is."""
    return datetime.now(UTC) - datetime.fromisoformat(row[name])


def test_records_and_sessions_live_through_jumps(server: Instance, clock: ShiftedClock) -> None:
    rows: list[dict[str, Any]] = []
    with server.sign_in() as first:
        rows += write(first)
        assert abs(age(rows[-1])) < NEAR

        clock.jump_to(YEAR_S)
        # The session is over, as it would be in a year; the connection is not.
        refused = first.get("/auth:check")
        assert (refused.status_code, refused.json()["errors"][0]["code"]) in (
            (401, "EXPIRED_TOKEN"),
            (401, "EXPIRED_SESSION"),
        )
        with server.sign_in() as second:
            rows += write(second)
            assert abs(age(rows[-1]) + timedelta(seconds=YEAR_S)) < NEAR
            changed = second.post(f"/notes:update/{rows[0]['id']}", json={"text": "changed"}).json()["data"]
            assert age(changed[0], "updatedAt") < timedelta(0)
            recent = {"filter": '{"createdAt": {"$dateAfter": "2999-01-01"}}'}
            assert second.get("/notes:count", params=recent).json()["data"]["count"] == 0

            clock.jump_to(-YEAR_S)
            # Going back opens nothing that was closed and closes nothing for good.
            answer = second.get("/auth:check")
            assert answer.status_code in (200, 401)
        with server.sign_in() as third:
            assert third.get("/auth:check").status_code == 200
            rows += write(third)
            assert abs(age(rows[-1]) - timedelta(seconds=YEAR_S)) < NEAR

            clock.jump_to(0)
            assert third.get("/auth:check").status_code == 200
            rows += write(third)
            for name in ("id", "serial", "code"):
                assert len({row[name] for row in rows}) == len(rows), name
            assert [row["id"] for row in rows] == sorted(row["id"] for row in rows)
    began = time.monotonic()
    assert server.stop() == 0
    assert time.monotonic() - began < PATIENCE_S
    assert "Traceback" not in server.log


def test_a_start_after_a_jump_knows_its_sessions(server: Instance, clock: ShiftedClock) -> None:
    with server.sign_in() as client:
        header = client.headers["authorization"]
    assert server.stop() == 0
    clock.jump_to(-YEAR_S)
    server.start()
    # A token from the future is no reason to fail, and signing in works.
    answer = httpx.get(f"{server.address}/api/auth:check", headers={"Authorization": header})
    assert answer.status_code in (200, 401)
    server.sign_in().close()
    clock.jump_to(0)
    server.sign_in().close()
    assert "Traceback" not in server.log


def test_throttling_neither_forgets_nor_locks_for_a_year(server: Instance, clock: ShiftedClock) -> None:
    def attempt(password: str = "wrong") -> httpx.Response:
        wanted = {"account": ROOT_EMAIL, "password": password}
        return httpx.post(f"{server.address}/api/auth:signIn", json=wanted, timeout=PATIENCE_S)

    throttled = None
    for _ in range(200):
        throttled = attempt()
        if throttled.status_code == 429:
            break
    assert throttled is not None
    assert throttled.status_code == 429
    for seconds in (YEAR_S, -YEAR_S, 0):
        clock.jump_to(seconds)
        answer = attempt(ROOT_PASSWORD)
        assert answer.status_code == 429
        assert 0 < int(answer.headers["retry-after"]) <= 3600


def test_what_is_under_way_goes_on(server: Instance, clock: ShiftedClock) -> None:
    rows = 30_000
    transport = httpx.HTTPTransport(uds=str(server.storage / "insula.sock"))
    with httpx.Client(transport=transport, base_url="http://insula/api/", timeout=PATIENCE_S) as operator:
        body = b"name,number\n" + b"".join(b"a note,%d\n" % number for number in range(rows))
        job = operator.post("/imports:create?collection=long", content=body).json()["data"]["jobId"]
        for shift in (YEAR_S, -YEAR_S, YEAR_S, 0):
            clock.jump_to(shift)
            assert operator.get("/long:list?pageSize=5").status_code == 200
        ended = server.wait_for_job(operator, job, timeout_s=PATIENCE_S)
        assert ended["status"] == "succeeded", ended
        assert operator.get("/long:count").json()["data"]["count"] == rows
        # A stream that is read across jumps.
        with operator.stream("GET", "/long:export?format=csv") as answer:
            lines = 0
            for number, line in enumerate(answer.iter_lines()):
                lines += bool(line)
                if number % 10_000 == 0:
                    clock.jump_to(YEAR_S if number % 20_000 == 0 else -YEAR_S)
        assert lines == rows + 1
    assert "Traceback" not in server.log
