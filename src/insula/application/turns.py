"""One process at a time makes or upgrades the tables of an application; others that start wait, and find it done.

They start one after the other, too, each with all of its plugins: what those put in when they are loaded is there once.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Final

from insula.application.errors import TurnTaken
from insula.data.schema_journal import changing
from insula.database.errors import StatementTimeout

if TYPE_CHECKING:
    from insula.application.application import Application
    from insula.database.executor import Transaction

TURN_S: Final = 600.0
"""For one statement: changing a large table takes longer than a query may. Who waits for a turn waits no longer."""


_START: Final = "start"


@asynccontextmanager
async def turn(application: Application, lock: str) -> AsyncIterator[Transaction]:
    """A transaction that may change tables, alone under the lock in the application's own database.

    Raises ``TurnTaken`` where it does not become free in time.
    """
    async with changing(application.database, statement_timeout_s=TURN_S) as transaction:
        await _take(application, transaction, lock)
        yield transaction


@asynccontextmanager
async def start_turn(application: Application) -> AsyncIterator[None]:
    """Alone among the processes in which the application runs, as long as the block takes. Raises as ``turn``."""
    if application.others is None:
        yield
        return
    database = application.database
    async with database.turns, database.transaction(statement_timeout_s=TURN_S) as transaction:
        await _take(application, transaction, _START)
        yield


async def after_turn(application: Application, lock: str) -> None:
    """Wait until nobody holds the lock. Raises as ``turn``."""
    async with application.database.transaction(statement_timeout_s=TURN_S) as transaction:
        await _take(application, transaction, lock)


async def _take(application: Application, transaction: Transaction, lock: str) -> None:
    """It is held until the transaction ends."""
    try:
        await transaction.lock(lock)
    except StatementTimeout as error:
        raise TurnTaken(application=application.name, seconds=TURN_S) from error
