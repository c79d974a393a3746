"""Applications of this process: up, down, and what a failing step leaves."""

import asyncio
from datetime import UTC, datetime

import pytest

from insula.fleet.directory.memory import MemoryDirectory
from insula.fleet.errors import ApplicationNotFound, StartGivenUp
from insula.fleet.lifecycle import Lifecycle, Observed
from insula.fleet.process.base import AsgiApp, Receive, Scope, Send
from insula.fleet.process.local import LocalProcess, Steps


async def answering(scope: Scope, receive: Receive, send: Send) -> None: ...


class Recorded(Steps):
    """Steps that note what was called, and fail or hang where told."""

    def __init__(self, lifecycle: Lifecycle, fails_at: str = "") -> None:
        self.lifecycle = lifecycle
        self.fails_at = fails_at
        self.seen: list[tuple[str, Observed]] = []

    async def _step(self, name: str) -> None:
        self.seen.append((name, self.lifecycle.status.observed))
        if name == self.fails_at:
            raise RuntimeError(f"no {name} today")

    async def prepare(self) -> None:
        await self._step("prepare")

    async def initialize(self) -> None:
        await self._step("initialize")

    async def run(self) -> AsgiApp:
        await self._step("run")
        return answering

    async def stop(self) -> None:
        await self._step("stop")


def process(fails_at: str = "") -> tuple[LocalProcess, Lifecycle, Recorded]:
    lifecycle = Lifecycle("main", lambda: datetime.now(UTC))
    steps = Recorded(lifecycle, fails_at)
    made = LocalProcess()
    made.add(lifecycle, steps)
    return made, lifecycle, steps


async def test_up_and_down() -> None:
    made, lifecycle, steps = process()
    assert made.running("main") is None
    await made.start("main")
    assert made.running("main") is answering
    assert lifecycle.status.observed is Observed.RUNNING
    await made.start("main")
    await made.stop("main")
    assert made.running("main") is None
    assert lifecycle.status.observed is Observed.STOPPED
    assert steps.seen == [
        ("prepare", Observed.PREPARING),
        ("initialize", Observed.INITIALIZING),
        ("run", Observed.INITIALIZED),
        ("stop", Observed.COMMANDING),
    ]
    await made.start("main")
    assert made.running("main") is answering


@pytest.mark.parametrize(
    ("method", "step"), [("prepare", "prepare"), ("initialize", "initialize"), ("run", "start")]
)
async def test_a_failing_step_is_an_error_with_step_and_cause_and_can_be_stopped(
    method: str, step: str
) -> None:
    made, lifecycle, steps = process(method)
    with pytest.raises(RuntimeError, match=method):
        await made.start("main")
    assert (lifecycle.status.observed, lifecycle.status.step) == (Observed.ERROR, step)
    assert lifecycle.status.cause == f"no {method} today"
    assert made.running("main") is None
    await made.stop("main")
    assert steps.seen[-1][0] == "stop"
    assert lifecycle.status.observed is Observed.STOPPED


class Slow(Recorded):
    """Preparing waits until it may go on."""

    def __init__(self, lifecycle: Lifecycle, fails_at: str = "") -> None:
        super().__init__(lifecycle, fails_at)
        self.begun = asyncio.Event()
        self.go_on = asyncio.Event()

    async def prepare(self) -> None:
        self.begun.set()
        await self.go_on.wait()
        await super().prepare()


def slow(fails_at: str = "") -> tuple[LocalProcess, Lifecycle, Slow]:
    lifecycle = Lifecycle("main", lambda: datetime.now(UTC))
    steps = Slow(lifecycle, fails_at)
    made = LocalProcess()
    made.add(lifecycle, steps)
    return made, lifecycle, steps


async def test_a_start_goes_on_when_the_only_one_who_asked_for_it_hangs_up() -> None:
    made, lifecycle, steps = slow()
    first = asyncio.create_task(made.start("main"))
    await steps.begun.wait()
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first
    assert lifecycle.status.observed is Observed.PREPARING
    second = asyncio.create_task(made.start("main"))
    steps.go_on.set()
    await second
    assert [name for name, _ in steps.seen] == ["prepare", "initialize", "run"]
    assert lifecycle.status.observed is Observed.RUNNING


async def test_what_fails_while_it_runs_answers_no_more_and_can_be_started_again() -> None:
    made, lifecycle, _ = process()
    await made.start("main")
    made.fail("main", "its database is gone")
    assert made.running("main") is None
    status = lifecycle.status
    assert (status.observed, status.step, status.cause) == (Observed.ERROR, "run", "its database is gone")
    made.fail("main", "once more")
    assert lifecycle.status is status
    await made.start("main")
    assert made.running("main") is answering
    made.fail("main", "again")
    await made.stop("main")
    assert lifecycle.status.observed is Observed.STOPPED


async def test_whoever_comes_while_it_starts_waits_for_that_start() -> None:
    made, lifecycle, steps = slow()
    visits = [asyncio.create_task(made.start("main")) for _ in range(3)]
    await steps.begun.wait()
    visits[0].cancel()
    with pytest.raises(asyncio.CancelledError):
        await visits[0]
    steps.go_on.set()
    await asyncio.gather(*visits[1:])
    assert [name for name, _ in steps.seen] == ["prepare", "initialize", "run"]
    assert lifecycle.status.observed is Observed.RUNNING


async def test_all_who_wait_are_told_why_a_start_failed_and_the_next_tries_again() -> None:
    made, _, steps = slow("initialize")
    steps.go_on.set()
    results = await asyncio.gather(made.start("main"), made.start("main"), return_exceptions=True)
    assert [str(result) for result in results] == ["no initialize today"] * 2
    steps.fails_at = ""
    await made.start("main")
    assert made.running("main") is answering


async def test_a_stop_ends_the_start_that_is_under_way() -> None:
    made, lifecycle, steps = slow()
    starting = asyncio.create_task(made.start("main"))
    await steps.begun.wait()
    await made.stop("main")
    with pytest.raises(StartGivenUp):
        await starting
    assert lifecycle.status.observed is Observed.STOPPED
    assert [name for name, _ in steps.seen] == ["stop"]
    assert made.running("main") is None


async def test_stopping_twice_stops_once_also_at_the_same_time() -> None:
    made, _, steps = process()
    await made.start("main")
    await asyncio.gather(made.stop("main"), made.stop("main"))
    await made.stop("main")
    assert [name for name, _ in steps.seen].count("stop") == 1


async def test_stopping_what_never_ran_does_nothing_and_strangers_are_refused() -> None:
    made, lifecycle, _ = process()
    await made.stop("main")
    assert lifecycle.status.observed is Observed.NOT_FOUND
    with pytest.raises(ApplicationNotFound, match="shop"):
        await made.start("shop")


async def test_the_directory_knows_names_and_domains_and_forgets_them() -> None:
    directory = MemoryDirectory()
    directory.add(Lifecycle("shop", lambda: datetime.now(UTC)), domain="Shop.Example")
    found = await directory.find("shop")
    assert found is not None
    assert found.status.observed is Observed.NOT_FOUND
    assert directory.application_of("shop.example") == "shop"
    directory.remove("shop")
    assert await directory.find("shop") is None
    assert directory.application_of("shop.example") is None
