"""Jobs of an application that runs in several processes: each is run by one of them, and by which."""

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest

from insula.application.jobs.kinds import JobKind, Step, StepContext
from insula.data.scope import Unrestricted
from insula.database.executor import Transaction
from insula.database.options import DatabaseOptions
from insula.testing.several import Side, in_force, member, side_of

Sides = tuple[Side, Side]


class Work:
    """A kind of job that says where it ran, and fails where it is told to."""

    def __init__(self) -> None:
        self.ran: list[tuple[int, str]] = []
        self.fails = False
        self.hold = asyncio.Event()
        self.hold.set()

    async def run(self, step: StepContext) -> None:
        self.ran.append((step.job, step.application.options.environment))
        await self.hold.wait()
        if self.fails:
            raise ValueError("not today")

    @property
    def kind(self) -> JobKind:
        return JobKind("test.work", "Work", (Step("work", self.run),))


@pytest.fixture
def work() -> Iterator[Work]:
    made = Work()
    yield made
    made.hold.set()


async def status(side: Side, job: int, wanted: str) -> None:
    async def check() -> bool:
        return bool((await side.get(f"/jobs:get/{job}"))["status"] == wanted)

    await in_force(check)


async def test_a_job_is_run_where_it_was_asked_for(sides: Sides, work: Work) -> None:
    a, b = sides
    for side in sides:
        side.application.jobs.register(work.kind)
    job = await b.application.jobs.submit("test.work", {})
    await status(a, job, "succeeded")
    assert (await a.get(f"/jobs:get/{job}"))["environment"] == "env_b"
    assert work.ran == [(job, "env_b")]


async def test_a_job_is_handled_by_any_and_goes_on_where_it_belongs(sides: Sides, work: Work) -> None:
    a, b = sides
    for side in sides:
        side.application.jobs.register(work.kind)
    work.fails = True
    job = await b.application.jobs.submit("test.work", {})
    await status(a, job, "failed")
    work.fails = False
    await a.post(f"/jobs:retry/{job}")
    await status(a, job, "succeeded")
    assert work.ran == [(job, "env_b")] * 2


async def test_a_job_is_cancelled_from_elsewhere(sides: Sides, work: Work) -> None:
    a, b = sides
    for side in sides:
        side.application.jobs.register(work.kind)
    work.hold.clear()
    job = await b.application.jobs.submit("test.work", {})
    await status(a, job, "running")
    await a.post(f"/jobs:cancel/{job}")
    work.hold.set()
    await b.application.jobs.finished(job)
    assert (await a.get(f"/jobs:get/{job}"))["status"] == "cancelled"


async def test_a_process_goes_on_with_its_own_jobs_and_with_those_of_places_that_are_none_any_more(
    sides: Sides, work: Work
) -> None:
    a = sides[0]
    jobs: dict[str, int] = {}
    for place in ("env_a", "env_b", "env_gone", ""):
        row: dict[str, Any] = {
            "kind": "test.work",
            "status": "waiting",
            "steps": [{"name": "work", "status": "waiting"}],
        }
        made = await a.application.repository.create(
            "jobs", {**row, "environment": place}, scopes=Unrestricted()
        )
        jobs[place] = made["id"]
    for side in sides:
        side.application.jobs.register(work.kind)
    await asyncio.gather(*(side.application.jobs.take_up() for side in sides))
    for job in jobs.values():
        await status(a, job, "succeeded")
    assert len(work.ran) == 4
    assert (jobs["env_a"], "env_a") in work.ran
    assert (jobs["env_b"], "env_b") in work.ran
    ran = dict(work.ran)
    shown = {job: (await a.get(f"/jobs:get/{job}"))["environment"] for job in jobs.values()}
    assert shown == ran


async def test_of_two_processes_that_take_themselves_for_one_environment_one_does_the_work(
    options: DatabaseOptions, sides: Sides
) -> None:
    """As one that was suspended for so long that another took its name, and that then goes on."""
    a, b = sides
    held = asyncio.Event()
    written: list[str] = []

    async def run(step: StepContext) -> None:
        suspended = step.application is b.application
        if suspended:
            await held.wait()

        async def write(transaction: Transaction) -> str:
            given = {"title": "the old one's" if suspended else "the new one's"}
            await step.application.repository.create("books", given, scopes=Unrestricted(), on=transaction)
            return given["title"]

        await step.commit(write, 1.0)
        written.append(step.record.state)

    kind = JobKind("test.work", "Work", (Step("work", run),))
    b.application.jobs.register(kind)
    job = await b.application.jobs.submit("test.work", {})
    await status(a, job, "running")
    async with side_of(member(options, "env_b")) as again:
        again.application.jobs.register(kind)
        await again.application.jobs.take_up()
        await again.application.jobs.finished(job)
        held.set()
        await b.application.jobs.finished(job)
    assert written == ["the new one's"]
    assert [row["title"] for row in await a.get("/books:list")] == written
    assert (await a.get(f"/jobs:get/{job}"))["status"] == "succeeded"
