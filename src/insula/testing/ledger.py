"""A ledger in memory: what a worker remembers for as long as a test runs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from insula.fleet.command import UNKEPT, Command, Outcome
from insula.fleet.ledger.base import Kept, Ledger, Shelf, after

MOST: Final = 1_000
"""Commands that are remembered; the oldest fall out."""


class MemoryLedger(Ledger):
    """Holds nothing that would have to be given back."""

    def __init__(self) -> None:
        self._outcomes: dict[str, Outcome] = {}
        self._applications = Shelf()

    async def outcome(self, request_id: str) -> Outcome | None:
        return self._outcomes.get(request_id)

    async def keep(self, command: Command, outcome: Outcome) -> None:
        if command.verb in UNKEPT:
            return
        self._outcomes[command.request_id] = outcome
        if len(self._outcomes) > MOST:
            del self._outcomes[next(iter(self._outcomes))]
        name = command.application
        self._applications.put(name, after(command, outcome, self._applications.get(name)))

    async def applications(self) -> Sequence[Kept]:
        return list(self._applications.values())

    def kept(self, application: str) -> Kept | None:
        return self._applications.get(application)

    def application_of(self, domain: str) -> str | None:
        return self._applications.application_of(domain)

    async def close(self) -> None:
        """There is nothing to give back."""
