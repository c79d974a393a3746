"""Savepoints, seen from what is said to the database."""

from collections.abc import Mapping
from typing import Any

import pytest

from insula.database.dialects import dialect
from insula.database.errors import DatabaseError, DatabaseGone, UniqueViolation
from insula.database.executor import Row
from insula.database.guarded import GuardedTransaction
from insula.database.statement import Statement


class Spoken(GuardedTransaction):
    """Keeps what is said, and fails as it is told to."""

    def __init__(self) -> None:
        super().__init__(dialect("postgres"))
        self.said: list[str] = []

    async def fetch(self, statement: Statement, values: Mapping[str, Any]) -> list[Row]:
        raise NotImplementedError

    async def _script(self, text: str) -> None:
        self.said.append(text.split()[0])

    async def fail(self, error: DatabaseError) -> None:
        """A statement that ends so."""
        self._failed = True
        raise error


async def test_nothing_is_said_to_a_database_that_is_gone() -> None:
    transaction = Spoken()
    with pytest.raises(DatabaseGone):
        async with transaction.savepoint():
            await transaction.fail(DatabaseGone())
    assert transaction.said == ["SAVEPOINT"]


async def test_a_refused_statement_is_taken_back() -> None:
    transaction = Spoken()
    with pytest.raises(UniqueViolation):
        async with transaction.savepoint():
            await transaction.fail(UniqueViolation())
    assert transaction.said == ["SAVEPOINT", "ROLLBACK", "RELEASE"]


async def test_another_database_that_is_gone_leaves_this_one_as_it_is() -> None:
    transaction = Spoken()
    with pytest.raises(DatabaseGone):
        async with transaction.savepoint():
            raise DatabaseGone()
    assert transaction.said == ["SAVEPOINT", "ROLLBACK", "RELEASE"]
