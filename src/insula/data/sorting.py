"""The order of records: ``sort`` → shapes → ORDER BY.

No value counts as less than every value, on every dialect: records without one come first ascending, last
descending. The primary key is always the last criterion, in the direction of the one before it, so that pages
never overlap and a descending order is the ascending one read backwards: one index serves both.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from insula.data.collection import Collection
from insula.data.errors import InvalidQuery
from insula.data.filters.compile import Builder, Join
from insula.data.filters.shape import Binder, Shape
from insula.data.query import MAX_PATH_PARTS
from insula.data.scope import Scope
from insula.database.dialects.base import Dialect

MAX_CRITERIA = 20

Order = tuple[tuple[bool, Shape], ...]
"""(descending, path shape) in order."""

_UNSORTABLE = frozenset(("json", "array"))


def bind_sort(binder: Binder, collection: Collection, scope: Scope, sort: tuple[str, ...]) -> Order:
    """The shape of ``sort``. Raises ``UnknownField`` and ``InvalidQuery``."""
    if len(sort) > MAX_CRITERIA:
        raise InvalidQuery(parameter="sort", reason=f"has more than {MAX_CRITERIA} criteria")
    return tuple(_criterion(binder, collection, scope, text) for text in sort)


def _criterion(binder: Binder, collection: Collection, scope: Scope, text: str) -> tuple[bool, Shape]:
    path = tuple(text[1:].split(".") if text[:1] in ("-", "+") else text.split("."))
    if "" in path or len(path) > MAX_PATH_PARTS:
        raise InvalidQuery(parameter="sort", reason=f'has the path "{text[:60]}", which can not be read')
    shape = binder.path(collection, scope, path, "sort")
    steps, name = shape[1], shape[2]
    owner = steps[-1][1]() if steps else collection
    if owner.fields[name].type.family in _UNSORTABLE:
        raise InvalidQuery(parameter="sort", reason=f'can not sort by "{".".join(path)}"')
    return text.startswith("-"), shape


def order_by(
    builder: Builder, collection: Collection, table: sa.FromClause, order: Order, joins: list[Join]
) -> list[sa.ColumnElement[object]]:
    """The criteria as SQL, the primary key behind them; what they need is added to ``joins``."""
    key = collection.primary_key
    clauses: list[sa.ColumnElement[object]] = []
    for descending, shape in order:
        column = builder.value(shape, collection, table, joins)
        if key is not None and shape[1:] == ((), key.name):
            return [*clauses, column.desc() if descending else column.asc()]
        clauses.append(directed(builder.dialect, column, descending=descending))
    if key is None:
        return clauses
    column = table.c[key.name]
    return [*clauses, column.desc() if order and order[-1][0] else column.asc()]


def directed(dialect: Dialect, column: sa.ColumnElement[Any], *, descending: bool) -> sa.UnaryExpression[Any]:
    """One criterion, in the words in which the indexes of ``schema_ddl`` are made."""
    if dialect.nulls_are_least:
        return column.desc() if descending else column.asc()
    return column.desc().nulls_last() if descending else column.asc().nulls_first()
