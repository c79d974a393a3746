"""The one runner of steps: runs jobs, keeps what each step gave, and goes on after a crash where it was.

The type of a failure decides what happens next: what does not answer or takes too long is tried again, with
back-off and jitter; anything else fails the job, which a person may retry from the step that failed.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from insula.application.errors import JobWithdrawn, UnknownJob, WrongJobState
from insula.application.jobs.kinds import GO_ON, JobKind, StepRecord
from insula.application.jobs.step_runner import ATTEMPTS, BACK_OFF_S, StepRunner
from insula.application.jobs.store import NOTHING, Job, JobStore
from insula.core.ids import random_id
from insula.data.change_log import PROCESS_LENGTH
from insula.data.changes import Change

if TYPE_CHECKING:
    from insula.application.application import Application
    from insula.database.executor import Transaction

__all__ = ["ATTEMPTS", "BACK_OFF_S", "JOBS_AT_ONCE", "Jobs"]

_logger = logging.getLogger(__name__)

JOBS_AT_ONCE: Final = 2
"""Jobs of one application that run at the same time; the others wait in their order. Kinds with places of their own
(``JobKind.at_once``) neither count nor wait."""
TIDY_EVERY_S: Final = 3600.0


@dataclass(slots=True, eq=False)
class _Work:
    """A job that is run or undone by this process."""

    job: int
    kind: str
    task: asyncio.Task[None] = field(init=False)
    cancelled: bool = False
    """A person has ended it; else a cancelled task is an interruption, after which it goes on."""


class Jobs:
    """The jobs of one application."""

    def __init__(self, application: Application, back_off_s: float = BACK_OFF_S) -> None:
        self._application = application
        self._back_off_s = back_off_s
        self._process = random_id(PROCESS_LENGTH)
        self._kinds: dict[str, JobKind] = {}
        self._work: dict[int, _Work] = {}
        """Number of a job → what was begun on it last."""
        self._slots = asyncio.Semaphore(JOBS_AT_ONCE)
        self._own_slots: dict[str, asyncio.Semaphore] = {}
        """Kind → its places, where it has places of its own."""
        self._started = False
        self._tidying: asyncio.Task[None] | None = None

    @property
    def store(self) -> JobStore:
        """The jobs as they are kept."""
        application = self._application
        return JobStore(application.repository, application.options.environment, self._process)

    def register(self, kind: JobKind) -> None:
        """State a kind of job; plugins do so when they are loaded."""
        self._kinds[kind.name] = kind
        if kind.at_once is not None:
            self._own_slots.setdefault(kind.name, asyncio.Semaphore(kind.at_once))

    def kind(self, name: str) -> JobKind | None:
        """The kind of this name; ``None`` where no plugin states it."""
        return self._kinds.get(name)

    def kinds(self) -> Collection[JobKind]:
        """All that plugins state."""
        return self._kinds.values()

    def unregister(self, name: str) -> None:
        """Forget a kind; its jobs stay as they are."""
        self._kinds.pop(name, None)

    async def start(self) -> None:
        """Go on with what waits, and with what was run or undone when the process ended."""
        self._started = True
        await self.take_up()
        self._tidying = asyncio.create_task(self._tidy(), name="jobs: tidy")

    async def take_up(self, only: Collection[int] | None = None) -> None:
        """Go on with what is this process' to do and not under way: its own jobs, and those of places where the
        application runs no more; ``only``: of these."""
        for job in await self.store.unfinished():
            if only is not None and job.id not in only:
                continue
            if (job.id in self._work and job.status == "running") or not await self._is_own(job):
                continue
            if job.kind in self._kinds:
                self._launch(job.id, job.kind)
            else:
                _logger.warning("job %s waits for a plugin that does %s", job.id, job.kind)

    async def _is_own(self, job: Job) -> bool:
        options = self._application.options
        if job.environment == options.environment or not options.beside:
            return True
        return job.environment not in options.beside and await self.store.claim(job)

    def interrupt(self) -> list[asyncio.Task[None]]:
        """Begin no more, and cut off what runs, which goes on with the next start. Gives what is ending now.

        What a person has cancelled is ending already: cut off, it would not get to keep that it was, and go on.
        """
        self._started = False
        tasks = [work.task for work in self._work.values()]
        cut_off = [work.task for work in self._work.values() if not work.cancelled]
        if self._tidying is not None:
            tasks.append(self._tidying)
            cut_off.append(self._tidying)
        for task in cut_off:
            task.cancel()
        return tasks

    async def stop(self) -> None:
        """As ``interrupt``, and wait for its end."""
        await asyncio.gather(*self.interrupt(), return_exceptions=True)
        self._tidying = None

    async def submit(
        self, kind: str, given: Mapping[str, Any], *, created_by: int | None = None, title: str | None = None
    ) -> int:
        """Ask for a job; gives its number. ``given`` is JSON. Raises ``UnknownJob`` for an unknown kind."""
        stated = self._stated(kind)
        job = await self.store.create(stated, title or stated.title, given, created_by)
        self._launch(job.id, kind)
        return job.id

    async def record(
        self,
        kind: str,
        given: Mapping[str, Any],
        on: Transaction,
        *,
        created_by: int | None = None,
        title: str | None = None,
        done: Mapping[str, Any] = NOTHING,
    ) -> int:
        """As ``submit``, inside a transaction: hand the number to ``begin`` once that is committed.

        ``done``: steps that the transaction itself does → what they gave. Raises ``UnknownJob``.
        """
        stated = self._stated(kind)
        job = await self.store.create(stated, title or stated.title, given, created_by, done=done, on=on)
        return job.id

    def begin(self, identifier: int, kind: str) -> None:
        """Let a recorded job have its turn. One that was not begun has it after the next start."""
        self._launch(identifier, kind)

    async def finished(self, identifier: int, within_s: float | None = None) -> Job:
        """Wait until a job does not run any more (no longer than this, where it is said), and give it."""
        work = self._work.get(identifier)
        if work is not None:
            await asyncio.wait((work.task,), timeout=within_s)
        return await self.store.get(identifier)

    async def retry(self, identifier: int) -> Job:
        """Go on with a job from the step that failed, by the steps of today. Raises ``UnknownJob``, ``WrongJobState``."""
        job = await self.store.get(identifier)
        kind = self._kinds.get(job.kind)
        steps = job.steps if kind is None else kind.records(job.steps)
        await self._move_on(job, "be retried", steps)
        return await self.store.get(identifier)

    async def cancel(self, identifier: int) -> Job:
        """End a job where it is. Raises ``UnknownJob``, ``WrongJobState`` for one that does not wait or run."""
        work = self._work.get(identifier)
        if work is None or work.task.done():
            await self.store.move(identifier, "be cancelled")
            return await self.store.get(identifier)
        await self.store.check(identifier, "be cancelled")
        if not work.cancelled:  # cancelled again, it would not get to keep that it was
            work.cancelled = True
            work.task.cancel()
        job = await self.finished(identifier)
        if job.status != "cancelled":
            raise WrongJobState(job=identifier, status=job.status, verb="be cancelled")
        return job

    async def undo(self, identifier: int) -> Job:
        """Begin to take back what a finished job did, last step first.

        Raises ``UnknownJob``, ``WrongJobState``, and what its kind has against it.
        """
        job = await self.store.get(identifier)
        kind = self._kinds.get(job.kind)
        if kind is None or not kind.undoable:
            raise WrongJobState(job=identifier, status="of a kind without undo", verb="be undone")
        if kind.refuse_undo is not None:
            await self.store.check(identifier, "be undone")
            await kind.refuse_undo(self._application, job.input)
        await self._move_on(job, "be undone", job.steps)
        return await self.store.get(identifier)

    async def _move_on(self, job: Job, verb: str, steps: list[StepRecord]) -> None:
        """Have a job go on where it runs: here, or in the process that is told of it."""
        others = self._application.others
        if others is None or await self._is_own(job):
            await self.store.move(job.id, verb, steps)
            self._launch(job.id, job.kind)
            return
        async with self._application.repository.transaction() as transaction:
            await self.store.move(job.id, verb, steps, on=transaction)
            await others.tell((Change(GO_ON, "update", (job.id,)),), transaction)

    async def _tidy(self) -> None:
        while True:
            for kind in list(self._kinds.values()):
                try:
                    if kind.tidy is not None:
                        await kind.tidy(self._application)
                except Exception:  # one kind must not keep the others from tidying
                    _logger.exception(
                        "what jobs of the kind %s left could not be tidied; tried again", kind.name
                    )
            await asyncio.sleep(TIDY_EVERY_S)

    def _stated(self, kind: str) -> JobKind:
        stated = self._kinds.get(kind)
        if stated is None:
            raise UnknownJob(job=kind)
        return stated

    def _launch(self, identifier: int, kind: str) -> None:
        """Begin what the status of the job asks for, once what was begun on it before has ended."""
        if not self._started:
            return
        work, before = _Work(identifier, kind), self._work.get(identifier)
        work.task = asyncio.create_task(self._do(work, before), name=f"job {identifier}")
        self._work[identifier] = work
        work.task.add_done_callback(lambda _: self._forget(work))

    def _forget(self, work: _Work) -> None:
        if self._work.get(work.job) is work:
            del self._work[work.job]

    async def _do(self, work: _Work, before: _Work | None) -> None:
        try:
            try:
                if before is not None:
                    await asyncio.wait((before.task,))
                await self._in_turn(work)
            except asyncio.CancelledError:
                if not work.cancelled:
                    raise  # interrupted: it stays as it was kept, and goes on with the next start
                await self.store.move(work.job, "be cancelled")
        except WrongJobState as error:
            _logger.warning("%s Another process has it.", error.message)
        except Exception:  # a defect beside its steps: nobody waits for this task to tell
            _logger.exception("job %s was interrupted; it goes on with the next start", work.job)

    async def _in_turn(self, work: _Work) -> None:
        async with self._own_slots.get(work.kind, self._slots):
            job = await self.store.take(work.job)
            kind = self._kinds[job.kind]
            steps = StepRunner(self._application, self.store, job, kind, self._back_off_s)
            await (self._undo(job, steps) if job.status == "undoing" else self._run(job, steps))

    async def _run(self, job: Job, steps: StepRunner) -> None:
        try:
            why = await steps.run()
            verb = "succeed" if why is None else "fail"
        except JobWithdrawn as error:
            _logger.info("job %s is cancelled: %s", job.id, error.message)
            verb, why = "be cancelled", error.message
        await steps.lasting(lambda: self.store.move(job.id, verb, job.steps, why, taken=True))

    async def _undo(self, job: Job, steps: StepRunner) -> None:
        why = await steps.undo()
        verb = "have been undone" if why is None else "fail"
        await steps.lasting(lambda: self.store.move(job.id, verb, job.steps, why, taken=True))
