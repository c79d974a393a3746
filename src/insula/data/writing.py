"""Writing records: the half of ``Repository`` that changes things.

A write of one flat record is one statement that commits by itself; whatever takes several steps runs in a
transaction, or in a savepoint of the transaction that is given as ``on``. Changes are handed to
``observers`` after the commit; on a transaction of the caller's own (one that ``transaction()`` here did not
open) only where the caller collects them: see ``Announcer.collecting``.

``scopes`` decides which rows and fields are open. A record is not asked whether it still lies within the
scope after it was written.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from insula.data.catalog import Catalog
from insula.data.changes import Announcer, Change, Observer
from insula.data.collection import Collection
from insula.data.csv_rows import CsvRows
from insula.data.errors import Conflict, FilterRequired, InvalidQuery, RecordNotFound, UnknownField
from insula.data.filters.tree import All, Condition, Node, Some
from insula.data.links import Links
from insula.data.nested import Nested, Order
from insula.data.ordering import Method, Ordering
from insula.data.rows import Rows, Selection, answer
from insula.data.scope import Scopes
from insula.data.validate import Choice, Draft, form
from insula.database.executor import Database, Row, Transaction

ALL_KEPT: tuple[str, ...] = ()


class Writer:
    """Writes records of the collections of one application."""

    def __init__(self, catalog: Catalog, database: Database) -> None:
        self.catalog = catalog
        self.database = database
        self.announcer = Announcer()
        self.rows = Rows(catalog, database, self.announcer)
        self.links = Links(self.rows)
        self.nested = Nested(self.rows, self.links)
        self._ordering = Ordering(self.rows)

    @property
    def observers(self) -> list[Observer]:
        """Called with each ``Change`` after it was committed; append to it."""
        return self.announcer.observers

    @contextlib.asynccontextmanager
    async def transaction(self) -> AsyncIterator[Transaction]:
        """A transaction for several writes (given to them as ``on``); their changes are announced at its end."""
        async with self.rows.transaction() as transaction:
            yield transaction

    @contextlib.asynccontextmanager
    async def unit(self, on: Transaction | None) -> AsyncIterator[Transaction]:
        """All or nothing: a transaction of its own, or a savepoint in the one given."""
        if on is None:
            async with self.transaction() as transaction:
                yield transaction
        else:
            async with on.savepoint():
                with self.announcer.undoing(on):
                    yield on

    async def create(
        self,
        collection: str,
        values: Mapping[str, Any],
        *,
        scopes: Scopes,
        whitelist: Iterable[str] | None = None,
        blacklist: Iterable[str] = ALL_KEPT,
        update_association_values: Iterable[str] = ALL_KEPT,
        on: Transaction | None = None,
    ) -> Row:
        """One new record, with what its relations hold. Gives its own fields, as the caller may view them.

        Raises ``UnknownField``, ``InvalidValue``, ``InvalidQuery``, ``Conflict``.
        """
        target = self.catalog.get(collection)
        keys = form(target)
        choice = None if whitelist is None and not blacklist else Choice.of(whitelist, blacklist)
        allowed = scopes.scope(collection, "create").fields
        draft = keys.draft(values, new=True, allowed=allowed, choice=choice)
        if not draft.relations:
            row = await self.rows.insert(target, draft, scopes, on)
            return self._answer(target, [row], scopes)[0]
        await keys.finish(draft)
        async with self.unit(on) as transaction:
            order = Order(scopes, transaction, choice, frozenset(update_association_values))
            row = await self.nested.create_drafted(target, draft, order)
        return self._answer(target, [row], scopes)[0]

    async def create_many(
        self,
        collection: str,
        records: Sequence[Mapping[str, Any]],
        *,
        scopes: Scopes,
        whitelist: Iterable[str] | None = None,
        blacklist: Iterable[str] = ALL_KEPT,
        on: Transaction | None = None,
    ) -> list[Row]:
        """All of the records, or none. Gives them in their order."""
        target = self.catalog.get(collection)
        choice = Choice.of(whitelist, blacklist)
        async with self.unit(on) as transaction:
            order = Order(scopes, transaction, choice)
            rows = [await self.nested.create(target, values, order) for values in records]
        return self._answer(target, rows, scopes)

    async def update(
        self,
        collection: str,
        values: Mapping[str, Any],
        *,
        scopes: Scopes,
        keys: Sequence[Any] | None = None,
        filter: Node | None = None,
        whitelist: Iterable[str] | None = None,
        blacklist: Iterable[str] = ALL_KEPT,
        update_association_values: Iterable[str] = ALL_KEPT,
        on: Transaction | None = None,
    ) -> list[Row]:
        """Write the records with these keys that fit the filter. Gives them as they are afterwards.

        Raises ``RecordNotFound`` for a single key that is not there (or not open); of several keys those
        that are there are written. Raises ``FilterRequired`` without key and filter.
        """
        target = self.catalog.get(collection)
        scope = scopes.scope(collection, "update")
        selection = replace(self._selection("update", target, keys, filter), scope=scope)
        choice = None if whitelist is None and not blacklist else Choice.of(whitelist, blacklist)
        draft = form(target).draft(values, new=False, allowed=scope.fields, choice=choice)
        await form(target).finish(draft)
        if draft.relations:
            async with self.unit(on) as transaction:
                order = Order(scopes, transaction, choice, frozenset(update_association_values))
                rows = await self.nested.update_drafted(target, draft, selection, order)
        elif draft.columns:
            rows = await self.rows.update(target, draft.columns, selection, scopes, on)
        else:
            rows = await self.rows.find(target, selection, scopes, on)
        if not rows and keys is not None and len(keys) == 1:
            raise RecordNotFound(collection=collection, key=keys[0])
        return self._answer(target, rows, scopes)

    async def destroy(
        self,
        collection: str,
        *,
        scopes: Scopes,
        keys: Sequence[Any] | None = None,
        filter: Node | None = None,
        on: Transaction | None = None,
    ) -> int:
        """Remove the records with these keys that fit the filter. Gives their number.

        Raises as ``update``, and ``InUse`` when other records hold on to one of them.
        """
        target = self.catalog.get(collection)
        scope = scopes.scope(collection, "destroy")
        selection = replace(self._selection("destroy", target, keys, filter), scope=scope)
        count = await self.rows.delete(target, selection, scopes, on)
        if not count and keys is not None and len(keys) == 1:
            raise RecordNotFound(collection=collection, key=keys[0])
        return count

    async def first_or_create(
        self,
        collection: str,
        filter_keys: Sequence[str],
        values: Mapping[str, Any],
        *,
        scopes: Scopes,
        on: Transaction | None = None,
    ) -> Row:
        """The first record whose ``filter_keys`` hold what ``values`` says, else a new one. Two at once make one."""
        target = self.catalog.get(collection)
        row, _ = await self._first_or_create(target, filter_keys, values, scopes, on)
        return self._answer(target, [row], scopes)[0]

    async def update_or_create(
        self,
        collection: str,
        filter_keys: Sequence[str],
        values: Mapping[str, Any],
        *,
        scopes: Scopes,
        update_association_values: Iterable[str] = ALL_KEPT,
        on: Transaction | None = None,
    ) -> Row:
        """As ``first_or_create``, but a record that is there gets the values."""
        target = self.catalog.get(collection)
        async with self.unit(on) as transaction:
            row, created = await self._first_or_create(target, filter_keys, values, scopes, transaction)
            if not created:
                order = Order(scopes, transaction, None, frozenset(update_association_values))
                key = target.primary_key
                found = (
                    Selection(equal=self._equal(target, filter_keys, values))
                    if key is None
                    else Selection((row[key.name],))
                )
                rows = await self.nested.update(target, values, found, order)
                if not rows:
                    raise RecordNotFound(collection=collection, key=key and row[key.name])
                row = rows[0]
        return self._answer(target, [row], scopes)[0]

    async def move(
        self,
        collection: str,
        source: Any,
        target: Any = None,
        *,
        scopes: Scopes,
        sort_field: str = "sort",
        target_scope: Any = None,
        method: Method | None = None,
        sticky: bool = False,
        on: Transaction | None = None,
    ) -> Row:
        """Give the record ``source`` another place in its list. See ``Ordering.move``."""
        moved = self.catalog.get(collection)
        async with self.unit(on) as transaction:
            row = await self._ordering.move(
                moved, source, target, scopes, transaction, sort_field, target_scope, method, sticky
            )
        return self._answer(moved, [row], scopes)[0]

    async def bulk_insert(
        self,
        collection: str,
        rows: Sequence[Sequence[Any]],
        columns: Sequence[str],
        *,
        scopes: Scopes,
        on: Transaction | None = None,
    ) -> int:
        """Append many flat records, their values prepared already, by the database's fastest way.

        Fields that ``columns`` do not name get their defaults, stamps and sort numbers. Gives the number of
        rows. Hand over a thousand or so at a time.
        """
        target = self.catalog.get(collection)
        if not rows:
            return 0
        async with self.unit(on) as transaction:
            count = await self.rows.append(target, rows, columns, scopes, transaction)
            self.announcer.note(Change(collection, "create", (), frozenset(columns)), transaction)
        return count

    def csv_rows(self, collection: str, columns: Sequence[str]) -> CsvRows | None:
        """What appends lines of CSV to a collection; ``None`` where the database takes none."""
        if not self.database.dialect.copies_csv:
            return None
        return CsvRows(self.rows, self.catalog.get(collection), columns)

    def _answer(self, collection: Collection, rows: list[Row], scopes: Scopes) -> list[Row]:
        return answer(collection, self.rows.statements(collection), rows, scopes)

    def _selection(
        self, action: str, collection: Collection, keys: Sequence[Any] | None, filter: Node | None
    ) -> Selection:
        if not keys and says_nothing(filter):
            raise FilterRequired(action=action, collection=collection.name)
        if says_nothing(filter):
            filter = None
        if keys is None:
            return Selection(filter=filter)
        if not any(isinstance(key, Mapping) for key in keys):
            return Selection(self.rows.keys(collection, tuple(keys)), filter=filter)
        named = Some(tuple(_composite(collection, key) for key in keys))
        return Selection(filter=named if filter is None else All((named, filter)))

    async def _first_or_create(
        self,
        target: Collection,
        filter_keys: Sequence[str],
        values: Mapping[str, Any],
        scopes: Scopes,
        on: Transaction | None,
    ) -> tuple[Row, bool]:
        """The record, and whether it is new."""
        equal = self._equal(target, filter_keys, values)
        found = Selection(equal=equal, scope=scopes.scope(target.name, "view"))
        if rows := await self.rows.find(target, found, scopes, on, first=True):
            return rows[0], False
        if _kept_unique(target, equal):
            try:
                async with self.unit(on) as transaction:
                    return await self.nested.create(target, values, Order(scopes, transaction)), True
            except Conflict:
                if rows := await self.rows.find(target, found, scopes, on, first=True):
                    return rows[0], False
                raise
        async with self.unit(on) as transaction:
            # nothing in the table keeps two requests from making the same record
            await transaction.lock(f"create {target.name} {json.dumps(equal, default=str)}")
            if rows := await self.rows.find(target, found, scopes, transaction, first=True):
                return rows[0], False
            return await self.nested.create(target, values, Order(scopes, transaction)), True

    def _equal(
        self, target: Collection, filter_keys: Sequence[str], values: Mapping[str, Any]
    ) -> dict[str, Any]:
        """Column → prepared value to look for."""
        if not filter_keys:
            raise InvalidQuery(parameter="filterKeys", reason="must name at least one field")
        for name in filter_keys:
            item = target.fields.get(name)
            if item is None or not item.stored or item.hidden or item.type.hidden:
                raise UnknownField(collection=target.name, field=name, place="filterKeys")
            if name not in values:
                raise InvalidQuery(
                    parameter="filterKeys", reason=f'names "{name}", of which the values say nothing'
                )
        draft: Draft = form(target).draft({name: values[name] for name in filter_keys}, new=True)
        return {name: draft.columns.get(name) for name in filter_keys}


def says_nothing(node: Node | None) -> bool:
    """Whether a filter is one that every record fits because it is empty."""
    return node is None or (isinstance(node, All) and all(says_nothing(part) for part in node.nodes))


def _composite(collection: Collection, key: Any) -> Node:
    """A key given as an object of fields → the filter that finds it."""
    if not isinstance(key, Mapping):
        item = collection.primary_key
        return Condition((item.name if item is not None else "",), "$eq", key)
    if not key:
        raise FilterRequired(action="filterByTk", collection=collection.name)
    return All(tuple(Condition((name,), "$eq", value) for name, value in key.items()))


def _kept_unique(collection: Collection, equal: Mapping[str, Any]) -> bool:
    """Whether the database itself allows only one record with these values."""
    given = {name for name, value in equal.items() if value is not None}
    if any(item.name in given and (item.unique or item.primary_key) for item in collection.columns):
        return True
    return any(index.unique and given.issuperset(index.fields) for index in collection.indexes)
