"""What is wanted against what is observed: what is repaired, what is left alone, and what is tried later."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from insula.core.clock import monotonic, now
from insula.fleet.command import Command, Verb
from insula.fleet.environment import LOCAL
from insula.fleet.lifecycle import AWAY, Observed, Status, Wanted
from insula.fleet.traffic import Counts
from insula.supervisor import reconcile, tries
from insula.supervisor.control import Control
from insula.supervisor.entry import PURGING, Entry
from insula.supervisor.errors import CommandFailed
from insula.supervisor.mending import Mending
from insula.supervisor.repairs import Repair, made_there, repair_of
from insula.testing.fleet import PlayedEnvironment, PlayedFleet

WHO = "user 7"
PENDING = (Observed.PREPARING, Observed.INITIALIZING, Observed.INITIALIZED, Observed.COMMANDING)


def entry(wanted: Wanted, made: bool = True, **options: Any) -> Entry:
    return Entry("shop", wanted, "stamp", version="1" if made else "", options=options)


def seen(*observed: Observed) -> dict[str, Status]:
    return {f"place {number}": Status(one, now()) for number, one in enumerate(observed)}


@pytest.mark.parametrize(
    ("wanted", "observed", "repair"),
    [
        (Wanted.RUNNING, Observed.RUNNING, None),
        (Wanted.RUNNING, Observed.STOPPED, Repair.START),
        (Wanted.RUNNING, Observed.NOT_FOUND, Repair.START),
        (Wanted.RUNNING, Observed.ERROR, Repair.START),
        (Wanted.ASLEEP, Observed.RUNNING, Repair.STOP),
        (Wanted.ASLEEP, Observed.STOPPED, None),
        (Wanted.STOPPED, Observed.RUNNING, Repair.STOP),
        (Wanted.STOPPED, Observed.STOPPED, None),
        (Wanted.STOPPED, Observed.NOT_FOUND, None),
        (Wanted.STOPPED, Observed.ERROR, Repair.STOP),
        (Wanted.DELETED, Observed.RUNNING, Repair.STOP),
        (Wanted.DELETED, Observed.STOPPED, None),
        *((wanted, pending, None) for wanted in Wanted for pending in PENDING),
    ],
)
def test_what_differs_is_repaired(wanted: Wanted, observed: Observed, repair: Repair | None) -> None:
    assert repair_of(entry(wanted), seen(observed), None, now()) is repair


@pytest.mark.parametrize("observed", [Observed.STOPPED, Observed.NOT_FOUND])
@pytest.mark.parametrize(
    ("wanted", "wakes", "repair"),
    [
        (Wanted.STOPPED, True, Repair.STOP),
        (Wanted.DELETED, True, Repair.STOP),
        (Wanted.ASLEEP, False, Repair.STOP),
        (Wanted.STOPPED, False, None),
        (Wanted.DELETED, False, None),
        (Wanted.ASLEEP, True, None),
        (Wanted.ASLEEP, None, None),
    ],
)
def test_what_an_environment_keeps_is_what_is_wanted(
    wanted: Wanted, wakes: bool | None, repair: Repair | None, observed: Observed
) -> None:
    """Such as one that was away when it was stopped: a visitor there would bring it up."""
    found = {**seen(Observed.STOPPED), "east": Status(observed, now(), wakes=wakes)}
    assert repair_of(entry(wanted), found, None, now()) is repair


def test_of_several_environments_one_that_differs_is_enough_and_one_that_is_pending_too() -> None:
    running = entry(Wanted.RUNNING)
    assert repair_of(running, seen(Observed.RUNNING, Observed.STOPPED), None, now()) is Repair.START
    assert repair_of(running, seen(Observed.COMMANDING, Observed.STOPPED), None, now()) is None
    assert (
        repair_of(entry(Wanted.STOPPED), seen(Observed.STOPPED, Observed.RUNNING), None, now()) is Repair.STOP
    )


def test_what_is_being_made_is_left_to_its_making_and_what_is_being_purged_goes_on() -> None:
    assert repair_of(entry(Wanted.RUNNING, made=False), seen(Observed.ERROR), None, now()) is None
    purging = entry(Wanted.DELETED, **{PURGING: "data"})
    assert repair_of(purging, seen(Observed.STOPPED), None, now()) is Repair.PURGE
    assert repair_of(purging, seen(Observed.RUNNING), None, now()) is Repair.PURGE
    assert repair_of(purging, seen(Observed.COMMANDING), None, now()) is None


def test_what_nobody_visits_is_put_to_sleep_where_its_options_say_so() -> None:
    statuses, later = seen(Observed.RUNNING), now() + timedelta(seconds=61)
    sleepy = entry(Wanted.RUNNING, sleepAfter=60)
    assert repair_of(entry(Wanted.RUNNING), statuses, None, later) is None
    assert repair_of(sleepy, statuses, None, later) is Repair.SLEEP
    assert repair_of(sleepy, statuses, None, later - timedelta(seconds=5)) is None
    counts = Counts()
    counts.begin()
    assert repair_of(sleepy, statuses, counts, later) is None  # somebody is being answered
    counts.end(200, 0.1)
    assert repair_of(sleepy, statuses, counts, later) is Repair.SLEEP
    counts.visited = later.timestamp() - 10
    assert repair_of(sleepy, statuses, counts, later) is None


async def settled(fleet: PlayedFleet, name: str, observed: Observed) -> None:
    """Wait until it is so, and nobody is at work on it any more."""
    async with asyncio.timeout(60):
        while True:
            target = await fleet.records.find(name)
            assert target is not None
            if target.status.observed is observed and not fleet.supervisor.busy(name):
                return
            await asyncio.sleep(0.001)


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Failed repairs are tried again soon."""
    monkeypatch.setattr(tries, "BACK_OFF_S", 0.001)
    monkeypatch.setattr(tries, "MAX_BACK_OFF_S", 0.002)
    monkeypatch.setattr(reconcile, "EVERY_S", 0.005)


async def test_those_that_start_with_main_come_up_after_a_crash_and_the_others_sleep(
    fleet: PlayedFleet,
) -> None:
    for number in range(6):
        await fleet.make(f"early{number}", options={"startMode": "withMain"})
        await fleet.make(f"late{number}")
    await fleet.make("stopped", options={"startMode": "withMain"})
    await fleet.supervisor.stop("stopped", actor=WHO)
    await fleet.make("asleep", options={"autoStart": True})
    await fleet.supervisor.sleep("asleep", actor=WHO)
    await fleet.restart()
    assert {fleet.records.get(f"late{number}").wanted for number in range(6)} == {Wanted.ASLEEP}
    assert fleet.local.running == set()
    fleet.supervisor.resume()
    for number in range(6):
        await settled(fleet, f"early{number}", Observed.RUNNING)
    assert fleet.local.running == {f"early{number}" for number in range(6)}
    assert fleet.records.get("stopped").wanted is Wanted.STOPPED
    assert fleet.records.get("asleep").wanted is Wanted.ASLEEP


async def test_what_stops_by_itself_is_started_again_and_what_runs_in_spite_of_all_is_stopped(
    fleet: PlayedFleet, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    await fleet.make("up")
    await fleet.make("down")
    await fleet.supervisor.stop("down", actor=WHO)
    fleet.supervisor.resume()
    order = Command(Verb.STOP, "x", "of nobody")
    fleet.local.report("up", Observed.COMMANDING, command=order)
    fleet.local.report("up", Observed.STOPPED)
    fleet.local.report("down", Observed.COMMANDING, command=order)
    fleet.local.report("down", Observed.RUNNING)
    await settled(fleet, "up", Observed.RUNNING)
    await settled(fleet, "down", Observed.STOPPED)
    told = [line for line in caplog.messages if line.startswith("repairing ")]
    assert sorted(told) == [
        "repairing down: it should be stopped and is running",
        "repairing up: it should be running and is stopped",
    ]


async def test_a_defect_with_one_keeps_no_other_from_its_repair(
    fleet: PlayedFleet, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    for name in ("bad", "good"):
        await fleet.make(name, options={"startMode": "withMain"})
    await fleet.restart()
    wanting = Mending.wanting

    def defective(mending: Mending, entry: Entry) -> Repair | None:
        if entry.name == "bad":
            raise KeyError(entry.name)
        return wanting(mending, entry)

    monkeypatch.setattr(Mending, "wanting", defective)
    fleet.supervisor.resume()
    await settled(fleet, "good", Observed.RUNNING)
    assert "bad could not be looked at" in caplog.messages


async def test_what_is_pending_is_left_alone(fleet: PlayedFleet) -> None:
    await fleet.make("shop")
    fleet.supervisor.resume()
    before = list(fleet.local.carried)
    fleet.local.report("shop", Observed.COMMANDING, command=Command(Verb.STOP, "shop", "of nobody"))
    await fleet.supervisor.look_at_all()
    await asyncio.sleep(0)
    assert fleet.local.carried == before


@pytest.mark.usefixtures("at_once")
async def test_a_repair_that_fails_is_tried_again_until_it_succeeds(fleet: PlayedFleet) -> None:
    await fleet.make("shop", options={"startMode": "withMain"})
    await fleet.restart()
    fleet.local.failures[Verb.START] = "DATABASE_UNAVAILABLE"
    fleet.supervisor.resume()
    while fleet.local.carried.count((Verb.START, "shop")) < 5:
        await asyncio.sleep(0.001)
    fleet.local.failures.clear()
    await settled(fleet, "shop", Observed.RUNNING)


async def test_a_repair_with_a_defect_is_put_off_and_logged_once(
    fleet: PlayedFleet, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    await fleet.make("shop", options={"startMode": "withMain"})
    await fleet.restart()
    tried = 0

    async def defective(control: Control, entry: Entry) -> Entry:
        nonlocal tried
        tried += 1
        raise KeyError(entry.name)

    with monkeypatch.context() as patched:
        patched.setattr(Control, "bring_up", defective)
        for _ in range(5):
            await fleet.supervisor.look_at_all()
            async with asyncio.timeout(5):
                while fleet.supervisor.busy("shop") or not tried:
                    await asyncio.sleep(0.001)
    assert tried == 1
    told = [record for record in caplog.records if "tried again later" in record.message]
    assert [record.exc_info is not None for record in told] == [True]
    later = monotonic() + 2 * tries.BACK_OFF_S
    monkeypatch.setattr(tries, "monotonic", lambda: later)
    await fleet.supervisor.look_at_all()
    await settled(fleet, "shop", Observed.RUNNING)


@pytest.mark.usefixtures("at_once")
async def test_a_failure_that_lasts_is_not_tried_again_before_somebody_changes_something(
    fleet: PlayedFleet,
) -> None:
    await fleet.make("old", options={"startMode": "withMain"})
    await fleet.make("good", options={"startMode": "withMain"})
    await fleet.restart()
    fleet.local.failures[Verb.START] = "UPGRADE_NEEDED"
    fleet.supervisor.resume()
    async with asyncio.timeout(5):
        while not (await fleet.records.find("old")).status.stuck:  # type: ignore[union-attr]
            await asyncio.sleep(0)
    await settled(fleet, "old", Observed.STOPPED)
    fleet.local.failures.clear()
    tried = fleet.local.carried.count((Verb.START, "old"))
    for _ in range(20):
        await fleet.supervisor.look_at_all()
        await asyncio.sleep(0.001)
    assert fleet.local.carried.count((Verb.START, "old")) == tried
    await fleet.supervisor.update("old", {"options": {"autoUpgrade": True}}, actor=WHO)
    await settled(fleet, "old", Observed.RUNNING)


@pytest.mark.usefixtures("at_once")
@pytest.mark.parametrize("code", ["UPGRADE_NEEDED", "OWNED_BY_ANOTHER", "DATABASE_UNAVAILABLE"])
@pytest.mark.parametrize("way", ["started", "visited"])
async def test_a_start_that_somebody_asked_for_is_tried_again_only_where_it_may_pass(
    fleet: PlayedFleet, code: str, way: str
) -> None:
    """Else the history has one line of it, and not a second one by a repair that knows nothing of the first."""
    await fleet.make("old")
    await fleet.supervisor.sleep("old", actor=WHO)
    fleet.supervisor.resume()
    fleet.local.failures[Verb.START] = code
    before = fleet.local.carried.count((Verb.START, "old"))
    if way == "started":
        with pytest.raises(CommandFailed):
            await fleet.supervisor.start("old", actor=WHO)
    else:
        await fleet.records.wake("old")
    if code == "DATABASE_UNAVAILABLE":
        fleet.local.failures.clear()
        await settled(fleet, "old", Observed.RUNNING)
        return
    for _ in range(50):
        await fleet.supervisor.look_at_all()
        await asyncio.sleep(0.001)
    assert fleet.local.carried.count((Verb.START, "old")) == before + 1
    fleet.local.failures.clear()
    await fleet.supervisor.start("old", actor=WHO)
    assert (await fleet.records.find("old")).status.observed is Observed.RUNNING  # type: ignore[union-attr]
    assert fleet.supervisor._control.failed_starts == {}


async def test_what_fails_while_it_runs_is_not_started_again_at_once(fleet: PlayedFleet) -> None:
    await fleet.make("shop")
    fleet.supervisor.resume()
    before = list(fleet.local.carried)
    fleet.local.report("shop", Observed.ERROR, step="run", cause="its database is gone")
    for _ in range(5):
        await fleet.supervisor.look_at_all()
        await asyncio.sleep(0)
    assert fleet.local.carried == before
    await fleet.supervisor.start("shop", actor=WHO)  # whoever asks for it does not wait for the repair
    assert (await fleet.records.find("shop")).status.observed is Observed.RUNNING  # type: ignore[union-attr]


async def test_the_repair_of_one_waits_for_whoever_is_at_work_on_it(fleet: PlayedFleet) -> None:
    await fleet.make("shop")
    fleet.supervisor.resume()
    gate = fleet.local.gates[Verb.STOP] = asyncio.Event()
    restarting = asyncio.create_task(fleet.supervisor.restart("shop", actor=WHO))
    while fleet.local.carried[-1] != (Verb.STOP, "shop"):
        await asyncio.sleep(0)
    await fleet.supervisor.look_at_all()
    gate.set()
    await restarting
    assert fleet.local.carried[-2:] == [(Verb.STOP, "shop"), (Verb.START, "shop")]


async def test_what_an_environment_told_while_it_was_thought_to_be_away_is_followed_once_it_answers(
    fleet: PlayedFleet, monkeypatch: pytest.MonkeyPatch
) -> None:
    await fleet.make("shop")
    fleet.supervisor.resume()
    monkeypatch.setattr(fleet.records, "why_not", lambda place: "nobody answers")
    fleet.discovery.report(LOCAL, "shop", Status(Observed.STOPPED, now(), own=Wanted.ASLEEP))
    await fleet.supervisor.look_at_all()
    assert not fleet.supervisor.busy("shop")
    monkeypatch.undo()
    await fleet.supervisor.look_at_all()
    async with asyncio.timeout(60):
        while fleet.records.get("shop").wanted is not Wanted.ASLEEP:
            await asyncio.sleep(0.001)
    assert fleet.local.carried[-1] == (Verb.START, "shop")  # of its making


ASLEEP_SINCE_ITS_START = Status(Observed.STOPPED, now(), own=Wanted.ASLEEP)
GONE = Status(Observed.ERROR, now(), None, AWAY, "The environment paris was stopped.")


@pytest.mark.parametrize(
    ("berlin", "paris", "wanted"),
    [
        (ASLEEP_SINCE_ITS_START, GONE, Wanted.ASLEEP),
        (ASLEEP_SINCE_ITS_START, ASLEEP_SINCE_ITS_START, Wanted.ASLEEP),
        (ASLEEP_SINCE_ITS_START, Status(Observed.RUNNING, now()), None),
        (GONE, GONE, None),
    ],
)
def test_what_waits_for_its_first_visit_sleeps_once_all_that_answer_were_started_anew(
    berlin: Status, paris: Status, wanted: Wanted | None
) -> None:
    """As one in a single environment: it is not brought up for those that are not back yet."""
    assert made_there(entry(Wanted.RUNNING), {"berlin": berlin, "paris": paris}) is wanted


async def test_what_comes_down_while_somebody_is_at_work_on_it_is_brought_up_as_soon_as_they_are_done(
    fleet: PlayedFleet,
) -> None:
    await fleet.make("shop")
    fleet.supervisor.resume()
    begun, over = asyncio.Event(), asyncio.Event()

    async def work() -> None:
        begun.set()
        await over.wait()

    working = asyncio.create_task(fleet.supervisor._control.turn("shop", work))
    await begun.wait()
    fleet.local.report("shop", Observed.COMMANDING, command=Command(Verb.STOP, "shop", "of nobody"))
    fleet.local.report("shop", Observed.STOPPED)
    over.set()
    await working
    began = monotonic()
    await settled(fleet, "shop", Observed.RUNNING)
    assert monotonic() - began < reconcile.EVERY_S / 2


async def test_what_runs_and_has_no_record_is_stopped(fleet: PlayedFleet) -> None:
    fleet.supervisor.resume()
    fleet.local.report("stray", Observed.COMMANDING, command=Command(Verb.START, "stray", "of nobody"))
    fleet.local.report("stray", Observed.RUNNING)
    async with asyncio.timeout(60):
        while fleet.discovery.statuses("stray")[LOCAL].observed is not Observed.STOPPED:
            await asyncio.sleep(0.001)


@pytest.mark.usefixtures("at_once")
async def test_a_purge_that_was_begun_is_brought_to_its_end_after_a_restart(fleet: PlayedFleet) -> None:
    await fleet.make("shop")
    await fleet.supervisor.destroy("shop", confirm="shop", actor=WHO)
    entry = fleet.records.get("shop")
    await fleet.records.change("shop", None, options={**entry.options, PURGING: "data"})
    await fleet.restart()
    fleet.supervisor.resume()
    async with asyncio.timeout(60):
        while await fleet.records.find("shop") is not None:
            await asyncio.sleep(0.001)
    assert fleet.local.databases == {}


@pytest.mark.parametrize("used", ["request", "socket"])
async def test_one_in_use_stays_awake(fleet: PlayedFleet, used: str) -> None:
    await fleet.make("shop", options={"sleepAfter": 1})
    entry, counts = fleet.records.get("shop"), fleet.traffic.of("shop")
    later = now() + timedelta(hours=1)

    def repair() -> Repair | None:
        return repair_of(entry, fleet.records.statuses(entry), counts, later)

    (counts.begin if used == "request" else counts.talk)()
    assert repair() is None
    if used == "request":
        counts.end(200, 0.1)
    else:
        counts.part()
    assert repair() is Repair.SLEEP


@pytest.mark.usefixtures("at_once")
async def test_an_idle_one_falls_asleep_and_wakes_for_a_visit(fleet: PlayedFleet) -> None:
    await fleet.make("shop", options={"sleepAfter": 1})
    fleet.traffic.of("shop").visited = 1.0
    fleet.supervisor.resume()
    async with asyncio.timeout(60):
        while fleet.records.get("shop").wanted is not Wanted.ASLEEP:
            await asyncio.sleep(0.01)
    await settled(fleet, "shop", Observed.STOPPED)
    target = await fleet.records.wake("shop")
    assert target is not None and target.status.observed is Observed.RUNNING


@pytest.mark.usefixtures("at_once")
async def test_one_that_is_visited_at_the_address_of_its_environment_stays_awake(fleet: PlayedFleet) -> None:
    await fleet.make("shop", options={"sleepAfter": 1000})
    entry = fleet.records.get("shop")
    statuses = fleet.discovery.statuses("shop")
    for place, status in statuses.items():
        fleet.discovery.report(place, "shop", replace(status, since=now() - timedelta(hours=2)))
    fleet.local.idle_s["shop"] = 2.0
    fleet.supervisor.resume()
    async with asyncio.timeout(60):
        while (Verb.VISITED, "shop") not in fleet.local.carried or fleet.supervisor.busy("shop"):
            await asyncio.sleep(0)
    await fleet.supervisor.look_at_all()
    assert fleet.records.get("shop").wanted is Wanted.RUNNING
    assert fleet.local.carried.count((Verb.VISITED, "shop")) == 1
    assert (Verb.STOP, "shop") not in fleet.local.carried
    seen = fleet.traffic.of("shop").last_visit_at
    assert seen is not None and now() - timedelta(minutes=5) < seen < now()
    fleet.local.idle_s["shop"] = 5000.0
    fleet.traffic.of("shop").visited = 1.0
    assert repair_of(entry, fleet.records.statuses(entry), fleet.traffic.of("shop"), now()) is Repair.SLEEP
    await fleet.supervisor.look_at_all()
    await settled(fleet, "shop", Observed.STOPPED)
    assert fleet.records.get("shop").wanted is Wanted.ASLEEP


async def test_nothing_is_repaired_after_a_pause(fleet: PlayedFleet) -> None:
    await fleet.make("shop")
    fleet.supervisor.resume()
    await fleet.supervisor.pause()
    before = list(fleet.local.carried)
    fleet.local.report("shop", Observed.COMMANDING, command=Command(Verb.STOP, "shop", "of nobody"))
    fleet.local.report("shop", Observed.STOPPED)
    await asyncio.sleep(0)
    assert fleet.local.carried == before
    fleet.supervisor.resume()
    await settled(fleet, "shop", Observed.RUNNING)


async def test_repairs_that_had_not_begun_when_main_goes_down_are_no_failures(
    fleet: PlayedFleet, caplog: pytest.LogCaptureFixture
) -> None:
    names = [f"shop{number}" for number in range(reconcile.AT_ONCE + 2)]
    for name in names:
        await fleet.make(name, options={"startMode": "withMain"})
    await fleet.restart()
    fleet.local.carried.clear()
    gate = fleet.local.gates[Verb.START] = asyncio.Event()
    fleet.supervisor.resume()
    while not fleet.local.carried:
        await asyncio.sleep(0)
    closing = asyncio.create_task(fleet.supervisor.close())
    await asyncio.sleep(0)
    gate.set()
    await closing
    assert 0 < len(fleet.local.carried) < len(names)
    assert [record.message for record in caplog.records if record.levelname == "ERROR"] == []


async def test_a_repair_that_changes_nothing_is_not_tried_again_at_once(
    fleet: PlayedFleet, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    await fleet.make("shop")
    fleet.supervisor.resume()
    monkeypatch.setattr(PlayedEnvironment, "_do", done_nothing)
    fleet.local.report("shop", Observed.COMMANDING, command=Command(Verb.STOP, "shop", "of nobody"))
    fleet.local.report("shop", Observed.STOPPED)
    async with asyncio.timeout(60):
        while "changed nothing" not in caplog.text:
            await asyncio.sleep(0.001)
    tried = fleet.local.carried.count((Verb.START, "shop"))
    for _ in range(10):
        await fleet.supervisor.look_at_all()
        await asyncio.sleep(0)
    assert fleet.local.carried.count((Verb.START, "shop")) == tried


async def done_nothing(environment: PlayedEnvironment, command: Command) -> dict[str, Any]:
    """An environment that says that it has done what it was told."""
    return {}


async def test_one_that_was_deleted_half_made_is_down(fleet: PlayedFleet) -> None:
    await fleet.supervisor.create({"name": "shop"}, actor=WHO)
    await fleet.supervisor.prepare("shop")
    await fleet.supervisor.destroy("shop", confirm="shop", actor=WHO)
    await settled(fleet, "shop", Observed.STOPPED)


async def test_those_whose_servers_hang_keep_no_other_from_its_start(fleet: PlayedFleet) -> None:
    names = [f"shop{number}" for number in range(reconcile.AT_ONCE + 1)]
    for name in names:
        await fleet.make(name, options={"startMode": "withMain"})
    await fleet.restart()
    fleet.local.carried.clear()
    gate = fleet.local.gates[Verb.START] = asyncio.Event()
    fleet.supervisor.resume()
    try:
        async with asyncio.timeout(60):
            while {name for verb, name in fleet.local.carried if verb is Verb.START} != set(names):
                await asyncio.sleep(0.01)
    finally:
        gate.set()
