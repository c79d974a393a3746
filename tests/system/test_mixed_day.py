"""A day of an installation, in half a minute: applications on four kinds of database are made, written to, visited, put to
sleep, woken, upgraded, stopped, deleted and restored, all at once, while the process is killed twice."""

import asyncio
import itertools
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest

from insula.core.ids import random_id
from insula.testing import servers
from insula.testing.databases import connected
from insula.testing.fleet_client import PATIENCE_S, FleetClient, Kind, four_kinds
from insula.testing.instance import Instance, database_settings

KILLED_AFTER_S = (7.0, 7.0)
"""From one start to the next."""
ENDS_AFTER_S = 7.0
WRITERS = 2
"""Of each application."""
ROOM = {"threads": 8, "others": 4}
"""More than in a process that has just begun: what Python keeps for the next call. Everything was done far more often."""
PAUSE_S = 0.02
ESTABLISHED = "01"
"""As the system lists connections."""
FEWEST_RECORDS = 50
"""That were written to each application, else little was shown."""
EVERYONE = '/applications:list?paginate=false&filter={"wanted": {"$ne": ""}}'
"""Deleted ones, too."""
VERBS = 9
"""Different things that are done to applications."""


@dataclass
class Written:
    """What was sent to one application, by its numbers."""

    asked: set[int] = field(default_factory=set)
    """All that may be there."""
    promised: set[int] = field(default_factory=set)
    """All that must be there."""
    refused: Counter[int] = field(default_factory=Counter)


class Day:
    """Threads that write and manage until the day is over; what they find wrong ends the test."""

    def __init__(self, fleet: FleetClient, kinds: dict[str, Kind]) -> None:
        """``fleet`` is what all threads ask with: one sign-in is enough, and many at once are throttled."""
        self.fleet, self.instance, self.kinds = fleet, fleet.instance, kinds
        self.over = threading.Event()
        self.up = threading.Event()
        """The process is meant to answer."""
        self.kills = 0
        self.written = {name: Written() for name in kinds}
        self.done: Counter[str] = Counter()
        """Verbs that were carried out."""

    def write(self, name: str, inside: httpx.Client, numbers: "itertools.count[int]") -> None:
        """Records in one application, whatever happens to it meanwhile."""
        kept = self.written[name]
        while not self.over.is_set():
            number = next(numbers)
            kept.asked.add(number)
            try:
                answer = inside.post("/notes:create", json={"n": number})
            except httpx.TransportError:
                self.up.wait(PATIENCE_S)
                continue
            if answer.status_code == 200:
                kept.promised.add(number)
            else:
                assert answer.status_code in (404, 503), answer.text
                kept.refused[answer.status_code] += 1
                time.sleep(PAUSE_S)

    def manage(self, name: str) -> None:
        """Everything that can be done to an application, again and again."""
        verbs: tuple[Callable[[], object], ...] = (
            lambda: self.do("sleep", name),
            lambda: self.visit(name),
            lambda: self.do("restart", name),
            lambda: self.do("upgrade", name),
            lambda: self.do("stop", name),
            lambda: self.do("start", name),
            lambda: self.do("destroy", name, confirm=name),
            lambda: self.do("restore", name),
            lambda: self.do("start", name),
            lambda: self.another(name),
        )
        for verb in itertools.cycle(verbs):
            if self.over.is_set():
                return
            try:
                verb()
            except httpx.TransportError:
                self.up.wait(PATIENCE_S)
            time.sleep(PAUSE_S)

    def do(self, verb: str, name: str, **more: str) -> None:
        """Carried out, or refused since a kill before it left the application in another state."""
        before = self.kills
        answer = self.fleet.ask(verb, name, **more)
        assert answer.status_code == 200 or (self.kills and answer.status_code in (404, 409, 503)), (
            answer.text
        )
        self.done[verb] += answer.status_code == 200 and before == self.kills

    def visit(self, name: str) -> None:
        answer = httpx.get(f"{self.instance.address}/api/__app/{name}/app:getLang", timeout=PATIENCE_S)
        assert answer.status_code == 200 or self.kills, answer.text
        self.done["visit"] += answer.status_code == 200

    def another(self, name: str) -> None:
        """One more of its kind, which is made and goes again."""
        connection, options = self.kinds[name]
        other = f"{name}_{random_id(4).lower()}"
        if "database" in options and "database" in options["database"]:
            options = {"database": {**options["database"], "database": other}}
        answer = self.fleet.ask(
            "create", body={"name": other, "options": {"dbConnType": connection, **options}}
        )
        assert answer.status_code == 200, answer.text
        job = self.instance.wait_for_job(self.fleet.client, answer.json()["data"]["jobId"])
        assert job["status"] == "succeeded", job
        for verb in ("destroy", "purge"):
            assert self.fleet.ask(verb, other, confirm=other).status_code == 200
        self.done["create and purge"] += 1

    def pass_by(self) -> None:
        """The day itself: the process is killed and started again, twice."""
        self.up.set()
        for seconds in KILLED_AFTER_S:
            self.over.wait(seconds)
            self.up.clear()
            self.kills += 1
            self.instance.kill()
            self.instance.start()
            self.up.set()
        self.over.wait(ENDS_AFTER_S)
        self.over.set()


@pytest.fixture
def kinds(mariadb: servers.Server) -> dict[str, Kind]:
    return four_kinds("day", mariadb)


@pytest.fixture
def instance(postgresql: servers.Server, tmp_path: Path) -> Iterator[Instance]:
    settings = database_settings(postgresql, f"day_{time.monotonic_ns()}")
    with Instance(tmp_path / "storage", settings) as made:
        made.start()
        yield made
        assert made.stop() == 0


def furnish(fleet: FleetClient, name: str, kind: Kind) -> None:
    connection, options = kind
    fleet.create(name, connection, **options)
    with fleet.inside(name) as inside:
        body = {"name": "notes", "fields": [{"name": "n", "type": "integer"}]}
        assert inside.post("/collections:create", json=body).status_code == 200


def numbers_in(fleet: FleetClient, name: str) -> list[int]:
    with fleet.inside(name) as inside:
        rows = inside.get("/notes:list?paginate=false&fields=n").raise_for_status().json()["data"]
    return [row["n"] for row in rows]


def holds(instance: Instance, postgresql: servers.Server, mariadb: servers.Server) -> dict[str, int]:
    """What the process has open: files of applications, connections to servers, all other descriptors, threads."""
    assert instance.process is not None
    here = Path("/proc") / str(instance.process.pid)
    targets = []
    for entry in (here / "fd").iterdir():
        with suppress(FileNotFoundError):  # closed meanwhile
            targets.append(str(entry.readlink()))
    ports: Counter[int] = Counter()
    for line in (here / "net" / "tcp").read_text().splitlines()[1:]:
        words = line.split()
        if words[3] == ESTABLISHED and f"socket:[{words[9]}]" in targets:
            ports[int(words[2].rpartition(":")[2], 16)] += 1
    return {
        "files": sum("/apps/" in target for target in targets),
        "to MariaDB": ports[mariadb.port],
        "others": len(targets) - ports[postgresql.port],
        "threads": len(list((here / "task").iterdir())),
    }


def connections_to(postgresql: servers.Server, database: str) -> int:
    """To a database of an application. (Those in a schema share main's, which are kept for a minute.)"""

    async def count() -> int:
        async with connected(postgresql) as administrator:
            asked = "SELECT count(*) FROM pg_stat_activity WHERE datname = $1"
            return int(await administrator.fetchval(asked, database))

    return asyncio.run(count())


def test_a_mixed_day(
    instance: Instance, kinds: dict[str, Kind], postgresql: servers.Server, mariadb: servers.Server
) -> None:
    with FleetClient(instance) as fleet:
        fresh = holds(instance, postgresql, mariadb)
        day = Day(fleet, kinds)
        for name, kind in kinds.items():
            furnish(fleet, name, kind)
        busy(day)
    with FleetClient(instance) as fleet:
        for name in kinds:
            if fleet.until(name, "running", "stopped")["wanted"] == "deleted":
                fleet.call("restore", name)
            fleet.call("start", name)
            found, kept = numbers_in(fleet, name), day.written[name]
            assert len(found) == len(set(found)), "a record is there twice"
            assert kept.promised <= set(found) <= kept.asked
            assert len(kept.promised) > FEWEST_RECORDS
            fleet.call("destroy", name, confirm=name)
        for name in {one["name"] for one in fleet.client.get(EVERYONE).json()["data"]} - kinds.keys():
            give_up(fleet, name)
        assert len(day.done) == VERBS
        assert min(day.done.values()) >= len(kinds), day.done
        deadline = time.monotonic() + PATIENCE_S
        left = {what: count + ROOM.get(what, 0) for what, count in fresh.items()}
        while any(count > left[what] for what, count in holds(instance, postgresql, mariadb).items()):
            assert time.monotonic() < deadline, (holds(instance, postgresql, mariadb), left)
            time.sleep(PAUSE_S)
        assert [connections_to(postgresql, name) for name in kinds] == [0] * len(kinds)
        for name in kinds:
            fleet.call("purge", name, confirm=name)
        assert fleet.client.get(EVERYONE).json()["data"] == []
    assert "Traceback" not in instance.log


def give_up(fleet: FleetClient, name: str) -> None:
    """One of those that were to go again, and of which a kill has left something."""
    found = fleet.until(name, "running", "stopped")
    if found["wanted"] != "deleted":
        fleet.call("destroy", name, confirm=name)
    fleet.call("purge", name, confirm=name)


def busy(day: Day) -> None:
    """Have all threads at work until the day is over, and hear what they found wrong."""
    with ExitStack() as stack:
        insides = {name: stack.enter_context(day.fleet.inside(name)) for name in day.kinds}
        pool = stack.enter_context(ThreadPoolExecutor(len(day.kinds) * (WRITERS + 1)))
        stack.callback(day.over.set)  # whatever happens here, they end
        work = [pool.submit(day.manage, name) for name in day.kinds]
        for name, inside in insides.items():
            numbers = itertools.count()
            work += [pool.submit(day.write, name, inside, numbers) for _ in range(WRITERS)]
        for one in work:
            one.add_done_callback(lambda ended: day.over.set() if ended.exception() else None)
        day.pass_by()
    for one in work:
        one.result()
