"""Applications that run in this very process."""

from abc import ABC, abstractmethod

from insula.core.ids import request_id
from insula.fleet.command import Command, Verb
from insula.fleet.errors import ApplicationNotFound
from insula.fleet.lifecycle import Lifecycle, Observed
from insula.fleet.process.base import AsgiApp, ProcessAdapter


class Steps(ABC):
    """One application's way up and down, in the order of the methods. Given by the composition root."""

    @abstractmethod
    async def prepare(self) -> None:
        """Wait for or make its database."""

    @abstractmethod
    async def initialize(self) -> None:
        """Make its tables, bring them up to date, load its plugins."""

    @abstractmethod
    async def run(self) -> AsgiApp:
        """Make it answer, and give what answers."""

    @abstractmethod
    async def stop(self) -> None:
        """Close what is open. Called after any of the other steps, also one that failed."""


class LocalProcess(ProcessAdapter):
    """Keeps the running applications by name and moves their lifecycles."""

    def __init__(self) -> None:
        self._running: dict[str, AsgiApp] = {}
        self._known: dict[str, tuple[Lifecycle, Steps]] = {}

    def add(self, lifecycle: Lifecycle, steps: Steps) -> None:
        """Make an application known; it does not run yet."""
        self._known[lifecycle.application] = (lifecycle, steps)

    def running(self, application: str) -> AsgiApp | None:
        return self._running.get(application)

    async def start(self, application: str) -> None:
        lifecycle, steps = self._find(application)
        if application in self._running:
            return
        step = "prepare"
        lifecycle.move(Observed.PREPARING)
        try:
            await steps.prepare()
            step = "initialize"
            lifecycle.move(Observed.INITIALIZING)
            await steps.initialize()
            lifecycle.move(Observed.INITIALIZED)
            step = "start"
            answers = await steps.run()
        except BaseException as error:
            lifecycle.move(Observed.ERROR, step=step, cause=str(error))
            raise
        self._running[application] = answers
        lifecycle.move(Observed.RUNNING)

    async def stop(self, application: str) -> None:
        lifecycle, steps = self._find(application)
        if lifecycle.status.observed is Observed.NOT_FOUND:
            return
        lifecycle.move(Observed.COMMANDING, command=Command(Verb.STOP, application, request_id()))
        self._running.pop(application, None)
        try:
            await steps.stop()
        except BaseException as error:
            lifecycle.move(Observed.ERROR, step="stop", cause=str(error))
            raise
        lifecycle.move(Observed.STOPPED)

    def _find(self, application: str) -> tuple[Lifecycle, Steps]:
        """Raises ``ApplicationNotFound``."""
        try:
            return self._known[application]
        except KeyError:
            raise ApplicationNotFound(application=application) from None
