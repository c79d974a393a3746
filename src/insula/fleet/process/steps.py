"""What is done to one application on its way up and down; given by the composition root."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping
from typing import Any, ClassVar, Final, Protocol

from insula.core.doing import Tell, to_nobody
from insula.fleet.process.base import AsgiApp

STEP_DEADLINE_S: Final = 600.0
"""What a step may take; an upgrade of a large database is the longest."""


class Degrade(Protocol):
    """Called whenever other plugins than before have failed, and when none has any more."""

    def __call__(self, failed: Collection[str]) -> None:
        """``failed``: all of them, by name."""


def unnoticed(failed: Collection[str]) -> None:
    """Where nobody wants to know."""


class Steps(ABC):
    """Siblings implement all of it. Made anew for each time that the application is brought up."""

    deadline_s: ClassVar[float | None] = STEP_DEADLINE_S
    """A step that takes longer is given up; ``None``: the steps know by themselves how long they may take."""

    tell: Tell = staticmethod(to_nobody)
    """Told what is being done; set before the first step."""
    degrade: Degrade = staticmethod(unnoticed)
    """Told which plugins are off since they failed; set before the first step."""

    @abstractmethod
    async def prepare(self) -> None:
        """Reach its database, and look whose it is. Always the first step."""

    @abstractmethod
    async def create(self, arguments: Mapping[str, Any]) -> None:
        """Make its tables and first data, where they are not there yet."""

    @abstractmethod
    async def initialize(self) -> None:
        """Bring its tables up to date, where it wants that by itself, and load its plugins. Raises ``StaysDown`` where
        they are not up to date, and it does not."""

    @abstractmethod
    async def run(self) -> AsgiApp:
        """Make it answer, and give what answers."""

    @abstractmethod
    async def upgrade(self) -> None:
        """Bring its tables up to date; it is not started."""

    @abstractmethod
    async def stop(self) -> None:
        """Close what is open. Called after any of the other steps, also one that failed, and again if it was cancelled."""
