"""The one runner of steps: runs jobs, keeps what each step gave, and goes on after a crash where it was.

The type of a failure decides what happens next: what does not answer or takes too long is tried again, with
back-off and jitter; anything else fails the job, which a person may retry from the step that failed.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from insula.application.errors import UnknownJob, WrongJobState
from insula.application.jobs.kinds import FINISHED, JobKind, Step, StepContext, StepRecord
from insula.application.jobs.store import Job, JobStore
from insula.core.clock import monotonic, now
from insula.core.errors import InsulaError, Kind

if TYPE_CHECKING:
    from insula.application.application import Application
    from insula.database.executor import Transaction

_logger = logging.getLogger(__name__)

JOBS_AT_ONCE: Final = 2
"""Jobs of one application that run at the same time; the others wait in their order."""
ATTEMPTS: Final = 5
"""Tries of a step whose failures may pass by themselves."""
BACK_OFF_S: Final = 1.0
"""Before the second try; doubled before each further one, with up to half as much again by chance."""
MAX_BACK_OFF_S: Final = 60.0
SAVE_EVERY_S: Final = 1.0
"""Progress is kept no more often than this."""

_PASSING: Final = frozenset((Kind.UNAVAILABLE, Kind.TIMEOUT, Kind.THROTTLED))


class Jobs:
    """The jobs of one application."""

    def __init__(self, application: Application, back_off_s: float = BACK_OFF_S) -> None:
        self._application = application
        self._back_off_s = back_off_s
        self._kinds: dict[str, JobKind] = {}
        self._running: dict[int, asyncio.Task[None]] = {}
        self._cancelled: set[int] = set()
        self._slots = asyncio.Semaphore(JOBS_AT_ONCE)
        self._started = False

    @property
    def store(self) -> JobStore:
        """The jobs as they are kept."""
        return JobStore(self._application.repository)

    def register(self, kind: JobKind) -> None:
        """State a kind of job; plugins do so when they are loaded."""
        self._kinds[kind.name] = kind

    def unregister(self, name: str) -> None:
        """Forget a kind; its jobs stay as they are."""
        self._kinds.pop(name, None)

    async def start(self) -> None:
        """Go on with what waits, and with what ran when the process ended."""
        self._started = True
        for job in await self.store.unfinished():
            if job.kind in self._kinds:
                self._launch(job)
            else:
                _logger.warning("job %s waits for a plugin that does %s", job.id, job.kind)

    async def stop(self) -> None:
        """Interrupt what runs; it goes on with the next start."""
        self._started = False
        tasks = list(self._running.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def submit(
        self, kind: str, given: Mapping[str, Any], *, created_by: int | None = None, title: str | None = None
    ) -> int:
        """Ask for a job; gives its number. ``given`` is JSON. Raises ``UnknownJob`` for an unknown kind."""
        stated = self._kinds.get(kind)
        if stated is None:
            raise UnknownJob(job=kind)
        job = await self.store.create(stated, title or stated.title, given, created_by)
        self._launch(job)
        return job.id

    async def finished(self, identifier: int) -> Job:
        """Wait until a job does not run any more, and give it."""
        task = self._running.get(identifier)
        if task is not None:
            await asyncio.wait((task,))
        return await self.store.get(identifier)

    async def retry(self, identifier: int) -> Job:
        """Go on with a job from the step that failed. Raises ``WrongJobState``."""
        job = await self.store.get(identifier)
        if job.status not in ("failed", "cancelled") or identifier in self._running:
            raise WrongJobState(job=identifier, status=job.status, verb="be retried")
        for step in job.steps:
            if step.status == "failed":
                step.status, step.error, step.attempts = "waiting", None, 0
        job.status, job.error, job.finished_at = "waiting", None, None
        await self.store.save(job)
        self._launch(job)
        return job

    async def cancel(self, identifier: int) -> Job:
        """End a job where it is. Raises ``WrongJobState`` for one that is finished."""
        job = await self.store.get(identifier)
        if job.status in FINISHED:
            raise WrongJobState(job=identifier, status=job.status, verb="be cancelled")
        task = self._running.get(identifier)
        if task is None:
            job.status, job.finished_at = "cancelled", now()
            await self.store.save(job)
            return job
        self._cancelled.add(identifier)
        task.cancel()
        return await self.finished(identifier)

    async def undo(self, identifier: int) -> Job:
        """Take back what a finished job did, last step first. Raises ``WrongJobState``."""
        job = await self.store.get(identifier)
        kind = self._kinds.get(job.kind)
        if job.status not in ("succeeded", "failed", "cancelled") or identifier in self._running:
            raise WrongJobState(job=identifier, status=job.status, verb="be undone")
        if kind is None or not kind.undoable:
            raise WrongJobState(job=identifier, status="of a kind without undo", verb="be undone")
        for step, record in reversed(list(zip(kind.steps, job.steps, strict=True))):
            if record.status in ("succeeded", "failed") and step.undo is not None:
                await step.undo(self._context(job, record))
                record.status = "undone"
                await self.store.save(job)
        job.status, job.finished_at = "undone", now()
        await self.store.save(job)
        return job

    def _launch(self, job: Job) -> None:
        if self._started and job.id not in self._running:
            task = asyncio.create_task(self._run(job), name=f"job {job.id}")
            self._running[job.id] = task
            task.add_done_callback(lambda _: self._running.pop(job.id, None))

    async def _run(self, job: Job) -> None:
        try:
            async with self._slots:
                await self._run_kept(job)
        except asyncio.CancelledError:
            if job.id not in self._cancelled:
                raise  # interrupted: it stays as it was kept, and goes on with the next start
            self._cancelled.discard(job.id)
            job.status, job.finished_at = "cancelled", now()
            await self.store.save(job)
        except Exception:
            _logger.exception("job %s was interrupted", job.id)

    async def _run_kept(self, job: Job) -> None:
        """Run a job; where it can not even be kept, since the database is away or full, go on when it can."""
        tries = 0
        while True:
            try:
                if tries:
                    job = await self.store.get(job.id)
                job.status, job.started_at = "running", job.started_at or now()
                await self.store.save(job)
                await self._run_steps(job, self._kinds[job.kind])
            except InsulaError as error:
                if error.kind not in _PASSING:
                    raise
                tries += 1
                _logger.warning("job %s waits, since it can not be kept: %s", job.id, error.message)
                await asyncio.sleep(self._pause(tries))
            else:
                return

    async def _run_steps(self, job: Job, kind: JobKind) -> None:
        for step, record in zip(kind.steps, job.steps, strict=True):
            if record.status == "succeeded":
                continue
            try:
                await self._run_step(job, step, record)
            except Exception as error:
                _logger.warning("job %s failed at %s", job.id, step.name, exc_info=True)
                record.status, record.error = "failed", _sentence(error)
                job.status, job.error = "failed", f"{step.name}: {record.error}"
                break
            record.status, record.progress, record.error = "succeeded", 1.0, None
            await self.store.save(job)
        else:
            job.status = "succeeded"
        job.finished_at = now()
        await self.store.save(job)

    async def _run_step(self, job: Job, step: Step, record: StepRecord) -> None:
        record.status, record.error = "running", None
        while True:
            record.attempts += 1
            try:
                if record.attempts > 1:
                    record.state = await self._kept_state(job, record)
                await self.store.save(job)
                record.result = await step.run(self._context(job, record))
            except InsulaError as error:
                if error.kind not in _PASSING or record.attempts >= ATTEMPTS:
                    raise
                _logger.warning("job %s tries %s again: %s", job.id, step.name, error.message)
                record.error = error.message
                await asyncio.sleep(self._pause(record.attempts))
            else:
                return

    async def _kept_state(self, job: Job, record: StepRecord) -> Any:
        """How far the step is. What is in memory may be of a transaction that came to nothing."""
        kept = await self.store.get(job.id)
        return next(step.state for step in kept.steps if step.name == record.name)

    def _pause(self, attempts: int) -> float:
        pause = min(MAX_BACK_OFF_S, self._back_off_s * float(2 ** (attempts - 1)))
        return pause * (1 + random.random() / 2)  # noqa: S311 - jitter, no secret

    def _context(self, job: Job, record: StepRecord) -> StepContext:
        results = {step.name: step.result for step in job.steps if step.status == "succeeded"}
        saved = monotonic()

        async def save() -> None:
            nonlocal saved
            if monotonic() - saved >= SAVE_EVERY_S:
                saved = monotonic()
                await self.store.save(job)

        async def keep(transaction: Transaction) -> None:
            await self.store.save(job, on=transaction)

        return StepContext(self._application, job.id, job.input, results, record, save, keep)


def _sentence(error: Exception) -> str:
    """Why a step failed, without the insides of a defect."""
    if isinstance(error, InsulaError) and error.kind is not Kind.INTERNAL:
        return error.message
    return f"an internal error ({type(error).__name__}); the log has more"
