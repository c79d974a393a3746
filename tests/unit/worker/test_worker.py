"""The worker: one command at a time for each application, many applications side by side, an outcome for each."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from insula import __version__
from insula.core.errors import InsulaError, Kind
from insula.core.ids import request_id
from insula.fleet.bus.memory import MemoryBus
from insula.fleet.command import Command, Outcome, Verb
from insula.fleet.configuration import Configuration
from insula.fleet.discovery.local import LocalDiscovery
from insula.fleet.environment import Environment
from insula.fleet.errors import CommandExpired, EnvironmentTaken, RedisUnavailable
from insula.fleet.lifecycle import Observed, Status, Wanted
from insula.fleet.process.base import AsgiApp, Receive, Scope, Send
from insula.fleet.process.local import LocalProcess
from insula.fleet.process.steps import Steps
from insula.fleet.provisioner.base import Finding, Provisioner
from insula.fleet.traffic import Traffic
from insula.testing.ledger import MemoryLedger
from insula.worker.execute import EXECUTE
from insula.worker.once import STARTS_AT_ONCE
from insula.worker.worker import Worker

O = Observed
HERE = "local"


class Refused(InsulaError):
    """Not {what}."""

    code = "REFUSED"
    kind = Kind.CONFLICT


async def answering(scope: Scope, receive: Receive, send: Send) -> None: ...


class Site:
    """An environment whose steps are noted; they fail, or wait for ``go_on``, where told by ``name:step``."""

    def __init__(self) -> None:
        self.fails_at: set[str] = set()
        self.waits_at: set[str] = set()
        self.go_on = asyncio.Event()
        self.called: list[str] = []
        self.open: set[str] = set()
        self.inside: dict[str, int] = {}
        self.most_inside: dict[str, int] = {}
        self.reports: list[tuple[str, Observed]] = []
        self.bus = MemoryBus()
        self.discovery = LocalDiscovery()
        self.ledger = MemoryLedger()
        self.discovery.watch(lambda _, name, status: self.reports.append((name, status.observed)))
        self.process = LocalProcess(lambda configuration: Noted(self, configuration.application), self._moved)
        self.worker = Worker(
            Environment(HERE), self.bus, self.discovery, self.ledger, self.process, Made(self)
        )

    def _moved(self, application: str, status: Status) -> None:
        self.worker.report(application, status)

    async def step(self, name: str, step: str) -> None:
        self.called.append(f"{name}:{step}")
        for key in (name, "all", step):
            self.inside[key] = self.inside.get(key, 0) + 1
            self.most_inside[key] = max(self.most_inside.get(key, 0), self.inside[key])
        try:
            if {f"{name}:{step}", step} & self.waits_at:
                await self.go_on.wait()
            await asyncio.sleep(0)
            if {f"{name}:{step}", step} & self.fails_at:
                raise Refused(what=step)
        finally:
            for key in (name, "all", step):
                self.inside[key] -= 1

    async def tell(
        self, verb: Verb, name: str = "shop", deadline_s: float = 20.0, **arguments: Any
    ) -> Outcome:
        configuration = None if verb is Verb.STOP else Configuration(name, "1")
        return await self.bus.send(
            HERE, Command(verb, name, request_id(), configuration, arguments, deadline_s)
        )

    def telling(self, verb: Verb, name: str = "shop") -> asyncio.Task[Outcome]:
        return asyncio.create_task(self.tell(verb, name))

    async def until(self, called: str) -> None:
        async with asyncio.timeout(60):
            while called not in self.called:
                await asyncio.sleep(0)


class Noted(Steps):
    def __init__(self, site: Site, name: str) -> None:
        self.site = site
        self.name = name

    async def prepare(self) -> None:
        assert self.name not in self.site.open, "opened twice"
        self.site.open.add(self.name)
        await self.site.step(self.name, "open")

    async def create(self, arguments: Mapping[str, Any]) -> None:
        await self.site.step(self.name, f"create by {arguments.get('root')}")

    async def initialize(self) -> None:
        await self.site.step(self.name, "initialize")

    async def run(self) -> AsgiApp:
        return answering

    async def upgrade(self) -> None:
        await self.site.step(self.name, "upgrade")

    async def stop(self) -> None:
        await self.site.step(self.name, "close")
        self.site.open.discard(self.name)


class Made(Provisioner):
    def __init__(self, site: Site) -> None:
        self.site = site

    async def check(self, configuration: Configuration, adopt: str | None = None) -> Sequence[Finding]:
        await self.site.step(configuration.application, f"check {adopt}")
        return [Finding("error", "SERVER_UNREACHABLE", "No server.", "Start it.")]

    async def try_connection(self, configuration: Configuration) -> None:
        await self.site.step(configuration.application, "connect")

    async def prepare(self, configuration: Configuration, adopt: str | None = None) -> Mapping[str, Any]:
        await self.site.step(configuration.application, "make")
        return {"storage": "shop.sqlite"}

    def address(self, configuration: Configuration) -> Mapping[str, Any]:
        return {"dialect": "sqlite", **configuration.database}

    async def remove(self, configuration: Configuration) -> None:
        await self.site.step(configuration.application, "drop")

    async def forget(self, application: str) -> None:
        await self.site.step(application, "forget")


@asynccontextmanager
async def working() -> AsyncIterator[Site]:
    site = Site()
    await site.worker.start()
    try:
        yield site
    finally:
        site.go_on.set()
        await site.worker.stop()
        site.fails_at.clear()
        await site.process.stop_all("")


async def test_a_whole_life_in_commands() -> None:
    async with working() as site:
        checked = await site.tell(Verb.CHECK, adopt="2")
        assert checked.result["findings"][0]["code"] == "SERVER_UNREACHABLE"
        assert (await site.tell(Verb.PREPARE)).result == {"database": {"storage": "shop.sqlite"}}
        for verb in (Verb.CREATE, Verb.START, Verb.STOP, Verb.UPGRADE, Verb.START, Verb.STOP, Verb.REMOVE):
            outcome = await site.tell(verb, root="ada")
            assert outcome.done
            version = None if verb in (Verb.STOP, Verb.REMOVE) else __version__
            assert outcome.result.get("version") == version
    assert site.reports == [
        ("shop", each)
        for each in (
            *(O.PREPARING, O.PREPARING, O.INITIALIZING, O.INITIALIZED, O.RUNNING),
            *(O.COMMANDING, O.STOPPED, O.STOPPED),  # and a visitor may not bring it up any more
            *(O.COMMANDING, O.STOPPED, O.COMMANDING, O.RUNNING, O.COMMANDING, O.STOPPED, O.STOPPED),
            *(O.NOT_FOUND, O.NOT_FOUND),
        )
    ]
    assert site.called == [
        f"shop:{step}"
        for step in (
            *("check 2", "make", "open", "create by ada", "initialize", "close"),
            *("open", "upgrade", "close", "open", "initialize", "close", "drop", "forget"),
        )
    ]


@pytest.mark.parametrize("verb", list(EXECUTE))
async def test_each_command_may_come_twice(verb: Verb) -> None:
    async with working() as site:
        if verb in (Verb.START, Verb.STOP, Verb.UPGRADE):
            await site.tell(Verb.CREATE)
        for _ in range(2):
            assert (await site.tell(verb)).done


async def test_the_environment_says_what_it_is_and_how_many_run_and_leaves() -> None:
    async with working() as site:
        await asyncio.gather(*(site.tell(Verb.START, f"a{number}") for number in range(3)))
        await site.tell(Verb.STOP, "a1")
        async with asyncio.timeout(60):
            while (await site.discovery.environments())[0].applications != 2:
                await asyncio.sleep(0)
        (here,) = await site.discovery.environments()
        assert (here.name, here.version) == (HERE, __version__)
    assert await site.discovery.environments() == []


async def test_it_says_that_it_lives_and_what_it_carries_from_time_to_time() -> None:
    site = Site()
    asked = iter(range(1000))
    site.worker = Worker(
        Environment(HERE, beat_s=0.001),
        site.bus,
        site.discovery,
        site.ledger,
        site.process,
        Made(site),
        load=lambda: {"memoryMb": next(asked)},
    )
    await site.worker.start()
    async with asyncio.timeout(60):
        while (await site.discovery.environments())[0].load["memoryMb"] < 3:
            await asyncio.sleep(0.001)
    await site.worker.stop()
    assert await site.discovery.environments() == []


async def test_what_fails_says_where_and_the_next_command_is_carried_out() -> None:
    async with working() as site:
        site.fails_at = {"shop:initialize"}
        first, second, other = await asyncio.gather(
            site.tell(Verb.START), site.tell(Verb.UPGRADE), site.tell(Verb.START, "club")
        )
        assert (first.code, first.message, first.step) == ("REFUSED", "Not initialize.", "initialize")
        assert second.done
        assert other.done


async def test_a_database_that_can_not_be_made_is_an_error_of_that_step() -> None:
    async with working() as site:
        site.fails_at = {"make"}
        outcome = await site.tell(Verb.PREPARE)
        assert (outcome.code, outcome.step) == ("REFUSED", "prepare")
        status = site.discovery.statuses("shop")[HERE]
        assert (status.observed, status.step, status.cause) == (O.ERROR, "prepare", "Not make.")
        assert (await site.tell(Verb.REMOVE)).done
        assert site.discovery.statuses("shop") == {}


async def test_a_defect_is_told_as_such_and_not_in_its_own_words(caplog: pytest.LogCaptureFixture) -> None:
    async with working() as site:
        command = Command(Verb.START, "shop", "r1")
        outcome = await site.bus.send(HERE, command)
        assert outcome.code == "INTERNAL_ERROR"
        assert outcome.message == "Something went wrong; the log has r1."
    assert "start needs the configuration of shop" in caplog.text


async def test_one_at_a_time_for_each_application_and_few_starts_at_once() -> None:
    names = [f"a{number}" for number in range(60)]
    async with working() as site:
        orders = [
            (verb, name) for verb in (Verb.START, Verb.STOP, Verb.START, Verb.UPGRADE) for name in names
        ]
        outcomes = await asyncio.gather(*(site.tell(verb, name) for verb, name in orders))
        assert all(outcome.done or outcome.code == "APP_STOPPED" for outcome in outcomes)
        assert all(site.most_inside[name] == 1 for name in names)
        assert 1 < site.most_inside["initialize"] <= STARTS_AT_ONCE
        assert all(site.process.running(name) for name in names)


async def test_a_stop_ends_a_start_that_waits_for_its_slot() -> None:
    async with working() as site:
        slow = [f"slow{number}" for number in range(STARTS_AT_ONCE)]
        site.waits_at = {f"{name}:open" for name in slow}
        under_way = [site.telling(Verb.START, name) for name in slow]
        for name in slow:
            await site.until(f"{name}:open")
        start = site.telling(Verb.START)
        while "shop" not in site.worker._once._waits:
            await asyncio.sleep(0)
        stops = [site.telling(Verb.STOP) for _ in range(2)]
        assert (await start).code == "APP_STOPPED"
        assert [(await stop).done for stop in stops] == [True, True]
        assert "shop:open" not in site.called
        site.go_on.set()
        assert all(outcome.done for outcome in await asyncio.gather(*under_way))
        assert (await site.tell(Verb.START)).done


async def test_a_database_that_is_not_reached_is_told_and_changes_nothing() -> None:
    async with working() as site:
        site.fails_at = {"connect"}
        outcome = await site.tell(Verb.CONNECT)
        assert (outcome.code, outcome.message, outcome.step) == ("REFUSED", "Not connect.", "connect")
        assert site.discovery.statuses("shop") == {}


async def test_it_says_how_long_nobody_has_visited_an_application_there() -> None:
    site, traffic = Site(), Traffic()
    site.worker = Worker(
        Environment(HERE),
        site.bus,
        site.discovery,
        site.ledger,
        site.process,
        Made(site),
        idle_s=traffic.idle_s,
    )
    await site.worker.start()
    try:
        assert (await site.tell(Verb.VISITED)).result == {}
        traffic.of("shop").visited = 1.0
        assert (await site.tell(Verb.VISITED)).result["idleS"] > 1_000_000
        traffic.of("shop").talk()
        assert (await site.tell(Verb.VISITED)).result == {"idleS": 0.0}
        assert site.discovery.statuses("shop") == {} and not site.called
    finally:
        await site.worker.stop()


async def test_a_start_that_hangs_keeps_no_others_waiting() -> None:
    async with working() as site:
        site.waits_at = {f"slow{number}:open" for number in range(STARTS_AT_ONCE)}
        slow = [site.telling(Verb.START, f"slow{number}") for number in range(STARTS_AT_ONCE)]
        await site.until(f"slow{STARTS_AT_ONCE - 1}:open")
        assert (await site.tell(Verb.START, "quick")).done
        assert not any(task.done() for task in slow)
        site.go_on.set()
        assert all(outcome.done for outcome in await asyncio.gather(*slow))


async def test_a_stop_ends_the_start_before_it() -> None:
    async with working() as site:
        site.waits_at = {"shop:open"}
        starting = site.telling(Verb.START)
        await site.until("shop:open")
        assert (await site.tell(Verb.STOP)).done
        ended = await starting
        assert (ended.code, ended.step) == ("APP_STOPPED", "start")
        assert site.process.status("shop").observed is O.STOPPED


async def test_commands_go_on_when_nobody_waits_for_them() -> None:
    names = [f"a{number}" for number in range(100)]
    async with working() as site:
        site.waits_at = {"open"}
        senders = [site.telling(Verb.START, name) for name in names]
        await site.until("a3:open")
        for sender in senders:
            sender.cancel()
        await asyncio.gather(*senders, return_exceptions=True)
        site.go_on.set()
        outcomes = await asyncio.gather(*(site.tell(Verb.START, name) for name in names))
        assert all(outcome.done for outcome in outcomes)
        assert [name for name in names if site.called.count(f"{name}:open") != 1] == []


@settings(max_examples=60, deadline=None)
@given(
    some.lists(
        some.tuples(some.sampled_from(Verb), some.sampled_from("abcd"), some.booleans(), some.booleans()),
        max_size=80,
    ),
    some.sets(some.sampled_from(["open", "initialize", "upgrade", "close", "a:open", "b:initialize"])),
)
async def test_whatever_is_asked_cancelled_and_fails_nothing_is_opened_twice_or_left_open(
    orders: list[tuple[Verb, str, bool, bool]], failing: set[str]
) -> None:
    async with working() as site:
        site.fails_at = failing
        told = []
        for verb, name, gives_up, pauses in orders:
            task = site.telling(verb, name)
            told.append(task)
            if pauses:
                await asyncio.sleep(0)
            if gives_up:
                task.cancel()
        ended = await asyncio.gather(*told, return_exceptions=True)
        assert {type(each) for each in ended} <= {Outcome, asyncio.CancelledError}
        site.fails_at = set()
        for name in "abcd":
            assert (await site.tell(Verb.STOP, name)).done
            assert site.process.status(name).observed in (O.STOPPED, O.NOT_FOUND)
            assert site.most_inside.get(name, 0) <= 1
        assert site.open == set()
        for name in "abcd":
            assert (await site.tell(Verb.START, name)).done


async def test_stopping_lets_what_is_under_way_end_and_begins_nothing_more() -> None:
    site = Site()
    await site.worker.start()
    site.waits_at = {"shop:open"}
    first, second = site.telling(Verb.START), site.telling(Verb.UPGRADE)
    await site.until("shop:open")
    stopping = asyncio.create_task(site.worker.stop())
    await asyncio.sleep(0)
    site.go_on.set()
    await stopping
    assert (await first).done
    assert not second.done()
    second.cancel()
    await asyncio.gather(second, return_exceptions=True)
    await site.worker.stop()
    await site.process.stop_all("")


async def test_stopping_does_not_wait_for_what_hangs() -> None:
    site = Site()
    await site.worker.start()
    site.waits_at = {"shop:open"}
    starting = site.telling(Verb.START)
    await site.until("shop:open")
    await site.worker.stop(deadline_s=0.01)
    await site.process.stop_all("")
    assert site.process.status("shop").observed is O.STOPPED
    starting.cancel()
    await asyncio.gather(starting, return_exceptions=True)


async def test_what_was_carried_out_before_is_not_done_again() -> None:
    async with working() as site:
        start = Command(Verb.START, "shop", request_id(), Configuration("shop", "1"))
        assert (await site.bus.send(HERE, start)).done
        assert (await site.tell(Verb.STOP)).done
        before = list(site.called)
        assert (await site.bus.send(HERE, start)).done  # it was on its way twice, and comes after the stop
        assert site.called == before
        assert site.process.status("shop").observed is Observed.STOPPED


async def test_what_waits_in_line_is_not_begun_while_another_may_have_the_name(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with working() as site:
        site.waits_at = {"shop:open"}
        first, second = site.telling(Verb.START), site.telling(Verb.UPGRADE)
        await site.until("shop:open")
        looked = asyncio.Event()

        def held(environment: str) -> bool:
            looked.set()
            return False

        with monkeypatch.context() as away:
            away.setattr(site.discovery, "held", held)
            site.go_on.set()
            assert (await first).done
            async with asyncio.timeout(60):
                await looked.wait()
            assert not second.done()
        assert (await second).done


async def test_stopping_does_not_wait_for_a_name_that_another_has(monkeypatch: pytest.MonkeyPatch) -> None:
    async with working() as site:
        site.waits_at = {"shop:open"}
        first = site.telling(Verb.START)
        await site.until("shop:open")
        monkeypatch.setattr(site.discovery, "held", lambda environment: False)
        starting = site.telling(Verb.UPGRADE)
        await asyncio.sleep(0)
        site.go_on.set()
        assert (await first).done
        called = list(site.called)
        async with asyncio.timeout(60):
            await site.worker.stop()
        assert not starting.done()
        assert site.called == called
        starting.cancel()
        await asyncio.gather(starting, return_exceptions=True)


async def test_nothing_is_taken_while_another_may_have_the_name(monkeypatch: pytest.MonkeyPatch) -> None:
    site, looked, held = Site(), asyncio.Event(), list[bool]()

    def holds(environment: str) -> bool:
        looked.set()
        return bool(held)

    monkeypatch.setattr(site.discovery, "held", holds)
    starting = site.telling(Verb.START)
    await site.worker.start()
    async with asyncio.timeout(60):
        await looked.wait()
        assert not starting.done()
        assert await site.bus.take(HERE)  # it is there for another
        starting.cancel()
        held.append(True)
        assert (await site.tell(Verb.START)).done
    await site.worker.stop()
    await site.process.stop_all("")


async def test_a_name_that_another_has_is_refused() -> None:
    site = Site()
    await site.discovery.hold(HERE, "another", lambda error: None)
    with pytest.raises(EnvironmentTaken, match="another"):
        await site.worker.start()
    await site.worker.stop()


async def kept_as_running(site: Site) -> None:
    for name, with_main in (("always", True), ("visited", False)):
        told = Configuration(name, "stamp", with_main=with_main)
        await site.ledger.keep(Command(Verb.START, name, name, told), Outcome(name))


async def test_where_the_others_are_away_it_serves_what_it_has_and_joins_them_later() -> None:
    site, there, tries = Site(), asyncio.Event(), list[str]()

    async def join() -> None:
        tries.append("join")
        if not there.is_set():
            raise RedisUnavailable(where="here", setting="A_SETTING", reason="it is away")

    await kept_as_running(site)
    await site.worker.start(join)
    async with asyncio.timeout(60):
        while site.process.running("always") is None:
            await asyncio.sleep(0)
    await site.worker.wake("visited")
    assert site.process.running("visited") is not None
    assert (site.worker.started, site.worker.takes) == (True, False)
    waiting = site.telling(Verb.STOP, "always")
    await asyncio.sleep(0)
    assert site.process.running("always") is not None
    there.set()
    assert (await waiting).done
    assert site.worker.takes and len(tries) > 1
    assert (await site.discovery.environments())[0].applications == 1
    await site.worker.stop()
    await site.process.stop_all("")


async def test_one_that_finds_its_name_taken_when_the_others_are_back_says_so() -> None:
    site, lost = Site(), list[EnvironmentTaken]()
    site.worker = Worker(
        Environment(HERE),
        site.bus,
        site.discovery,
        site.ledger,
        site.process,
        Made(site),
        lost=lost.append,
    )
    await site.discovery.hold(HERE, "another", lambda error: None)

    async def join() -> None: ...

    await site.worker.start(join)
    async with asyncio.timeout(60):
        while not lost:
            await asyncio.sleep(0)
    assert lost[0].details["holder"] == "another"
    await site.worker.stop()


async def test_one_whose_time_is_over_when_its_turn_comes_is_not_begun() -> None:
    async with working() as site:
        site.waits_at = {"shop:initialize"}
        first = site.telling(Verb.START)
        await site.until("shop:initialize")
        with pytest.raises(CommandExpired):
            await site.tell(Verb.UPGRADE, deadline_s=0.01)
        site.go_on.set()
        assert (await first).done
        assert (await site.tell(Verb.STOP)).done
        assert "shop:upgrade" not in site.called


async def test_what_ran_comes_back_and_what_sleeps_is_woken_by_a_visitor() -> None:
    site = Site()
    await kept_as_running(site)
    await site.worker.start()
    async with asyncio.timeout(60):
        while site.process.running("always") is None:
            await asyncio.sleep(0)
        while (kept := site.ledger.kept("visited")) is None or kept.wanted is not Wanted.ASLEEP:
            await asyncio.sleep(0)
    assert site.discovery.statuses("always")[HERE].own is None  # it is as it was commanded
    asleep = site.discovery.statuses("visited")[HERE]
    assert (asleep.observed, asleep.own) == (O.STOPPED, Wanted.ASLEEP)
    await site.worker.wake("visited")
    woken = site.discovery.statuses("visited")[HERE]
    assert (woken.observed, woken.own) == (O.RUNNING, Wanted.RUNNING)
    assert (await site.tell(Verb.STOP, "visited")).done
    assert site.discovery.statuses("visited")[HERE].own is None
    await site.worker.stop()
    await site.process.stop_all("")


async def test_visitors_who_leave_and_come_again_start_it_once() -> None:
    site = Site()
    await kept_as_running(site)
    await site.worker.start()
    async with asyncio.timeout(60):
        while (kept := site.ledger.kept("visited")) is None or kept.wanted is not Wanted.ASLEEP:
            await asyncio.sleep(0)
    site.waits_at = {"visited:open"}
    for _ in range(3):
        visitor = asyncio.create_task(site.worker.wake("visited"))
        await asyncio.sleep(0)
        await site.until("visited:open")
        visitor.cancel()
        await asyncio.gather(visitor, return_exceptions=True)
    starts = list[Command]()
    keep = site.ledger.keep

    async def noted(command: Command, outcome: Outcome) -> None:
        starts.append(command)
        await keep(command, outcome)

    site.ledger.keep = noted  # type: ignore[method-assign]
    last = asyncio.create_task(site.worker.wake("visited"))
    site.go_on.set()
    async with asyncio.timeout(60):
        await last
        assert (await site.tell(Verb.STOP, "visited")).done  # behind all that is in the line by now
    assert [command.verb for command in starts] == [Verb.START, Verb.STOP]
    await site.worker.wake("visited")
    assert site.process.running("visited") is None, "somebody has commanded it to stop"
    await site.worker.stop()
    await site.process.stop_all("")


@pytest.mark.parametrize(("verb", "left"), [(Verb.STOP, O.STOPPED), (Verb.REMOVE, O.NOT_FOUND)])
async def test_a_visitor_does_not_undo_what_was_commanded_meanwhile(verb: Verb, left: Observed) -> None:
    site = Site()
    await site.worker.start()
    assert (await site.tell(Verb.START)).done
    site.waits_at = {"shop:close"}
    going = site.telling(verb)
    await site.until("shop:close")
    waking = asyncio.create_task(site.worker.wake("shop"))
    await asyncio.sleep(0)
    site.go_on.set()
    assert (await going).done
    async with asyncio.timeout(60):
        await waking
    assert site.process.status("shop").observed is left
    kept = site.ledger.kept("shop")
    assert (kept and kept.wanted) is (Wanted.STOPPED if verb is Verb.STOP else None)
    await site.worker.stop()
    await site.process.stop_all("")


async def test_a_defect_of_one_command_keeps_nothing_from_those_behind_it(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async with working() as site:
        site.waits_at = {"shop:open"}
        finish, told = site.bus.finish, list[Outcome]()

        async def once(environment: str, outcome: Outcome) -> None:
            told.append(outcome)
            if len(told) == 1:
                raise RuntimeError("a defect")
            await finish(environment, outcome)

        monkeypatch.setattr(site.bus, "finish", once)
        first, second = site.telling(Verb.START), site.telling(Verb.UPGRADE)
        await site.until("shop:open")
        waking = asyncio.create_task(site.worker.wake("shop"))
        site.go_on.set()
        async with asyncio.timeout(60):
            assert (await second).done
            await waking
        assert "start of shop" in caplog.text
        assert "a defect" in caplog.text
        assert not first.done()
        first.cancel()
        await asyncio.gather(first, return_exceptions=True)


async def test_a_defect_does_not_end_the_taking_of_commands(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async with working() as site:
        take, asked = site.bus.take, list[str]()

        async def once(environment: str) -> Command:
            asked.append(environment)
            if len(asked) == 1:
                raise RuntimeError("a defect")
            return await take(environment)

        monkeypatch.setattr(site.bus, "take", once)
        assert (await site.tell(Verb.START)).done  # by the taking that was under way
        assert (await site.tell(Verb.STOP)).done
        assert "no commands are taken" in caplog.text


async def test_it_tells_what_it_keeps_of_an_application_also_of_one_that_is_down_already() -> None:
    async with working() as site:

        def told() -> tuple[Observed, bool | None]:
            status = site.discovery.statuses("shop")[HERE]
            return status.observed, status.wakes

        assert (await site.tell(Verb.START)).done
        assert told()[0] is O.RUNNING
        assert (await site.tell(Verb.STOP, asleep=True)).done
        assert told() == (O.STOPPED, True)
        assert (await site.tell(Verb.STOP)).done
        assert told() == (O.STOPPED, False)
        assert (await site.tell(Verb.STOP, asleep=True)).done
        assert told() == (O.STOPPED, True)
