"""One job's steps, done one after the other: tries, back-off, and what is kept meanwhile.

What is in memory follows what is committed: whatever goes wrong, the job is read anew before it is written again,
so that a state whose transaction was rolled back is never kept, and one that was committed is never lost.

That a step is done is kept together with the beginning of the next one, or with the end of the job: whoever is cut
off in between does the step again, as whoever is cut off a moment before.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, Final

from insula.application.errors import JobWithdrawn
from insula.application.jobs.kinds import JobKind, Run, StepContext, StepRecord
from insula.core.clock import monotonic
from insula.core.errors import InsulaError, Kind

if TYPE_CHECKING:
    from insula.application.application import Application
    from insula.application.jobs.store import Job, JobStore
    from insula.database.executor import Transaction

_logger = logging.getLogger(__name__)

ATTEMPTS: Final = 5
"""Tries of a step whose failures may pass by themselves."""
BACK_OFF_S: Final = 1.0
"""Before the second try; doubled before each further one, with up to half as much again by chance."""
MAX_BACK_OFF_S: Final = 60.0
SAVE_EVERY_S: Final = 1.0
"""Progress is kept no more often than this."""

PASSING: Final = frozenset((Kind.UNAVAILABLE, Kind.TIMEOUT, Kind.THROTTLED))
"""Failures that may pass by themselves."""


class StepRunner:
    """Runs and undoes the steps of one job."""

    def __init__(
        self, application: Application, store: JobStore, job: Job, kind: JobKind, back_off_s: float
    ) -> None:
        self._application = application
        self._store = store
        self._job = job
        self._kind = kind
        self._back_off_s = back_off_s

    async def run(self) -> str | None:
        """Do what is not done yet. Gives why a step failed, as a sentence, or ``None``. Raises ``JobWithdrawn``."""
        if [record.name for record in self._job.steps] != [step.name for step in self._kind.steps]:
            await self.lasting(self._keep)
            return self._began_otherwise()
        for step, record in zip(self._kind.steps, self._job.steps, strict=True):
            if record.status != "succeeded":
                why = await self._failure(record, step.name, step.run)
                if why is not None:
                    return why
                record.status, record.progress = "succeeded", 1.0
        if self._job.status == "waiting":  # nothing was left to do
            await self.lasting(self._keep)
        return None

    async def undo(self) -> str | None:
        """Take back what was done, last step first. Gives why that failed, or ``None``."""
        steps = {step.name: step for step in self._kind.steps}
        for record in reversed(self._job.steps):
            if record.status in ("waiting", "undone"):
                continue
            step = steps.get(record.name)
            if step is None:
                return f"undoing {record.name}: this version has no such step, and can not take it back"
            if step.undo is not None:
                why = await self._failure(record, f"undoing {step.name}", step.undo)
                if why is not None:
                    return why
                record.status = "undone"
        return None

    def _began_otherwise(self) -> str:
        """Another version has begun it in other steps: a person looks at it before it goes on."""
        for record in self._job.steps:
            if record.status == "running":
                record.status = "failed"
        steps = ", ".join(record.name for record in self._job.steps)
        return (
            f"another version began it, in other steps ({steps}); a retry goes on with the steps of this one"
        )

    async def _keep(self) -> None:
        """What the steps are by now; of a job that waited, that it runs."""
        if self._job.status == "waiting":
            await self._store.move(self._job.id, "run", self._job.steps, taken=True)
            self._job.status = "running"
        else:
            await self._store.save(self._job)

    async def lasting(self, work: Callable[[], Awaitable[None]]) -> None:
        """Write what must be written, however long the database is away."""
        tries = 0
        while True:
            try:
                return await work()
            except InsulaError as error:
                if error.kind not in PASSING:
                    raise
                tries += 1
                _logger.warning("job %s waits, since it can not be kept: %s", self._job.id, error.message)
                await asyncio.sleep(self._pause(tries))

    async def _failure(self, record: StepRecord, name: str, run: Run) -> str | None:
        """Try one step, and again what may pass. Gives why it failed in the end, or ``None``."""
        record.attempts, tries = 0, 0
        while True:
            tries += 1
            record.status, record.error, record.attempts = "running", None, tries
            await self.lasting(self._keep)
            try:
                record.result = await run(self._context(record))
            except JobWithdrawn:
                await self.lasting(self._read_again)
                raise
            except Exception as error:  # whatever a step raises is what the job failed of
                await self.lasting(self._read_again)
                record.error = _sentence(error)
                if isinstance(error, InsulaError) and error.kind in PASSING and tries < ATTEMPTS:
                    _logger.warning("job %s tries %s again: %s", self._job.id, name, error.message)
                    await asyncio.sleep(self._pause(tries))
                    continue
                _logger.warning(
                    "job %s failed at %s: %s", self._job.id, name, record.error, exc_info=_is_defect(error)
                )
                record.status = "failed"
                return f"{name}: {record.error}"
            else:
                record.error = None
                return None

    async def _read_again(self) -> None:
        """What was kept counts, and not what this process meant to keep."""
        kept = await self._store.get(self._job.id)
        for record, found in zip(self._job.steps, kept.steps, strict=True):
            record.state, record.progress, record.result = found.state, found.progress, found.result

    def _pause(self, tries: int) -> float:
        pause = min(MAX_BACK_OFF_S, self._back_off_s * float(2 ** min(tries - 1, 16)))
        return pause * (1 + random.random() / 2)  # noqa: S311 - jitter, no secret

    def _context(self, record: StepRecord) -> StepContext:
        job = self._job
        results = {step.name: step.result for step in job.steps if step.status == "succeeded"}
        saved = monotonic()

        async def save() -> None:
            nonlocal saved
            if monotonic() - saved >= SAVE_EVERY_S:
                saved = monotonic()
                await self._store.save(job)

        async def commit(work: Callable[[Transaction], Awaitable[Any]], progress: float) -> None:
            async with self._application.repository.transaction() as transaction:
                state = await work(transaction)
                await self._store.save(job.with_state(record, state, progress), on=transaction)
            record.state, record.progress = state, progress

        return StepContext(self._application, job.id, job.input, results, record, save, commit)


def _is_defect(error: Exception) -> bool:
    return not isinstance(error, InsulaError) or error.kind is Kind.INTERNAL


def _sentence(error: Exception) -> str:
    """Why a step failed, without the insides of a defect."""
    if isinstance(error, InsulaError) and not _is_defect(error):
        return error.told or error.message
    return f"an internal error ({type(error).__name__}); the log has more"
