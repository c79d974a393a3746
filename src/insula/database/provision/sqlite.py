"""SQLite: a file that is copied from a template, stamped, and only then given its name."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final
from weakref import WeakValueDictionary

from insula.database.dialects import dialect
from insula.database.engine import open_database
from insula.database.errors import DatabaseError
from insula.database.provision import sqlite_files as files
from insula.database.provision.base import (
    CREATE_TIMEOUT_S,
    MAIN_AS_OWNER,
    Order,
    Provision,
    Report,
    is_main,
    opening_problem,
    refuse_owner,
)
from insula.database.provision.errors import (
    NotThere,
    OwnedByAnother,
    StorageUnfit,
    ThereAlready,
    Unfit,
    Unsuitable,
)
from insula.database.provision.judge import Verdict, judge
from insula.database.provision.ownership import KEPT_TABLE, STAMP_TABLE, Stamp, read_kept, write_owner

if TYPE_CHECKING:
    from insula.database.budget import ConnectionBudget
    from insula.database.executor import Database, Transaction
    from insula.database.options import DatabaseOptions
    from insula.database.provision.template import Template

TEMPLATES: Final = "templates"
"""The folder of prepared files, in the one where files are made."""
SUFFIXES: Final = (".sqlite", ".sqlite3", ".db")
"""How files end that applications may have: no other's journal, log or lock is named so, and nothing else here is."""
_TABLES = files.query(
    f"SELECT name FROM sqlite_schema WHERE name NOT LIKE 'sqlite_%' AND name <> '{STAMP_TABLE}' LIMIT 4"  # noqa: S608 - a constant
)
_KEPT = files.query(f"SELECT name FROM sqlite_schema WHERE name = '{KEPT_TABLE}'")  # noqa: S608 - a constant

_locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
"""By path: one task makes a file. The folder is one process' own."""


class SqliteProvision(Provision):
    """Siblings' way, with files."""

    async def read_stamp(self, options: DatabaseOptions, budget: ConnectionBudget) -> Stamp | None:
        return await _read_stamp(options)

    async def stamp_in(self, database: Database, options: DatabaseOptions) -> Stamp | None:
        return await _read_stamp(options)  # a statement would make the file where it is gone

    async def check(self, order: Order) -> Report:
        report = Report()
        try:
            await self._look(order, report)
        except DatabaseError as error:
            problem = opening_problem(order, error)
            if problem is None:
                raise
            report.problems.append(problem)
        return report

    async def prepare(self, order: Order, template: Template) -> DatabaseOptions:
        async with _alone(_path(order.options)):
            report = Report()
            verdict = await self._look(order, report)
            report.settle()
            if verdict is None:
                await self._copy(order, template)
            elif not verdict.made:
                await self._fill(order, template)
            elif order.what == "new_database":  # what was made by a process that was killed at the very end
                files.discard(files.part_of(_path(order.options), order.stamp.hex))
        return order.options

    async def remove(self, order: Order, tables: Sequence[str]) -> None:
        path = _path(order.options)
        if is_main(order):
            raise OwnedByAnother(what=order.named, owner=MAIN_AS_OWNER)
        if not path.exists():
            return
        if order.what == "new_connection":
            await self._drop_tables(order, tables)
            return
        found = await asyncio.to_thread(files.remove, path, order.stamp)
        if found is None or found.id != order.stamp.id:
            raise refuse_owner(order, found)

    async def _look(self, order: Order, report: Report) -> Verdict | None:
        """What is there; ``None`` where a file is to be made."""
        problem = _of_place(order)
        if problem is None and not _path(order.options).exists():
            problem = _missing(order) if order.what == "new_connection" else None
            problem = problem or await asyncio.to_thread(_not_writable, order)
            if problem is None:
                report.good.append(f"The {order.named} can be made.")
                return None
        if problem is not None:
            report.problems.append(problem)
            return Verdict(problem)
        comment = await asyncio.to_thread(files.comment_of, _path(order.options))
        async with _opened(order) as database, database.transaction() as transaction:
            verdict = await _judge(order, comment, transaction)
        if verdict.problem is not None:
            report.problems.append(verdict.problem)
        elif not (verdict.made or verdict.adopted) and order.what == "new_database":
            report.notes.append(ThereAlready(what=order.named))
        else:
            report.good.append(f"The {order.named} can be used.")
        return verdict

    async def _copy(self, order: Order, template: Template) -> None:
        source = await self._prepared(order, template)
        path = _path(order.options)
        part = files.part_of(path, order.stamp.hex)
        try:
            await asyncio.to_thread(files.copy, source, part, path, order.stamp.text())
        except FileExistsError as error:
            raise StorageUnfit(path=path, reason="was made by someone else just now") from error
        except OSError as error:
            reason = f"can not be made: {(error.strerror or str(error)).lower()}"
            raise StorageUnfit(path=path, reason=reason, remedy="give another path") from error

    async def _prepared(self, order: Order, template: Template) -> Path:
        """The template's file, built when it is asked for first; then those before it go."""
        path = order.folder / TEMPLATES / f"{template.fingerprint}.sqlite"
        async with _alone(path):
            if path.exists():
                return path
            part = files.part_of(path, "new")
            files.discard(part)
            database = open_database(replace(order.options, storage=part), order.budget)
            try:
                await template.apply(database, CREATE_TIMEOUT_S)
                await database.close()  # and with the last connection SQLite folds its log into the file
                part.replace(path)
            finally:
                await database.close()
                files.discard(part)
            for older in path.parent.glob("*.sqlite"):
                if older != path:
                    files.discard(older)
        return path

    async def _fill(self, order: Order, template: Template) -> None:
        """Stamp and tables into a file that is there and empty, or a new stamp where it is taken over."""
        async with _opened(order) as database, database.transaction() as transaction:
            verdict = await _judge(order, await files.comment_on(transaction), transaction)
            if verdict.problem is not None:
                raise verdict.problem
            if verdict.made:
                return
            await files.stamp_on(transaction, order.stamp)
            if verdict.adopted:
                await write_owner(transaction, order.stamp)
            else:
                for statement in template.statements:
                    await transaction.execute(statement, {})

    async def _drop_tables(self, order: Order, tables: Sequence[str]) -> None:
        quote = dialect("sqlite").quote
        async with _opened(order) as database, database.transaction() as transaction:
            comment = await files.comment_on(transaction)
            if comment is None and not await transaction.fetch(_KEPT, {}):
                return
            stamp = Stamp.parse(comment)
            if stamp is None or stamp.id != order.stamp.id:
                raise refuse_owner(order, stamp)
            # Tables refer to one another in any order: what is left over is looked for when the transaction ends.
            await transaction.execute(files.plain("PRAGMA defer_foreign_keys = ON"), {})
            for table in (*tables, STAMP_TABLE):
                await transaction.execute(files.plain(f"DROP TABLE IF EXISTS {quote(table)}"), {})


def _alone(path: Path) -> asyncio.Lock:
    return _locks.setdefault(str(path), asyncio.Lock())


@contextlib.asynccontextmanager
async def _opened(order: Order) -> AsyncIterator[Database]:
    database = open_database(order.options, order.budget)
    try:
        yield database
    finally:
        await database.close()


async def _judge(order: Order, comment: str | None, transaction: Transaction) -> Verdict:
    content = [row["name"] for row in await transaction.fetch(_TABLES, {})]
    kept = await read_kept(transaction) if content else None
    return judge(order, [comment], kept, content)


async def _read_stamp(options: DatabaseOptions) -> Stamp | None:
    return await asyncio.to_thread(files.read_stamp, _path(options))


def _path(options: DatabaseOptions) -> Path:
    if options.storage is None:
        raise StorageUnfit(path="", reason="has no path", remedy="give a path (storage)")
    return Path(options.storage)


def _of_place(order: Order) -> Unfit | None:
    """What is wrong with the path alone."""
    path = _path(order.options)
    if order.what == "new_schema":
        return Unsuitable(
            what=order.named, reason="SQLite has no schemas", remedy="use new_database, which makes a file"
        )
    if is_main(order):
        return OwnedByAnother(what=order.named, owner=MAIN_AS_OWNER, remedy="give another path")
    folder = order.folder.resolve()
    inside = path.is_absolute() and path.resolve().is_relative_to(folder)
    if not inside or path.resolve().is_relative_to(folder / TEMPLATES):
        return StorageUnfit(
            path=path, reason=f"is not inside of {folder}", remedy="give a path in that folder"
        )
    if path.is_dir():
        return StorageUnfit(path=path, reason="is a folder", remedy="give the path of a file")
    if path.suffix not in SUFFIXES:
        endings = ", ".join(SUFFIXES)
        return StorageUnfit(
            path=path,
            reason=f"does not end in one of {endings}",
            remedy=f"give a path that ends in {SUFFIXES[0]}",
        )
    return None


def _missing(order: Order) -> Unfit:
    return NotThere(what=order.named, remedy="use new_database, which makes a file")


def _not_writable(order: Order) -> Unfit | None:
    """Try to make a file where the new one would be: permissions lie to root, on read-only mounts and on full disks."""
    path = _path(order.options)
    try:
        files.try_to_write(path)
    except OSError as error:
        reason = f"can not be made: {(error.strerror or str(error)).lower()}"
        return StorageUnfit(path=path, reason=reason, remedy="give another path, or the right to write there")
    return None


PROVISION = SqliteProvision()
