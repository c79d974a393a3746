"""SQLite (3.35 and later), on the standard library's module, in threads."""

from __future__ import annotations

import datetime as dt
import decimal
import math
import re
import sqlite3
from typing import Any, ClassVar

import orjson
from sqlalchemy.dialects.sqlite.base import SQLiteDialect, SQLiteIdentifierPreparer

from insula.database import errors
from insula.database.budget import ConnectionBudget
from insula.database.compile import QuotingPreparer
from insula.database.dialects import sqlite_functions
from insula.database.dialects.base import Dialect
from insula.database.embedded import SqliteDatabase
from insula.database.options import DatabaseOptions


class _Preparer(QuotingPreparer, SQLiteIdentifierPreparer):
    """Quotes every identifier."""


class _SqlAlchemyDialect(SQLiteDialect):
    """As SQLAlchemy's own, with JSON as text by orjson."""

    preparer = _Preparer
    default_paramstyle = "qmark"
    supports_statement_cache = False
    insula: Dialect

    def __init__(self) -> None:
        super().__init__(paramstyle="qmark", json_serializer=_json, json_deserializer=orjson.loads)


def _json(value: Any) -> str:
    return orjson.dumps(value).decode()


class Sqlite(Dialect):
    """SQLite. Text is compared byte by byte; its ``LIKE`` disregards case in ASCII, its ``GLOB`` nowhere."""

    name = "sqlite"
    transactional_ddl = True
    is_file = True
    max_identifier_bytes = 1000
    copies_csv = False
    # taken at once: a transaction that begins by reading could not turn into one that writes without failing
    begin = "BEGIN IMMEDIATE"
    begin_reading = "BEGIN"
    nulls_are_least = True
    alters_columns = False
    keeps_writers_off = False
    lock_timeout = None
    has_uuids = False
    keys_follow = True
    # only this spelling makes the row id the key; AUTOINCREMENT never gives out an id twice
    automatic_key = "INTEGER PRIMARY KEY AUTOINCREMENT"
    functions = sqlite_functions.NAMES
    sqlalchemy: ClassVar[_SqlAlchemyDialect]  # type: ignore[misc]

    def translate(self, error: BaseException) -> BaseException:
        return translate(error)

    def literal(self, value: Any) -> str:
        if value is None:
            return "NULL"
        if isinstance(value, bool):
            return "1" if value else "0"
        if isinstance(value, int | decimal.Decimal):
            return str(value)
        if isinstance(value, float):
            return repr(value) if math.isfinite(value) else _infinite(value)
        if isinstance(value, dt.datetime | dt.date | dt.time):
            return f"'{value.isoformat()}'"
        text = _json(value) if isinstance(value, dict | list | tuple) else str(value)
        if "\0" in text:
            raise errors.ValueOutOfRange(reason="a text has a NUL character")
        return "'" + text.replace("'", "''") + "'"

    def open(self, options: DatabaseOptions, budget: ConnectionBudget) -> SqliteDatabase:
        """The budget is for servers: a file takes none of it, but at most six threads, and none while idle."""
        return SqliteDatabase(self, options)

    async def probe(self, options: DatabaseOptions, budget: ConnectionBudget) -> None:
        await self.ensure(options, budget)

    async def ensure(self, options: DatabaseOptions, budget: ConnectionBudget) -> None:
        database = SqliteDatabase(self, options)
        try:
            await database.touch()
        finally:
            await database.close()


def _infinite(value: float) -> str:
    if math.isnan(value):
        raise errors.ValueOutOfRange(reason="a number is not a number")
    return "9e999" if value > 0 else "-9e999"


_FAILED = re.compile(r"^\w+( \w+)? constraint failed: (?P<what>.*)$", re.DOTALL)
_INDEX = re.compile(r"^index '(?P<name>.*)'$", re.DOTALL)
_MISSING_COLUMN = re.compile(r"no such column: (?P<a>.+)|has no column named (?P<b>.+)", re.DOTALL)


def translate(error: BaseException) -> BaseException:
    """An error of the sqlite3 module, or of binding a value; others pass unchanged."""
    if isinstance(error, UnicodeEncodeError):
        return errors.ValueOutOfRange(reason="a text has characters that are no Unicode (lone surrogates)")
    if isinstance(error, OverflowError):
        return errors.ValueOutOfRange(reason="a number is out of range")
    if not isinstance(error, sqlite3.Error):
        return error
    name = getattr(error, "sqlite_errorname", "") or ""
    if name.startswith("SQLITE_CONSTRAINT"):
        return _constraint(error, name)
    for prefix, make in _BY_NAME:
        if name.startswith(prefix):
            return make(str(error))
    if isinstance(error, sqlite3.InterfaceError | sqlite3.ProgrammingError) and "binding" in str(error):
        return errors.ValueOutOfRange(reason="a value is not of its column's type")
    return _by_words(str(error))


def _constraint(error: sqlite3.Error, name: str) -> BaseException:
    found = _FAILED.match(str(error))
    what = found["what"] if found else ""
    if name.endswith(("UNIQUE", "PRIMARYKEY", "ROWID")):
        if index := _INDEX.match(what):
            return errors.UniqueViolation(constraint=index["name"])
        table, columns = split_columns(what)
        return errors.UniqueViolation(table=table, columns=columns)
    if name.endswith("NOTNULL"):
        table, columns = split_columns(what)
        return errors.NotNullViolation(table=table, columns=columns)
    if name.endswith("FOREIGNKEY"):
        # SQLite names neither table nor columns; which way round it was, only the statement tells.
        statement = str(getattr(error, "statement_text", ""))
        return errors.ForeignKeyViolation(in_use=statement.lstrip()[:6].upper() == "DELETE")
    if name.endswith("TRIGGER") and str(error).startswith("FOREIGN KEY"):
        # ON DELETE RESTRICT works as a trigger does
        return errors.ForeignKeyViolation(in_use=True)
    if name.endswith("CHECK"):
        return errors.CheckViolation(constraint=what or None)
    return errors.ConstraintViolation(constraint=str(error))


def split_columns(what: str) -> tuple[str | None, tuple[str, ...]]:
    """``t.a, t.b`` → ``t``, ``(a, b)``, whatever else the names contain.

    A dot in the only column's name, or in its table's, is taken to be the column's.
    """
    best: tuple[str | None, tuple[str, ...]] = (None, ())
    for dot in (match.start() for match in re.finditer(r"\.", what)):
        table = what[:dot]
        columns = tuple(what[dot + 1 :].split(f", {table}."))
        if len(columns) >= max(2, len(best[1])) or not best[1]:
            best = (table, columns)
    return best


def _by_words(words: str) -> BaseException:
    if words == "user-defined function raised exception":
        return sqlite_functions.take_failure() or errors.DatabaseError(reason=words)
    if words.startswith("no such table: "):
        return errors.TableMissing(name=words.removeprefix("no such table: "))
    if column := _MISSING_COLUMN.search(words):
        return errors.ColumnMissing(name=column["a"] or column["b"])
    if "already exists" in words or "duplicate column name" in words:
        return errors.ObjectExists(reason=words)
    if words == "interrupted":
        return errors.StatementTimeout()
    if words.startswith(("too many ", "Expression tree is too large", "parser stack overflow", "at most ")):
        return errors.StatementTooComplex(reason=words)
    return errors.DatabaseError(reason=words)


_BY_NAME = (
    ("SQLITE_FULL", lambda words: errors.DiskFull()),
    ("SQLITE_INTERRUPT", lambda words: errors.StatementTimeout()),
    ("SQLITE_BUSY", lambda words: errors.Contention(reason="another process writes to the file")),
    ("SQLITE_LOCKED", lambda words: errors.Contention(reason=words)),
    ("SQLITE_READONLY", lambda words: errors.ReadOnly(reason=words)),
    ("SQLITE_PERM", lambda words: errors.PermissionDenied(reason=words)),
    ("SQLITE_AUTH", lambda words: errors.PermissionDenied(reason=words)),
    ("SQLITE_CANTOPEN", lambda words: errors.DatabaseUnavailable(where="file", reason=words)),
    ("SQLITE_IOERR", lambda words: errors.DatabaseUnavailable(where="file", reason=words)),
    ("SQLITE_CORRUPT", lambda words: errors.DatabaseUnavailable(where="file", reason=words)),
    ("SQLITE_NOTADB", lambda words: errors.DatabaseUnavailable(where="file", reason=words)),
    ("SQLITE_TOOBIG", lambda words: errors.ValueOutOfRange(reason="a text is too long")),
    ("SQLITE_MISMATCH", lambda words: errors.ValueOutOfRange(reason="a value is not of its column's type")),
    ("SQLITE_RANGE", lambda words: errors.StatementTooComplex(reason=words)),
)
"""The beginning of SQLite's own name of an error → what it becomes."""

Sqlite.sqlalchemy = _SqlAlchemyDialect()
DIALECT = Sqlite()
Sqlite.sqlalchemy.insula = DIALECT
