"""No ledger: for an environment whose bus hands out each command once, and ends with it."""

from __future__ import annotations

from collections.abc import Sequence

from insula.fleet.command import Command, Outcome
from insula.fleet.ledger.base import Kept, Ledger


class NoLedger(Ledger):
    """Remembers nothing. What applications should be, whoever sends the commands knows."""

    async def outcome(self, request_id: str) -> Outcome | None:
        return None

    async def keep(self, command: Command, outcome: Outcome) -> None:
        """There is nobody who would ask."""

    async def applications(self) -> Sequence[Kept]:
        return ()

    def kept(self, application: str) -> Kept | None:
        return None

    def application_of(self, domain: str) -> str | None:
        return None

    async def close(self) -> None:
        """There is nothing to give back."""
