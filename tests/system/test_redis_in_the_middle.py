"""Redis between a Supervisor and its workers: who can read and write all of it, and what happens while it is full or slow."""

import contextlib
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Self

import httpx
import pytest
from redis import Redis

from insula.core.ids import random_id
from insula.fleet.seal import Seal
from insula.testing import servers
from insula.testing.databases import connected
from insula.testing.eventually import until
from insula.testing.fleets import FleetOfProcesses, shown
from insula.testing.instance import ROOT_EMAIL
from insula.testing.leaks import outlives_a_test

PATIENCE_S = 20.0
LEASE_S = 11.0
"""Longer than a lease of an environment."""
AWAY_S = 60.0
NOTHING = b"no seal of anybody"


@pytest.fixture(scope="module")
def fleet(
    postgresql: servers.Server, redis: servers.Server, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[FleetOfProcesses]:
    """One environment, and one application in it."""
    with FleetOfProcesses(tmp_path_factory.mktemp("middle"), redis.port, postgresql).running("w1") as made:
        with made.supervisor.sign_in() as client:
            made.make(client, "middle", "w1")
        yield made


@pytest.fixture
def stranger(redis: servers.Server) -> Iterator[Redis]:
    """Who can do anything to Redis, and has no key."""
    with Redis(port=redis.port) as client:
        yield client


class Overheard:
    """All that anybody says to Redis."""

    def __init__(self, port: int) -> None:
        self._port = port
        self.said: list[tuple[str, str]] = []
        """Who, as ``address:port`` or ``lua``, and the whole command in Redis' own escapes."""

    def __enter__(self) -> Self:
        self._client = Redis(port=self._port)
        self._monitor = self._client.monitor().__enter__()
        self._thread = threading.Thread(target=self._listen)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        with Redis(port=self._port) as other:
            other.echo("enough was heard")
        self._thread.join(PATIENCE_S)
        self._monitor.__exit__(None, None, None)
        self._client.close()

    def _listen(self) -> None:
        for told in self._monitor.listen():
            self.said.append((str(told["client_address"]), str(told["command"])))
            if "enough was heard" in told["command"]:
                return


def do(web: httpx.Client, verb: str, name: str = "middle", **values: Any) -> dict[str, Any]:
    web.post(f"/applications:{verb}/{name}", json=values or None).raise_for_status()
    return shown(web, name)


def answers(fleet: FleetOfProcesses, name: str = "middle") -> bool:
    """Whether the application answers, through the Supervisor and at the worker."""
    heads = (fleet.supervisor, fleet.worker("w1"))
    with httpx.Client(timeout=PATIENCE_S) as visitor:
        found = [visitor.get(f"{head.address}/api/__app/{name}/app:getInfo") for head in heads]
    return all(each.status_code == httpx.codes.OK for each in found)


def online(web: httpx.Client) -> bool:
    return [row["state"] for row in web.get("/environments:list").json()["data"]] == ["online"]


async def test_who_listens_reads_no_secret(
    fleet: FleetOfProcesses, web: httpx.Client, redis: servers.Server, postgresql: servers.Server
) -> None:
    """Whoever hears each word that is said to Redis, while an application is made, visited, changed and purged."""
    password, label, role = random_id(20), random_id(20), f"overheard_{random_id(8).lower()}"
    async with connected(postgresql) as connection:  # it stays: what applications are copied from is its own
        await connection.execute(f"CREATE ROLE {role} SUPERUSER LOGIN PASSWORD '{password}'")
    database = {
        "dialect": "postgres",
        "host": postgresql.host,
        "port": postgresql.port,
        "username": role,
        "password": password,
        "database": "overheard",
    }
    try:
        with Overheard(redis.port) as heard:
            values = {"displayName": label, "options": {"database": database}}
            fleet.make(web, "overheard", "w1", **values)
            assert answers(fleet, "overheard")
            do(web, "restart", "overheard")
            for verb in ("destroy", "purge"):
                answer = web.post(f"/applications:{verb}/overheard", params={"confirm": "overheard"})
                assert answer.status_code == httpx.codes.OK, answer.text
    finally:
        async with connected(postgresql) as connection:
            await connection.execute("DROP DATABASE IF EXISTS overheard WITH (FORCE)")
    everything = "\n".join(command for _, command in heard.said)
    assert "insula:commands:w1" in everything
    assert "insula:reports" in everything
    secrets = (password, label, role, ROOT_EMAIL, "Bearer ", "data_key")
    assert [each for each in secrets if each in everything] == []


def test_who_writes_can_run_nothing(
    fleet: FleetOfProcesses, web: httpx.Client, redis: servers.Server, stranger: Redis
) -> None:
    """Neither what was said before, once more, nor words of their own; and nothing that they write is believed."""
    do(web, "start")
    taken: list[dict[bytes, bytes]] = []
    with commands_kept(stranger, taken):
        do(web, "stop")
        do(web, "start")
    assert len(taken) >= 2, "the stop and the start were read on their way"
    public = Seal(None)
    for entry in taken:
        stranger.xadd("insula:commands:w1", entry)  # type: ignore[arg-type]
        stranger.xadd("insula:commands:w1", {**entry, b"r": b"another"})  # type: ignore[arg-type]
    for sealed in (NOTHING, b"", b"\x00" * 64, b'{"command": {"verb": "stop"}}'):
        stranger.xadd("insula:commands:w1", {"r": random_id(8), "c": sealed})
        stranger.xadd("insula:outcomes", {"r": random_id(8), "o": sealed})
        stranger.hset("insula:environments", "w9", sealed)  # type: ignore[arg-type]
        stranger.hset("insula:statuses:w1", "middle", sealed)  # type: ignore[arg-type]
        stranger.publish("insula:reports:0", sealed)
    stranger.xadd("insula:commands:w1", {"r": "x", "c": public.close("insula:commands:w1", NOTHING)})
    stranger.xadd("insula:commands:w1", {"unknown": "shape"})
    # what is told now stands behind all of that, and is carried out once they were looked at
    assert fleet.make(web, "behind", "w1")["status"] == "running"
    until(lambda: stranger.xlen("insula:commands:w1") == 0)
    assert shown(web, "middle")["status"] == "running"
    assert answers(fleet)
    assert [row["name"] for row in web.get("/environments:list").json()["data"]] == ["w1"]
    assert online(web)
    stranger.hdel("insula:environments", "w9")


@contextlib.contextmanager
def commands_kept(stranger: Redis, kept: list[dict[bytes, bytes]]) -> Iterator[None]:
    """Read each command of the environment before the worker can take it away."""
    over = threading.Event()
    last = stranger.xinfo_stream("insula:commands:w1")["last-generated-id"]  # type: ignore[index]

    def read() -> None:
        nonlocal last
        while not over.is_set():
            for _, entries in stranger.xread({"insula:commands:w1": last}, block=100):  # type: ignore[union-attr]
                for number, fields in entries:
                    last = number
                    kept.append(fields)

    reading = threading.Thread(target=read)
    reading.start()
    try:
        yield
    finally:
        over.set()
        reading.join(PATIENCE_S)


def test_a_redis_that_is_full_keeps_nobody_from_serving(
    fleet: FleetOfProcesses, web: httpx.Client, stranger: Redis
) -> None:
    """It refuses each write (maxmemory with noeviction), for longer than a lease lasts."""
    do(web, "start")
    stranger.config_set("maxmemory-policy", "noeviction")
    stranger.config_set("maxmemory", "1")
    try:
        over = time.monotonic() + LEASE_S
        with ThreadPoolExecutor(1) as pool:
            restarted = pool.submit(fleet.supervisor.command, "apps", "restart", "middle")
            while time.monotonic() < over:
                assert answers(fleet)
                assert not restarted.done(), restarted.result().stderr
                time.sleep(0.2)
            waits = shown(web, "middle")["waitsFor"]
            assert waits.startswith("The command stop waits. The Redis 127.0.0.1:")
            assert (
                "(APP_SUPERVISOR_REDIS_URL and APP_COMMAND_REDIS_URL) does not answer: its memory is full."
                in waits
            )
            began = fleet.worker("w1").log.count("middle is running")
            stranger.config_set("maxmemory", "0")
            typed = restarted.result(PATIENCE_S)  # once there is room again
            assert (typed.returncode, typed.stdout) == (0, "middle is restarted.\n"), typed.stderr
            assert typed.stderr.count("insula: middle: The command stop waits. The Redis ") == 1
    finally:
        stranger.config_set("maxmemory", "0")
    assert fleet.worker("w1").log.count("middle is running") == began + 1
    assert shown(web, "middle")["waitsFor"] is None
    until(lambda: online(web))
    assert shown(web, "middle")["status"] == "running"
    assert answers(fleet)


def test_a_redis_that_is_slow_slows_down_no_request(
    fleet: FleetOfProcesses, web: httpx.Client, stranger: Redis
) -> None:
    do(web, "start")
    stranger.execute_command("CLIENT", "PAUSE", 4000, "ALL")
    address = f"{fleet.supervisor.address}/api/__app/middle/app:getInfo"
    with ThreadPoolExecutor(1) as beside, httpx.Client() as visitor:
        paused = beside.submit(stranger.ping)
        for _ in range(5):
            assert visitor.get(address).status_code == httpx.codes.OK
        assert not paused.done()
        assert do(web, "restart")["status"] == "running"
        assert paused.done(), "a command takes as long as Redis does"
    assert online(web)


@pytest.mark.timeout(240)
def test_a_redis_that_is_gone_for_a_minute_loses_nothing(
    fleet: FleetOfProcesses, web: httpx.Client, redis: servers.Server
) -> None:
    """The last one on this Redis. What is asked for meanwhile is done when it is back, and done once."""
    fleet.make(web, "beside", "w1")
    do(web, "start")
    redis.process.kill()
    redis.process.wait()
    over = time.monotonic() + AWAY_S
    begun = len(fleet.worker("w1").log)
    with ThreadPoolExecutor(2) as pool:
        asked = [
            pool.submit(web.post, f"/applications:{verb}/{name}")
            for verb, name in (("restart", "middle"), ("stop", "beside"))
        ]
        while time.monotonic() < over:
            assert answers(fleet)
            time.sleep(0.5)
        assert not any(each.done() for each in asked)
        with servers.redis(port=redis.port) as again:
            outlives_a_test(again.process.pid)
            for each in asked:
                assert each.result(PATIENCE_S).status_code == httpx.codes.OK, each.result().text
            until(lambda: online(web))
            assert (shown(web, "middle")["status"], shown(web, "beside")["status"]) == ("running", "stopped")
            assert answers(fleet)
    assert fleet.worker("w1").log[begun:].count("middle is running") == 1


def test_without_a_key_each_start_warns_and_each_environment_is_shown_so(
    tmp_path: Any,
) -> None:
    with servers.redis() as redis:
        more = {"APP_SUPERVISOR_AES_SECRET_KEY": ""}
        fleet = FleetOfProcesses(tmp_path / "open", redis.port, None, more)
        fleet.folder.mkdir()
        try:
            fleet.start("w1")
            with fleet.supervisor.sign_in() as client:
                until(lambda: online(client))
                assert [row["secured"] for row in client.get("/environments:list").json()["data"]] == [False]
                assert fleet.make(client, "open", "w1")["status"] == "running"
            fleet.worker("w1").stop()
            fleet.worker("w1").start()
            for instance, starts in ((fleet.supervisor, 1), (fleet.worker("w1"), 2)):
                warning = "APP_SUPERVISOR_AES_SECRET_KEY is not set: whoever can write to Redis"
                assert instance.log.count(warning) == starts
        finally:
            fleet.end()
