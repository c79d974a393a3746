"""Filling a new application's database from a template that is prepared once per fingerprint.

A file (SQLite) is built once and then copied. A database or schema on a server gets the template's statements
in one transaction.
"""

import asyncio
import contextlib
import os
import re
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from insula.core.ids import random_id
from insula.database.budget import ConnectionBudget
from insula.database.dialects import dialect
from insula.database.engine import open_database
from insula.database.errors import InvalidStorage
from insula.database.executor import Database
from insula.database.guarded import NOTHING
from insula.database.options import DatabaseOptions
from insula.database.provision.ensure import ensure_database
from insula.database.sqlite_file import FILE_MODE, FOLDER_MODE
from insula.database.statement import Statement

CREATE_TIMEOUT_S = 120.0
"""Longest time for one statement of a template: a busy server may make a CREATE TABLE wait."""
_FINGERPRINT = re.compile(r"[A-Za-z0-9._-]{1,100}")


@dataclass(frozen=True, slots=True)
class Template:
    """What a new application's database holds, as statements compiled for one dialect, without values."""

    fingerprint: str
    """Stands for everything that the statements depend on (versions of core and plugins, migrations)."""
    statements: Sequence[Statement]

    def __post_init__(self) -> None:
        if not _FINGERPRINT.fullmatch(self.fingerprint):
            raise ValueError("a fingerprint is made of letters, digits, dots, dashes and underscores")

    async def apply(self, database: Database) -> None:
        """Run the statements in one transaction: all of them, or none."""
        async with database.transaction(statement_timeout_s=CREATE_TIMEOUT_S) as transaction:
            await transaction.lock("template")
            for statement in self.statements:
                await transaction.execute(statement, NOTHING)


async def create_from_template(
    template: Template, options: DatabaseOptions, budget: ConnectionBudget, folder: Path
) -> None:
    """Create the database of ``options`` (and its schema) with the content of ``template``.

    ``folder`` keeps prepared files. Raises InvalidStorage when the file already exists, ObjectExists when
    tables of the template do, and what ``ensure_database`` raises. Nothing half made is left behind.
    """
    if dialect(options.dialect).is_file:
        await _copy(await _prepared(template, options, budget, folder), options)
        return
    await ensure_database(options)
    database = open_database(options, budget)
    try:
        await template.apply(database)
    finally:
        await database.close()


async def _prepared(
    template: Template, options: DatabaseOptions, budget: ConnectionBudget, folder: Path
) -> Path:
    """The template's file, built when it is asked for first; two at once build it twice, and one stays."""
    path = folder / f"{template.fingerprint}.{options.dialect}"
    if path.exists():
        return path
    part = _part(path)
    database = open_database(replace(options, storage=part), budget)
    try:
        await template.apply(database)
        await database.close()  # and with the last connection SQLite folds its log into the file
        part.replace(path)
    finally:
        await database.close()
        _remove(part)
    return path


async def _copy(source: Path, options: DatabaseOptions) -> None:
    if options.storage is None:
        raise InvalidStorage(path="", reason="is no path of a file")
    target = Path(options.storage)
    part = _part(target)
    try:
        await asyncio.to_thread(_copy_file, source, part, target)
    except FileExistsError as error:
        raise InvalidStorage(path=target, reason="exists already") from error
    except OSError as error:
        raise InvalidStorage(
            path=target, reason=f"can not be made: {(error.strerror or '').lower()}"
        ) from error
    finally:
        _remove(part)


def _copy_file(source: Path, part: Path, target: Path) -> None:
    """Copy beside the target, then give it its name in one step; an existing file is never replaced."""
    target.parent.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
    handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, FILE_MODE)
    with source.open("rb") as reader, os.fdopen(handle, "wb") as writer:
        shutil.copyfileobj(reader, writer)
        writer.flush()
        os.fsync(writer.fileno())
    os.link(part, target)


def _part(path: Path) -> Path:
    return path.with_name(f"{path.name}.{random_id(8)}.part")


def _remove(part: Path) -> None:
    for suffix in ("", "-wal", "-shm"):
        with contextlib.suppress(FileNotFoundError, NotADirectoryError):
            part.with_name(part.name + suffix).unlink()
