"""A connection to MariaDB or MySQL: statements, transactions, locks and time limits.

A change of schema commits what was done before it, and a deadlock undoes all of a transaction. After the one the
transaction is begun anew, with its savepoints; after the other nothing but ROLLBACK goes through.
"""

from __future__ import annotations

import hashlib
import logging
import re
from collections.abc import AsyncIterator, Iterable, Sequence
from typing import Any, Final

from asyncmy import errors as my

from insula.database import errors
from insula.database.connection import Cursor, ServerConnection
from insula.database.dialects.mysql_batches import batches, inserts
from insula.database.dialects.mysql_errors import (
    DEADLOCK,
    DUPLICATE,
    NO_SAVEPOINT,
    duplicate_key,
    naming_table,
    number_of,
    written_table,
)
from insula.database.dialects.mysql_session import Flavor, limit, limits
from insula.database.dialects.mysql_values import bound
from insula.database.dialects.mysql_wire import MysqlRecord, Wire, records

_INDEX_COLUMNS: Final = (
    "SELECT COLUMN_NAME FROM information_schema.STATISTICS WHERE TABLE_SCHEMA = DATABASE()"
    " AND TABLE_NAME = ? AND INDEX_NAME = ? ORDER BY SEQ_IN_INDEX"
)
_SAVEPOINT: Final = re.compile(r"^(?P<verb>SAVEPOINT|ROLLBACK TO SAVEPOINT|RELEASE SAVEPOINT) (?P<name>\w+)$")
_CHANGE: Final = re.compile(
    r"\s*(?:CREATE|ALTER|DROP|RENAME|TRUNCATE|ANALYZE|OPTIMIZE|GRANT|REVOKE)\b", re.IGNORECASE
)
_ENDING: Final = frozenset({"COMMIT", "ROLLBACK"})
_NO_LIMIT_S: Final = 1_000_000

_logger = logging.getLogger(__name__)


class MysqlConnection(ServerConnection):
    """A connection whose session is set up."""

    __slots__ = (
        "_aborted", "_altered", "_begun", "_changing", "_flavor", "_limit_s", "_locked", "_longest", "_savepoints",
        "_usual_limit_s", "_wire",
    )  # fmt: skip

    def __init__(self, wire: Wire, flavor: Flavor, *, longest: int, limit_s: float) -> None:
        super().__init__()
        self._wire = wire
        self._flavor = flavor
        self._longest = longest
        """Bytes of a statement that the server takes."""
        self._usual_limit_s = limit_s
        self._limit_s: float | None = limit_s
        self._begun = ""
        """The words that began the transaction, empty outside of any."""
        self._savepoints: list[str] = []
        self._aborted: BaseException | None = None
        """Why the server has undone all of the transaction, of which it then knows nothing any more."""
        self._changing = False
        """A change of schema was begun, which commits all before it, and did not succeed."""
        self._locked = False
        self._altered = False
        """Settings of the session were changed, and have to be as before when the transaction ends."""

    @property
    def collation(self) -> str:
        """What tables of Insula compare text with, on this server."""
        return self._flavor.collation

    @property
    def closed(self) -> bool:
        return self._wire.closed

    @property
    def in_transaction(self) -> bool:
        return bool(self._begun)

    @property
    def clean(self) -> bool:
        return not (self._wire.busy or self._locked or self._altered or self.closed or self._begun)

    async def fetch(self, text: str, arguments: Sequence[Any]) -> Sequence[MysqlRecord]:
        result = await self._query(text, arguments)
        return records(result, result.rows or ())

    async def execute(self, text: str, arguments: Sequence[Any]) -> int:
        return int((await self._query(text, arguments)).affected_rows)

    async def execute_many(self, text: str, rows: Iterable[Sequence[Any]]) -> None:
        alone = not self._begun
        if alone:
            await self.script("START TRANSACTION")
        for statements in batches(text, rows):
            await self._query(statements, ())
        if alone:
            await self.script("COMMIT")

    async def script(self, text: str) -> str:
        if text in _ENDING:
            return await self._end(text)
        if found := _SAVEPOINT.match(text):
            await self._savepoint(text, **found.groupdict())
        else:
            if text.startswith("START TRANSACTION"):
                self._begun, self._changing = text, False
            await self._query(text, ())
        return text

    async def cursor(self, text: str, arguments: Sequence[Any]) -> Cursor:
        await self.limit_statements(None)  # the server would count the time that the reader takes
        statement = self._statement(text, arguments).decode()
        try:
            return await self._wire.stream(statement, self._usual_limit_s)
        except TimeoutError:
            raise errors.StatementTimeout() from None

    async def lock(self, key: int) -> None:
        """Locks are the session's, named for the whole server, and given back when the transaction has ended."""
        self._locked = True
        seconds = _NO_LIMIT_S if self._limit_s is None else self._limit_s
        (row,) = await self.fetch(
            "SELECT GET_LOCK(CONCAT(?, MD5(DATABASE())), ?) AS got", (_lock(key), seconds)
        )
        if row["got"] != 1:
            raise errors.StatementTimeout()

    async def limit_statements(self, seconds: float | None) -> None:
        self._altered = True
        self._limit_s = seconds
        await self._query(f"SET SESSION {limit(self._flavor, seconds)}", ())

    async def copy_rows(
        self, schema: str | None, table: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]
    ) -> int:
        count = 0
        for statement in inserts(table, columns, rows):
            count += (await self._query(statement, ())).affected_rows
        return count

    async def copy_csv(
        self, schema: str | None, table: str, columns: Sequence[str], chunks: AsyncIterator[bytes], null: str
    ) -> int:
        raise errors.NotSupported(dialect=self._flavor.product, what="take CSV text as it is")

    async def settle(self) -> None:
        self._note(await self._wire.settle())

    async def close(self) -> None:
        await self._wire.close()

    def terminate(self) -> None:
        self._wire.abort()

    # --- statements

    def _statement(self, text: str, arguments: Sequence[Any]) -> bytes:
        """What is sent. Raises the error that ended the transaction, and errors of values."""
        if self._aborted is not None:
            raise self._aborted
        statement = bound(text, arguments).encode()
        if len(statement) >= self._longest:
            raise errors.StatementTooComplex(reason=f"it is longer than {self._longest} bytes")
        return statement

    async def _query(self, text: str, arguments: Sequence[Any]) -> Any:
        """Run it, all of its parts; the last one's result."""
        statement = self._statement(text, arguments)
        if self._wire.busy:
            await self.settle()
        self._altered = self._altered or text.startswith("SET SESSION")
        self._changing = self._changing or bool(_CHANGE.match(text))
        try:
            result = await self._wire.run(statement)
        except my.MySQLError as error:
            self._note(error)
            problem = await self._explained(error, text)
            if problem is error:
                raise
            raise problem from error
        if self._begun and not self._wire.in_transaction:
            if not self._changing:
                raise self._undone()
            await self._begin_again(self._savepoints)
        return result

    def _note(self, error: BaseException | None) -> None:
        """Remember an error with which the server has undone the transaction."""
        if error is not None and self._begun and number_of(error) == DEADLOCK:
            self._aborted = error

    def _undone(self) -> BaseException:
        """The error of a transaction that the server has ended without being told to."""
        self._aborted = errors.Contention(reason="the server has undone all of the transaction")
        return self._aborted

    async def _explained(self, error: my.MySQLError, text: str) -> BaseException:
        """The error, with table and columns where the server leaves them out."""
        if number_of(error) != DUPLICATE:
            return naming_table(error, text)
        said, key = duplicate_key(error)
        table = said or written_table(text)
        if table is None or self._aborted is not None:
            return error
        statement = bound(_INDEX_COLUMNS, (table, key)).encode()
        found = await self._wire.run(statement)
        columns = tuple(column for (column,) in found.rows)
        return errors.UniqueViolation(table=table, columns=columns, constraint=key)

    # --- transactions

    async def _begin_again(self, savepoints: Sequence[str]) -> None:
        """A change of schema has committed: what follows is a transaction again."""
        statements = [self._begun, *(f"SAVEPOINT {name}" for name in savepoints)]
        await self._wire.run("; ".join(statements).encode())
        self._changing = False

    async def _savepoint(self, text: str, verb: str, name: str) -> None:
        try:
            await self._query(text, ())
        except my.MySQLError as error:
            if number_of(error) != NO_SAVEPOINT or name not in self._savepoints:
                raise
            if not self._changing:
                raise self._undone() from error
            # A change of schema failed, and had committed before it did.
            await self._begin_again(self._savepoints[: self._savepoints.index(name) + 1])
        if verb == "SAVEPOINT":
            self._savepoints.append(name)
        elif name in self._savepoints:
            kept = self._savepoints.index(name) + (verb == "ROLLBACK TO SAVEPOINT")
            del self._savepoints[kept:]

    async def _end(self, word: str) -> str:
        """Commit or roll back, then give back locks and settings."""
        if self._aborted is not None:
            word, self._aborted = "ROLLBACK", None
        begun, self._begun = self._begun, ""
        self._savepoints.clear()
        try:
            await self._query(word, ())
        except BaseException:
            self._begun = begun
            raise
        if self._locked or self._altered:
            await self._restore()
        return word

    async def _restore(self) -> None:
        statements = ["DO RELEASE_ALL_LOCKS()"] if self._locked else []
        if self._altered:
            statements.append(limits(self._flavor, self._usual_limit_s))
        try:
            await self._wire.run("; ".join(statements).encode())
        except (my.MySQLError, OSError) as error:
            # The transaction itself has ended as it was to; the server gives locks back with the session.
            _logger.debug("a connection is dropped, for its session could not be set back: %s", error)
            self.terminate()
        self._locked = self._altered = False
        self._limit_s = self._usual_limit_s


def _lock(key: int) -> str:
    return f"insula {hashlib.blake2b(str(key).encode(), digest_size=8).hexdigest()} "
