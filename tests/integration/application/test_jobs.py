"""The runner of steps, on real tables."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest

from insula.application.collections import JOBS
from insula.application.errors import UnknownJob, WrongJobState
from insula.application.jobs.kinds import JobKind, Step, StepContext
from insula.application.jobs.runner import ATTEMPTS, JOBS_AT_ONCE, Jobs
from insula.application.jobs.store import Job, JobStore
from insula.application.options import Options
from insula.core.errors import InsulaError, Kind
from insula.data.catalog import StaticCatalog
from insula.data.filters.tree import Condition
from insula.data.query import Query
from insula.data.repository import Repository
from insula.data.schema_journal import changing
from insula.data.schema_sync import SchemaSync
from insula.data.scope import Unrestricted
from insula.database.executor import Database, Transaction

ALL = Unrestricted()


class Busy(InsulaError):
    """It is busy."""

    kind = Kind.UNAVAILABLE


class Owner:
    """What jobs need of an application."""

    def __init__(self, database: Database) -> None:
        self.repository = Repository(StaticCatalog([JOBS]), database)
        self.options = Options()
        self.others = None


@pytest.fixture
async def owner(database: Database) -> Owner:
    async with changing(database) as transaction:
        await SchemaSync(database.dialect).create_all(transaction, [JOBS])
    return Owner(database)


@pytest.fixture
async def jobs(owner: Owner) -> AsyncIterator[Jobs]:
    made = Jobs(owner, back_off_s=0.001)  # type: ignore[arg-type]
    await made.start()
    yield made
    await made.stop()


class Log:
    """Steps that note that they were run."""

    def __init__(self) -> None:
        self.calls: list[str] = []
        self.begun = asyncio.Event()
        self.go_on = asyncio.Event()
        self.failures: list[Exception] = []

    def kind(self, *names: str) -> JobKind:
        return JobKind(
            "test", "Test", tuple(Step(n, self.run(n), self.run(f"undo {n}")) for n in names), True
        )

    def run(self, name: str) -> Any:
        async def step(context: StepContext) -> Any:
            self.calls.append(name)
            if name.startswith("fails") and self.failures:
                raise self.failures.pop(0)
            if name.startswith("waits"):
                self.begun.set()
                await self.go_on.wait()
            await context.progress(0.5, f"in {name}")
            return {"of": name, "before": sorted(context.results)}

        return step


async def test_steps_run_in_order_and_what_they_give_is_kept(jobs: Jobs) -> None:
    log = Log()
    jobs.register(log.kind("a", "b"))
    job = await jobs.finished(await jobs.submit("test", {"x": 1}, created_by=7))
    assert log.calls == ["a", "b"]
    assert (job.status, job.progress, job.input, job.created_by) == ("succeeded", 1.0, {"x": 1}, 7)
    assert [step.result for step in job.steps] == [
        {"of": "a", "before": []},
        {"of": "b", "before": ["a"]},
    ]
    assert job.steps[0].log[0].endswith("in a")


async def test_what_passes_is_tried_again(jobs: Jobs) -> None:
    log = Log()
    log.failures = [Busy(), Busy()]
    jobs.register(log.kind("fails"))
    job = await jobs.finished(await jobs.submit("test", {}))
    assert (job.status, job.steps[0].attempts) == ("succeeded", 3)


async def test_a_second_try_begins_at_what_was_kept(jobs: Jobs) -> None:
    found: list[Any] = []

    async def ten(transaction: Transaction) -> int:
        return 10

    async def comes_to_nothing(transaction: Transaction) -> int:
        raise Busy

    async def step(context: StepContext) -> None:
        found.append(context.record.state)
        if len(found) < 3:
            await context.commit(ten if len(found) == 1 else comes_to_nothing, 0.5)
            raise Busy

    jobs.register(JobKind("test", "Test", (Step("one", step),)))
    assert (await jobs.finished(await jobs.submit("test", {}))).status == "succeeded"
    assert found == [None, 10, 10]


async def test_a_job_that_can_not_be_kept_goes_on_once_it_can(
    jobs: Jobs, owner: Owner, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = Log()
    jobs.register(log.kind("one", "two"))
    save = JobStore.save
    away = 3

    async def failing(self: JobStore, job: Job, on: Any = None) -> None:
        nonlocal away
        if job.steps[0].status == "succeeded" and away:
            away -= 1
            raise Busy
        await save(self, job, on)

    monkeypatch.setattr(JobStore, "save", failing)
    finished = await jobs.finished(await jobs.submit("test", {}))
    assert (finished.status, away) == ("succeeded", 0)
    assert log.calls[-1] == "two"


async def test_what_does_not_pass_fails_in_the_end(jobs: Jobs) -> None:
    log = Log()
    log.failures = [Busy() for _ in range(ATTEMPTS)]
    jobs.register(log.kind("fails", "never"))
    job = await jobs.finished(await jobs.submit("test", {}))
    assert (job.status, job.error) == ("failed", "fails: It is busy.")
    assert log.calls == ["fails"] * ATTEMPTS


async def test_a_defect_fails_at_once_and_a_retry_goes_on_from_there(jobs: Jobs) -> None:
    log = Log()
    log.failures = [RuntimeError("secret")]
    jobs.register(log.kind("a", "fails", "c"))
    job = await jobs.finished(await jobs.submit("test", {}))
    assert job.status == "failed"
    assert "secret" not in str(job.error)
    await jobs.retry(job.id)
    job = await jobs.finished(job.id)
    assert job.status == "succeeded"
    assert log.calls == ["a", "fails", "fails", "c"]
    with pytest.raises(WrongJobState):
        await jobs.retry(job.id)


async def test_what_was_interrupted_goes_on_in_the_step_it_was_in(jobs: Jobs, owner: Owner) -> None:
    log = Log()
    jobs.register(log.kind("a", "waits", "c"))
    number = await jobs.submit("test", {})
    await log.begun.wait()
    await jobs.stop()
    assert (await jobs.store.get(number)).status == "running"

    log.go_on.set()
    again = Jobs(owner)  # type: ignore[arg-type]
    again.register(log.kind("a", "waits", "c"))
    await again.start()
    assert (await again.finished(number)).status == "succeeded"
    assert log.calls == ["a", "waits", "waits", "c"]
    await again.stop()


async def test_cancelling(jobs: Jobs) -> None:
    log = Log()
    jobs.register(log.kind("waits"))
    number = await jobs.submit("test", {})
    await log.begun.wait()
    assert (await jobs.cancel(number)).status == "cancelled"
    with pytest.raises(WrongJobState):
        await jobs.cancel(number)


async def test_of_two_who_cancel_neither_keeps_the_other_from_it(
    jobs: Jobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    log, ending, go_on = Log(), asyncio.Event(), asyncio.Event()
    jobs.register(log.kind("waits"))
    number = await jobs.submit("test", {})
    await log.begun.wait()
    move, check, checked = JobStore.move, JobStore.check, list[str]()

    async def moved(store: JobStore, identifier: int, verb: str) -> None:
        ending.set()
        await go_on.wait()
        await move(store, identifier, verb)

    async def was_checked(store: JobStore, identifier: int, verb: str) -> None:
        await check(store, identifier, verb)
        checked.append(verb)

    monkeypatch.setattr(JobStore, "move", moved)
    monkeypatch.setattr(JobStore, "check", was_checked)
    first = asyncio.create_task(jobs.cancel(number))
    await ending.wait()
    second = asyncio.create_task(jobs.cancel(number))
    while len(checked) < 2:
        await asyncio.sleep(0)
    await asyncio.sleep(0)
    go_on.set()
    assert [job.status for job in await asyncio.gather(first, second)] == ["cancelled", "cancelled"]


async def test_a_stop_in_the_moment_of_a_cancel_leaves_the_job_cancelled(
    jobs: Jobs, owner: Owner, monkeypatch: pytest.MonkeyPatch
) -> None:
    log, ending, go_on = Log(), asyncio.Event(), asyncio.Event()
    jobs.register(log.kind("waits"))
    number = await jobs.submit("test", {})
    await log.begun.wait()
    move = JobStore.move

    async def moved(store: JobStore, identifier: int, verb: str) -> None:
        ending.set()
        await go_on.wait()
        await move(store, identifier, verb)

    with monkeypatch.context() as patched:
        patched.setattr(JobStore, "move", moved)
        cancelling = asyncio.create_task(jobs.cancel(number))
        await ending.wait()
        stopping = asyncio.create_task(jobs.stop())
        await asyncio.sleep(0)
        go_on.set()
        await stopping
    assert (await cancelling).status == "cancelled"
    again = Jobs(owner)  # type: ignore[arg-type]
    again.register(log.kind("waits"))
    await again.start()
    await again.stop()
    assert (await again.store.get(number)).status == "cancelled"
    assert log.calls == ["waits"]


async def test_undoing_takes_back_the_last_step_first(jobs: Jobs) -> None:
    log = Log()
    jobs.register(log.kind("a", "b"))
    job = await jobs.finished(await jobs.submit("test", {}))
    assert (await jobs.undo(job.id)).status == "undoing"
    assert (await jobs.finished(job.id)).status == "undone"
    assert log.calls == ["a", "b", "undo b", "undo a"]
    with pytest.raises(WrongJobState):
        await jobs.undo(job.id)


async def test_no_more_than_two_run_at_once(jobs: Jobs) -> None:
    log = Log()
    jobs.register(log.kind("waits"))
    numbers = [await jobs.submit("test", {}) for _ in range(3)]
    await log.begun.wait()
    while log.calls != ["waits", "waits"]:
        await asyncio.sleep(0)
    assert (await jobs.store.get(numbers[2])).status == "waiting"
    log.go_on.set()
    assert [(await jobs.finished(n)).status for n in numbers] == ["succeeded"] * 3


async def test_unknown_jobs(jobs: Jobs) -> None:
    with pytest.raises(UnknownJob):
        await jobs.submit("none", {})
    with pytest.raises(UnknownJob):
        await jobs.store.get(99)


async def written(owner: Owner) -> list[str]:
    """What the steps below have written, in its order."""
    query = Query(filter=Condition(("kind",), "$eq", "written"), sort=("id",), page_size=None)
    return [row["title"] for row in (await owner.repository.find("jobs", query, scopes=ALL)).rows]


class Pieces:
    """A step that writes pieces, each with its number as state; told to, it fails before or after a commit."""

    def __init__(self, owner: Owner, fails: str) -> None:
        self.owner = owner
        self.fails = fails
        self.begun = asyncio.Event()
        self.go_on = asyncio.Event()
        self.go_on.set()

    def kind(self) -> JobKind:
        return JobKind("pieces", "Pieces", (Step("write", self.run),))

    async def run(self, context: StepContext) -> int:
        for number in range(context.record.state or 0, 4):

            async def piece(transaction: Transaction, number: int = number) -> int:
                values = {"kind": "written", "title": str(number), "status": "undone"}
                await self.owner.repository.create("jobs", values, scopes=ALL, on=transaction)
                if number == 2:
                    self.begun.set()
                    await self.go_on.wait()
                    self.fail("before")
                return number + 1

            await context.commit(piece, number / 4)
            if number == 2:
                self.fail("after")
        return 4

    def fail(self, when: str) -> None:
        if self.fails == when:
            self.fails = ""
            raise Busy


@pytest.mark.parametrize("when", ["before", "after"])
async def test_a_piece_is_written_once_whatever_fails_around_its_commit(
    jobs: Jobs, owner: Owner, when: str
) -> None:
    jobs.register(Pieces(owner, when).kind())
    job = await jobs.finished(await jobs.submit("pieces", {}))
    assert (job.status, job.steps[0].state, job.steps[0].attempts) == ("succeeded", 4, 2)
    assert await written(owner) == ["0", "1", "2", "3"]


async def test_a_piece_that_was_cancelled_is_written_by_the_retry(jobs: Jobs, owner: Owner) -> None:
    pieces = Pieces(owner, "")
    pieces.go_on.clear()
    jobs.register(pieces.kind())
    number = await jobs.submit("pieces", {})
    await pieces.begun.wait()
    job = await jobs.cancel(number)
    assert (job.status, job.steps[0].status, job.steps[0].state) == ("cancelled", "cancelled", 2)
    pieces.go_on.set()
    await jobs.retry(number)
    assert (await jobs.finished(number)).status == "succeeded"
    assert await written(owner) == ["0", "1", "2", "3"]


async def test_of_two_who_undo_or_retry_at_once_one_does(jobs: Jobs) -> None:
    log = Log()
    jobs.register(log.kind("a", "b"))
    number = await jobs.submit("test", {})
    await jobs.finished(number)
    results = await asyncio.gather(
        jobs.undo(number), jobs.undo(number), jobs.retry(number), return_exceptions=True
    )
    assert sorted(isinstance(result, WrongJobState) for result in results) == [False, True, True]
    assert (await jobs.finished(number)).status == "undone"
    assert log.calls == ["a", "b", "undo b", "undo a"]


async def test_an_undo_goes_on_without_the_one_who_asked_and_after_a_stop(jobs: Jobs, owner: Owner) -> None:
    log = Log()
    waits = JobKind("test", "Test", (Step("a", log.run("a"), log.run("waits")),), undoable=True)
    jobs.register(waits)
    number = await jobs.submit("test", {})
    await jobs.finished(number)
    await jobs.undo(number)
    await log.begun.wait()
    await jobs.stop()
    assert (await jobs.store.get(number)).status == "undoing"
    log.go_on.set()
    again = Jobs(owner)  # type: ignore[arg-type]
    again.register(waits)
    await again.start()
    assert (await again.finished(number)).status == "undone"
    await again.stop()


async def test_an_undo_that_fails_says_so_and_can_be_done_again(jobs: Jobs) -> None:
    log = Log()
    log.failures = [RuntimeError("secret")]
    jobs.register(JobKind("test", "Test", (Step("a", log.run("a"), log.run("fails")),), undoable=True))
    number = await jobs.submit("test", {})
    await jobs.finished(number)
    await jobs.undo(number)
    job = await jobs.finished(number)
    assert job.status == "failed"
    assert "undoing a" in str(job.error)
    await jobs.undo(number)
    assert (await jobs.finished(number)).status == "undone"


async def test_a_retried_job_is_not_cancelled_by_an_earlier_wish(jobs: Jobs, owner: Owner) -> None:
    log = Log()
    jobs.register(log.kind("waits"))
    number = await jobs.submit("test", {})
    await log.begun.wait()
    await jobs.cancel(number)
    log.begun.clear()
    await jobs.retry(number)
    await log.begun.wait()
    await jobs.stop()
    assert (await jobs.store.get(number)).status == "running"


async def test_a_job_kept_by_another_version_stops_no_start(owner: Owner) -> None:
    steps = [{"name": "a", "status": "waiting", "colour": "red"}]
    values = {"kind": "test", "title": "Old", "status": "running", "steps": steps, "progress": 0.0}
    row = await owner.repository.create("jobs", values, scopes=ALL)
    log = Log()
    jobs = Jobs(owner)  # type: ignore[arg-type]
    jobs.register(log.kind("a"))
    await jobs.start()
    assert (await jobs.finished(row["id"])).status == "succeeded"
    await jobs.stop()


async def test_a_retry_that_waits_for_what_ends_can_be_cancelled(jobs: Jobs) -> None:
    ending = asyncio.Event()

    async def ends_slowly(context: StepContext) -> None:
        log.begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            await ending.wait()

    log = Log()
    jobs.register(JobKind("test", "Test", (Step("one", ends_slowly),)))
    number = await jobs.submit("test", {})
    await log.begun.wait()
    before = jobs._work[number]
    await jobs.store.move(number, "be cancelled")
    await jobs.retry(number)
    while jobs._work[number] is before:
        await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert (await jobs.cancel(number)).status == "cancelled"
    assert (await jobs.store.get(number)).status == "cancelled"
    ending.set()
    before.task.cancel()
    await asyncio.wait((before.task,))


async def test_steps_that_another_version_changed_fail_the_job_which_can_be_retried_and_undone(
    jobs: Jobs, owner: Owner
) -> None:
    log = Log()
    jobs.register(log.kind("a", "waits", "old"))
    number = await jobs.submit("test", {})
    await log.begun.wait()
    await jobs.stop()
    again = Jobs(owner)  # type: ignore[arg-type]
    again.register(log.kind("a", "new", "waits"))
    await again.start()
    job = await again.finished(number)
    assert job.status == "failed"
    assert job.error is not None
    assert "another version began it, in other steps (a, waits, old)" in job.error
    assert [step.status for step in job.steps] == ["succeeded", "failed", "waiting"]
    log.go_on.set()
    await again.retry(number)
    job = await again.finished(number)
    assert (job.status, [step.name for step in job.steps]) == ("succeeded", ["a", "new", "waits"])
    assert log.calls == ["a", "waits", "new", "waits"]
    await again.undo(number)
    assert (await again.finished(number)).status == "undone"
    assert log.calls[4:] == ["undo waits", "undo new", "undo a"]
    await again.stop()


async def test_a_step_that_this_version_does_not_know_is_not_said_to_be_undone(jobs: Jobs) -> None:
    log = Log()
    jobs.register(log.kind("a", "b"))
    number = await jobs.submit("test", {})
    await jobs.finished(number)
    jobs.register(log.kind("a"))
    await jobs.undo(number)
    job = await jobs.finished(number)
    assert job.status == "failed"
    assert job.error is not None
    assert "undoing b: this version has no such step" in job.error
    assert log.calls == ["a", "b"]


async def test_kinds_with_places_of_their_own_neither_wait_for_others_nor_hold_them_up(jobs: Jobs) -> None:
    others, own = Log(), Log()
    jobs.register(others.kind("waits"))
    started = 0
    all_there, go_on = asyncio.Event(), asyncio.Event()

    async def step(context: StepContext) -> None:
        nonlocal started
        started += 1
        if started == 3:
            all_there.set()
        await go_on.wait()

    jobs.register(JobKind("own", "Own", (Step("one", step),), at_once=3))
    busy = [await jobs.submit("test", {}) for _ in range(JOBS_AT_ONCE)]
    await others.begun.wait()
    mine = [await jobs.submit("own", {}) for _ in range(5)]
    async with asyncio.timeout(60):
        await all_there.wait()
    jobs.register(own.kind("quick"))
    others.go_on.set()
    assert [(await jobs.finished(job)).status for job in busy] == ["succeeded"] * JOBS_AT_ONCE
    assert (await jobs.finished(await jobs.submit("test", {}))).status == "succeeded"
    assert started == 3  # the places of the others are free, and are not theirs
    go_on.set()
    assert [(await jobs.finished(job)).status for job in mine] == ["succeeded"] * 5


async def test_a_job_is_recorded_with_what_it_belongs_to_or_not_at_all(jobs: Jobs, owner: Owner) -> None:
    log = Log()
    jobs.register(log.kind("a", "b"))
    async with owner.repository.transaction() as transaction:
        number = await jobs.record("test", {"x": 1}, transaction, created_by=7, done={"a": {"by": "hand"}})
    assert log.calls == []
    assert (await jobs.store.get(number)).progress == 0.5
    jobs.begin(number, "test")
    job = await jobs.finished(number)
    assert (job.status, log.calls) == ("succeeded", ["b"])
    assert job.steps[1].result == {"of": "b", "before": ["a"]}
    with pytest.raises(Busy):
        async with owner.repository.transaction() as transaction:
            number = await jobs.record("test", {}, transaction)
            raise Busy
    with pytest.raises(UnknownJob):
        await jobs.store.get(number)
    async with owner.repository.transaction() as transaction:
        with pytest.raises(UnknownJob):
            await jobs.record("unknown", {}, transaction)


async def test_a_kind_may_refuse_to_be_undone(jobs: Jobs, owner: Owner) -> None:
    log = Log()

    async def refuse(application: Any, given: Any) -> None:
        assert application is owner
        if given["used"]:
            raise Busy

    jobs.register(replace(log.kind("a"), refuse_undo=refuse))
    used = await jobs.finished(await jobs.submit("test", {"used": True}))
    with pytest.raises(Busy):
        await jobs.undo(used.id)
    assert (await jobs.store.get(used.id)).status == "succeeded"
    unused = await jobs.finished(await jobs.submit("test", {"used": False}))
    await jobs.undo(unused.id)
    assert (await jobs.finished(unused.id)).status == "undone"
    with pytest.raises(WrongJobState):
        await jobs.undo(unused.id)
