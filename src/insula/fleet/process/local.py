"""Applications that run in this very process."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Mapping
from typing import Any

from insula.core.clock import now
from insula.fleet.configuration import Configuration
from insula.fleet.lifecycle import Lifecycle, Observed, Status
from insula.fleet.process.base import AsgiApp, ProcessAdapter
from insula.fleet.process.life import Life
from insula.fleet.process.steps import Steps

Factory = Callable[[Configuration], Steps]
Changed = Callable[[str, Status], None]
"""Told application and status at every move, also when it is forgotten. Returns at once, and does not raise."""


class LocalProcess(ProcessAdapter):
    """Keeps what it needs to know of each application, and those that run by name.

    Of one that is down nothing stays but its status.
    """

    def __init__(self, factory: Factory, changed: Changed) -> None:
        self._factory = factory
        self._changed = changed
        self._lives: dict[str, Life] = {}
        self._resting: dict[str, Status] = {}
        """Those that were here and have no life now. Thousands may come and go; what stays of each is small, since it
        keeps whole pages of memory from being given back."""
        self._running: dict[str, AsgiApp] = {}

    def running(self, application: str) -> AsgiApp | None:
        return self._running.get(application)

    def all_running(self) -> Collection[AsgiApp]:
        """Those that run."""
        return self._running.values()

    def status(self, application: str) -> Status:
        life = self._lives.get(application)
        if life is not None:
            return life.status
        return self._resting.get(application) or Status(Observed.NOT_FOUND, now())

    def statuses(self) -> Mapping[str, Status]:
        return {**self._resting, **{name: life.status for name, life in self._lives.items()}}

    async def create(self, configuration: Configuration, arguments: Mapping[str, Any]) -> None:
        await self._life(configuration.application).create(configuration, arguments)

    async def start(self, configuration: Configuration) -> None:
        await self._life(configuration.application).start(configuration)

    async def upgrade(self, configuration: Configuration) -> None:
        await self._life(configuration.application).upgrade(configuration)

    async def stop(self, application: str) -> None:
        life = self._lives.get(application)
        if life is not None:
            await life.stop()
            if life.rests and self._lives.get(application) is life:
                self._resting[application] = life.status
                del self._lives[application]

    async def stop_all(self, but: str) -> None:
        """Stop all that are known here side by side, except one. Raises an ``ExceptionGroup`` of what went wrong."""
        names = [name for name in self._lives if name != but]
        ended = await asyncio.gather(*(self.stop(name) for name in names), return_exceptions=True)
        failed = [error for error in ended if isinstance(error, Exception)]
        if failed:
            raise ExceptionGroup("applications could not be stopped", failed)

    def rest(self, application: str) -> None:
        if application not in self._lives and application not in self._resting:
            status = Lifecycle(application, now).move(Observed.STOPPED)
            self._resting[application] = status
            self._changed(application, status)

    def forget(self, application: str) -> None:
        life, resting = self._lives.get(application), self._resting.pop(application, None)
        if life is not None:
            life.forget()
            del self._lives[application]
        elif resting is not None:
            self._changed(application, Lifecycle(application, now, status=resting).move(Observed.NOT_FOUND))

    def fail(self, application: str, cause: str) -> None:
        """Something that runs has failed: it does not answer any more. ``start`` tries again, ``stop`` clears up."""
        life = self._lives.get(application)
        if life is not None:
            life.fail(cause)

    def _life(self, application: str) -> Life:
        life = self._lives.get(application)
        if life is None:
            lifecycle = Lifecycle(application, now, status=self._resting.pop(application, None))
            life = Life(lifecycle, self._factory, self._running, self._changed)
            self._lives[application] = life
        return life
