"""What passes through the front door of a real Supervisor, and what that costs it: gigabytes, slow ends, events, WebSockets."""

import asyncio
import contextlib
import itertools
import json
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from insula.application.live_socket import SIGN_IN, STOPPING
from insula.plugins.import_export.imports import MAX_FILE_BYTES
from insula.testing import servers
from insula.testing.fleets import FleetOfProcesses
from insula.testing.leaks import outlives_a_test
from insula.testing.resident import MEGABYTE, stays_flat
from insula.testing.stand_in import PIECE, Asked, StandIn

GIGABYTE = 1024 * MEGABYTE
HELD_BYTES = 32 * MEGABYTE
"""More than sockets and the door hold of what nobody takes."""
WORKING_BYTES = 80 * MEGABYTE
"""What a worker may grow by that imports or exports."""
CELL_BYTES = 16 * 1024
PATIENCE_S = 30.0
STILL_S = 0.5
ADDRESS = "/api/__app/shop/"


class Upstream:
    """What the stand-in answers by itself."""

    def __init__(self) -> None:
        self.moved = 0
        """Bytes of the body that is under way, out or in."""
        self.broken = threading.Event()
        """Its client has left in the midst of it."""
        self.go_on = threading.Semaphore(0)

    def give(self, asked: Asked) -> None:
        """A gigabyte, counted or in chunks."""
        self._begin()
        chunked = asked.path.endswith("chunked")
        framing = "Transfer-Encoding: chunked" if chunked else f"Content-Length: {GIGABYTE}"
        try:
            asked.near.sendall(f"HTTP/1.1 200 OK\r\n{framing}\r\n\r\n".encode())
            for _ in range(GIGABYTE // len(PIECE)):
                asked.near.sendall(b"%x\r\n%b\r\n" % (len(PIECE), PIECE) if chunked else PIECE)
                self.moved += len(PIECE)
            if chunked:
                asked.near.sendall(b"0\r\n\r\n")
        except OSError:
            self.broken.set()

    def take(self, asked: Asked) -> None:
        """All that comes, told how much it was."""
        self._begin()
        announced, end = int(asked.header("content-length") or 0), b""
        for data in asked.body():
            self.moved += len(data)
            end = (end + data[-5:])[-5:]
            if self.moved == announced or (not announced and end == b"0\r\n\r\n"):
                told = b"%d" % self.moved
                asked.near.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(told), told))
                return
        self.broken.set()

    def ignore(self, asked: Asked) -> None:
        """Nothing of the body is read until the test says so."""
        self._begin()
        assert self.go_on.acquire(timeout=PATIENCE_S)

    def events(self, asked: Asked) -> None:
        """One, and the next when the test has it."""
        asked.near.sendall(
            b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
        )
        for number in range(5):
            event = b"id: %d\ndata: x\n\n" % number
            asked.near.sendall(b"%x\r\n%b\r\n" % (len(event), event))
            assert self.go_on.acquire(timeout=PATIENCE_S)
        asked.near.sendall(b"0\r\n\r\n")

    def _begin(self) -> None:
        self.moved = 0
        self.broken.clear()


@pytest.fixture(scope="module")
def upstream() -> Upstream:
    return Upstream()


@pytest.fixture(scope="module")
def fleet(upstream: Upstream, tmp_path_factory: pytest.TempPathFactory) -> Iterator[FleetOfProcesses]:
    """The Supervisor reaches the worker through the stand-in alone."""
    with servers.redis() as redis:
        made = FleetOfProcesses(tmp_path_factory.mktemp("door"), redis.port, None)
        port = servers.free_port()
        own = {"give": upstream.give, "take": upstream.take, "ignore": upstream.ignore}
        with StandIn(port, {**own, "events": upstream.events}) as between:
            worker = made.worker("w1", ENVIRONMENT_PROXY_URL=between.address)
            worker.port = port
            try:
                made.start("w1")
                for instance in made.instances.values():
                    assert instance.process is not None
                    outlives_a_test(instance.process.pid)
                outlives_a_test(redis.process.pid)
                with made.supervisor.sign_in() as client:
                    made.make(client, "shop", "w1")
                yield made
            finally:
                made.end()


def line(fleet: FleetOfProcesses, sent: str) -> socket.socket:
    """A connection on which the beginning of a request is sent."""
    made = socket.create_connection(("127.0.0.1", fleet.supervisor.port), timeout=PATIENCE_S)
    made.sendall(sent.replace("\n", "\r\n").encode())
    return made


@pytest.mark.parametrize("framing", ["counted", "chunked"])
def test_a_gigabyte_down(fleet: FleetOfProcesses, framing: str) -> None:
    got = 0
    with stays_flat(fleet.supervisor):
        address = f"{fleet.supervisor.address}{ADDRESS}give"
        with httpx.stream("GET", address, params={"as": framing}, timeout=PATIENCE_S) as answer:
            assert answer.status_code == httpx.codes.OK
            for piece in answer.iter_raw(len(PIECE)):
                got += len(piece)
    assert got == GIGABYTE


@pytest.mark.parametrize("framing", ["counted", "chunked"])
def test_a_gigabyte_up(fleet: FleetOfProcesses, upstream: Upstream, framing: str) -> None:
    headers = {"Content-Length": str(GIGABYTE)} if framing == "counted" else {}
    body = itertools.repeat(PIECE, GIGABYTE // len(PIECE))
    with stays_flat(fleet.supervisor):
        address = f"{fleet.supervisor.address}{ADDRESS}take"
        answer = httpx.post(address, content=body, headers=headers, timeout=PATIENCE_S)
    assert answer.status_code == httpx.codes.OK
    assert int(answer.text) == upstream.moved
    assert 0 <= upstream.moved - GIGABYTE < MEGABYTE  # the sizes of chunks beside what is in them


def standing_still(moved: Any) -> int:
    """What has moved once nothing moves any more, looked at for a while."""
    last, since = -1, time.monotonic()
    deadline = since + PATIENCE_S
    while time.monotonic() - since < STILL_S:
        assert time.monotonic() < deadline, "it never stands still"
        if moved() != last:
            last, since = moved(), time.monotonic()
        time.sleep(0.02)
    return last


def test_a_client_that_takes_nothing_holds_up_the_upstream(
    fleet: FleetOfProcesses, upstream: Upstream
) -> None:
    with stays_flat(fleet.supervisor):
        with line(fleet, f"GET {ADDRESS}give HTTP/1.1\nHost: a\n\n") as client:
            assert client.recv(64).startswith(b"HTTP/1.1 200")
            stuck = standing_still(lambda: upstream.moved)
            assert 0 < stuck < HELD_BYTES
            for _ in range(64):
                client.recv(MEGABYTE, socket.MSG_WAITALL)
            assert standing_still(lambda: upstream.moved) > stuck  # it went on as far as it was taken
        assert upstream.broken.wait(PATIENCE_S)


def test_an_upstream_that_takes_nothing_holds_up_the_client(
    fleet: FleetOfProcesses, upstream: Upstream
) -> None:
    sent = 0

    def send() -> None:
        nonlocal sent
        with contextlib.suppress(OSError):
            while True:
                sent += client.send(PIECE)

    with stays_flat(fleet.supervisor):
        with line(fleet, f"PUT {ADDRESS}ignore HTTP/1.1\nHost: a\nContent-Length: {GIGABYTE}\n\n") as client:
            sending = threading.Thread(target=send)
            sending.start()
            assert 0 < standing_still(lambda: sent) < HELD_BYTES
            upstream.go_on.release()  # it leaves, without an answer
            assert client.recv(64).startswith(b"HTTP/1.1 502")
            client.shutdown(socket.SHUT_RDWR)
        sending.join(PATIENCE_S)


def test_a_client_that_leaves_in_the_midst_of_a_gigabyte_ends_it_upstream(
    fleet: FleetOfProcesses, upstream: Upstream
) -> None:
    with line(fleet, f"PUT {ADDRESS}take HTTP/1.1\nHost: a\nContent-Length: {GIGABYTE}\n\n") as client:
        client.sendall(PIECE)
    assert upstream.broken.wait(PATIENCE_S)
    assert upstream.moved <= len(PIECE)


def test_each_event_arrives_before_there_is_another(fleet: FleetOfProcesses, upstream: Upstream) -> None:
    address = f"{fleet.supervisor.address}{ADDRESS}events"
    with httpx.stream("GET", address, timeout=PATIENCE_S) as answer:
        assert answer.headers["content-type"] == "text/event-stream"
        heard = []
        for text in answer.iter_text():
            heard.append(text)
            upstream.go_on.release()  # the next one is only sent now
    assert heard == [f"id: {number}\ndata: x\n\n" for number in range(5)]


# --- WebSockets of the application itself, and of main


async def heard(connection: ClientConnection) -> dict[str, Any]:
    async with asyncio.timeout(PATIENCE_S):
        found: dict[str, Any] = json.loads(await connection.recv())
    return found


async def ended(connection: ClientConnection) -> int:
    """The close code, which comes next."""
    async with asyncio.timeout(PATIENCE_S):
        with pytest.raises(ConnectionClosed):
            await connection.recv()
    assert connection.close_code is not None
    return connection.close_code


async def enter(page: ClientConnection, client: httpx.Client, topic: str) -> None:
    await page.send(json.dumps({"token": client.headers["authorization"].split(" ")[1]}))
    assert await heard(page) == {"type": "ready"}
    await page.send(json.dumps({"subscribe": [topic]}))
    assert (await heard(page))["topics"] == [topic]


async def test_pages_hear_of_changes_through_the_door(fleet: FleetOfProcesses) -> None:
    """Of an application in an environment, and of main; and each hears why its connection ends."""
    inside, head = f"{fleet.supervisor.address}{ADDRESS}", f"ws://127.0.0.1:{fleet.supervisor.port}"
    with fleet.supervisor.sign_in() as web, fleet.supervisor.sign_in_to("shop") as people:
        made = people.post(f"{inside}collections:create", json={"name": "talks", "fields": []})
        assert made.status_code == httpx.codes.OK, made.text
        async with connect(f"{head}/apps/shop/ws") as shop, connect(f"{head}/ws") as main:
            await enter(shop, people, "records:talks")
            await enter(main, web, "applications")
            for key in range(1, 4):
                people.post(f"{inside}talks:create", json={}).raise_for_status()
                said = await heard(shop)
                assert (said["topic"], said["keys"]) == ("records:talks", [key])
            stopped = await asyncio.to_thread(web.post, "/applications:stop/shop")
            assert stopped.status_code == httpx.codes.OK
            assert await ended(shop) == STOPPING
            assert (await heard(main))["topic"] == "applications"
            web.post("/applications:start/shop").raise_for_status()
        async with connect(f"{head}/apps/shop/ws") as stranger:
            await stranger.send(json.dumps({"token": "made-up"}))
            assert await ended(stranger) == SIGN_IN


# --- as much as the product itself takes and gives


def test_a_gigabyte_of_records_into_an_application_and_out_of_it(fleet: FleetOfProcesses) -> None:
    """Through Supervisor and worker, each as small as before."""
    cell = b"x" * (CELL_BYTES - 1) + b"\n"
    rows = GIGABYTE // CELL_BYTES
    csv = {"Content-Type": "text/csv"}
    body = itertools.chain([b"text\n"], itertools.repeat(cell * 64, rows // 64))
    inside = f"{fleet.supervisor.address}{ADDRESS}"
    with fleet.supervisor.sign_in_to("shop") as people, stays_flat(fleet.supervisor):
        with stays_flat(fleet.worker("w1"), WORKING_BYTES):
            answer = people.post(f"{inside}imports:create?collection=large", content=body, headers=csv)
            assert answer.status_code == httpx.codes.OK, answer.text
            people.base_url = httpx.URL(inside)
            job = fleet.supervisor.wait_for_job(people, answer.json()["data"]["jobId"])
            assert job["status"] == "succeeded", job
        got = 0
        export = people.stream("GET", f"{inside}large:export?fields=text")
        with stays_flat(fleet.worker("w1"), WORKING_BYTES), export as given:
            for piece in given.iter_raw(len(PIECE)):
                got += len(piece)
    assert got == len(b"text\r\n") + rows * (CELL_BYTES + 1)


def test_a_file_that_is_larger_than_any_may_be_is_refused_before_it_is_sent(fleet: FleetOfProcesses) -> None:
    with fleet.supervisor.sign_in_to("shop") as people:
        token = people.headers["authorization"]
    head = (
        f"POST {ADDRESS}imports:create?collection=larger HTTP/1.1\nHost: a\nAuthorization: {token}\n"
        f"Content-Type: text/csv\nContent-Length: {MAX_FILE_BYTES + 1}\nExpect: 100-continue\n\n"
    )
    with line(fleet, head) as client:
        assert client.recv(64).startswith(b"HTTP/1.1 413")


# --- what takes too long


def test_the_times_of_the_settings_hold_at_the_door(tmp_path: Path) -> None:
    """A Supervisor alone: what it answers by itself comes from its main application, behind the same door."""
    times = dict.fromkeys(("INSULA_HEAD_TIMEOUT_S", "INSULA_BODY_TIMEOUT_S", "INSULA_KEEP_ALIVE_S"), "1")
    with servers.redis() as redis:
        alone = FleetOfProcesses(tmp_path / "times", redis.port, None, times)
        alone.folder.mkdir()
        try:
            alone.start()
            with line(alone, "GET /api/app:getInfo HTTP/1.1\nHost: a\nX-Slow") as client:
                assert client.recv(4096).startswith(b"HTTP/1.1 408 ")
            head = "POST /api/auth:signIn HTTP/1.1\nHost: a\nContent-Type: application/json\n"
            with line(alone, f"{head}Content-Length: 9\n\n{{") as client:
                assert client.recv(4096).startswith(b"HTTP/1.1 408 ")
            with line(alone, "GET /api/__health_check HTTP/1.1\nHost: a\n\n") as client:
                assert client.recv(4096).startswith(b"HTTP/1.1 200 ")
                assert client.recv(4096) == b""
            with line(alone, "") as client:
                assert client.recv(4096) == b""
        finally:
            alone.end()
