"""Discovery: environments announce themselves and report what they observe; the supervisor looks on."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence

from insula.fleet.environment import Environment
from insula.fleet.lifecycle import Status

Watcher = Callable[[str, str, Status], None]
"""Told environment, application and what is observed there now. Returns at once."""


class Discovery(ABC):
    """Siblings implement all of it."""

    @abstractmethod
    async def announce(self, environment: Environment) -> None:
        """Make an environment known, or what has changed of it."""

    @abstractmethod
    async def leave(self, name: str) -> None:
        """The environment is gone, on purpose. Leaving one that is not known does nothing."""

    @abstractmethod
    async def environments(self) -> Sequence[Environment]:
        """Those that are known, by name."""

    @abstractmethod
    def report(self, environment: str, application: str, status: Status) -> None:
        """What an environment observes of an application now. Never waits; ``not_found`` forgets it."""

    @abstractmethod
    def statuses(self, application: str) -> Mapping[str, Status]:
        """Environment → what was reported from there last."""

    @abstractmethod
    def watch(self, watcher: Watcher) -> Callable[[], None]:
        """Have ``watcher`` told of every report from now on, in order; call what this gives to end that."""
