"""Discovery: environments announce themselves and report what they observe; the supervisor looks on."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence

from insula.fleet.environment import Environment
from insula.fleet.errors import EnvironmentTaken
from insula.fleet.lifecycle import Status

Lost = Callable[[EnvironmentTaken], None]
Watcher = Callable[[str, str, Status], None]
"""Told environment, application and what is observed there now. Returns at once."""


class Discovery(ABC):
    """Siblings implement all of it. An environment holds its name before it announces itself; who looks on follows."""

    @abstractmethod
    async def hold(self, environment: str, instance: str, lost: Lost) -> int:
        """Be the only one of this name from now on, for this instance. Gives its epoch, higher than that of any before.

        ``lost`` is told when another has the name: nothing more may be done in it then.
        Raises ``EnvironmentTaken``, and ``RedisUnavailable`` where that is what names are held in.
        """

    @abstractmethod
    def held(self, environment: str) -> bool:
        """Whether the name is held here, so that nobody else can have it now."""

    @abstractmethod
    async def follow(self) -> None:
        """Know from now on what other processes announce and report. Returns once all is known that was told before, or
        after a few seconds where that can not be read now."""

    @abstractmethod
    async def close(self) -> None:
        """Follow no more, and let go of what is held; what can be told in time is told. May be called twice."""

    @abstractmethod
    async def announce(self, environment: Environment) -> None:
        """Make an environment known, or what has changed of it."""

    @abstractmethod
    async def good_bye(self, name: str) -> None:
        """The environment is about to go, on purpose: not available any more, if it is known at all. Its name stays held,
        so that nobody does there what is not ended here. Of an unknown one nothing."""

    @abstractmethod
    async def leave(self, name: str) -> None:
        """The environment is gone: as ``good_bye``, and others may have its name. Of an unknown one nothing."""

    @abstractmethod
    async def forget(self, name: str) -> None:
        """Know nothing of an environment that is gone, nor what was reported from there, until it is announced again.
        Of an unknown one nothing. Raises ``RedisUnavailable`` where it is known in one."""

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
