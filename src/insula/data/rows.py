"""Rows of one collection, written flat: insert, update, delete, find. Relations are left to others.

Everything here runs inside what it is given as ``on``, or else each statement commits by itself; changes are
noted for the observers either way.
"""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from sqlalchemy.sql.base import Executable

from insula.core.errors import InsulaError, Kind
from insula.data.catalog import Catalog
from insula.data.changes import Announcer, Change, ChangeAction
from insula.data.collection import Collection
from insula.data.computing import computing
from insula.data.errors import InvalidQuery, InvalidValue, UnknownField
from insula.data.filters import compile as filters
from insula.data.filters.shape import Binder, Shape
from insula.data.filters.tree import Node
from insula.data.scope import Scope, Scopes
from insula.data.validate import Draft, form
from insula.data.violations import Violations
from insula.data.write_statements import KEY, KEYS, Statements, equal, follow_key, parameter, statements
from insula.database.errors import DatabaseError
from insula.database.executor import Database, Executor, Row, Transaction
from insula.database.statement import Statement

NOTHING: Mapping[str, Any] = {}
EVERYTHING = Scope()


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


class Rows:
    """Writes single collections of one application."""

    def __init__(self, catalog: Catalog, database: Database, announcer: Announcer) -> None:
        self.catalog = catalog
        self.database = database
        self.announcer = announcer
        self._violations = Violations(catalog, database)

    @contextlib.asynccontextmanager
    async def transaction(self) -> AsyncIterator[Transaction]:
        """A transaction of its own, whose changes are announced at its end."""
        async with self.database.transaction() as transaction:
            with self.announcer.collecting(transaction) as changes:
                yield transaction
        self.announcer.announce(changes)

    def statements(self, collection: Collection) -> Statements:
        return statements(collection, self.database.dialect)

    def keys(self, collection: Collection, raw: tuple[Any, ...]) -> tuple[Any, ...]:
        """Keys as a client wrote them → values. Raises ``InvalidValue``, ``InvalidQuery``."""
        key = collection.primary_key
        if key is None:
            raise InvalidQuery(
                parameter="filterByTk", reason=f'does not fit "{collection.name}": it has no key'
            )
        try:
            return tuple(key.type.prepare(item, key) for item in raw)
        except ValueError as error:
            raise InvalidValue(collection=collection.name, field=key.name, reason=str(error)) from None

    async def insert(
        self,
        collection: Collection,
        draft: Draft,
        scopes: Scopes,
        on: Transaction | None,
        preset: Mapping[str, Any] = NOTHING,
    ) -> Row:
        """Add one row; ``preset`` are columns that the body does not decide. Gives the row as stored."""
        if on is None and computing(collection).counts:
            async with self.transaction() as transaction:
                return await self.insert(collection, draft, scopes, transaction, preset)
        keys = form(collection)
        row = await self._complete(collection, draft, scopes, preset, on)
        shapes = self.statements(collection)
        statement = shapes.insert(
            tuple(name for name in keys.sorts if row[name] is None),
            automatic_key=keys.automatic_key is not None and row[keys.automatic_key] is None,
        )
        bound = {name: row[column] for column, name in shapes.parameters}
        stored = (await self._fetch(statement, bound, collection, row, on))[0]
        self._note(collection, "create", [stored], draft.columns, on)
        if keys.automatic_key is not None and row[keys.automatic_key] is not None:
            await self.follow_key(collection, row[keys.automatic_key], on)
        return stored

    async def insert_unless_there(
        self,
        collection: Collection,
        drafts: Sequence[tuple[Draft, Mapping[str, Any]]],
        scopes: Scopes,
        on: Transaction,
    ) -> None:
        """Add rows (draft and preset of each), leaving out those that a key or unique column knows already."""
        keys = form(collection)
        shapes = self.statements(collection)
        groups: dict[Statement, list[dict[str, Any]]] = {}
        for draft, preset in drafts:
            row = await self._complete(collection, draft, scopes, preset, on)
            statement = shapes.insert_unless_there(
                tuple(name for name in keys.sorts if row[name] is None),
                automatic_key=keys.automatic_key is not None and row[keys.automatic_key] is None,
            )
            groups.setdefault(statement, []).append(row)
        for statement, rows in groups.items():
            values = [{name: row[column] for column, name in shapes.parameters} for row in rows]
            try:
                await on.execute_many(statement, values)
            except DatabaseError as error:
                raise await self._violations.explain(error, collection, rows[0]) from error
            self.announcer.note(Change(collection.name, "create", ()), on)

    async def _complete(
        self,
        collection: Collection,
        draft: Draft,
        scopes: Scopes,
        preset: Mapping[str, Any],
        on: Transaction | None,
    ) -> dict[str, Any]:
        keys = form(collection)
        if draft.slow:
            await keys.finish(draft)
        keys.check_required(draft, preset)
        row = keys.complete({**draft.columns, **preset} if preset else draft.columns, scopes.stamps)
        if keys.computed:
            await computing(collection).complete((row,), on)
        return row

    async def update(
        self,
        collection: Collection,
        columns: Mapping[str, Any],
        selection: Selection,
        scopes: Scopes,
        on: Transaction | None,
    ) -> list[Row]:
        """Set ``columns`` of the selected rows, and their stamps. Gives the rows as stored."""
        stamped = form(collection).stamped(scopes.stamps)
        written = {**columns, **stamped} if stamped else columns
        shapes = self.statements(collection)
        names = tuple(name for name in shapes.columns if name in written)
        follows = bool(form(collection).computed) and computing(collection).touched(names)
        if follows and on is None:
            async with self.transaction() as transaction:
                return await self.update(collection, columns, selection, scopes, transaction)
        statement, bound = self._chosen(
            collection, ("update", *names), lambda where: shapes.update(names, where), selection, scopes
        )
        for name in names:
            bound[parameter(name)] = written[name]
        rows = await self._fetch(statement, bound, collection, written, on)
        if follows and on is not None:
            await computing(collection).follow(rows, on)
        if rows and names:
            self._note(collection, "update", rows, names, on)
        return rows

    async def find(
        self,
        collection: Collection,
        selection: Selection,
        scopes: Scopes,
        on: Executor | None,
        *,
        first: bool = False,
    ) -> list[Row]:
        """The selected rows as ``update`` gives them; only the one with the lowest key with ``first``."""
        shapes = self.statements(collection)
        statement, bound = self._chosen(
            collection, ("find", first), lambda where: shapes.find(where, first=first), selection, scopes
        )
        return await (on or self.database).fetch(statement, bound)

    async def append(
        self,
        collection: Collection,
        rows: Sequence[Sequence[Any]],
        columns: Sequence[str],
        scopes: Scopes,
        on: Transaction,
    ) -> int:
        """Add rows of prepared values by the database's fastest way; other columns as for any new record."""
        keys = form(collection)
        for name in columns:
            if name not in collection.fields or not collection.fields[name].stored:
                raise UnknownField(collection=collection.name, field=name, place="columns")
        tail = [name for name in self.statements(collection).columns if name not in columns]
        tail = [name for name in tail if name != keys.automatic_key]
        names = (*columns, *tail)
        types = [collection.table.c[name].type for name in names]
        complete = await self._completed(collection, rows, columns, tail, scopes, on)
        try:
            count = await on.copy_rows(collection.name, names, complete, types)
        except DatabaseError as error:
            raise await self._violations.explain(error, collection, NOTHING) from error
        key = keys.automatic_key
        if key is not None and key in columns:
            place = list(columns).index(key)
            await self.follow_key(collection, max(row[place] for row in rows), on)
        return count

    async def _completed(
        self,
        collection: Collection,
        rows: Sequence[Sequence[Any]],
        columns: Sequence[str],
        tail: Sequence[str],
        scopes: Scopes,
        on: Transaction,
    ) -> list[tuple[Any, ...]]:
        """The rows with the values of the columns ``tail``, which nobody gave."""
        keys = form(collection)
        if keys.alike(tail):
            same = keys.complete(NOTHING, scopes.stamps)
            rest = tuple(same[name] for name in tail)
            return [(*row, *rest) for row in rows]
        numbers = {name: await self.last(collection, name, on) for name in keys.sorts if name in tail}
        made = [keys.complete(dict(zip(columns, row, strict=True)), scopes.stamps) for row in rows]
        if keys.computed:
            await computing(collection).complete(made, on)
        complete = []
        for row, own in zip(rows, made, strict=True):
            for name in numbers:
                numbers[name] += 1
            complete.append((*row, *(numbers.get(name, own[name]) for name in tail)))
        return complete

    async def last(self, collection: Collection, name: str, on: Executor) -> int:
        """The highest number in a column (of a sort column: of all its lists), 0 where there is none."""
        column = collection.table.c[name]
        rows = await on.run(sa.select(sa.func.coalesce(sa.func.max(column), 0).label("last")))
        return int(rows[0]["last"])

    async def delete(
        self, collection: Collection, selection: Selection, scopes: Scopes, on: Executor | None
    ) -> int:
        """Remove the selected rows. Gives their number."""
        shapes = self.statements(collection)
        statement, bound = self._chosen(collection, ("delete",), shapes.delete, selection, scopes)
        if not statement.returns_rows:
            count = await (on or self.database).execute(statement, bound)
            if count:
                self.announcer.note(Change(collection.name, "destroy", ()), on)
            return count
        rows = await self._fetch(statement, bound, collection, NOTHING, on)
        if rows:
            self._note(collection, "destroy", rows, (), on)
        return len(rows)

    def _chosen(
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
        shapes = self.statements(collection)
        bound: dict[str, Any] = {equal(name): value for name, value in selection.equal.items()}
        one = selection.keys is not None and len(selection.keys) == 1
        if selection.keys is not None:
            bound[KEY if one else KEYS] = selection.keys[0] if one else list(selection.keys)
        empty = tuple((name, value is None) for name, value in selection.equal.items())
        how: tuple[Any, ...] = (selection.keys is None, one, selection.by, selection.others, empty)
        limits: tuple[Shape, ...] = ()
        if selection.filter is not None or selection.scope.filter is not None:
            limits, values = self._limits(collection, selection, scopes)
            bound.update((filters.parameter(index), value) for index, value in enumerate(values))
            how += limits
        return shapes.keep((*shape, how), lambda: make(self._where(shapes, selection, limits))), bound

    def _limits(
        self, collection: Collection, selection: Selection, scopes: Scopes
    ) -> tuple[tuple[Shape, ...], list[Any]]:
        """The shapes of the scope's filter and of the caller's, and the values taken out of them."""
        binder = Binder(self.catalog, scopes)
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
        if limits:
            builder = filters.Builder(self.database.dialect)
            parts += [builder.where(limit, shapes.collection, shapes.table) for limit in limits]
        if not parts:
            raise ValueError("a selection says which rows it means")
        return sa.and_(sa.true(), *parts)

    async def follow_key(self, collection: Collection, highest: int, on: Executor | None) -> None:
        """Let automatic keys go on behind one that was given, where the database does not do so by itself."""
        key = collection.primary_key
        if self.database.dialect.name != "postgres" or key is None:
            return
        statement = self.statements(collection).keep(("follow key",), lambda: follow_key(key.name))
        table = self.database.schema_prefix + self.database.dialect.quote(collection.name)
        await (on or self.database).fetch(statement, {"table": table, "highest": highest})

    async def _fetch(
        self,
        statement: Statement,
        bound: Mapping[str, Any],
        collection: Collection,
        written: Mapping[str, Any],
        on: Executor | None,
    ) -> list[Row]:
        try:
            return await (on or self.database).fetch(statement, bound)
        except DatabaseError as error:
            raise await self._violations.explain(error, collection, written) from error

    def _note(
        self,
        collection: Collection,
        action: ChangeAction,
        rows: list[Row],
        names: Iterable[str],
        on: Executor | None,
    ) -> None:
        key = collection.primary_key
        keys = tuple(row[key.name] for row in rows) if key is not None else ()
        self.announcer.note(Change(collection.name, action, keys, frozenset(names)), on)


def answer(collection: Collection, shapes: Statements, rows: list[Row], scopes: Scopes) -> list[Row]:
    """Rows as the caller may see them: the key, and the fields that are open to ``view``."""
    try:
        fields = scopes.scope(collection.name, "view").fields
    except InsulaError as error:
        if error.kind is not Kind.DENIED:
            raise
        fields = frozenset()
    if fields is None and len(shapes.returned) == len(shapes.visible):
        return rows
    key = collection.primary_key
    shown = shapes.visible if fields is None else shapes.visible & fields
    if key is not None:
        shown |= {key.name}
    return [{name: value for name, value in row.items() if name in shown} for row in rows]
