"""Supervisor and worker, real processes over a real Redis and PostgreSQL, killed at each step of each command while clients
write: what was asked for is as before or as it was to be, nothing is done twice, and every acknowledged write is there once.

Several commands are under way at once, each on an application of its own and held at a step of its own; then the
process is killed from outside.
"""

import asyncio
import re
from collections import Counter
from collections.abc import Iterator, Mapping

import pytest

from insula import __version__
from insula.core.failpoints import OF_SUPERVISOR, OF_WORKER
from insula.database.options import DatabaseOptions
from insula.testing import servers
from insula.testing.databases import run_on
from insula.testing.eventful import COMMANDS, Events, most_often
from insula.testing.eventually import PATIENCE_S, until
from insula.testing.fleets import FleetOfProcesses
from insula.testing.instance import Instance
from insula.testing.writers import Writer, Writers, furnish

HOLD = "delay:900"
PLACE, OTHER = "w1", "w2"
WRITTEN = {"steady": PLACE, "beside": OTHER}
"""Applications that nothing is done to but writing → where they run."""

Round = Mapping[str, str]
"""Application, which says its command → the step at which it is held when the process is killed."""

GENERIC = (
    {"made": "prepare", "started": "start", "stopped": "stop", "slept": "stop", "restarted": "stop"}
    | {"upgraded": "stop", "deleted": "stop", "purged": "remove"},
    {"made": "create", "restarted": "start", "upgraded": "upgrade"},
    {"made": "start", "upgraded": "start"},
)
"""What environments are told for a command: first, then, last."""


def each(step: str) -> list[Round]:
    """All that environments are told, held at one step of it."""
    return [{name: f"{verb}.{step}" for name, verb in told.items()} for told in GENERIC]


WORKER: list[Round] = [
    *(told for step in ("taken", "done", "kept", "told") for told in each(step)),
    {"made": "prepare.drafted", "started": "start.prepared", "restarted": "start.prepared"}
    | {"upgraded": "upgrade.begun", "purged": "remove.renamed"},
    {"made": "start.initialized", "started": "start.initialized", "restarted": "start.initialized"}
    | {"upgraded": "upgrade.migrated", "purged": "remove.dropped"},
    {"made": "start.prepared", "upgraded": "start.prepared"},
]
WANTED = dict.fromkeys(
    ("started", "stopped", "slept", "restarted", "deleted", "restored", "purged"), "wanted.recorded"
)
SUPERVISOR: list[Round] = [
    {"made": "create.checked", "upgraded": "stop.sent", **WANTED},
    {**each("sent")[0], "made": "create.recorded"},
    {**each("answered")[0], "made": "prepare.sent"},
    {"made": "prepare.answered", "restarted": "start.sent", "upgraded": "upgrade.sent"}
    | {"deleted": "delete.stopped", "purged": "purge.removed"},
    {"made": "create.prepared", "restarted": "start.answered", "upgraded": "upgrade.answered"},
    {"made": "create.sent", "upgraded": "start.sent"},
    {"made": "create.answered", "upgraded": "start.answered"},
    {"made": "create.created"},
    {"made": "start.sent"},
    {"made": "start.answered"},
    {"made": "create.started", "deleted": "delete.recorded"},
]


def of(told: Round) -> str:
    return " ".join(dict.fromkeys(told.values()))


@pytest.fixture(scope="module")
def fleet(
    postgresql: servers.Server, redis: servers.Server, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[FleetOfProcesses]:
    fleet = FleetOfProcesses(tmp_path_factory.mktemp("killed"), redis.port, postgresql, failpoints=True)
    with fleet.running(PLACE, OTHER) as made:
        with made.supervisor.sign_in() as client:
            for name, place in WRITTEN.items():
                made.make(client, name, place, options={"startMode": "withMain"})
        yield made


@pytest.fixture(scope="module")
def heads(fleet: FleetOfProcesses) -> dict[str, dict[str, str]]:
    """Of who may write to the applications that are written to; these are furnished."""
    found = {}
    for name in WRITTEN:
        with fleet.supervisor.sign_in_to(name) as client:
            found[name] = {"Authorization": client.headers["Authorization"]}
        furnish(f"{fleet.supervisor.address}/api/__app/{name}/", found[name])
    return found


@pytest.fixture(scope="module")
def administrator(fleet: FleetOfProcesses) -> dict[str, str]:
    with fleet.supervisor.sign_in() as client:
        return {"Authorization": client.headers["Authorization"]}


@pytest.fixture
def events(fleet: FleetOfProcesses, administrator: Mapping[str, str]) -> Iterator[Events]:
    with Events(fleet, PLACE, administrator) as made:
        yield made


@pytest.fixture
def writers(
    fleet: FleetOfProcesses, heads: Mapping[str, Mapping[str, str]], request: pytest.FixtureRequest
) -> Iterator[Writers]:
    """They write through the Supervisor, and to the environment itself."""
    ways = [(name, fleet.supervisor.address) for name in WRITTEN]
    ways.append(("steady", fleet.worker(PLACE).address))
    all_of_them = [
        Writer(f"{address}/api/__app/{name}/", heads[name], f"{request.node.name} {number}")
        for number, (name, address) in enumerate(ways)
    ]
    with Writers(all_of_them) as made:
        yield made


@pytest.fixture
def locks(postgresql: servers.Server) -> Iterator[None]:
    """Afterwards nobody holds or awaits a lock in a database that was not held before."""
    before = _locks(postgresql)
    yield
    until(lambda: not _locks(postgresql) > before, lambda: (before, _locks(postgresql)))


def _locks(server: servers.Server) -> int:
    options = _on(server, "postgres")
    return asyncio.run(run_on(options, "SELECT 1 FROM pg_locks WHERE locktype = 'advisory'"))


def _on(server: servers.Server, database: str) -> DatabaseOptions:
    return DatabaseOptions(
        "postgres",
        host=server.host,
        port=server.port,
        user=server.user,
        password=server.password,
        database=database,
    )


def grow_older(server: servers.Server, name: str) -> None:
    """Make the tables of an application those of an older version."""
    change = f"""UPDATE insula SET "value" = replace("value"::text, '"{__version__}"', '"0.0.1"')::jsonb WHERE "key" = 'fingerprint'"""
    assert asyncio.run(run_on(_on(server, name), change)) == 1


def held(instance: Instance, begun: int) -> Counter[str]:
    """Failpoints at which something is held, since the log was so long."""
    return Counter(re.findall(rf"reached (\S+) \(\S*\): {HOLD}", instance.log[begun:]))


def killed(fleet: FleetOfProcesses, place: str, events: Events, told: Round) -> None:
    """Give the commands, kill the process once each is at its step, start it again, and wait until all is at rest."""
    instance = fleet.instances[place]
    events.bring(told)
    begun = len(instance.log)
    fleet.arm(place, HOLD, *set(told.values()))
    asked = events.begin(told)
    until(
        lambda: held(instance, begun) >= Counter(told.values()),
        lambda: (held(instance, begun), instance.log[begun:][-5000:]),
    )
    fleet.arm(place)
    instance.kill()
    instance.start()
    fleet.keep()
    for answer in asked:
        answer.result(PATIENCE_S)
    events.settle()


def test_each_step_of_each_command_is_covered() -> None:
    """Of a new failpoint it has to be said here which command comes to it."""
    assert {place for told in WORKER for place in told.values()} == set(OF_WORKER)
    assert {place for told in SUPERVISOR for place in told.values()} == set(OF_SUPERVISOR)
    covered = {name for told in (*WORKER, *SUPERVISOR) for name in told}
    assert covered == set(COMMANDS)


@pytest.mark.usefixtures("locks")
@pytest.mark.parametrize("told", WORKER, ids=of)
def test_a_worker_is_killed(
    fleet: FleetOfProcesses,
    postgresql: servers.Server,
    redis: servers.Server,
    events: Events,
    writers: Writers,
    told: Round,
) -> None:
    begun = len(fleet.worker(PLACE).log)
    if any(place.startswith("upgrade.") for place in told.values()):
        events.bring(("upgraded",))
        grow_older(postgresql, "upgraded")
    killed(fleet, PLACE, events, told)
    events.check(told)
    writers.written()
    assert writers.check()
    at_rest(fleet, redis, told, begun)


@pytest.mark.usefixtures("locks")
@pytest.mark.parametrize("told", SUPERVISOR, ids=of)
def test_a_supervisor_is_killed(
    fleet: FleetOfProcesses, redis: servers.Server, events: Events, writers: Writers, told: Round
) -> None:
    begun = len(fleet.worker(PLACE).log)
    killed(fleet, "supervisor", events, told)
    events.check(told)
    writers.written()
    assert writers.check()
    assert "steady is running" not in fleet.worker(PLACE).log[begun:]
    at_rest(fleet, redis, told, begun)


def at_rest(fleet: FleetOfProcesses, redis: servers.Server, told: Round, begun: int) -> None:
    """No command is left, and none was carried out twice, unless that was cut off before it was written down."""
    again = 2 if any(place.endswith(".done") for place in told.values()) else 1
    said = fleet.worker(PLACE).log[begun:]
    assert most_often(said, "kept") <= 1
    assert most_often(said, "done") <= again
    commands = f"insula:commands:{PLACE}"
    until(lambda: servers.redis_command(redis, "XLEN", commands) == "0", lambda: "a command is left")
