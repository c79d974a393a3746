"""What the threads of a SQLite file do: functions over one ``sqlite3.Connection``."""

import sqlite3
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeVar

from insula.database.errors import ValueOutOfRange
from insula.database.statement import Statement

T = TypeVar("T")
Row = dict[str, Any]


def fetch(statement: Statement, values: Mapping[str, Any]) -> Callable[[sqlite3.Connection], list[Row]]:
    """A job that gives all rows of the answer."""
    arguments = checked(statement.arguments(values))
    text = statement.text("")

    def job(connection: sqlite3.Connection) -> list[Row]:
        cursor = run(connection, text, arguments)
        try:
            if cursor.description is None:
                return []
            labels = [column[0] for column in cursor.description]
            return statement.decode([dict(zip(labels, row, strict=True)) for row in cursor])
        finally:
            cursor.close()

    return job


def execute(statement: Statement, values: Mapping[str, Any]) -> Callable[[sqlite3.Connection], int]:
    """A job that gives the number of rows touched."""
    arguments = checked(statement.arguments(values))
    text = statement.text("")

    def job(connection: sqlite3.Connection) -> int:
        cursor = run(connection, text, arguments)
        try:
            return max(cursor.rowcount, 0) if cursor.description is None else len(cursor.fetchall())
        finally:
            cursor.close()

    return job


def execute_many(
    statement: Statement, rows: Iterable[Mapping[str, Any]]
) -> Callable[[sqlite3.Connection], None]:
    """A job that runs the statement for each row."""
    arguments = [checked(statement.arguments(row)) for row in rows]
    insert = insert_rows(statement.text(""), arguments)

    def job(connection: sqlite3.Connection) -> None:
        insert(connection)

    return job


def insert_rows(text: str, rows: Sequence[Sequence[Any]]) -> Callable[[sqlite3.Connection], int]:
    """A job that inserts rows by position and gives their number."""

    def job(connection: sqlite3.Connection) -> int:
        try:
            connection.executemany(text, map(checked, rows)).close()
        except sqlite3.IntegrityError as error:
            error.statement_text = text  # type: ignore[attr-defined]
            raise
        return len(rows)

    return job


def atomic(job: Callable[[sqlite3.Connection], T], words: str) -> Callable[[sqlite3.Connection], T]:
    """The job in a transaction of its own, opened with the dialect's words."""

    def whole(connection: sqlite3.Connection) -> T:
        begin(words)(connection)
        try:
            result = job(connection)
        except BaseException:
            rollback(connection)
            raise
        commit(connection)
        return result

    return whole


class Reading:
    """A statement read in batches by one thread."""

    def __init__(self, statement: Statement, values: Mapping[str, Any], batch: int) -> None:
        self._statement = statement
        self._arguments = checked(statement.arguments(values))
        self._batch = batch
        self._cursor: sqlite3.Cursor | None = None

    def next_batch(self, connection: sqlite3.Connection) -> list[Row]:
        """The next rows; none at the end."""
        if self._cursor is None:
            self._cursor = run(connection, self._statement.text(""), self._arguments)
        if self._cursor.description is None:
            return []
        labels = [column[0] for column in self._cursor.description]
        rows = self._cursor.fetchmany(self._batch)
        return self._statement.decode([dict(zip(labels, row, strict=True)) for row in rows])


def begin(words: str) -> Callable[[sqlite3.Connection], None]:
    """Open a transaction with the dialect's words."""
    return lambda connection: connection.execute(words).close()


def commit(connection: sqlite3.Connection) -> None:
    """Commit; what can not be committed is rolled back and its error raised."""
    try:
        connection.execute("COMMIT").close()
    except BaseException:
        rollback(connection)
        raise


def rollback(connection: sqlite3.Connection) -> None:
    """SQLite ends a transaction by itself after some errors (a full disk, an interrupt)."""
    if connection.in_transaction:
        connection.execute("ROLLBACK").close()


def run(connection: sqlite3.Connection, text: str, arguments: Sequence[Any] = ()) -> sqlite3.Cursor:
    """Run one statement; the error of a broken constraint carries its text."""
    try:
        return connection.execute(text, arguments)
    except sqlite3.IntegrityError as error:
        # SQLite words a broken foreign key the same for all statements.
        error.statement_text = text  # type: ignore[attr-defined]
        raise


def checked(arguments: Sequence[Any]) -> Sequence[Any]:
    """Refuse what PostgreSQL refuses too: SQLite would store a NUL and later cut the text there."""
    for value in arguments:
        if type(value) is str and "\0" in value:
            raise ValueOutOfRange(reason="a text has a NUL character")
    return arguments
