"""Jobs in the table ``jobs``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from insula.application.errors import UnknownJob
from insula.application.jobs.kinds import JobKind, JobStatus, StepRecord
from insula.core.clock import now
from insula.data.filters.tree import Condition
from insula.data.query import Query
from insula.data.scope import Unrestricted

if TYPE_CHECKING:
    from insula.data.repository import Repository
    from insula.database.executor import Transaction

_EVERYTHING = Unrestricted()


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
    started_at: datetime | None = None
    finished_at: datetime | None = None

    @property
    def progress(self) -> float:
        """From 0 to 1, each step counting the same."""
        return sum(step.progress for step in self.steps) / max(1, len(self.steps))


class JobStore:
    """Reads and writes jobs."""

    def __init__(self, repository: Repository) -> None:
        self._repository = repository

    async def create(
        self, kind: JobKind, title: str, given: Mapping[str, Any], created_by: int | None
    ) -> Job:
        """A new job, waiting."""
        steps = [StepRecord(step.name) for step in kind.steps]
        row = await self._repository.create(
            "jobs",
            {
                "kind": kind.name,
                "title": title,
                "status": "waiting",
                "progress": 0.0,
                "input": given,
                "steps": [step.to_json() for step in steps],
                "createdById": created_by,
                "createdAt": now(),
            },
            scopes=_EVERYTHING,
        )
        return _job(row)

    async def get(self, identifier: int) -> Job:
        """Raises ``UnknownJob``."""
        row = await self._repository.find_one("jobs", identifier, scopes=_EVERYTHING)
        if row is None:
            raise UnknownJob(job=identifier)
        return _job(row)

    async def unfinished(self) -> list[Job]:
        """Jobs that wait, or ran when the process ended; oldest first."""
        query = Query(
            filter=Condition(("status",), "$in", ["waiting", "running"]), page_size=None, counting="none"
        )
        page = await self._repository.find("jobs", query, scopes=_EVERYTHING)
        return [_job(row) for row in page.rows]

    async def save(self, job: Job, on: Transaction | None = None) -> None:
        """Keep the job as it is now, in the transaction ``on`` where one is given."""
        await self._repository.update(
            "jobs",
            {
                "status": job.status,
                "progress": job.progress,
                "steps": [step.to_json() for step in job.steps],
                "error": job.error,
                "startedAt": job.started_at,
                "finishedAt": job.finished_at,
            },
            keys=[job.id],
            scopes=_EVERYTHING,
            on=on,
        )


def _job(row: Mapping[str, Any]) -> Job:
    return Job(
        id=row["id"],
        kind=row["kind"],
        title=row["title"] or "",
        status=row["status"],
        input=row["input"] or {},
        steps=[StepRecord(**step) for step in row["steps"] or ()],
        error=row["error"],
        created_by=row["createdById"],
        started_at=row["startedAt"],
        finished_at=row["finishedAt"],
    )
