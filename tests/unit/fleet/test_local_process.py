"""Applications of this process: made, up and down, and what a failing step leaves."""

import asyncio
from collections.abc import Mapping
from typing import Any

import pytest

from insula.core.doing import Tell, to_nobody
from insula.fleet.command import Verb
from insula.fleet.configuration import Configuration
from insula.fleet.errors import StartGivenUp, StaysDown, StepExpired, WrongMove
from insula.fleet.lifecycle import Observed, Status
from insula.fleet.process import telling
from insula.fleet.process.base import AsgiApp, Receive, Scope, Send
from insula.fleet.process.local import LocalProcess
from insula.fleet.process.steps import Steps

SHOP = Configuration("shop", "1")
O = Observed


async def answering(scope: Scope, receive: Receive, send: Send) -> None: ...


class House:
    """A process adapter over steps that note what was called, and fail or wait where told."""

    def __init__(self, fails_at: str = "", waits_at: str = "", deadline_s: float | None = 10.0) -> None:
        self.fails_at = fails_at
        self.waits_at = waits_at
        self.stays_down = False
        self.deadline_s = deadline_s
        self.fails_in: list[str] = []
        """Plugins that fail while it comes up or is upgraded."""
        self.steps: list[Noted] = []
        self.begun = asyncio.Event()
        self.go_on = asyncio.Event()
        self.called: list[str] = []
        self.moves: list[tuple[str, Status]] = []
        self.process = LocalProcess(lambda configuration: Noted(self), self._changed)

    def _changed(self, application: str, status: Status) -> None:
        self.moves.append((application, status))

    @property
    def seen(self) -> list[Observed]:
        return [status.observed for _, status in self.moves]

    @property
    def status(self) -> Status:
        return self.process.status("shop")

    async def step(self, name: str, tell: Tell = to_nobody) -> None:
        self.called.append(name)
        if name == self.waits_at:
            for told in range(1, 101):
                tell(f"plugin {told} of 100", told / 100)
            self.begun.set()
            await self.go_on.wait()
        if name == self.fails_at and self.stays_down:
            raise StaysDown(reason="it is older than this")
        if name == self.fails_at:
            raise RuntimeError(f"no {name} today")


class Noted(Steps):
    def __init__(self, house: House) -> None:
        self.house = house
        house.steps.append(self)
        type(self).deadline_s = house.deadline_s

    async def prepare(self) -> None:
        await self.house.step("prepare")

    async def create(self, arguments: Mapping[str, Any]) -> None:
        await self.house.step(f"create{dict(arguments) or ''}")

    async def initialize(self) -> None:
        await self.house.step("initialize", self.tell)
        self.degrade(self.house.fails_in)

    async def run(self) -> AsgiApp:
        await self.house.step("run")
        return answering

    async def upgrade(self) -> None:
        await self.house.step("upgrade")
        self.degrade(self.house.fails_in)

    async def stop(self) -> None:
        await self.house.step("stop")


async def test_up_and_down() -> None:
    house = House()
    process = house.process
    assert process.running("shop") is None
    assert process.status("shop").observed is O.NOT_FOUND
    await process.start(SHOP)
    assert process.running("shop") is answering
    await process.start(SHOP)
    await process.stop("shop")
    assert process.running("shop") is None
    assert house.called == ["prepare", "initialize", "run", "stop"]
    assert house.seen == [O.COMMANDING, O.RUNNING, O.COMMANDING, O.STOPPED]
    verbs = [status.command.verb for _, status in house.moves if status.command]
    assert verbs == [Verb.START, Verb.STOP]
    await process.start(SHOP)
    assert {name: status.observed for name, status in process.statuses().items()} == {"shop": O.RUNNING}


@pytest.mark.parametrize("made", [False, True])
async def test_one_that_is_not_to_run_as_it_is_is_stopped_and_says_why(made: bool) -> None:
    house = House(fails_at="initialize")
    house.stays_down = True
    if made:
        await house.process.create(SHOP, {})
    for _ in range(2):
        with pytest.raises(StaysDown, match="older than this"):
            await house.process.start(SHOP)
        assert (house.status.observed, house.status.step) == (O.STOPPED, "")
        assert (house.status.cause, house.status.stuck) == ("it is older than this", True)
        assert house.called[-1] == "stop"
    house.fails_at = ""
    await house.process.start(SHOP)
    assert (house.status.observed, house.status.stuck) == (O.RUNNING, False)
    assert O.ERROR not in house.seen


async def test_plugins_that_failed_are_told_with_what_runs() -> None:
    house = House()
    house.fails_in = ["shelf", "boxes"]
    await house.process.start(SHOP)
    assert house.seen == [O.COMMANDING, O.RUNNING]
    assert house.status.failed == ("boxes", "shelf")
    since = house.status.since
    house.steps[-1].degrade(["shelf", "boxes"])
    assert len(house.moves) == 2, "it is no news"
    house.steps[-1].degrade(["shelf"])
    assert house.moves[-1] == ("shop", house.status)
    assert (house.status.observed, house.status.failed, house.status.since) == (O.RUNNING, ("shelf",), since)
    house.steps[-1].degrade([])
    assert house.moves[-1][1].failed == ()
    house.steps[-1].degrade(["boxes"])
    await house.process.stop("shop")
    assert (house.status.observed, house.status.failed) == (O.STOPPED, ())
    house.fails_in = []
    await house.process.start(SHOP)
    assert (house.status.observed, house.status.failed) == (O.RUNNING, ())


async def test_plugins_that_failed_in_an_upgrade_are_told_of_what_is_down_as_well() -> None:
    house = House()
    house.fails_in = ["shelf"]
    await house.process.upgrade(SHOP)
    assert (house.status.observed, house.status.failed) == (O.STOPPED, ("shelf",))
    house.fails_in = []
    await house.process.upgrade(SHOP)
    assert (house.status.observed, house.status.failed) == (O.STOPPED, ())


async def test_made_then_started_without_being_opened_twice() -> None:
    house = House()
    await house.process.create(SHOP, {"root": 1})
    assert house.process.running("shop") is None
    await house.process.create(SHOP, {})
    await house.process.start(SHOP)
    assert house.called == ["prepare", "create{'root': 1}", "initialize", "run"]
    assert house.seen == [O.PREPARING, O.INITIALIZING, O.INITIALIZED, O.RUNNING]
    await house.process.create(SHOP, {})
    assert house.called == ["prepare", "create{'root': 1}", "initialize", "run"]


async def test_upgraded_while_down_and_left_alone_while_up() -> None:
    house = House()
    await house.process.upgrade(SHOP)
    assert house.called == ["prepare", "upgrade", "stop"]
    assert house.seen == [O.COMMANDING, O.STOPPED]
    await house.process.start(SHOP)
    await house.process.upgrade(SHOP)
    assert house.process.running("shop") is answering
    assert house.called.count("upgrade") == 1


@pytest.mark.parametrize(
    ("method", "step"), [("prepare", "prepare"), ("initialize", "initialize"), ("run", "start")]
)
async def test_a_failing_step_is_an_error_with_step_and_cause_and_leaves_nothing_open(
    method: str, step: str
) -> None:
    house = House(fails_at=method)
    with pytest.raises(RuntimeError, match=method):
        await house.process.start(SHOP)
    assert (house.status.observed, house.status.step) == (O.ERROR, step)
    assert house.status.cause == f"no {method} today"
    assert house.process.running("shop") is None
    assert house.called[-1] == "stop"
    await house.process.stop("shop")
    assert house.status.observed is O.STOPPED
    assert house.called.count("stop") == 1


async def test_a_failing_making_and_a_failing_upgrade_can_be_tried_again() -> None:
    house = House(fails_at="create")
    with pytest.raises(RuntimeError, match="create"):
        await house.process.create(SHOP, {})
    assert (house.status.observed, house.status.step) == (O.ERROR, "create")
    house.fails_at = ""
    await house.process.create(SHOP, {})
    assert house.status.observed is O.INITIALIZED
    house.fails_at = "upgrade"
    with pytest.raises(RuntimeError, match="upgrade"):
        await house.process.upgrade(SHOP)
    assert (house.status.observed, house.status.step) == (O.ERROR, "upgrade")


async def test_what_can_not_be_closed_is_an_error_and_closed_by_the_next_stop() -> None:
    house = House(fails_at="stop")
    await house.process.start(SHOP)
    with pytest.raises(RuntimeError, match="stop"):
        await house.process.stop("shop")
    assert (house.status.observed, house.status.step) == (O.ERROR, "stop")
    assert house.process.running("shop") is None
    with pytest.raises(WrongMove):
        house.process.forget("shop")
    house.fails_at = ""
    await house.process.stop("shop")
    assert house.status.observed is O.STOPPED


async def test_a_step_that_takes_too_long_is_given_up() -> None:
    house = House(waits_at="initialize", deadline_s=0.01)
    with pytest.raises(StepExpired, match="initialize of shop took longer than 0.01 s"):
        await house.process.start(SHOP)
    assert (house.status.observed, house.status.step) == (O.ERROR, "initialize")
    assert "took longer" in house.status.cause


async def test_a_start_goes_on_when_the_only_one_who_asked_for_it_hangs_up() -> None:
    house = House(waits_at="prepare")
    first = asyncio.create_task(house.process.start(SHOP))
    await house.begun.wait()
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first
    assert house.status.observed is O.COMMANDING
    second = asyncio.create_task(house.process.start(SHOP))
    house.go_on.set()
    await second
    assert house.called == ["prepare", "initialize", "run"]
    assert house.status.observed is O.RUNNING


async def test_what_fails_while_it_runs_answers_no_more_and_can_be_started_again() -> None:
    house = House()
    process = house.process
    process.fail("shop", "nobody knows it")
    await process.start(SHOP)
    process.fail("shop", "its database is gone")
    assert process.running("shop") is None
    status = house.status
    assert (status.observed, status.step, status.cause) == (O.ERROR, "run", "its database is gone")
    process.fail("shop", "once more")
    assert house.status is status
    await process.start(SHOP)
    assert house.called == ["prepare", "initialize", "run", "stop", "prepare", "initialize", "run"]
    process.fail("shop", "again")
    await process.stop("shop")
    assert house.status.observed is O.STOPPED


async def test_whoever_comes_while_it_starts_waits_for_that_start() -> None:
    house = House(waits_at="prepare")
    visits = [asyncio.create_task(house.process.start(SHOP)) for _ in range(300)]
    await house.begun.wait()
    for visit in visits[:100]:
        visit.cancel()
    house.go_on.set()
    ended = await asyncio.gather(*visits, return_exceptions=True)
    assert [type(each) for each in ended] == [asyncio.CancelledError] * 100 + [type(None)] * 200
    assert house.called == ["prepare", "initialize", "run"]


async def test_all_who_wait_are_told_why_a_start_failed_and_the_next_tries_again() -> None:
    house = House(fails_at="initialize")
    starts = (house.process.start(SHOP), house.process.start(SHOP))
    results = await asyncio.gather(*starts, return_exceptions=True)
    assert [str(result) for result in results] == ["no initialize today"] * 2
    house.fails_at = ""
    await house.process.start(SHOP)
    assert house.process.running("shop") is answering


async def test_a_stop_ends_the_start_that_is_under_way() -> None:
    house = House(waits_at="prepare")
    starting = asyncio.create_task(house.process.start(SHOP))
    await house.begun.wait()
    await house.process.stop("shop")
    with pytest.raises(StartGivenUp):
        await starting
    assert house.status.observed is O.STOPPED
    assert house.called == ["prepare", "stop"]
    assert house.process.running("shop") is None


async def test_what_is_asked_for_in_turn_is_done_in_turn() -> None:
    house = House(waits_at="prepare")
    process = house.process
    first = asyncio.create_task(process.start(SHOP))
    await house.begun.wait()
    stopping = asyncio.create_task(process.stop("shop"))
    await asyncio.sleep(0)
    again = asyncio.create_task(process.start(SHOP))
    house.go_on.set()
    ended = await asyncio.gather(first, stopping, again, return_exceptions=True)
    assert [type(each) for each in ended] == [StartGivenUp, type(None), type(None)]
    assert house.status.observed is O.RUNNING
    assert O.STOPPED in house.seen


async def test_stopping_twice_stops_once_also_at_the_same_time() -> None:
    house = House()
    await house.process.start(SHOP)
    await asyncio.gather(house.process.stop("shop"), house.process.stop("shop"))
    await house.process.stop("shop")
    assert house.called.count("stop") == 1


async def test_a_stop_goes_on_when_whoever_asked_for_it_hangs_up() -> None:
    house = House(waits_at="stop")
    await house.process.start(SHOP)
    stopping = asyncio.create_task(house.process.stop("shop"))
    await house.begun.wait()
    stopping.cancel()
    with pytest.raises(asyncio.CancelledError):
        await stopping
    house.go_on.set()
    await house.process.stop("shop")
    assert house.status.observed is O.STOPPED
    assert house.called.count("stop") == 1


async def test_all_but_one_are_stopped_side_by_side() -> None:
    house = House(waits_at="stop")
    names = ["main", "shop", "club"]
    for name in names:
        await house.process.start(Configuration(name, "1"))
    stopping = asyncio.create_task(house.process.stop_all("main"))
    await house.begun.wait()
    while house.called.count("stop") < 2:
        await asyncio.sleep(0)
    house.go_on.set()
    await stopping
    assert [name for name in names if house.process.running(name)] == ["main"]


async def test_stopping_what_never_ran_does_nothing_and_only_what_is_down_is_forgotten() -> None:
    house = House()
    await house.process.stop("shop")
    house.process.forget("shop")
    assert house.moves == []
    await house.process.start(SHOP)
    with pytest.raises(WrongMove, match="shop is running"):
        house.process.forget("shop")
    await house.process.stop("shop")
    house.process.forget("shop")
    assert house.seen[-1] is O.NOT_FOUND
    assert house.process.statuses() == {}


async def test_of_many_steps_in_a_moment_the_last_is_told_and_of_a_short_work_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(telling, "TOLD_AFTER_S", 0.01)
    house = House(waits_at="initialize")
    starting = asyncio.create_task(house.process.start(SHOP))
    await house.begun.wait()
    assert len(house.moves) == 1
    while not house.status.doing:
        await asyncio.sleep(0.005)
    house.go_on.set()
    await starting
    told = [(status.observed, status.doing, status.progress) for _, status in house.moves]
    assert told == [
        (O.COMMANDING, "", None),
        (O.COMMANDING, "plugin 100 of 100", 1.0),
        (O.RUNNING, "", None),
    ]
    await house.process.stop("shop")
    house.moves.clear()
    monkeypatch.setattr(telling, "TOLD_AFTER_S", 0.5)
    await house.process.start(SHOP)
    await asyncio.sleep(0.6)
    assert [status.doing for _, status in house.moves] == ["", ""], "it was over before it was to be told"
