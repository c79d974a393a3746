"""Discovery within one process: what is reported is known at once."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence

from insula.core.clock import now
from insula.fleet.discovery.base import Discovery, Lost, Watcher
from insula.fleet.environment import Environment
from insula.fleet.errors import EnvironmentTaken
from insula.fleet.lifecycle import Observed, Status

_logger = logging.getLogger(__name__)


class LocalDiscovery(Discovery):
    """Keeps everything in memory: with the process everything that it tells of is gone."""

    def __init__(self) -> None:
        self._environments: dict[str, Environment] = {}
        self._statuses: dict[str, dict[str, Status]] = {}
        """Application → environment → status."""
        self._watchers: list[Watcher] = []
        self._held: dict[str, str] = {}
        """Environment → instance."""
        self._epoch = 0

    async def hold(self, environment: str, instance: str, lost: Lost) -> int:
        holder = self._held.get(environment)
        if holder is not None and holder != instance:
            raise EnvironmentTaken(environment=environment, holder=holder, at="")
        self._held[environment] = instance
        self._epoch += 1
        return self._epoch

    def held(self, environment: str) -> bool:
        return environment in self._held

    async def follow(self) -> None:
        """There is nobody else."""

    async def close(self) -> None:
        self._held.clear()

    async def announce(self, environment: Environment) -> None:
        self._environments[environment.name] = environment

    async def good_bye(self, name: str) -> None:
        self._environments.pop(name, None)

    async def leave(self, name: str) -> None:
        await self.good_bye(name)
        self._held.pop(name, None)

    async def forget(self, name: str) -> None:
        self._environments.pop(name, None)
        for application in [found for found, known in self._statuses.items() if name in known]:
            self.report(name, application, Status(Observed.NOT_FOUND, now()))

    async def environments(self) -> Sequence[Environment]:
        return sorted(self._environments.values(), key=lambda environment: environment.name)

    def report(self, environment: str, application: str, status: Status) -> None:
        if status.observed is Observed.NOT_FOUND:
            known = self._statuses.get(application, {})
            known.pop(environment, None)
            if not known:
                self._statuses.pop(application, None)
        else:
            self._statuses.setdefault(application, {})[environment] = status
        for watcher in tuple(self._watchers):
            try:
                watcher(environment, application, status)
            except Exception:  # the others hear of it all the same
                _logger.exception("a watcher of the fleet failed at %s in %s", application, environment)

    def statuses(self, application: str) -> Mapping[str, Status]:
        return dict(self._statuses.get(application, {}))

    def watch(self, watcher: Watcher) -> Callable[[], None]:
        self._watchers.append(watcher)
        return lambda: self._watchers.remove(watcher)
