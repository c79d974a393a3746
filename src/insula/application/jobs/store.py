"""Jobs in the table ``jobs``."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from insula.application.errors import UnknownJob, WrongJobState
from insula.application.jobs.kinds import MOVES, UNFINISHED, JobKind, JobStatus, StepRecord
from insula.core.clock import now
from insula.data.errors import RecordNotFound
from insula.data.filters.tree import All, Condition
from insula.data.query import Query
from insula.data.scope import Unrestricted

if TYPE_CHECKING:
    from insula.data.repository import Repository
    from insula.database.executor import Transaction

_EVERYTHING = Unrestricted()
NOTHING: Mapping[str, Any] = MappingProxyType({})


@dataclass(slots=True)
class Job:
    """One job."""

    id: int
    kind: str
    title: str
    status: JobStatus
    input: Mapping[str, Any]
    steps: list[StepRecord] = field(default_factory=list)
    error: str | None = None
    created_by: int | None = None
    environment: str = ""
    """Where it runs; what it needs may be in the files of that place alone."""

    @property
    def progress(self) -> float:
        """From 0 to 1, each step counting the same."""
        return progress(self.steps)

    def with_state(self, record: StepRecord, state: Any, fraction: float) -> Job:
        """A copy in which one step has another state and progress (0 to 1)."""
        changed = replace(record, state=state, progress=fraction)
        return replace(self, steps=[changed if step is record else step for step in self.steps])


class JobStore:
    """Reads and writes jobs."""

    def __init__(self, repository: Repository, environment: str, process: str) -> None:
        """``environment``: where this process runs; its jobs are made for it. ``process`` names this one alone."""
        self._repository = repository
        self._environment = environment
        self._process = process

    async def create(
        self,
        kind: JobKind,
        title: str,
        given: Mapping[str, Any],
        created_by: int | None,
        *,
        done: Mapping[str, Any] = NOTHING,
        on: Transaction | None = None,
    ) -> Job:
        """A new job, waiting. ``done``: steps that are done already → what they gave."""
        steps = [StepRecord(step.name) for step in kind.steps]
        for step in steps:
            if step.name in done:
                step.status, step.progress, step.result = "succeeded", 1.0, done[step.name]
        row = await self._repository.create(
            "jobs",
            {
                "kind": kind.name,
                "title": title,
                "status": "waiting",
                "progress": progress(steps),
                "input": given,
                "steps": [step.to_json() for step in steps],
                "createdById": created_by,
                "createdAt": now(),
                "environment": self._environment,
            },
            scopes=_EVERYTHING,
            on=on,
        )
        return _job(row)

    async def get(self, identifier: int) -> Job:
        """Raises ``UnknownJob``."""
        row = await self._repository.find_one("jobs", identifier, scopes=_EVERYTHING)
        if row is None:
            raise UnknownJob(job=identifier)
        return _job(row)

    async def unfinished(self) -> list[Job]:
        """Jobs that wait, or were run or undone when the process ended; oldest first."""
        query = Query(filter=Condition(("status",), "$in", list(UNFINISHED)), page_size=None, counting="none")
        page = await self._repository.find("jobs", query, scopes=_EVERYTHING)
        return [_job(row) for row in page.rows]

    async def take(self, identifier: int) -> Job:
        """The job as it is now, this process' from here on: whoever had it before writes nothing of it any more.

        Raises ``UnknownJob``.
        """
        values, mine = {"process": self._process}, Condition(("id",), "$eq", identifier)
        await self._repository.update("jobs", values, filter=mine, scopes=_EVERYTHING)
        return await self.get(identifier)

    async def claim(self, job: Job) -> bool:
        """Have a job of a place where the application runs no more run here. One of several who ask at once gets it."""
        place = ("$eq", job.environment) if job.environment else ("$empty", True)
        as_it_was = All((Condition(("id",), "$eq", job.id), Condition(("environment",), *place)))
        values = {"environment": self._environment}
        return bool(await self._repository.update("jobs", values, filter=as_it_was, scopes=_EVERYTHING))

    async def save(self, job: Job, on: Transaction | None = None) -> None:
        """Keep what the steps are by now, in the transaction ``on`` where one is given.

        Raises ``WrongJobState`` when the job does not have this status any more, or is another process' now.
        """
        await self._write(job.id, _of_steps(job.steps), {job.status}, "be kept", on, taken=True)

    async def move(
        self,
        identifier: int,
        verb: str,
        steps: list[StepRecord] | None = None,
        error: str | None = None,
        on: Transaction | None = None,
        *,
        taken: bool = False,
    ) -> None:
        """Let something of ``MOVES`` happen to a job, if its status is still one that allows it; ``taken``: and if it
        is still this process'.

        Raises ``UnknownJob``, ``WrongJobState``.
        """
        allowed, to = MOVES[verb]
        if steps is None:
            steps = (await self.get(identifier)).steps
        for step in steps:
            if to == "cancelled" and step.status == "running":
                step.status = "cancelled"
            if to == "waiting" and step.status in ("failed", "cancelled"):
                step.status, step.error, step.attempts = "waiting", None, 0
        values = {"status": to, "error": error, **_of_steps(steps)}
        if to == "running":
            values["startedAt"] = now()
        values["finishedAt"] = None if to in UNFINISHED else now()
        await self._write(identifier, values, allowed, verb, on, taken=taken)

    async def check(self, identifier: int, verb: str) -> None:
        """Raises ``UnknownJob``, and ``WrongJobState`` when this can not happen to the job."""
        job = await self.get(identifier)
        if job.status not in MOVES[verb][0]:
            raise WrongJobState(job=identifier, status=job.status, verb=verb)

    async def _write(
        self,
        identifier: int,
        values: Mapping[str, Any],
        allowed: Collection[JobStatus],
        verb: str,
        on: Transaction | None,
        *,
        taken: bool,
    ) -> None:
        """Compare and set, in one statement: of two who want to move a job, one does."""
        fits = Condition(("status",), "$in", sorted(allowed))
        own = Condition(("process",), "$eq", self._process)
        try:
            await self._repository.update(
                "jobs",
                values,
                keys=[identifier],
                filter=All((fits, own)) if taken else fits,
                scopes=_EVERYTHING,
                on=on,
            )
        except RecordNotFound:
            job = await self.get(identifier)
            raise WrongJobState(job=identifier, status=job.status, verb=verb) from None


def _of_steps(steps: list[StepRecord]) -> dict[str, Any]:
    return {"progress": progress(steps), "steps": [step.to_json() for step in steps]}


def progress(steps: list[StepRecord]) -> float:
    """From 0 to 1, each step counting the same."""
    return sum(step.progress for step in steps) / max(1, len(steps))


def _job(row: Mapping[str, Any]) -> Job:
    return Job(
        id=row["id"],
        kind=row["kind"],
        title=row["title"] or "",
        status=row["status"],
        input=row["input"] or {},
        steps=[StepRecord.from_json(step) for step in row["steps"] or ()],
        error=row["error"],
        created_by=row["createdById"],
        environment=row["environment"] or "",
    )
