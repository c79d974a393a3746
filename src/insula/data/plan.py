"""Compiled reads, kept by shape.

A plan's key names everything that its statement depends on and nothing else: the dialect, the collections (as
weak references, so that a change of metadata leaves old plans unfound), the open fields, the outline of what is
asked for, and the shapes of filter and sort. Applications of a process share the plans of built-in collections.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Any, TypeVar
from weakref import ref

import sqlalchemy as sa

from insula.data.collection import Collection, Field
from insula.data.errors import UnknownField
from insula.data.fields.columns import rendered
from insula.data.filters.compile import Builder, Join, with_joins
from insula.data.filters.shape import Shape, visible_field
from insula.data.lists import among
from insula.data.outline import Outline
from insula.data.scope import Scope
from insula.data.slow import run_slow
from insula.data.sorting import Order, order_by
from insula.database.dialects.base import Dialect
from insula.database.statement import Statement

T = TypeVar("T")

MAX_PLANS = 2_048
"""Plans kept per process, at about 5 kB each."""
MAX_KEPT_VALUES = 64
"""Plans of filters with more values than this are used once and not kept: they would be large and rarely hit."""

COUNT = "__count"
"""Label of the number of all rows, where it comes with the rows."""

KEYS = "keys"
"""Name of a bound list of keys."""

_ONE: sa.ColumnClause[int] = sa.literal_column("1")


@dataclass(frozen=True, slots=True)
class Plan:
    """A compiled read of one collection."""

    statement: Statement
    helpers: tuple[str, ...] = ()
    """Labels that were fetched to join rows, and are taken away before anyone sees them."""
    details: Any = None
    """What else the one who made the plan wants to keep with it."""


class Plans:
    """The least recently used plans fall out."""

    def __init__(self, limit: int = MAX_PLANS) -> None:
        self._limit = limit
        self._kept: OrderedDict[Hashable, Plan] = OrderedDict()

    def get(self, key: Hashable, values: int, make: Callable[[], Plan]) -> Plan:
        """The plan kept under ``key``, made and kept when it is new. ``values`` is how many its filters bind."""
        plan = self._kept.get(key)
        if plan is not None:
            self._kept.move_to_end(key)
            return plan
        plan = make()
        if values <= MAX_KEPT_VALUES:
            self._kept[key] = plan
            if len(self._kept) > self._limit:
                self._kept.popitem(last=False)
        return plan

    def sweep(self) -> None:
        """Let go of the plans that no one finds again, since a collection that they read is gone."""
        for key in [key for key in self._kept if _is_gone(key)]:
            del self._kept[key]

    def __len__(self) -> int:
        return len(self._kept)


def _is_gone(key: Hashable) -> bool:
    return isinstance(key, tuple) and any(isinstance(part, ref) and part() is None for part in key)


async def compiled(values: int, shapes: tuple[object, ...], make: Callable[[], T]) -> T:
    """What ``make`` builds and compiles; of very many ``values`` in a thread, since it takes tens of milliseconds.

    ``shapes`` are those that it builds from: the tables that they name are made here, once for all threads.
    """
    if values <= MAX_KEPT_VALUES:
        return make()
    waiting: list[object] = list(shapes)
    while waiting:
        part = waiting.pop()
        if isinstance(part, tuple):
            waiting += part
        elif isinstance(part, ref) and isinstance(collection := part(), Collection):
            _ = collection.table
    return await run_slow(make)


PLANS = Plans()
"""Compiled code, shared like any code; it holds no data of any application."""


@dataclass(frozen=True, slots=True)
class Columns:
    """Which columns of a collection a read fetches."""

    answered: tuple[str, ...]
    helpers: tuple[str, ...]
    joints: frozenset[str]
    """Those of both by which rows are joined: compared, and so always Python values."""

    def of(self, table: sa.FromClause, dialect: Dialect, outline: Outline) -> list[sa.ColumnElement[Any]]:
        """The columns of ``table`` to select."""
        found: list[sa.ColumnElement[Any]] = []
        for name in (*self.answered, *self.helpers):
            column: sa.ColumnElement[Any] = table.c[name]
            if outline.rendered and name not in self.joints:
                column = rendered(column, dialect.name).label(name)
            found.append(column)
        return found


def chosen_columns(
    collection: Collection, scope: Scope, outline: Outline, joints: tuple[str, ...] = ()
) -> Columns:
    """The open columns that ``outline`` asks for, and those beside them that joining needs.

    Raises ``UnknownField``.
    """
    open_names = [f.name for f in collection.visible if scope.fields is None or f.name in scope.fields]
    for name in outline.without:
        visible_field(collection, scope, name, "except")
    if outline.only is not None:
        wanted = {visible_field(collection, scope, name, "fields").name for name in outline.only}
        open_names = [name for name in open_names if name in wanted]
    answered = tuple(name for name in open_names if name not in outline.without)
    needed = dict.fromkeys(joints)
    for name, _ in children(collection, outline):
        relation = visible_field(collection, scope, name, "appends").relation
        if relation is None:
            raise UnknownField(collection=collection.name, field=name, place="appends")
        needed[relation.foreign_key if relation.kind == "belongsTo" else relation.source_key] = None
    helpers = tuple(name for name in needed if name not in answered)
    return Columns(answered, helpers, frozenset(needed))


def children(collection: Collection, outline: Outline) -> list[tuple[str, Outline]]:
    """The relations to append: those of the outline, and those among its fields, which are appended whole."""
    found = dict(outline.children)
    for name in outline.only or ():
        field = collection.fields.get(name)
        if field is not None and field.relation is not None and name not in found:
            found[name] = _WHOLE
    return list(found.items())


_WHOLE = Outline(None, (), ())


@dataclass(frozen=True, slots=True)
class ReadShape:
    """A read of rows of one collection, without values."""

    kind: str
    """``page`` (limit and offset), ``all``, ``one``; ``counted``: a page with the number of all rows; ``level``:
    the children (in a tree) of the rows whose keys are bound as ``keys``."""
    collection: Collection
    scope: Scope
    outline: Outline
    where: Shape | None
    order: Order
    parent: Field | None = None
    """For a tree: the relation to the parent. But for a level, rows whose parent fits too are left out."""

    def key(self, dialect: str) -> Hashable:
        parent = None if self.parent is None else self.parent.name
        fields = self.scope.fields
        return (
            dialect,
            self.kind,
            ref(self.collection),
            self.outline,
            fields,
            self.where,
            self.order,
            parent,
        )


def read_plan(dialect: Dialect, shape: ReadShape) -> Plan:
    """Build and compile. Raises ``UnknownField``."""
    collection, table = shape.collection, shape.collection.table
    up = None if shape.parent is None else shape.parent.relation
    joints = () if up is None else (up.foreign_key, up.target_key)
    columns = chosen_columns(collection, shape.scope, shape.outline, joints)
    builder = Builder(dialect)
    labels = columns.of(table, dialect, shape.outline)
    joins: list[Join] = []
    where = conditions(builder, shape, table)
    order = order_by(builder, collection, table, shape.order, joins)
    statement = sa.select(*(labels or [_ONE.label("__nothing")])).select_from(with_joins(table, joins))
    statement = statement.where(*where).order_by(*order)
    helpers = columns.helpers if labels else ("__nothing",)
    if shape.kind == "counted":
        counted = count_select(Builder(dialect), shape, collection.table.alias("counted"))
        statement = statement.add_columns(counted.scalar_subquery().label(COUNT))
        helpers = (*helpers, COUNT)
    if shape.kind in ("page", "counted"):
        limit = sa.bindparam("limit", type_=sa.BigInteger())
        statement = statement.limit(limit).offset(sa.bindparam("offset", type_=sa.BigInteger()))
    elif shape.kind == "one":
        statement = statement.limit(_ONE)
    elif shape.kind == "level" and up is not None:
        statement = statement.where(among(dialect.name, table.c[up.foreign_key], KEYS))
    return Plan(dialect.compile(statement), helpers)


def count_plan(dialect: Dialect, shape: ReadShape) -> Plan:
    """The number of records of the shape."""
    return Plan(dialect.compile(count_select(Builder(dialect), shape, shape.collection.table)))


def count_select(builder: Builder, shape: ReadShape, table: sa.FromClause) -> sa.Select[Any]:
    """How many rows fit in all."""
    statement = sa.select(sa.func.count().label(COUNT)).select_from(table)
    return statement.where(*conditions(builder, shape, table))


def conditions(builder: Builder, shape: ReadShape, table: sa.FromClause) -> list[sa.ColumnElement[bool]]:
    """The rows of a read; of a tree only those at its top, whose parent does not fit or is missing."""
    if shape.where is None and shape.parent is None:
        return []
    found = [] if shape.where is None else [builder.where(shape.where, shape.collection, table)]
    if shape.parent is not None and shape.parent.relation is not None and shape.kind != "level":
        again = Builder(builder.dialect)
        parent = shape.collection.table.alias("parent")
        joined = [builder.joined(shape.parent.relation, table, parent, None)]
        if shape.where is not None:
            joined.append(again.where(shape.where, shape.collection, parent))
        found.append(sa.not_(sa.exists(sa.select(_ONE).select_from(parent).where(*joined).correlate(table))))
    return found
