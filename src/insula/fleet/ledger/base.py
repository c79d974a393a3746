"""The ledger: which commands an environment has carried out, and what it was told last of each application."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from insula.fleet.command import Command, Outcome, Verb
from insula.fleet.configuration import Configuration
from insula.fleet.lifecycle import Wanted

KEPT_S: Final = 24 * 3600.0
"""How long a command is remembered: far longer than any can be on its way."""


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
    def kept(self, application: str) -> Kept | None:
        """One of them, from memory; ``None`` where there is none of that name."""

    @abstractmethod
    def application_of(self, domain: str) -> str | None:
        """The one whose custom domain this is, from memory."""

    @abstractmethod
    async def close(self) -> None:
        """Give back what it holds."""


class Shelf(dict[str, Kept]):
    """What a ledger keeps in memory, by name; and by domain."""

    def __init__(self, kept: Iterable[Kept] = ()) -> None:
        super().__init__()
        self._domains: dict[str, str] = {}
        for each in kept:
            self.put(each.configuration.application, each)

    def put(self, application: str, kept: Kept | None) -> None:
        """Instead of what was there; ``None``: nothing is left of it. A domain that another has by now stays the other's."""
        before = self.pop(application, None)
        if before is not None and self._domains.get(before.configuration.domain or "") == application:
            del self._domains[before.configuration.domain or ""]
        if kept is not None:
            self[application] = kept
            if kept.configuration.domain is not None:
                self._domains[kept.configuration.domain] = application

    def application_of(self, domain: str) -> str | None:
        """See ``Ledger.application_of``."""
        return self._domains.get(domain)


def after(command: Command, outcome: Outcome, before: Kept | None) -> Kept | None:
    """What an application is after a command: the one rule for all ledgers. ``None``: nothing of it is left here."""
    if not outcome.done:
        return before
    configuration = command.configuration or (before.configuration if before else None)
    kept = before.wanted if before else Wanted.STOPPED
    match command.verb:
        case Verb.CHECK | Verb.CONNECT | Verb.VISITED | Verb.PREPARE | Verb.VOUCH:
            return before
        case Verb.REMOVE:
            return None
        case Verb.CREATE | Verb.START:
            return _kept(configuration, Wanted.RUNNING)
        case Verb.UPGRADE:
            return _kept(configuration, kept)
        case Verb.STOP:
            asleep = command.arguments.get("asleep")
            return _kept(configuration, Wanted.ASLEEP if asleep else Wanted.STOPPED)


def _kept(configuration: Configuration | None, wanted: Wanted) -> Kept | None:
    """``None``: it was never made here."""
    return None if configuration is None else Kept(configuration, wanted)
