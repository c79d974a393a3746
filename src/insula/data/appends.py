"""The statements for related records that are answered with records; ``attaching`` runs them.

The keys that the rows of one level name are bound as one list.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Any, Literal
from weakref import ref

import sqlalchemy as sa

from insula.data.catalog import Catalog
from insula.data.collection import Collection, Relation
from insula.data.errors import UnknownField
from insula.data.fields.columns import rendered
from insula.data.filters.compile import Builder, parameter, through_table
from insula.data.filters.shape import Binder, Shape, visible_field
from insula.data.lists import among
from insula.data.outline import Outline
from insula.data.plan import KEYS, PLANS, Plan, children, chosen_columns
from insula.data.scope import Scope, Scopes
from insula.data.sorting import order_by
from insula.database.dialects.base import Dialect

MAX_LOADS = 100
"""Relations in one read, all levels together: each is a statement."""

RELATED_LIMIT = "related_limit"
"""Bound name of how many rows are read."""
COUNTED = "__counted"
"""Label of the number of rows of one owner."""
_PLACE = "__place"

OWNER = "__owner"
"""Label of the key by which rows behind a many-to-many relation are told apart."""
THROUGH = "__through."
"""Before the labels of the columns of the row between."""
_KEPT_OUTLINES = 256

Kind = Literal["first", "bounded", "counted"]


@dataclass(slots=True)
class Load:
    """One relation to append, ready to run."""

    name: str
    to_many: bool
    local: str
    """Column of the rows that have the relation."""
    remote: str
    """Label of the related rows that equals it."""
    plan: Plan
    bounded: Callable[[], Plan] | None
    """The plan that bounds the rows of each key; ``None`` where each key finds one row."""
    counted: Callable[[], Plan]
    """The plan that gives the number of rows of each key that has some, as ``OWNER`` and ``COUNTED``."""
    values: dict[str, Any]
    loads: Sequence[Load]
    through: str | None
    """Name of the collection between, where its row is answered too."""


class Loader:
    """Makes the loads of one read."""

    def __init__(self, catalog: Catalog, scopes: Scopes, dialect: Dialect) -> None:
        self._catalog = catalog
        self._scopes = scopes
        self._dialect = dialect
        self._loads = 0

    def loads(self, collection: Collection, scope: Scope, outline: Outline) -> list[Load]:
        """Raises ``UnknownField`` for what is no open relation."""
        if not outline.children and outline.only is None:
            return []
        return [self._load(collection, scope, name, child) for name, child in children(collection, outline)]

    def _load(self, collection: Collection, scope: Scope, name: str, outline: Outline) -> Load:
        self._loads += 1
        if self._loads > MAX_LOADS:
            raise UnknownField(
                collection=collection.name, field=name, place=f"appends: more than {MAX_LOADS}"
            )
        relation = visible_field(collection, scope, name, "appends").relation
        if relation is None:
            raise UnknownField(collection=collection.name, field=name, place="appends")
        target = self._catalog.get(relation.target)
        open_part = self._scopes.scope(target.name, "view")
        binder = Binder(self._catalog, self._scopes)
        limits = binder.rows(target, open_part, None)
        through, outline = self._through(relation, outline)
        shape = LoadShape(collection, relation, target, open_part, outline, limits, through)
        key = (
            *(self._dialect.name, "load", ref(collection), name),
            *(ref(target), outline, open_part.fields, limits),
            None if through is None else (ref(through.collection), through.fields),
        )

        def plan(kind: Kind) -> Plan:
            make = partial(load_plan, self._dialect, shape, kind)
            return PLANS.get((*key, kind), len(binder.values), make)

        return Load(
            name=name,
            to_many=relation.to_many,
            local=relation.foreign_key if relation.kind == "belongsTo" else relation.source_key,
            remote=shape.remote,
            plan=plan("first"),
            bounded=None if relation.kind == "belongsTo" else partial(plan, "bounded"),
            counted=partial(plan, "counted"),
            values={parameter(index): value for index, value in enumerate(binder.values)},
            loads=self.loads(target, open_part, outline),
            through=None if through is None else through.collection.name,
        )

    def _through(self, relation: Relation, outline: Outline) -> tuple[Between | None, Outline]:
        """What is asked for of the row between (an append with its collection's name), and the rest."""
        asked = dict(outline.children).get(relation.through or "")
        if asked is None:
            return None, outline
        collection = self._catalog.get(str(relation.through))
        scope = self._scopes.scope(collection.name, "view")
        columns = chosen_columns(collection, scope, asked)
        return Between(collection, columns.answered), without_child(outline, collection.name)


@lru_cache(maxsize=_KEPT_OUTLINES)
def without_child(outline: Outline, name: str) -> Outline:
    """The same outline without one append; the same object each time, since plans are kept by it."""
    rest = tuple(child for child in outline.children if child[0] != name)
    return Outline(outline.only, outline.without, rest, outline.rendered)


@dataclass(frozen=True, slots=True)
class Between:
    """The collection between two others, and the columns of it that are answered."""

    collection: Collection
    fields: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class LoadShape:
    """The read of one relation, without values."""

    collection: Collection
    relation: Relation
    target: Collection
    scope: Scope
    outline: Outline
    limits: Shape | None
    between: Between | None

    @property
    def remote(self) -> str:
        if self.relation.kind == "belongsTo":
            return self.relation.target_key
        return OWNER if self.relation.through is not None else self.relation.foreign_key


def load_plan(dialect: Dialect, shape: LoadShape, kind: Kind) -> Plan:
    """Build and compile: the related rows of all keys that are bound as one list, or their numbers.

    Where a key finds several, the bound limit is that of all rows, or when ``bounded`` of those of each key.
    """
    target, relation, table = shape.target, shape.relation, shape.target.table
    builder = Builder(dialect)
    joints = () if relation.through is not None else (shape.remote,)
    columns = chosen_columns(target, shape.scope, shape.outline, joints)
    selected = columns.of(table, dialect, shape.outline)
    helpers = columns.helpers
    source: sa.FromClause = table
    if relation.through is None:
        owner: sa.ColumnElement[Any] = table.c[shape.remote]
    else:
        between = _between_table(shape).alias("between_them")
        owner = between.c[relation.foreign_key]
        source = table.join(between, table.c[relation.target_key] == between.c[str(relation.other_key)])
        selected.append(owner.label(OWNER))
        helpers = (*helpers, OWNER)
        for name in shape.between.fields if shape.between is not None else ():
            column: sa.ColumnElement[Any] = between.c[name]
            if shape.outline.rendered:
                column = rendered(column, dialect.name)
            selected.append(column.label(THROUGH + name))
    statement = sa.select(*selected).select_from(source).where(among(dialect.name, owner, KEYS))
    if shape.limits is not None:
        statement = statement.where(builder.where(shape.limits, target, table))
    if kind == "counted":
        count = sa.func.count().label(COUNTED)
        return Plan(dialect.compile(statement.with_only_columns(owner.label(OWNER), count).group_by(owner)))
    if relation.kind != "belongsTo":
        order = order_by(builder, target, table, (), [])
        if kind == "bounded":
            statement = _first_of_each(statement, owner, order)
        else:
            statement = statement.order_by(*order).limit(sa.bindparam(RELATED_LIMIT, type_=sa.BigInteger()))
    return Plan(dialect.compile(statement), helpers)


def _first_of_each(
    statement: sa.Select[Any], owner: sa.ColumnElement[Any], order: list[sa.ColumnElement[Any]]
) -> sa.Select[Any]:
    """Of the rows of each owner the first, as many as are bound as the limit, in their order."""
    place = sa.func.row_number().over(partition_by=owner, order_by=order or None).label(_PLACE)
    numbered = statement.add_columns(place).subquery("numbered")
    answered = [column for column in numbered.c if column.name != _PLACE]
    limit = sa.bindparam(RELATED_LIMIT, type_=sa.BigInteger())
    return sa.select(*answered).where(numbered.c[_PLACE] <= limit).order_by(numbered.c[_PLACE])


def _between_table(shape: LoadShape) -> sa.TableClause:
    if shape.between is not None:
        return shape.between.collection.table
    return through_table(shape.relation, shape.collection, shape.target)
