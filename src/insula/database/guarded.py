"""What transactions of all dialects have in common: after a failure nothing goes on unnoticed."""

import asyncio
import contextlib
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Mapping
from types import MappingProxyType
from typing import Any

from sqlalchemy.sql.base import Executable

from insula.database.dialects.base import Dialect
from insula.database.errors import DatabaseError, DatabaseGone, StatementTimeout, TransactionFailed
from insula.database.executor import Row
from insula.database.statement import Statement

NOTHING: Mapping[str, Any] = MappingProxyType({})


class GuardedTransaction(ABC):
    """Savepoints, and the memory of a failed statement.

    PostgreSQL refuses further statements by itself, and turns a COMMIT into a rollback without an error;
    SQLite goes on as if nothing had been. Here both raise TransactionFailed.
    """

    def __init__(self, dialect: Dialect) -> None:
        self.dialect = dialect
        self._failed = False
        self._depth = 0

    @abstractmethod
    async def fetch(self, statement: Statement, values: Mapping[str, Any]) -> list[Row]: ...

    @abstractmethod
    async def _script(self, text: str) -> None:
        """Run text without parameters; marks the transaction as failed when it raises."""

    async def run(self, element: Executable, values: Mapping[str, Any] = NOTHING) -> list[Row]:
        return await self.fetch(self.dialect.compile(element), values)

    async def look(self, element: Executable, values: Mapping[str, Any]) -> list[Row]:
        return await self.run(element, values)

    @contextlib.asynccontextmanager
    async def savepoint(self) -> AsyncIterator[None]:
        self._depth += 1
        name = f"insula_{self._depth}"
        try:
            await self._script(f"SAVEPOINT {name}")
            try:
                yield
                if self._failed:
                    raise TransactionFailed()
            except BaseException as error:
                if self._failed and isinstance(error, DatabaseGone):
                    raise  # with the connection went what there was to take back
                self._failed = False
                await self._take_back(name, error)
                raise
            await self._script(f"RELEASE SAVEPOINT {name}")
        finally:
            self._depth -= 1

    async def _take_back(self, name: str, error: BaseException) -> None:
        """Undo what was done since the savepoint, because of ``error``."""
        try:
            await self._script(f"ROLLBACK TO SAVEPOINT {name}")
            # Else it stays open, and those that follow pile up on it.
            await self._script(f"RELEASE SAVEPOINT {name}")
        except DatabaseError:
            # What interrupts a statement of SQLite takes the whole transaction back: what it was interrupted for counts.
            if not isinstance(error, asyncio.CancelledError | StatementTimeout):
                raise
