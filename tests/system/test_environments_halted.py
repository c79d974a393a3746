"""Processes of a fleet that are suspended for longer than their leases, a Redis that forgets or ends while commands are under
way, a database service that ends: clients write all the time, and nothing is lost, done twice or left between."""

import asyncio
import signal
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress

import httpx
import pytest

from insula.fleet.lease import LEASE_S
from insula.server.exits import Exit
from insula.testing import servers
from insula.testing.databases import administer
from insula.testing.eventful import Events, most_often
from insula.testing.eventually import PATIENCE_S, until
from insula.testing.fleets import FleetOfProcesses
from insula.testing.leaks import outlives_a_test
from insula.testing.suspended import suspended
from insula.testing.writers import Writers

VISITOR_S = 2.0
PLACE = "w1"
GIVEN = ("started", "stopped", "slept", "restarted", "upgraded", "deleted")
"""Applications that get their commands meanwhile."""


class Services:
    """A Redis and a PostgreSQL that end and come back, at the same ports."""

    def __init__(self, stack: ExitStack) -> None:
        self._stack = stack
        self.redis = stack.enter_context(servers.redis())
        self.postgresql = stack.enter_context(servers.postgresql())
        self.keep()

    def keep(self) -> None:
        for server in (self.redis, self.postgresql):
            outlives_a_test(server.process.pid)

    def restart_redis(self, away_s: float) -> None:
        self.redis.process.kill()
        self.redis.process.wait()
        time.sleep(away_s)
        self.redis = self._stack.enter_context(servers.redis(port=self.redis.port))
        self.keep()

    def restart_postgresql(self, how: signal.Signals) -> None:
        self.postgresql.process.send_signal(how)
        self.postgresql.process.wait()
        self.postgresql = self._stack.enter_context(servers.postgresql_again(self.postgresql))
        self.keep()


@pytest.fixture(scope="module")
def services() -> Iterator[Services]:
    with ExitStack() as stack:
        yield Services(stack)


@pytest.fixture(scope="module")
def fleet(services: Services, tmp_path_factory: pytest.TempPathFactory) -> Iterator[FleetOfProcesses]:
    folder = tmp_path_factory.mktemp("halted")
    with FleetOfProcesses(folder, services.redis.port, services.postgresql, failpoints=True).running(
        PLACE
    ) as made:
        yield made


@contextmanager
def eventful(fleet: FleetOfProcesses, events: Events, writers: Writers) -> Iterator[None]:
    """Commands are given, and something happens meanwhile; afterwards all is as before or as it was to be."""
    worker = fleet.worker(PLACE)
    processes = [instance.process for instance in fleet.instances.values()]
    events.bring(GIVEN)
    writers.written()
    begun = len(worker.log)
    asked = events.begin(GIVEN)
    yield
    for answer in asked:
        answer.result(PATIENCE_S)
    events.settle()
    events.check(GIVEN)
    writers.written()
    assert writers.check()
    assert most_often(worker.log[begun:], "kept") <= 1
    assert all(process is not None and process.poll() is None for process in processes)


@pytest.mark.parametrize("place", [PLACE, "supervisor"])
def test_one_that_is_suspended_for_longer_than_its_lease_goes_on(
    fleet: FleetOfProcesses, events: Events, writers: Writers, place: str
) -> None:
    with eventful(fleet, events, writers), suspended(fleet.instances[place].pid):
        time.sleep(LEASE_S + 1)


def serves(address: str) -> None:
    """New visitors are answered; who has asked before waits for an answer of the one that is suspended."""

    def answered() -> bool:
        with suppress(httpx.ReadTimeout):
            return httpx.get(f"{address}app:getInfo", timeout=VISITOR_S).is_success
        return False

    until(answered)


def test_one_whose_name_was_taken_meanwhile_ends_and_writes_nothing_twice(
    fleet: FleetOfProcesses, events: Events, writers: Writers
) -> None:
    old, new = fleet.worker(PLACE), fleet.worker(PLACE, "another")
    assert old.process is not None
    events.bring(GIVEN)
    with suspended(old.pid):
        time.sleep(LEASE_S + 1)
        new.start()
        fleet.keep()
        serves(writers.writers[0].address)
        for answer in events.begin(GIVEN):
            told = answer.result(PATIENCE_S)
            assert told is not None
            assert told.status_code == 200, told.text
    assert old.process.wait(PATIENCE_S) == Exit.CONFLICT
    assert "is the environment w1 already" in old.log
    events.settle()
    events.check(GIVEN)
    new.stop()
    old.start()
    fleet.keep()
    del fleet.instances["another"]
    events.settle()
    writers.written()
    assert writers.check()


def test_a_redis_that_forgets_while_commands_are_under_way(
    fleet: FleetOfProcesses, services: Services, events: Events, writers: Writers
) -> None:
    with eventful(fleet, events, writers):
        for _ in range(10):
            servers.redis_command(services.redis, "FLUSHALL")
            time.sleep(0.05)


@pytest.mark.parametrize("away_s", [0.0, LEASE_S + 1])
def test_a_redis_that_ends_while_commands_are_under_way(
    fleet: FleetOfProcesses, services: Services, events: Events, writers: Writers, away_s: float
) -> None:
    with eventful(fleet, events, writers):
        services.restart_redis(away_s)


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT])
def test_a_database_service_that_ends_while_commands_are_under_way(
    fleet: FleetOfProcesses, services: Services, events: Events, writers: Writers, how: signal.Signals
) -> None:
    with eventful(fleet, events, writers):
        services.restart_postgresql(how)


def test_an_environment_whose_ledger_is_lost_is_told_everything_again(
    fleet: FleetOfProcesses, services: Services, events: Events, writers: Writers
) -> None:
    worker = fleet.worker(PLACE)
    events.bring(GIVEN)
    writers.written()
    worker.kill()
    asyncio.run(
        administer(services.postgresql, f'DROP DATABASE "{worker.settings["DB_DATABASE"]}" WITH (FORCE)')
    )
    worker.start()
    fleet.keep()
    events.settle()
    events.check(GIVEN)
    writers.written()
    assert writers.check()
    for answer in events.begin(GIVEN):
        told = answer.result(PATIENCE_S)
        assert told is not None
        assert told.status_code == httpx.codes.OK, told.text
    events.settle()
    events.check(GIVEN)
