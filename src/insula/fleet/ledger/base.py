"""The ledger: which commands an environment has carried out, and what it was told last of each application."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from insula.fleet.command import Command, Outcome, Verb
from insula.fleet.configuration import Configuration
from insula.fleet.lifecycle import Wanted

KEPT_S: Final = 24 * 3600.0
"""How long a command is remembered: far longer than any can be on its way."""
UNKEPT: Final = frozenset({Verb.CHECK})
"""What changes nothing can be done again."""


@dataclass(frozen=True, slots=True)
class Kept:
    """An application as an environment was told it last."""

    configuration: Configuration
    wanted: Wanted
    """What it was to be after the last command: running, asleep or stopped."""


class Ledger(ABC):
    """Siblings implement all of it. All methods but ``close`` raise ``DatabaseUnavailable`` where it can not be read or written."""

    @abstractmethod
    async def outcome(self, request_id: str) -> Outcome | None:
        """What came of a command that was carried out here."""

    @abstractmethod
    async def keep(self, command: Command, outcome: Outcome) -> None:
        """Write down what came of a command, and what the application is by it."""

    @abstractmethod
    async def applications(self) -> Sequence[Kept]:
        """All that were made here and not removed."""

    @abstractmethod
    async def close(self) -> None:
        """Give back what it holds."""


def after(command: Command, outcome: Outcome, before: Kept | None) -> Kept | None:
    """What an application is after a command: the one rule for all ledgers. ``None``: nothing of it is left here."""
    if not outcome.done or command.verb in (Verb.CHECK, Verb.PREPARE):
        return before
    if command.verb is Verb.REMOVE:
        return None
    configuration = command.configuration or (before.configuration if before else None)
    if configuration is None:
        return before
    if command.verb is Verb.UPGRADE:
        return Kept(configuration, before.wanted if before else Wanted.STOPPED)
    if command.verb is Verb.STOP:
        return Kept(configuration, Wanted.ASLEEP if command.arguments.get("asleep") else Wanted.STOPPED)
    return Kept(configuration, Wanted.RUNNING)
