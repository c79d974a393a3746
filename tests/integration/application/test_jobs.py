"""The runner of steps, on real tables."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from insula.application.collections import JOBS
from insula.application.errors import UnknownJob, WrongJobState
from insula.application.jobs.kinds import JobKind, Step, StepContext
from insula.application.jobs.runner import ATTEMPTS, Jobs
from insula.application.jobs.store import Job, JobStore
from insula.core.errors import InsulaError, Kind
from insula.data.catalog import StaticCatalog
from insula.data.repository import Repository
from insula.data.schema_sync import SchemaSync
from insula.database.executor import Database


class Busy(InsulaError):
    """It is busy."""

    kind = Kind.UNAVAILABLE


class Owner:
    """What jobs need of an application."""

    def __init__(self, database: Database) -> None:
        self.repository = Repository(StaticCatalog([JOBS]), database)


@pytest.fixture
async def owner(database: Database) -> Owner:
    async with database.transaction() as transaction:
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


async def test_a_second_try_begins_at_what_was_kept(jobs: Jobs, owner: Owner) -> None:
    found: list[Any] = []

    async def step(context: StepContext) -> None:
        found.append(context.record.state)
        if len(found) == 1:
            context.record.state = 10
            async with owner.repository.transaction() as transaction:
                await context.keep(transaction)
        elif len(found) == 2:
            with pytest.raises(Busy):
                context.record.state = 20
                async with owner.repository.transaction() as transaction:
                    await context.keep(transaction)
                    raise Busy
        if len(found) < 3:
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


async def test_undoing_takes_back_the_last_step_first(jobs: Jobs) -> None:
    log = Log()
    jobs.register(log.kind("a", "b"))
    job = await jobs.finished(await jobs.submit("test", {}))
    assert (await jobs.undo(job.id)).status == "undone"
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
