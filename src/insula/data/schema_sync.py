"""Bringing tables to what collections say: plans are run here, inside of ``schema_journal.changing``.

What the data does not allow is found before the database refuses it, and said in the words of metadata.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from typing import Final

import sqlalchemy as sa

from insula.data import schema_steps as steps
from insula.data.collection import Collection
from insula.data.errors import InvalidMetadata
from insula.data.schema_checks import check_filled, check_references, check_unique
from insula.data.schema_convert import convert
from insula.data.schema_ddl import Ddl
from insula.data.schema_fill import compute, fill
from insula.data.schema_journal import note
from insula.data.schema_plan import Plan, plan, plan_creation
from insula.data.schema_sqlite import rewrite
from insula.data.schema_undo import Undoable, undoable
from insula.data.words import words
from insula.database.dialects.base import Dialect
from insula.database.errors import ColumnMissing, ObjectExists, TableMissing
from insula.database.executor import Transaction

logger = logging.getLogger(__name__)

REWRITTEN: Final = (
    steps.SetType,
    steps.SetRequired,
    steps.DropRequired,
    steps.AddReference,
    steps.DropReference,
)
"""Steps for which not every dialect has words: there the table's definition is rewritten, once, at the end."""


class SchemaSync:
    """Changes tables of one dialect. Stateless otherwise."""

    def __init__(self, dialect: Dialect, *, fenced: bool = False) -> None:
        """``fenced``: other processes write records meanwhile, see ``schema_undo.undoable``."""
        self.dialect = dialect
        self._fenced = fenced

    def plan(self, old: Collection | None, new: Collection | None) -> Plan:
        """What changes the table of ``old`` into that of ``new``; ``None`` where there is no table."""
        return plan(old, new)

    async def create_all(self, transaction: Transaction, collections: Iterable[Collection]) -> None:
        """Make the tables of all these collections."""
        await self.apply(transaction, plan_creation(collections))

    async def change(self, transaction: Transaction, old: Collection | None, new: Collection | None) -> None:
        """Plan and apply. Raises as ``apply``."""
        await self.apply(transaction, plan(old, new))

    async def apply(self, transaction: Transaction, wanted: Plan) -> None:
        """Run the steps in their order.

        Raises ``InvalidMetadata`` and ``MetadataInUse`` where the records that are there do not allow it, and
        the errors of the database layer (``ObjectExists`` for a table that is there already).
        """
        if not wanted.steps:
            return
        self._refuse(wanted)
        if self.dialect.lock_timeout is not None:
            await transaction.run(sa.text(self.dialect.lock_timeout))
        if not self.dialect.transactional_ddl:
            for part in undoable(wanted.steps, fenced=self._fenced):
                await self._check(transaction, part.step, wanted)
                await self._run_undoably(transaction, part)
            return
        rewritten: set[str] = set()
        for step in wanted.steps:
            await self._check(transaction, step, wanted)
            if await _write(transaction, step):
                continue
            if isinstance(step, steps.DropColumn):
                await _drop(transaction, step)
            elif not self.dialect.alters_columns and isinstance(step, REWRITTEN):
                rewritten.add(step.table)
            else:
                await transaction.run(Ddl(step))
        for table in sorted(rewritten & wanted.columns.keys()):  # the others are dropped
            await rewrite(transaction, table, wanted.columns[table])

    def _refuse(self, wanted: Plan) -> None:
        """Raises ``InvalidMetadata`` for what the dialect can not have, before anything is done."""
        for step in wanted.steps:
            if isinstance(step, steps.CreateIndex):
                reason = words(self.dialect.name).index_problem(step)
                if reason is not None:
                    name = f"{step.table}.{', '.join(step.columns)}"
                    raise InvalidMetadata(what="The field", name=name, reason=reason)

    async def _run_undoably(self, transaction: Transaction, part: Undoable) -> None:
        """One step where each commits by itself: see ``schema_journal``."""
        step = part.step
        if await _write(transaction, step):
            return
        there = words(self.dialect.name).there(step)
        if there is not None and await transaction.run(there):
            raise ObjectExists(reason=f"other hands made it: {step}")
        if part.undo is not None:
            await note(transaction, part.undo, undoes=True)
        if part.finish is None:
            await transaction.run(Ddl(step))
            return
        try:
            async with transaction.savepoint():
                await transaction.run(Ddl(step))
        except (ColumnMissing, TableMissing):
            logger.warning("what was to be dropped was gone already: %s", part.finish)
        else:
            await note(transaction, part.finish, undoes=False)

    async def _check(self, transaction: Transaction, step: steps.Step, wanted: Plan) -> None:
        match step:
            case steps.SetRequired():
                await check_filled(transaction, step, _key(wanted, step.table))
            case steps.CreateIndex(unique=True):
                await check_unique(transaction, step, _key(wanted, step.table))
            case steps.AddReference():
                await check_references(transaction, step, _key(wanted, step.table))


async def _write(transaction: Transaction, step: steps.Step) -> bool:
    """Carry out a step that writes values; ``False`` for others."""
    match step:
        case steps.Fill():
            await fill(transaction, step)
        case steps.Compute():
            await compute(transaction, step)
        case steps.Convert():
            await convert(transaction, step)
        case _:
            return False
    return True


async def _drop(transaction: Transaction, step: steps.DropColumn) -> None:
    """Drop a column; one that other hands dropped already is a warning."""
    try:
        async with transaction.savepoint():
            await transaction.run(Ddl(step))
    except ColumnMissing:
        logger.warning('the column "%s" of the table "%s" was gone already', step.column, step.table)


def _key(wanted: Plan, table: str) -> steps.Column | None:
    return next((column for column in wanted.columns.get(table, ()) if column.primary_key), None)
