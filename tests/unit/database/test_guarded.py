"""Savepoints, seen from what is said to the database."""

import asyncio
from collections.abc import Mapping
from typing import Any

import pytest

from insula.database.dialects import dialect
from insula.database.errors import (
    DatabaseError,
    DatabaseGone,
    StatementTimeout,
    TransactionFailed,
    UniqueViolation,
)
from insula.database.executor import Row
from insula.database.guarded import GuardedTransaction
from insula.database.statement import Statement


class Spoken(GuardedTransaction):
    """Keeps what is said, and fails as it is told to."""

    def __init__(self) -> None:
        super().__init__(dialect("postgres"))
        self.said: list[str] = []
        self.interrupted = False
        """What was begun is gone, and with it each savepoint."""

    async def fetch(self, statement: Statement, values: Mapping[str, Any]) -> list[Row]:
        raise AssertionError("nothing is asked here")

    async def _script(self, text: str) -> None:
        self.said.append(text.split()[0])
        if self.interrupted:
            self._failed = True
            raise DatabaseError(reason="no such savepoint")

    async def fail(self, error: BaseException) -> None:
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


@pytest.mark.parametrize("error", [asyncio.CancelledError(), StatementTimeout()])
async def test_what_interrupted_a_whole_transaction_says_why(error: BaseException) -> None:
    transaction = Spoken()
    with pytest.raises(type(error)):
        async with transaction.savepoint():
            transaction.interrupted = True
            await transaction.fail(error)
    transaction.interrupted = False
    with pytest.raises(TransactionFailed):  # and nothing goes on as if it were there
        async with transaction.savepoint():
            pass


async def test_what_can_not_be_taken_back_after_a_refusal_is_told() -> None:
    transaction = Spoken()
    with pytest.raises(DatabaseError, match="no such savepoint"):
        async with transaction.savepoint():
            transaction.interrupted = True
            await transaction.fail(UniqueViolation())
