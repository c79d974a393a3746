"""The compiled statements that write one collection: made at first use, kept with the collection."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.sql.base import Executable

from insula.data.collection import Collection, Field
from insula.data.lists import among
from insula.data.validate import PARAMETER_PREFIX
from insula.data.words import words
from insula.database.dialects.base import Dialect
from insula.database.executor import Row, Transaction
from insula.database.statement import Statement

KEPT_SHAPES = 256
"""Statements kept per collection. A shape is a set of columns, and clients choose those: so there is a limit."""

AFTER = "w_after"
"""Bound name of the key behind which the rows of a statement are."""
SKIPPED = "w_skipped"
LIMIT = "w_limit"
"""Bound names of how many rows are passed over, and of how many are read after that."""
KEY = "w_key"
KEYS = "w_keys"
"""Bound names of the key or the list of keys that a statement is for."""


def parameter(name: str) -> str:
    """The bound name of the value for a column."""
    return PARAMETER_PREFIX + name


def scope_key(item: Field) -> str:
    """The column whose value says which list a sort column counts in; empty for one list of all."""
    return str(item.options.get("scopeKey") or "")


def equal(name: str) -> str:
    """The bound name of the value that a column is compared with."""
    return "e_" + name


class Statements:
    """The statements of one collection in one dialect, and the columns that they give back."""

    def __init__(self, collection: Collection, dialect: Dialect) -> None:
        self.collection = collection
        self.dialect = dialect
        self.words = words(dialect.name)
        self.table = collection.table
        self.columns = tuple(f.name for f in collection.fields.values() if f.stored)
        self.parameters = tuple((name, parameter(name)) for name in self.columns)
        self.visible = frozenset(f.name for f in collection.visible)
        self.returned = tuple(name for name in self.columns if name in self.visible | self._joints())
        self._kept: dict[tuple[Any, ...], Statement] = {}

    def _joints(self) -> set[str]:
        """Columns by which records are found: needed in here even where they are hidden."""
        key = self.collection.primary_key
        names = {key.name} if key is not None else set()
        names |= {item.name for item in self.collection.columns if item.unique}
        for item in self.collection.relations.values():
            if relation := item.relation:
                names.add(relation.foreign_key if relation.kind == "belongsTo" else relation.source_key)
                if relation.kind == "belongsTo" and relation.target == self.collection.name:
                    names.add(relation.target_key)
        for item in self.collection.columns:
            if item.type.name == "sort":  # moved by its number, within its list
                names |= {item.name, scope_key(item)}
        return names & set(self.columns)

    def keep(self, shape: tuple[Any, ...], make: Callable[[], Executable]) -> Statement:
        """The statement of a shape, compiled when it is new."""
        statement = self._kept.get(shape)
        if statement is None:
            if len(self._kept) >= KEPT_SHAPES:
                self._kept.clear()
            statement = self._kept[shape] = self.dialect.compile(make())
        return statement

    def insert(self, counted: tuple[str, ...], *, automatic_key: bool) -> Statement:
        """One row. ``counted`` sort columns get the highest number and one."""
        shape = ("insert", counted, automatic_key)
        return self._kept.get(shape) or self.keep(shape, lambda: self._insert(counted, automatic_key))

    def _insert(self, counted: tuple[str, ...], automatic_key: bool) -> sa.Insert:
        statement = sa.insert(self.table).values(self._row(counted, automatic_key))
        if "insert" not in self.dialect.returning:
            return statement
        return statement.returning(*(self.table.c[name] for name in self.returned))

    def insert_unless_there(self, counted: tuple[str, ...], *, automatic_key: bool) -> Statement:
        """One row, or nothing where a unique column or key says that it is there already."""
        return self.keep(
            ("insert unless there", counted, automatic_key),
            lambda: self.words.insert_unless_there(sa.insert(self.table), self._row(counted, automatic_key)),
        )

    def _row(self, counted: tuple[str, ...], automatic_key: bool) -> dict[str, Any]:
        key = self.collection.primary_key
        values: dict[str, Any] = {name: self.bound(name) for name in self.columns if name not in counted}
        if automatic_key and key is not None:
            del values[key.name]
        for name in counted:
            values[name] = self.next_number(name)
        return values

    def bound(self, name: str) -> sa.BindParameter[Any]:
        """The value for a column, under the name ``parameter(name)``."""
        return sa.bindparam(parameter(name), type_=self.table.c[name].type)

    def next_number(self, name: str) -> sa.ScalarSelect[Any]:
        """Behind the last of a sort column; within its scope, whose value is bound as for writing it."""
        rows = self.table.alias()
        last = sa.select((sa.func.coalesce(sa.func.max(rows.c[name]), 0) + 1).label("number"))
        scope = scope_key(self.collection.fields[name])
        if scope in rows.c:
            last = last.where(rows.c[scope].is_not_distinct_from(self.bound(scope)))
        if self.words.writes_what_it_reads:
            return last.scalar_subquery()
        apart = last.subquery()
        return sa.select(*apart.c).scalar_subquery()

    def find(self, where: sa.ColumnElement[bool], *, first: bool = False) -> sa.Select[Any]:
        """The rows ``where``; with ``first`` only the one with the lowest key."""
        rows = sa.select(*(self.table.c[name] for name in self.returned)).where(where)
        if not first:
            return rows
        key = self.collection.primary_key
        return (rows.order_by(self.table.c[key.name]) if key is not None else rows).limit(1)

    def update(self, names: tuple[str, ...], where: sa.ColumnElement[bool]) -> Executable:
        """Set columns of the rows ``where``; with nothing to set, only read them."""
        returned = [self.table.c[name] for name in self.returned]
        if not names:
            return self.find(where)
        values: dict[str, Any] = {}
        for item in self.collection.fields.values():
            scope = scope_key(item)
            if item.stored and item.type.name == "sort" and scope in names and item.name not in names:
                # a record that changes its list goes to the end of the new one
                stays = self.table.c[scope].is_not_distinct_from(self.bound(scope))
                number = self.table.c[item.name]
                values[item.name] = sa.case((stays, number), else_=self.next_number(item.name))
        values |= {name: self.bound(name) for name in names}
        # in this order: to MySQL a column is what was assigned to it before
        columns = ((self.table.c[name], value) for name, value in values.items())
        statement = sa.update(self.table).where(where).ordered_values(*columns)
        return statement.returning(*returned) if "update" in self.dialect.returning else statement

    def delete(self, where: sa.ColumnElement[bool], *, told: bool) -> Executable:
        """Remove the rows ``where``; gives their keys when they are to be ``told``, where the dialect can."""
        statement = sa.delete(self.table).where(where)
        return statement.returning(self.key) if told and "delete" in self.dialect.returning else statement

    @property
    def key(self) -> sa.ColumnClause[Any]:
        """The column of the primary key. Raises ``LookupError``."""
        key = self.collection.primary_key
        if key is None:
            raise LookupError(f"{self.collection.name} has no primary key")
        return self.table.c[key.name]

    def keys(self, where: sa.ColumnElement[bool], *, locked: bool) -> sa.Select[Any]:
        """The keys of rows ``where`` in their order: behind as many as are bound as ``SKIPPED``, up to ``LIMIT``.

        ``locked``: nobody else writes these rows until the transaction ends.
        """
        skipped, limit = (
            sa.bindparam(SKIPPED, type_=sa.BigInteger()),
            sa.bindparam(LIMIT, type_=sa.BigInteger()),
        )
        found = sa.select(self.key.label(KEY)).where(where).order_by(self.key).limit(limit).offset(skipped)
        return found.with_for_update(key_share=True) if locked else found

    def behind(self) -> sa.ColumnElement[bool]:
        """The key is behind the one that is bound as ``AFTER``."""
        return self.key > sa.bindparam(AFTER, type_=self.key.type)

    def by_keys(self, name: str, *, one: bool) -> sa.ColumnElement[bool]:
        """The column ``name`` (or the primary key) holds the value bound as ``KEY``, or one of the list ``KEYS``."""
        column = self.table.c[name] if name else self.key
        if one:
            return column == sa.bindparam(KEY, type_=column.type)
        return among(self.dialect.name, column, KEYS)


async def keys_updated(
    update: sa.Update,
    key: sa.ColumnElement[Any],
    within: sa.ColumnElement[bool],
    values: Mapping[str, Any],
    on: Transaction,
) -> list[Row]:
    """Run an UPDATE of the rows ``within``. Gives their keys, under the key's name."""
    if "update" in on.dialect.returning:
        return await on.run(update.returning(key), values)
    held = await on.run(sa.select(key).where(within).with_for_update(), values)
    await on.run(update, values)
    return held


def follow_key(column: str) -> sa.Select[Any]:
    """PostgreSQL: move the sequence of an automatic key up to the bound ``highest``, never back.

    The bound ``table`` is its quoted name, qualified where it has to be.
    """
    highest = sa.bindparam("highest", type_=sa.BigInteger())
    name = sa.func.pg_get_serial_sequence(sa.bindparam("table", type_=sa.Text()), column)
    sequence = sa.cast(name, postgresql.REGCLASS)
    last = sa.func.coalesce(sa.func.pg_sequence_last_value(sequence), 0)
    return sa.select(sa.func.setval(sequence, highest)).where(last < highest)


def statements(collection: Collection, dialect: Dialect) -> Statements:
    """The statements of a collection, which live as long as it does."""
    shelf = (Statements, dialect.name)
    kept: Statements | None = collection.compiled.get(shelf)
    if kept is None:
        kept = collection.compiled[shelf] = Statements(collection, dialect)
    return kept
