"""Wires between the processes of a fleet that are cut, slow, silent or break again and again while clients write and commands
are given: nothing needs a restart, every acknowledged write is there once, and no request is carried out twice."""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack

import pytest

from insula.fleet.lease import LEASE_S
from insula.testing import servers
from insula.testing.eventful import Events
from insula.testing.eventually import PATIENCE_S
from insula.testing.fleets import FleetOfProcesses
from insula.testing.leaks import outlives_a_test
from insula.testing.wire import Wire
from insula.testing.writers import Writers

PLACE = "w1"
WIRES = (
    "supervisor to redis",
    "worker to redis",
    "supervisor to database",
    "worker to database",
    "supervisor to worker",
)
GIVEN = ("started", "stopped", "slept", "restarted")
"""Applications that get their commands while a wire is bad."""


@pytest.fixture(scope="module")
def wires(postgresql: servers.Server, redis: servers.Server) -> Iterator[dict[str, Wire]]:
    """Each in a process of its own; the last one leads to where the worker will listen."""
    with ExitStack() as stack:
        targets = (redis.port, redis.port, postgresql.port, postgresql.port, servers.free_port())
        made = {name: stack.enter_context(Wire(target)) for name, target in zip(WIRES, targets, strict=True)}
        for wire in made.values():
            outlives_a_test(wire.process.pid)
        yield made


@pytest.fixture(scope="module")
def fleet(
    postgresql: servers.Server,
    redis: servers.Server,
    wires: Mapping[str, Wire],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[FleetOfProcesses]:
    port = {name: str(wire.port) for name, wire in wires.items()}
    own = {
        "supervisor": {**_redis(port["supervisor to redis"]), "DB_PORT": port["supervisor to database"]},
        PLACE: {
            **_redis(port["worker to redis"]),
            "DB_PORT": port["worker to database"],
            "ENVIRONMENT_PROXY_URL": f"http://127.0.0.1:{port['supervisor to worker']}",
        },
    }
    made = FleetOfProcesses(tmp_path_factory.mktemp("wires"), redis.port, postgresql, own=own)
    made.worker(PLACE).port = wires["supervisor to worker"].target
    with made.running(PLACE):
        yield made


def _redis(port: str) -> dict[str, str]:
    url = f"redis://127.0.0.1:{port}/0"
    return {"APP_SUPERVISOR_REDIS_URL": url, "APP_COMMAND_REDIS_URL": url}


Ill = Callable[[list[Wire]], list[int]]
"""Tells of each how many connections had to do with it."""


def breaks(wires: list[Wire]) -> list[int]:
    """Again and again, for two seconds."""
    ended = [0] * len(wires)
    for _ in range(20):
        ended = [before + wire.reset() for before, wire in zip(ended, wires, strict=True)]
        time.sleep(0.1)
    return ended


def is_cut(wires: list[Wire]) -> list[int]:
    ended = [wire.cut() for wire in wires]
    time.sleep(3)
    return ended


def is_silent(wires: list[Wire]) -> list[int]:
    """What was said meanwhile arrives."""
    held = [wire.hold() for wire in wires]
    time.sleep(4)
    return held


def is_silent_for_longer_than_a_lease(wires: list[Wire]) -> list[int]:
    held = [wire.hold() for wire in wires]
    time.sleep(LEASE_S + 1)
    return held


def loses(wires: list[Wire]) -> list[int]:
    """What is said is lost, and nobody hears of it for a while."""
    for wire in wires:
        wire.hold()
    time.sleep(3)
    return [wire.reset() for wire in wires]


def is_slow(wires: list[Wire]) -> list[int]:
    slow = [wire.slow(0.1) for wire in wires]
    time.sleep(3)
    return slow


CASES = [
    *(((wire,), ill) for wire in WIRES for ill in (breaks, is_cut, loses)),
    *(((wire,), is_silent_for_longer_than_a_lease) for wire in WIRES if wire.endswith("redis")),
    # nothing is lost by these: one at a time they would show no more than all at once
    (WIRES, is_slow),
    (WIRES, is_silent),
]


@pytest.mark.parametrize(
    ("names", "ill"),
    CASES,
    ids=[f"{names[0] if len(names) == 1 else 'each'} {ill.__name__}" for names, ill in CASES],
)
def test_wires_that_are_bad_for_a_while(
    fleet: FleetOfProcesses,
    wires: Mapping[str, Wire],
    events: Events,
    writers: Writers,
    names: tuple[str, ...],
    ill: Ill,
) -> None:
    bad = [wires[name] for name in names]
    processes = [instance.process for instance in fleet.instances.values()]
    events.bring(GIVEN)
    writers.written()
    asked = events.begin(GIVEN)
    try:
        assert all(ill(bad)), "they were in use"
    finally:
        for wire in bad:
            wire.mend()
    began = time.monotonic()
    writers.written()
    assert time.monotonic() - began < PATIENCE_S / 2
    for answer in asked:
        answer.result(PATIENCE_S)
    events.settle()
    events.check(GIVEN)
    writers.written()
    assert writers.check()
    assert all(process is not None and process.poll() is None for process in processes)
    assert [instance.process for instance in fleet.instances.values()] == processes
