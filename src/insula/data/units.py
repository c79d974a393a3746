"""Units of work: several writes, all or none, whose changes are announced at the end."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Final

from insula.data.changes import Announcer, Change
from insula.database.errors import DatabaseGone
from insula.database.executor import Database, Transaction

UNKNOWN: Final = (asyncio.CancelledError, DatabaseGone)
"""After these errors of a commit nobody knows whether it was done: what may have changed is told."""


class Units:
    """Opens transactions of one application's database."""

    def __init__(self, database: Database, announcer: Announcer) -> None:
        self._database = database
        self._announcer = announcer

    @contextlib.asynccontextmanager
    async def transaction(self) -> AsyncIterator[Transaction]:
        """A transaction for several writes (given to them as ``on``); their changes are announced at its end."""
        changes: list[Change] = []
        try:
            async with self._database.transaction() as transaction:
                with self._announcer.collecting(transaction) as noted:
                    yield transaction
                if self._announcer.log is not None:
                    await self._announcer.log.write(noted, transaction)
                changes = noted  # from here on they may be kept
        except UNKNOWN:
            self._announcer.announce(changes)
            raise
        self._announcer.announce(changes)

    @contextlib.asynccontextmanager
    async def unit(self, on: Transaction | None) -> AsyncIterator[Transaction]:
        """All or nothing: a transaction of its own, or a savepoint in the one given."""
        if on is None:
            async with self.transaction() as transaction:
                yield transaction
        else:
            async with on.savepoint():
                with self._announcer.undoing(on):
                    yield on
