"""Which rows are written: by key, by the values of columns, by a filter, within a scope."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.sql.base import Executable

from insula.data.catalog import Catalog
from insula.data.collection import Collection
from insula.data.filters import compile as filters
from insula.data.filters.shape import Binder, Shape
from insula.data.filters.tree import Node
from insula.data.plan import MAX_KEPT_VALUES, compiled
from insula.data.scope import Scope, Scopes
from insula.data.write_statements import AFTER, KEY, KEYS, Statements, equal, statements
from insula.database.dialects.base import Dialect
from insula.database.statement import Statement

EVERYTHING: Final = Scope()


@dataclass(frozen=True, slots=True)
class Selection:
    """Rows by key, by the values of columns, by a filter: where several are given, all of them hold."""

    keys: tuple[Any, ...] | None = None
    """Values ready to compare of the column ``by``."""
    by: str = ""
    """Column that ``keys`` speak of; the primary key when empty."""
    others: bool = False
    """The rows that are *not* among ``keys``."""
    equal: Mapping[str, Any] = field(default_factory=dict)
    """Column → value that it holds (``None``: that it is empty)."""
    filter: Node | None = None
    """What the caller asks for; may only speak of what is open to them."""
    scope: Scope = EVERYTHING
    """The rows that the caller may touch."""
    after: Any = None
    """Only rows whose key is behind this one, where it is given."""


class Selecting:
    """Makes statements for selected rows of one application."""

    def __init__(self, catalog: Catalog, dialect: Dialect) -> None:
        self._catalog = catalog
        self._dialect = dialect

    async def chosen(
        self,
        collection: Collection,
        shape: tuple[Any, ...],
        make: Callable[[sa.ColumnElement[bool]], Executable],
        selection: Selection,
        scopes: Scopes,
    ) -> tuple[Statement, dict[str, Any]]:
        """The statement for the selected rows, and the values that select them.

        It is kept compiled under ``shape`` and the shape of the selection, which holds none of its values.
        """
        shapes = statements(collection, self._dialect)
        bound: dict[str, Any] = {equal(name): value for name, value in selection.equal.items()}
        one = selection.keys is not None and len(selection.keys) == 1
        if selection.keys is not None:
            bound[KEY if one else KEYS] = selection.keys[0] if one else list(selection.keys)
        empty = tuple((name, value is None) for name, value in selection.equal.items())
        behind = selection.after is not None
        if behind:
            bound[AFTER] = selection.after
        how: tuple[Any, ...] = (selection.keys is None, one, selection.by, selection.others, empty, behind)
        limits: tuple[Shape, ...] = ()
        if selection.filter is not None or selection.scope.filter is not None:
            limits, values = self._limits(collection, selection, scopes)
            bound.update((filters.parameter(index), value) for index, value in enumerate(values))
            how += limits

        def wanted() -> Executable:
            return make(self._where(shapes, selection, limits))

        many = len(bound)
        if many <= MAX_KEPT_VALUES:
            return shapes.keep((*shape, how), wanted), bound
        return await compiled(many, limits, lambda: self._dialect.compile(wanted())), bound

    def _limits(
        self, collection: Collection, selection: Selection, scopes: Scopes
    ) -> tuple[tuple[Shape, ...], list[Any]]:
        """The shapes of the scope's filter and of the caller's, and the values taken out of them."""
        binder = Binder(self._catalog, scopes)
        limits: tuple[Shape, ...] = ()
        if selection.scope.filter is not None:
            limits += (binder.unrestricted(collection, selection.scope.filter),)
        if selection.filter is not None:
            view = scopes.scope(collection.name, "view")
            limits += (binder.node(collection, view, selection.filter),)
        return limits, binder.values

    def _where(
        self, shapes: Statements, selection: Selection, limits: tuple[Shape, ...]
    ) -> sa.ColumnElement[bool]:
        parts: list[sa.ColumnElement[bool]] = []
        if selection.keys is not None:
            found = shapes.by_keys(selection.by, one=len(selection.keys) == 1)
            parts.append(sa.not_(found) if selection.others else found)
        for name, value in selection.equal.items():
            column = shapes.table.c[name]
            bound = sa.bindparam(equal(name), type_=column.type)
            parts.append(column.is_(None) if value is None else column == bound)
        if selection.after is not None:
            parts.append(shapes.behind())
        if limits:
            builder = filters.Builder(self._dialect)
            parts += [builder.where(limit, shapes.collection, shapes.table) for limit in limits]
        if not parts:
            raise ValueError("a selection says which rows it means")
        return sa.and_(sa.true(), *parts)
