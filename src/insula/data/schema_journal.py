"""Changes of tables that are kept whole or not at all, where the database commits each of them by itself.

On SQLite and PostgreSQL a transaction does that, and nothing here is needed. On MariaDB and MySQL every statement that
changes a table commits what the transaction did before it. So before each one a row of the journal says how it is
taken back: that row is what the statement commits. The last thing in the transaction is to remove those rows; from
that commit on, the change is kept, together with what was written since the last of its statements (metadata). What
it drops was put aside under another name until then, and is dropped now, which rows of the journal say too.

So whatever is found in the journal under the lock tells what happened to who wrote it: rows that take back are those
of a change that failed or whose process died, and are carried out from the last to the first; without any, what is
left to drop is dropped. It is looked at after a change that failed, before each change, and when metadata is read.
"""

from __future__ import annotations

import contextlib
import logging
from collections.abc import AsyncIterator
from typing import Final
from weakref import WeakSet

import sqlalchemy as sa

from insula.data import schema_steps as steps
from insula.data.schema_ddl import Ddl
from insula.database.errors import ColumnMissing, ObjectExists, TableMissing
from insula.database.executor import Database, Row, Transaction
from insula.database.guarded import NOTHING
from insula.database.statement import SCHEMA_TOKEN, Statement

logger = logging.getLogger(__name__)

LOCK: Final = "schema"
MEND_TIMEOUT_S: Final = 600.0
"""One statement that takes back a change: it may have to write a large table anew."""
_NAME: Final = "insula_schema_journal"
_TABLE: Final = sa.table(
    _NAME,
    sa.column("id", sa.BigInteger()),
    sa.column("undoes", sa.Boolean()),
    sa.column("statement", sa.Text()),
    schema=SCHEMA_TOKEN,
)
_COLUMNS: Final = (
    steps.Column("id", sa.BigInteger(), primary_key=True, auto_increment=True),
    steps.Column("undoes", sa.SmallInteger(), required=True),
    steps.Column("statement", sa.Text(), required=True),
)
_ALL: Final = sa.select(_TABLE.c.id, _TABLE.c.undoes, _TABLE.c.statement).order_by(_TABLE.c.id)
_THIS: Final = _TABLE.c.id == sa.bindparam("v_id", type_=sa.BigInteger())
_DONE_ALREADY: Final = (ColumnMissing, ObjectExists, TableMissing)
"""What a statement meets that was carried out before, or whose step never was."""

_journaling: Final[WeakSet[Transaction]] = WeakSet()
"""Transactions under way that may change tables; each is one application's."""


@contextlib.asynccontextmanager
async def changing(
    database: Database, *, statement_timeout_s: float | None = None
) -> AsyncIterator[Transaction]:
    """A transaction that may change tables by ``SchemaSync``: all of it is kept, or no table has changed.

    Other rows that it writes before it changes tables are kept all the same where the database is such a one.
    """
    if database.dialect.transactional_ddl:
        async with database.transaction(statement_timeout_s=statement_timeout_s) as transaction:
            yield transaction
        return
    begun = False
    try:
        async with database.transaction(statement_timeout_s=statement_timeout_s) as transaction:
            await transaction.lock(LOCK)
            begun = True
            await _prepare(transaction)
            _journaling.add(transaction)
            yield transaction
            await transaction.run(_TABLE.delete().where(_TABLE.c.undoes == sa.literal(1)))
    except Exception:  # raised again; who is cancelled does not wait: the next change mends
        if begun:  # who never had its turn has left nothing
            await _mend_later(database)
        raise
    await mend(database)


@contextlib.asynccontextmanager
async def changing_part(transaction: Transaction) -> AsyncIterator[None]:
    """A savepoint inside of ``changing``: when the block raises, the tables that it changed are taken back alone."""
    if transaction.dialect.transactional_ddl:
        async with transaction.savepoint():
            yield
        return
    before = await transaction.run(_ALL)
    last = before[-1]["id"] if before else 0
    try:
        async with transaction.savepoint():
            yield
    except Exception:  # raised again; who is cancelled leaves the whole change to be mended
        await _mend(transaction, after=last)
        raise


async def mend(database: Database) -> None:
    """Take back changes that were not kept, and drop what kept ones put aside. Costs a query where there is nothing."""
    if database.dialect.transactional_ddl:
        return
    try:
        if not await database.run(_ALL):
            return
    except TableMissing:
        return
    async with database.transaction(statement_timeout_s=MEND_TIMEOUT_S) as transaction:
        await transaction.lock(LOCK)
        await _mend(transaction)


async def _mend_later(database: Database) -> None:
    """``mend``, which must not hide why the change itself failed."""
    try:
        await mend(database)
    except Exception:  # whatever it raises: the next change mends
        logger.exception("a change of tables could not be taken back yet; it will be tried again")


async def note(transaction: Transaction, step: steps.Step, *, undoes: bool) -> None:
    """Write down a statement that takes back what is about to be done, or that is left for when all is kept.

    Raises RuntimeError outside of ``changing``.
    """
    if transaction not in _journaling:
        raise RuntimeError("tables of this database are changed inside of schema_journal.changing() only")
    text = transaction.dialect.compile(Ddl(step)).text("")
    await transaction.run(_TABLE.insert().values(undoes=int(undoes), statement=text))


async def _prepare(transaction: Transaction) -> None:
    try:
        async with transaction.savepoint():
            found = await transaction.run(_ALL)
    except TableMissing:
        await transaction.run(Ddl(steps.CreateTable(_NAME, _COLUMNS)))
    else:
        if found:
            await _mend(transaction)


async def _mend(transaction: Transaction, after: int = 0) -> None:
    rows = [row for row in await transaction.run(_ALL) if row["id"] > after]
    undoing = [row for row in rows if row["undoes"]]
    if undoing:
        logger.warning("a change of tables that was not kept is taken back, in %d steps", len(undoing))
    for row in reversed(undoing):
        logger.info("taking back a change of tables that was not kept: %s", row["statement"])
        await _carry_out(transaction, row)
    for row in rows:
        if undoing and not row["undoes"]:
            await transaction.run(_TABLE.delete().where(_THIS), {"v_id": row["id"]})
        elif not undoing:
            await _carry_out(transaction, row)


async def _carry_out(transaction: Transaction, row: Row) -> None:
    statement = Statement((row["statement"],), (), {}, {}, (), returns_rows=False, is_ddl=True)
    try:
        async with transaction.savepoint():
            await transaction.execute(statement, NOTHING)
    except _DONE_ALREADY as error:
        logger.info("nothing was left to do: %s", error)
    await transaction.run(_TABLE.delete().where(_THIS), {"v_id": row["id"]})
