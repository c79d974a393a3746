"""What is done to SQLite files without an executor: copied with a stamp, looked at, deleted. Called in threads."""

from __future__ import annotations

import contextlib
import os
import shutil
import sqlite3
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Final

from insula.database.provision.errors import StorageUnfit
from insula.database.provision.ownership import STAMP_TABLE, Stamp
from insula.database.sqlite_file import BUSY_S, FILE_MODE, FOLDER_MODE
from insula.database.statement import Statement

if TYPE_CHECKING:
    from insula.database.executor import Executor, Transaction

_BESIDE: Final = ("-wal", "-shm", "-journal", ".lock")
"""What SQLite, and who claims the file, keep beside it."""
_MAKE: Final = f'CREATE TABLE IF NOT EXISTS "{STAMP_TABLE}" (stamp TEXT NOT NULL)'
_CLEAR: Final = f'DELETE FROM "{STAMP_TABLE}"'  # noqa: S608 - a constant
_READ: Final = f'SELECT stamp FROM "{STAMP_TABLE}"'  # noqa: S608 - a constant
_WRITE: Final = f'INSERT INTO "{STAMP_TABLE}" VALUES (?)'  # noqa: S608 - a constant


def plain(text: str) -> Statement:
    """A statement without values that changes something."""
    return Statement((text,), (), {}, {}, (), returns_rows=False, is_ddl=True)


def query(text: str) -> Statement:
    """A statement without values that only reads."""
    return Statement((text,), (), {}, {}, (), returns_rows=True, writes=False)


_THERE: Final = query(f"SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = '{STAMP_TABLE}'")  # noqa: S608 - a constant
_STAMP: Final = query(_READ)


def part_of(path: Path, mark: str) -> Path:
    """The name of a file while it is being made."""
    return path.with_name(f"{path.name}.{mark}.part")


def discard(path: Path) -> None:
    """Delete what is kept beside a file, and then the file: a log that is left of one that is gone would be taken for
    the log of the next file with this name."""
    for suffix in (*_BESIDE, ""):
        with contextlib.suppress(FileNotFoundError, NotADirectoryError):
            path.with_name(path.name + suffix).unlink()


def copy(source: Path, part: Path, path: Path, stamp: str) -> None:
    """Copy beside the target, stamp the copy, then give it its name in one step; an existing file is never replaced.

    Raises OSError; FileExistsError where there is one. What an earlier try has left of ``part`` goes.
    """
    path.parent.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
    discard(part)
    try:
        handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, FILE_MODE)
        with source.open("rb") as reader, os.fdopen(handle, "wb") as writer:
            shutil.copyfileobj(reader, writer)
        with contextlib.closing(sqlite3.connect(part, isolation_level=None)) as connection:
            connection.execute("PRAGMA synchronous = OFF")  # nobody knows it yet; it is written out below
            connection.execute("BEGIN IMMEDIATE")
            connection.execute(_MAKE)
            connection.execute(_WRITE, (stamp,))
            connection.execute("COMMIT")
        _sync(part)
        os.link(part, path)
        _sync(path.parent)
    finally:
        discard(part)


def comment_of(path: Path) -> str | None:
    """The stamp's text that a file bears. Raises StorageUnfit for what is no SQLite file."""
    try:
        with contextlib.closing(_connected(path)) as connection:
            return _read(connection)
    except sqlite3.Error as error:
        raise _unusable(path, error) from error


def _connected(path: Path) -> sqlite3.Connection:
    """To a file that is there."""
    return sqlite3.connect(f"{path.as_uri()}?mode=rw", uri=True, timeout=BUSY_S, isolation_level=None)


def _read(connection: sqlite3.Connection) -> str | None:
    try:
        row = connection.execute(_READ).fetchone()
    except sqlite3.OperationalError as error:
        if "no such table" in str(error):
            return None
        raise
    return str(row[0]) if row else None


def _unusable(path: Path, error: sqlite3.Error) -> StorageUnfit:
    return StorageUnfit(path=path, reason=f"can not be used: {error}", remedy="give another path")


def read_stamp(path: Path) -> Stamp | None:
    """``None`` also where there is no such file."""
    return Stamp.parse(comment_of(path)) if path.exists() else None


async def comment_on(executor: Executor) -> str | None:
    """As ``comment_of``, by an executor: outside of a transaction, or in one that has not failed."""
    there = await executor.fetch(_THERE, {})
    rows = await executor.fetch(_STAMP, {}) if there else []
    return str(rows[0]["stamp"]) if rows else None


async def stamp_on(transaction: Transaction, stamp: Stamp) -> None:
    """Stamp the file, in place of what it bore."""
    await transaction.execute(plain(_MAKE), {})
    await transaction.execute(plain(_CLEAR), {})
    write = Statement((_WRITE,), ("stamp",), {}, {}, (), returns_rows=False)
    await transaction.execute(write, {"stamp": stamp.text()})


def remove(path: Path, stamp: Stamp) -> Stamp | None:
    """Delete the file where it bears the stamp, and its folder where nothing else is in it; nobody writes meanwhile.

    The stamp that it bears. Raises StorageUnfit.
    """
    try:
        with contextlib.closing(_connected(path)) as connection:
            connection.execute("BEGIN IMMEDIATE")
            found = Stamp.parse(_read(connection))
            if found is None or found.id != stamp.id:
                return found
            discard(path)
    except sqlite3.Error as error:
        raise _unusable(path, error) from error
    for part in path.parent.glob(f"{path.name}.*.part*"):
        part.unlink(missing_ok=True)
    with contextlib.suppress(OSError):
        path.parent.rmdir()
    return found


def try_to_write(path: Path) -> None:
    """Make a file and take it away again, in the innermost folder that is there. Raises OSError."""
    folder = next(place for place in path.parents if place.exists())
    with tempfile.TemporaryFile(dir=folder) as probe:
        probe.write(b"insula")


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
