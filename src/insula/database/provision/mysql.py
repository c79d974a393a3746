"""MariaDB and MySQL: a database of its own, or tables in one that is there; the stamp is a table.

Their DDL commits by itself. So the stamp comes first, and says whether everything behind it is there: whoever is killed
in between leaves tables that bear the order's stamp and are not ready, and the next such order makes them anew. A
database that was made and not yet stamped is empty, and what is empty and nobody's may be used.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator, Sequence
from typing import TYPE_CHECKING, Any, Final
from weakref import WeakValueDictionary

import sqlalchemy as sa

from insula.database.dialects import dialect
from insula.database.dialects.mysql_ensure import EVERYWHERE
from insula.database.ending import to_the_end
from insula.database.engine import open_database
from insula.database.errors import (
    DatabaseError,
    DatabaseMissing,
    ObjectExists,
    PermissionDenied,
    TableMissing,
)
from insula.database.provision.base import (
    MAIN_AS_OWNER,
    Order,
    Provision,
    Report,
    is_main,
    order_to_look,
    refuse_owner,
    told_as_found,
    try_out,
)
from insula.database.provision.errors import (
    NotThere,
    OwnedByAnother,
    PrivilegeMissing,
    ThereAlready,
    Unsuitable,
)
from insula.database.provision.judge import Verdict, judge
from insula.database.provision.ownership import KEPT_TABLE, STAMP_TABLE, Stamp, read_kept, write_owner
from insula.database.statement import SCHEMA_TOKEN, plain

if TYPE_CHECKING:
    from insula.database.budget import ConnectionBudget
    from insula.database.executor import Database
    from insula.database.options import DatabaseOptions
    from insula.database.provision.template import Template

_STAMP: Final = sa.Table(
    STAMP_TABLE,
    sa.MetaData(),
    sa.Column("stamp", sa.Text),
    sa.Column("ready", sa.Integer),
    schema=SCHEMA_TOKEN,
)
_LOOK: Final = sa.text(
    """
    SELECT @@collation_connection AS collation,
           EXISTS (SELECT 1 FROM information_schema.SCHEMATA WHERE SCHEMA_NAME = :name) AS found,
           EXISTS (SELECT 1 FROM information_schema.USER_PRIVILEGES
                   WHERE PRIVILEGE_TYPE = 'CREATE'
                   AND GRANTEE = CONCAT('''', REPLACE(CURRENT_USER(), '@', '''@'''), ''''))
           OR EXISTS (SELECT 1 FROM information_schema.SCHEMA_PRIVILEGES
                      WHERE PRIVILEGE_TYPE = 'CREATE' AND :name LIKE TABLE_SCHEMA
                      AND GRANTEE = CONCAT('''', REPLACE(CURRENT_USER(), '@', '''@'''), '''')) AS may_create,
           CURRENT_ROLE() AS role
    """
)
NO_ROLE: Final = (None, "NONE")
"""What MariaDB and MySQL call it. What a user may through a role, they do not tell with the rest."""
_TABLES: Final = sa.text(
    "SELECT TABLE_NAME AS name FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE() ORDER BY TABLE_NAME"
)

_locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()


class MysqlProvision(Provision):
    """Siblings' way, without transactions."""

    async def read_stamp(self, options: DatabaseOptions, budget: ConnectionBudget) -> Stamp | None:
        try:
            async with _opened(order_to_look(options, budget), options.database) as database:
                return await self.stamp_in(database, options)
        except DatabaseMissing:
            return None

    async def stamp_in(self, database: Database, options: DatabaseOptions) -> Stamp | None:
        row = await _stamp_of(database)
        return Stamp.parse(row["stamp"]) if row else None

    async def check(self, order: Order) -> Report:
        report = Report()
        _check_names(order, report)
        if report.problems:
            return report
        await try_out(order, report, lambda hasty: _look(hasty, report))
        return report

    async def prepare(self, order: Order, template: Template) -> DatabaseOptions:
        report = Report()
        _check_names(order, report)
        report.settle()
        async with _alone(order):
            with told_as_found(order), _told_what_to_grant(order):
                verdict, collation = await _look(order, report)
                report.settle()
                if verdict is None:
                    name = dialect(order.options.dialect).quote(order.options.database)
                    async with _opened(order, EVERYWHERE) as server:
                        await _run(
                            server, f"CREATE DATABASE {name} CHARACTER SET utf8mb4 COLLATE {collation}"
                        )
                async with _opened(order, order.options.database) as database:
                    await _fill(order, database, template, verdict)
        return order.options

    async def remove(self, order: Order, tables: Sequence[str]) -> None:
        if is_main(order):
            raise OwnedByAnother(what=order.named, owner=MAIN_AS_OWNER)
        async with _alone(order):
            with told_as_found(order):
                try:
                    async with _opened(order, order.options.database) as database:
                        await _drop(order, database, tables)
                except DatabaseMissing:
                    return


async def _look(order: Order, report: Report) -> tuple[Verdict | None, str]:
    """What is there (``None``: nothing), and the collation that a new database gets."""
    options = order.options
    kind = dialect(options.dialect)
    async with _opened(order, EVERYWHERE) as server:
        (row,) = await server.run(_LOOK, {"name": options.database})
    if not row["found"]:
        if order.what == "new_connection":
            remedy = f"an administrator can make it: {_grant(kind, options)}"
            report.problems.append(NotThere(what=order.named, remedy=remedy))
        elif not row["may_create"]:
            what = f'make the database "{options.database}"'
            report.problems.append(
                PrivilegeMissing(user=options.user, what=what, remedy=_grant(kind, options))
            )
        else:
            report.good.append(f"The {order.named} can be made.")
        return None, row["collation"]
    if not row["may_create"] and row["role"] in NO_ROLE:
        what = f'make tables in the database "{options.database}"'
        remedy = _grant_alone(kind, options)
        report.problems.append(PrivilegeMissing(user=options.user, what=what, remedy=remedy))
    async with _opened(order, options.database) as database, database.transaction() as transaction:
        names = [each["name"] for each in await transaction.run(_TABLES)]
        stamp = await _stamp_of(transaction) if STAMP_TABLE in names else None
        kept = await read_kept(transaction) if KEPT_TABLE in names else None
    content = [name for name in names if name != STAMP_TABLE]
    verdict = judge(order, [stamp["stamp"] if stamp else None], kept, content)
    if verdict.problem is not None:
        report.problems.append(verdict.problem)
    elif verdict.made or verdict.adopted or order.what == "new_connection":
        report.good.append(f"The {order.named} can be used.")
    else:
        report.notes.append(ThereAlready(what=order.named))
    return verdict, row["collation"]


async def _fill(order: Order, database: Database, template: Template, verdict: Verdict | None) -> None:
    """Raises ``OwnedByAnother`` where somebody else was faster: what has come meanwhile is not touched."""
    if verdict is not None and verdict.adopted:
        await _take_over(order, database)
        return
    row, names = await _stamp_of(database), await _names(database)
    if names and not _is_ours(order, row):
        raise refuse_owner(order, Stamp.parse(row["stamp"]) if row else None)
    if row is not None and row["ready"]:
        return
    try:
        await _drop_tables(database, [name for name in names if name != STAMP_TABLE])
        if row is None:
            await _mark(order, database, order.stamp, ready=0)
        for statement in template.statements:
            await database.execute(statement, {})
        await database.run(sa.update(_STAMP).values(ready=1))
    except BaseException:
        await to_the_end(_undo(order, database, made=verdict is None))
        raise


async def _take_over(order: Order, database: Database) -> None:
    row, adopted = await _stamp_of(database), Stamp("", order.adopt or "")
    if row is None:
        await _mark(order, database, adopted, ready=1)
    borne = row["stamp"] if row else adopted.text()
    async with database.transaction() as transaction:
        change = sa.update(_STAMP).where(_STAMP.c.stamp == borne).values(stamp=order.stamp.text())
        await transaction.run(change)
        if not _is_ours(order, await _stamp_of(transaction)):
            raise refuse_owner(order, None)
        await write_owner(transaction, order.stamp)


def _is_ours(order: Order, row: dict[str, Any] | None) -> bool:
    stamp = Stamp.parse(row["stamp"]) if row else None
    return stamp is not None and stamp.id == order.stamp.id


async def _names(database: Database) -> list[str]:
    return [each["name"] for each in await database.run(_TABLES)]


async def _undo(order: Order, database: Database, *, made: bool) -> None:
    """Nothing half made is left; what can not be undone now bears the stamp and is not ready."""
    with contextlib.suppress(DatabaseError):
        names = await _names(database)
        if names and not _is_ours(order, await _stamp_of(database)):
            return  # somebody else was faster
        await _drop_tables(database, [name for name in names if name != STAMP_TABLE])
        await _drop_tables(database, [STAMP_TABLE])
        if made:
            await _run(database, f"DROP DATABASE {database.dialect.quote(order.options.database)}")


async def _drop(order: Order, database: Database, tables: Sequence[str]) -> None:
    names = await _names(database)
    row = await _stamp_of(database)
    if order.what == "new_connection" and row is None and KEPT_TABLE not in names:
        return
    stamp = Stamp.parse(row["stamp"]) if row else None
    if stamp is None or stamp.id != order.stamp.id:
        raise refuse_owner(order, stamp)
    if order.what == "new_connection":
        # the stamp goes last: what is left of a drop that was cut off still says whose it is
        await _drop_tables(database, [name for name in names if name in tables])
        await _drop_tables(database, [STAMP_TABLE])
    else:
        await _run(database, f"DROP DATABASE {database.dialect.quote(order.options.database)}")


async def _drop_tables(database: Database, names: Sequence[str]) -> None:
    """Whichever refer to one another. With the transaction the session is as before."""
    if names:
        quoted = ", ".join(map(database.dialect.quote, names))
        async with database.transaction() as transaction:
            await transaction.run(sa.text("SET SESSION foreign_key_checks = 0"))
            await transaction.execute(plain(f"DROP TABLE IF EXISTS {quoted}"), {})


async def _mark(order: Order, database: Database, stamp: Stamp, *, ready: int) -> None:
    """The table and its row in one statement. Raises ``OwnedByAnother`` where there is one by now."""
    quote, literal = database.dialect.quote, database.dialect.literal
    text = f"SELECT {literal(stamp.text())} AS stamp, {ready} AS ready"
    try:
        await _run(
            database, f"CREATE TABLE {quote(STAMP_TABLE)} (stamp TEXT NOT NULL, ready INT NOT NULL) {text}"
        )
    except ObjectExists:
        raise refuse_owner(order, None) from None


async def _stamp_of(executor: Any) -> dict[str, Any] | None:
    try:
        rows = await executor.run(sa.select(_STAMP.c.stamp, _STAMP.c.ready))
    except TableMissing:
        return None
    return rows[0] if rows else None


async def _run(database: Database, text: str) -> None:
    await database.execute(plain(text), {})


def _grant(kind: Any, options: DatabaseOptions) -> str:
    return f"{kind.create_database(options)}; {_grant_alone(kind, options)}"


def _grant_alone(kind: Any, options: DatabaseOptions) -> str:
    """Where the database is there."""
    return str(kind.grant(options))


@contextlib.contextmanager
def _told_what_to_grant(order: Order) -> Iterator[None]:
    """What looking did not show, since a role may hold it."""
    try:
        yield
    except PermissionDenied as error:
        options = order.options
        what = f'make what is needed in the database "{options.database}"'
        remedy = _grant_alone(dialect(options.dialect), options)
        raise PrivilegeMissing(user=options.user, what=what, remedy=remedy) from error


def _check_names(order: Order, report: Report) -> None:
    limit = dialect(order.options.dialect).max_identifier_bytes
    name = order.options.database
    if is_main(order):
        report.problems.append(
            OwnedByAnother(what=order.named, owner=MAIN_AS_OWNER, remedy="give another database")
        )
    if not name or "\0" in name or len(name.encode()) > limit:
        reason = f"names have 1 to {limit} bytes"
        report.problems.append(Unsuitable(what=order.named, reason=reason, remedy="give a shorter name"))
    if order.what == "new_schema":
        reason = f"{order.options.dialect} has no schemas beside databases"
        report.problems.append(Unsuitable(what=order.named, reason=reason, remedy="use new_database"))


def _alone(order: Order) -> asyncio.Lock:
    options = order.options
    return _locks.setdefault(f"{options.host} {options.port} {options.database}", asyncio.Lock())


@contextlib.asynccontextmanager
async def _opened(order: Order, name: str) -> AsyncIterator[Database]:
    database = open_database(order.options.on_database(name), order.budget)
    try:
        yield database
    finally:
        await database.close()


PROVISION = MysqlProvision()
