"""Applications that run in this very process."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod

from insula.core.ids import request_id
from insula.fleet.command import Command, Verb
from insula.fleet.errors import ApplicationNotFound, StartGivenUp
from insula.fleet.lifecycle import Lifecycle, Observed
from insula.fleet.process.base import AsgiApp, ProcessAdapter


class Steps(ABC):
    """One application's way up and down, in the order of the methods. Given by the composition root."""

    @abstractmethod
    async def prepare(self) -> None:
        """Wait for or make its database. Called again after a failed start: what an earlier call opened is closed."""

    @abstractmethod
    async def initialize(self) -> None:
        """Make its tables, bring them up to date, load its plugins."""

    @abstractmethod
    async def run(self) -> AsgiApp:
        """Make it answer, and give what answers."""

    @abstractmethod
    async def stop(self) -> None:
        """Close what is open. Called after any of the other steps, also one that failed, and again if it was cancelled."""


class LocalProcess(ProcessAdapter):
    """Keeps the running applications by name and moves their lifecycles."""

    def __init__(self) -> None:
        self._known: dict[str, _Local] = {}
        self._running: dict[str, AsgiApp] = {}

    def add(self, lifecycle: Lifecycle, steps: Steps) -> None:
        """Make an application known; it does not run yet."""
        self._known[lifecycle.application] = _Local(lifecycle, steps, self._running)

    def running(self, application: str) -> AsgiApp | None:
        return self._running.get(application)

    async def start(self, application: str) -> None:
        await self._find(application).start()

    async def stop(self, application: str) -> None:
        await self._find(application).stop()

    def fail(self, application: str, cause: str) -> None:
        """Something that runs has failed: it does not answer any more. ``start`` tries again, ``stop`` clears up.

        Raises ``ApplicationNotFound``.
        """
        self._find(application).fail(cause)

    def _find(self, application: str) -> _Local:
        """Raises ``ApplicationNotFound``."""
        try:
            return self._known[application]
        except KeyError:
            raise ApplicationNotFound(application=application) from None


class _Local:
    """One application: one start at a time, which all who ask for it wait for, and one stop, which ends it."""

    def __init__(self, lifecycle: Lifecycle, steps: Steps, running: dict[str, AsgiApp]) -> None:
        self._lifecycle = lifecycle
        self._steps = steps
        self._running = running
        self._name = lifecycle.application
        self._starting: asyncio.Task[None] | None = None
        """Belongs to nobody who asked for it: it goes on when they hang up, and only ``stop`` ends it."""
        self._turn = asyncio.Lock()
        """Held while it goes up or down."""

    async def start(self) -> None:
        """Join the start that is under way, or begin one."""
        if self._name in self._running:
            return
        if self._starting is None:
            self._starting = asyncio.create_task(self._start(), name=f"start of {self._name}")
            self._starting.add_done_callback(self._started)
        starting = self._starting
        try:
            await asyncio.shield(starting)
        except asyncio.CancelledError:
            if starting.cancelled() and not _asked_to_end():
                raise StartGivenUp(application=self._name) from None
            raise

    def _started(self, task: asyncio.Task[None]) -> None:
        self._starting = None
        if not task.cancelled():
            task.exception()  # told to those who wait, and kept in the lifecycle

    def fail(self, cause: str) -> None:
        if self._running.pop(self._name, None) is not None:
            self._lifecycle.move(Observed.ERROR, step="run", cause=cause)

    async def stop(self) -> None:
        if self._starting is not None:
            await _cancelled(self._starting)
        async with self._turn:
            if self._lifecycle.status.observed in (Observed.NOT_FOUND, Observed.STOPPED):
                return
            command = Command(Verb.STOP, self._name, request_id())
            self._lifecycle.move(Observed.COMMANDING, command=command)
            self._running.pop(self._name, None)
            try:
                await self._steps.stop()
            except BaseException as error:
                self._lifecycle.move(Observed.ERROR, step="stop", cause=_cause(error))
                raise
            self._lifecycle.move(Observed.STOPPED)

    async def _start(self) -> None:
        async with self._turn:
            if self._name in self._running:
                return
            step = "prepare"
            self._lifecycle.move(Observed.PREPARING)
            try:
                await self._steps.prepare()
                step = "initialize"
                self._lifecycle.move(Observed.INITIALIZING)
                await self._steps.initialize()
                self._lifecycle.move(Observed.INITIALIZED)
                step = "start"
                answers = await self._steps.run()
            except BaseException as error:
                self._lifecycle.move(Observed.ERROR, step=step, cause=_cause(error))
                raise
            self._running[self._name] = answers
            self._lifecycle.move(Observed.RUNNING)


def _cause(error: BaseException) -> str:
    """Why a step failed, as a sentence."""
    if isinstance(error, asyncio.CancelledError):
        return "it was given up before it was done"
    return str(error) or type(error).__name__


def _asked_to_end() -> bool:
    """Whether the task that runs was cancelled itself, and not what it waits for."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


async def _cancelled(task: asyncio.Task[None]) -> None:
    """Cancel a task and wait for its end, whatever it raises: whoever waits for its result is told that."""
    task.cancel()
    await asyncio.wait((task,))
