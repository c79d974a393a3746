"""One application of this process: its state, and the one thing that is done to it at a time."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Collection, Coroutine, Mapping
from typing import Any, TypeVar

from insula.core import log
from insula.core.errors import InsulaError, Kind
from insula.core.ids import request_id
from insula.fleet.command import Command, Verb
from insula.fleet.configuration import Configuration
from insula.fleet.errors import StartGivenUp, StaysDown, StepExpired, WrongMove
from insula.fleet.lifecycle import Lifecycle, Observed, Status
from insula.fleet.process.base import AsgiApp
from insula.fleet.process.steps import Steps
from insula.fleet.process.telling import Telling

_logger = logging.getLogger(__name__)


T = TypeVar("T")
Work = Coroutine[Any, Any, T]


class Life:
    """Whoever asks for what is under way joins it; only ``stop`` ends it before its time."""

    __slots__ = (
        "_changed",
        "_factory",
        "_failed",
        "_joined",
        "_lifecycle",
        "_name",
        "_running",
        "_steps",
        "_tasks",
        "_telling",
        "_turn",
    )

    def __init__(
        self,
        lifecycle: Lifecycle,
        factory: Callable[[Configuration], Steps],
        running: dict[str, AsgiApp],
        changed: Callable[[str, Status], None],
    ) -> None:
        """``running`` is where it is kept while it answers."""
        self._lifecycle = lifecycle
        self._name = lifecycle.application
        self._factory = factory
        self._running = running
        self._changed = changed
        self._telling = Telling(lifecycle, changed)
        self._failed: tuple[str, ...] = ()
        """Plugins that have failed in what was brought up last."""
        self._steps: Steps | None = None
        """Those of the last time, until all that they hold is given back."""
        self._tasks: set[asyncio.Task[None]] = set()
        """Belong to nobody who asked for them: they go on when all of these hang up."""
        self._joined: dict[Verb, asyncio.Task[None]] = {}
        """Those of them that are joined by who asks for the same."""
        self._turn = asyncio.Lock()
        """Held by the one thing that is done; it goes to those who wait in the order in which they came."""

    @property
    def status(self) -> Status:
        """What was observed last."""
        return self._lifecycle.status

    @property
    def rests(self) -> bool:
        """It is down, holds nothing, and nothing is done with it: its status is all there is to know."""
        return self.status.observed is Observed.STOPPED and self._steps is None and not self._tasks

    async def create(self, configuration: Configuration, arguments: Mapping[str, Any]) -> None:
        """See ``ProcessAdapter.create``."""
        await self._join(Verb.CREATE, lambda: self._create(configuration, arguments))

    async def start(self, configuration: Configuration) -> None:
        """See ``ProcessAdapter.start``."""
        await self._join(Verb.START, lambda: self._start(configuration))

    async def upgrade(self, configuration: Configuration) -> None:
        """See ``ProcessAdapter.upgrade``."""
        await self._join(Verb.UPGRADE, lambda: self._upgrade(configuration))

    async def stop(self) -> None:
        """See ``ProcessAdapter.stop``."""
        for task in self._joined.values():
            task.cancel()
        self._joined.clear()  # who asks from now on is to have it up again afterwards
        await asyncio.shield(self._begun(Verb.STOP, self._stop))

    def forget(self) -> None:
        """See ``ProcessAdapter.forget``."""
        if self._tasks or self._steps is not None:
            raise WrongMove(
                application=self._name,
                observed=self.status.observed.value,
                wanted=self._lifecycle.wanted.value,
                to=Observed.NOT_FOUND.value,
            )
        if self.status.observed is not Observed.NOT_FOUND:
            self._moved(self._lifecycle.move(Observed.NOT_FOUND))

    def fail(self, cause: str) -> None:
        """See ``LocalProcess.fail``."""
        if self._running.pop(self._name, None) is not None:
            self._moved(self._lifecycle.move(Observed.ERROR, step="run", cause=cause))

    async def _create(self, configuration: Configuration, arguments: Mapping[str, Any]) -> None:
        if self._name in self._running or self.status.observed is Observed.INITIALIZED:
            return
        self._moved(self._lifecycle.move(Observed.PREPARING))
        steps = await self._step("prepare", self._prepare(configuration))
        self._moved(self._lifecycle.move(Observed.INITIALIZING))
        await self._step("create", self._within("create", steps, steps.create(arguments)))
        self._moved(self._lifecycle.move(Observed.INITIALIZED))

    async def _start(self, configuration: Configuration) -> None:
        if self._name in self._running:
            return
        steps = self._steps
        if steps is None or self.status.observed is not Observed.INITIALIZED:
            self._command(Verb.START)
            steps = await self._step("prepare", self._prepare(configuration))
        await self._step("initialize", self._within("initialize", steps, steps.initialize()))
        answers = await self._step("start", self._within("start", steps, steps.run()))
        self._running[self._name] = answers
        self._moved(self._lifecycle.move(Observed.RUNNING, failed=self._failed))

    async def _upgrade(self, configuration: Configuration) -> None:
        if self._name in self._running:
            return
        self._command(Verb.UPGRADE)
        steps = await self._step("prepare", self._prepare(configuration))
        await self._step("upgrade", self._within("upgrade", steps, steps.upgrade()))
        failed = self._failed
        await self._step("stop", self._clear())
        self._moved(self._lifecycle.move(Observed.STOPPED, failed=failed))

    async def _stop(self) -> None:
        if self.status.observed in (Observed.NOT_FOUND, Observed.STOPPED):
            return
        self._command(Verb.STOP)
        self._running.pop(self._name, None)
        await self._step("stop", self._clear())
        self._moved(self._lifecycle.move(Observed.STOPPED))

    async def _join(self, verb: Verb, work: Callable[[], Work[None]]) -> None:
        """Wait for what is under way of this verb, or begin it."""
        task = self._joined.get(verb)
        if task is None:
            task = self._joined[verb] = self._begun(verb, work)
        try:
            await asyncio.shield(task)
        except asyncio.CancelledError:
            if task.cancelled() and not _asked_to_end():
                raise StartGivenUp(application=self._name) from None
            raise
        finally:
            del task  # its exception leads to this frame: together they would keep all that it went through

    def _begun(self, verb: Verb, work: Callable[[], Work[None]]) -> asyncio.Task[None]:
        task = asyncio.create_task(self._in_turn(work), name=f"{verb.value} of {self._name}")
        self._tasks.add(task)
        task.add_done_callback(self._ended)
        return task

    async def _in_turn(self, work: Callable[[], Work[None]]) -> None:
        log.application.set(self._name)
        async with self._turn:
            await work()

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        for verb in [verb for verb, joined in self._joined.items() if joined is task]:
            del self._joined[verb]
        if not task.cancelled():
            task.exception()  # told to those who wait, and kept in the lifecycle

    async def _prepare(self, configuration: Configuration) -> Steps:
        """New steps, of which the first is done; what an earlier time has left open is closed."""
        await self._clear()
        self._steps = steps = self._factory(configuration)
        steps.tell = self._telling
        self._failed = ()
        steps.degrade = self._degrade
        await self._within("prepare", steps, steps.prepare())
        return steps

    async def _clear(self) -> None:
        """Give back all that the steps hold, and let go of them."""
        if self._steps is not None:
            await self._steps.stop()
            self._steps = None

    async def _within(self, step: str, steps: Steps, work: Work[T]) -> T:
        """Raises ``StepExpired`` when the work takes longer than the steps may."""
        limit = asyncio.timeout(steps.deadline_s)
        try:
            async with limit:
                return await work
        except TimeoutError:
            if not limit.expired():
                raise
            raise StepExpired(step=step, application=self._name, seconds=steps.deadline_s) from None
        finally:
            del limit  # knows the task: as in ``_join``

    async def _step(self, name: str, work: Work[T]) -> T:
        """Do one step. When it fails the state is ``error``, and what was open is closed.

        When it raises ``StaysDown``, nothing has failed: what was open is closed, and the state is ``stopped``.
        """
        try:
            return await work
        except StaysDown as error:
            await self._step("stop", self._clear())
            self._moved(self._lifecycle.move(Observed.STOPPED, cause=error.message))
            raise
        except BaseException as error:
            self._tell(name, error)
            self._moved(self._lifecycle.move(Observed.ERROR, step=name, cause=_cause(error)))
            if name != "stop":
                await self._clear_after(name)
            raise

    def _tell(self, step: str, error: BaseException) -> None:
        """Log why a step failed: the application's log is where people are sent for the cause."""
        if not isinstance(error, Exception):
            _logger.info("%s was given up at the step %s", self._name, step)
        elif isinstance(error, InsulaError) and error.kind is not Kind.INTERNAL:
            _logger.error("%s failed at the step %s: %s", self._name, step, error.message)
        else:
            _logger.error("%s failed at the step %s", self._name, step, exc_info=error)

    async def _clear_after(self, step: str) -> None:
        try:
            await self._clear()
        except Exception:  # whatever a plugin raises: the step has failed already, and why is told
            _logger.exception("what was open of %s after its step %s could not be closed", self._name, step)

    def _command(self, verb: Verb) -> None:
        command = Command(verb, self._name, log.request_id.get() or request_id())
        self._moved(self._lifecycle.move(Observed.COMMANDING, command=command))

    def _degrade(self, failed: Collection[str]) -> None:
        self._failed = tuple(sorted(failed))
        status = self._lifecycle.degrade(self._failed)
        if status is not None:
            self._changed(self._name, status)

    def _moved(self, status: Status) -> None:
        """Something else is observed: what was done until then is over."""
        self._telling.over()
        self._changed(self._name, status)
        if status.observed in (Observed.RUNNING, Observed.STOPPED):
            why = f": {status.cause}" if status.cause else ""
            _logger.info("%s is %s%s", self._name, status.observed.value, why)


def _cause(error: BaseException) -> str:
    """Why a step failed, as a sentence."""
    if isinstance(error, asyncio.CancelledError):
        return "it was given up before it was done"
    return str(error) or type(error).__name__


def _asked_to_end() -> bool:
    """Whether the task that runs was cancelled itself, and not what it waits for."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0
