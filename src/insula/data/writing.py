"""Writing records: the half of ``Repository`` that changes things.

A write of one flat record is one statement that commits by itself; whatever takes several steps runs in a
transaction, or in a savepoint of the transaction that is given as ``on``. Changes are handed to
``observers`` after the commit; on a transaction of the caller's own (one that ``transaction()`` here did not
open) only where the caller collects them: see ``Announcer.collecting``.

A body is checked whole before anything is written: see ``bodies``. What is answered are the record's own
fields and the relations that the body wrote, as far as the caller may view them.

``scopes`` decides which rows and fields are open. A record is not asked whether it still lies within the
scope after it was written.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from insula.data.bodies import Bodies, Wanted
from insula.data.bulk import Bulk
from insula.data.catalog import Catalog
from insula.data.changes import Announcer, Observer
from insula.data.choice import WHOLE, Choice
from insula.data.collection import Collection
from insula.data.csv_rows import CsvRows
from insula.data.echo import Echo
from insula.data.errors import FilterRequired, RecordNotFound
from insula.data.filters.tree import All, Condition, Node, Not, Some
from insula.data.links import Links
from insula.data.many import Many
from insula.data.nested import Nested
from insula.data.once import Once, Place
from insula.data.ordering import Move, Ordering
from insula.data.pointing import Pointing
from insula.data.rows import Rows
from insula.data.scope import Scope, Scopes
from insula.data.selection import Selection
from insula.data.trees import tree
from insula.data.validate import Draft
from insula.data.write_statements import scope_key
from insula.database.executor import Database, Row, Transaction


class Writer:
    """Writes records of the collections of one application."""

    def __init__(self, catalog: Catalog, database: Database) -> None:
        self.catalog = catalog
        self.announcer = Announcer()
        self.rows = Rows(catalog, database, self.announcer)
        self.links = Links(self.rows)
        pointing = Pointing(catalog)
        self.bodies = Bodies(self.links, pointing)
        self.nested = Nested(self.rows, self.links, self.bodies)
        self.units = self.rows.units
        self.once = Once(self.rows, self.bodies, self.units)
        self.echo = Echo(self.rows)
        self.transaction = self.units.transaction
        self._ordering = Ordering(self.rows, pointing)
        self._bulk = Bulk(self.rows)
        self._many = Many(self.rows)

    @property
    def observers(self) -> list[Observer]:
        """Called with each ``Change`` after it was committed; append to it."""
        return self.announcer.observers

    async def create(
        self,
        collection: str,
        values: Mapping[str, Any],
        *,
        scopes: Scopes,
        choice: Choice = WHOLE,
        on: Transaction | None = None,
    ) -> Row:
        """One new record, with what its relations hold.

        Raises ``UnknownField``, ``InvalidValue`` (one for all wrong values), ``InvalidQuery``, ``Conflict``.
        """
        target = self.catalog.get(collection)
        wanted = Wanted(scopes, choice)
        draft = await self.bodies.draft(target, values, wanted, new=True)
        if not draft.related:
            row = await self.rows.insert(target, draft, scopes, on)
            return self.echo.flat(target, [row], scopes)[0]
        async with self.units.unit(on) as transaction:
            row = await self.nested.create(target, draft, scopes, transaction)
            return (await self.echo.whole(target, [row], [draft], scopes, transaction))[0]

    async def create_many(
        self,
        collection: str,
        records: Sequence[Mapping[str, Any]],
        *,
        scopes: Scopes,
        choice: Choice = WHOLE,
        on: Transaction | None = None,
    ) -> list[Row]:
        """All of the records, or none. Gives them in their order, all with each relation that one of them wrote."""
        target = self.catalog.get(collection)
        wanted = Wanted(scopes, choice)
        drafts = await self.bodies.drafts(target, records, wanted)
        async with self.units.unit(on) as transaction:
            rows = [await self.nested.create(target, draft, scopes, transaction) for draft in drafts]
            return await self.echo.whole(target, rows, drafts, scopes, transaction)

    async def update(
        self,
        collection: str,
        values: Mapping[str, Any],
        *,
        scopes: Scopes,
        keys: Sequence[Any] | None = None,
        filter: Node | None = None,
        within: Node | None = None,
        choice: Choice = WHOLE,
        on: Transaction | None = None,
    ) -> list[Row]:
        """Write the records with these keys that fit the filter. Gives them as they are afterwards, of very many
        the first ``many.MAX_ANSWERED`` and one.

        ``within`` are the only records that there are for this write, those behind a relation. Raises
        ``RecordNotFound`` for a single key that is not there (or not open); of several keys those that are
        there are written. Raises ``FilterRequired`` without key and filter.
        """
        target = self.catalog.get(collection)
        scope = scopes.scope(collection, "update")
        selection = self._selection("update", target, keys, filter, within, scope)
        wanted = Wanted(scopes, choice)
        draft = await self.bodies.draft(target, values, wanted, new=False)
        if draft.related:
            async with self.units.unit(on) as transaction:
                rows = await self.nested.update(target, draft, selection, scopes, transaction)
                answered = await self.echo.whole(target, rows, [draft], scopes, transaction)
        else:
            if draft.columns:
                rows = await self._many.update(target, draft.columns, selection, scopes, on)
            else:
                rows = await self.rows.find(target, selection, scopes, on)
            answered = self.echo.flat(target, rows, scopes)
        if not rows and keys is not None and len(keys) == 1:
            raise RecordNotFound(collection=collection, key=keys[0])
        return answered

    async def destroy(
        self,
        collection: str,
        *,
        scopes: Scopes,
        keys: Sequence[Any] | None = None,
        filter: Node | None = None,
        within: Node | None = None,
        on: Transaction | None = None,
    ) -> int:
        """Remove the records with these keys that fit the filter. Gives their number.

        Raises as ``update``, and ``InUse`` when other records hold on to one of them.
        """
        target = self.catalog.get(collection)
        scope = scopes.scope(collection, "destroy")
        selection = self._selection("destroy", target, keys, filter, within, scope)
        count = await self._many.delete(target, selection, scopes, on)
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
        choice: Choice = WHOLE,
        on: Transaction | None = None,
    ) -> Row:
        """The first record whose ``filter_keys`` hold what ``values`` says, else a new one. Two at once make one."""
        place = self._everywhere(collection)
        wanted = Wanted(scopes, choice)
        return await self.first_in(place, filter_keys, values, wanted, on)

    async def first_in(
        self,
        place: Place,
        filter_keys: Sequence[str],
        values: Mapping[str, Any],
        wanted: Wanted,
        on: Transaction | None,
    ) -> Row:
        """``first_or_create`` in a place."""
        row, draft = await self.once.first_or_create(place, filter_keys, values, wanted, on)
        if draft is None or not draft.related:
            return self.echo.flat(place.target, [row], wanted.scopes)[0]
        executor = on or self.rows.database
        return (await self.echo.whole(place.target, [row], [draft], wanted.scopes, executor))[0]

    async def update_or_create(
        self,
        collection: str,
        filter_keys: Sequence[str],
        values: Mapping[str, Any],
        *,
        scopes: Scopes,
        choice: Choice = WHOLE,
        on: Transaction | None = None,
    ) -> Row:
        """As ``first_or_create``, but a record that is there gets the values."""
        place = self._everywhere(collection)
        wanted = Wanted(scopes, choice)
        return await self.update_in(place, filter_keys, values, wanted, on)

    async def update_in(
        self,
        place: Place,
        filter_keys: Sequence[str],
        values: Mapping[str, Any],
        wanted: Wanted,
        on: Transaction | None,
    ) -> Row:
        """``update_or_create`` in a place."""
        target, scopes = place.target, wanted.scopes
        async with self.units.unit(on) as transaction:
            row, draft = await self.once.first_or_create(place, filter_keys, values, wanted, transaction)
            if draft is None:
                key = target.primary_key
                scope = scopes.scope(target.name, "update")
                found = (
                    Selection(equal=self.once.equal(target, filter_keys, values, scopes), scope=scope)
                    if key is None
                    else Selection((row[key.name],), scope=scope)
                )
                draft = await self.bodies.draft(target, values, wanted, new=False)
                rows = await self.nested.update(target, draft, found, scopes, transaction)
                if not rows:
                    raise RecordNotFound(collection=target.name, key=key and row[key.name])
                row = rows[0]
            return (await self.echo.whole(target, [row], [draft], scopes, transaction))[0]

    async def move(
        self,
        collection: str,
        source: Any,
        target: Any = None,
        *,
        scopes: Scopes,
        within: Node | None = None,
        on: Transaction | None = None,
        **how: Any,
    ) -> Row:
        """Give the record ``source`` another place in its list. ``how``: the other fields of ``Move``."""
        moved = self.catalog.get(collection)
        async with self.units.unit(on) as transaction:
            row = await self._ordering.move(moved, Move(source, target, **how), scopes, within, transaction)
        return self.echo.flat(moved, [row], scopes)[0]

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
        async with self.units.unit(on) as transaction:
            return await self._bulk.append(target, rows, columns, scopes, transaction)

    def csv_rows(self, collection: str, columns: Sequence[str]) -> CsvRows | None:
        """What appends lines of CSV to a collection; ``None`` where the database takes none, or where rows are
        to be numbered by their lists, fields worked out, or parents looked at, of which their text does not tell."""
        target = self.catalog.get(collection)
        numbered = (f for f in target.columns if f.type.name == "sort" and f.name not in columns)
        worked_out = any(field.type.computed for field in target.columns)
        up = tree(target)
        led = up is not None and {up.relation.foreign_key, up.relation.target_key} <= set(columns)
        copies = self.rows.database.dialect.copies_csv
        if led or worked_out or not copies or any(map(scope_key, numbered)):
            return None
        return CsvRows(self.rows, target, columns)

    def _everywhere(self, collection: str) -> Place:
        target = self.catalog.get(collection)

        async def make(draft: Draft, scopes: Scopes, on: Transaction) -> Row:
            return await self.nested.create(target, draft, scopes, on)

        return Place(target, make)

    def _selection(
        self,
        action: str,
        collection: Collection,
        keys: Sequence[Any] | None,
        filter: Node | None,
        within: Node | None,
        scope: Scope,
    ) -> Selection:
        if not keys and fits_all(filter):
            raise FilterRequired(action=action, collection=collection.name)
        limits = [node for node in (within, filter) if node is not None and not fits_all(node)]
        known = None
        if keys is not None and not any(isinstance(key, Mapping) for key in keys):
            known = self.rows.keys(collection, tuple(keys))
        elif keys is not None:
            limits.append(Some(tuple(_composite(collection, key) for key in keys)))
        node = limits[0] if len(limits) == 1 else All(tuple(limits))
        return Selection(known, filter=node if limits else None, scope=scope)


def fits_all(node: Node | None) -> bool:
    """Whether every record fits a filter, since it asks nothing of them."""
    return node is None or _constant(node) is True


def _constant(node: Node) -> bool | None:
    """What a filter says of every record, ``None`` when it depends on the record."""
    if isinstance(node, All | Some):
        parts = [_constant(part) for part in node.nodes]
        decided = isinstance(node, Some)
        if decided in parts:
            return decided
        return None if None in parts else not decided
    if isinstance(node, Not):
        inner = _constant(node.node)
        return None if inner is None else not inner
    if isinstance(node, Condition) and len(node.path) == 1 and node.value in ([], ()):
        return {"$in": False, "$notIn": True}.get(node.operator)
    return None


def _composite(collection: Collection, key: Any) -> Node:
    """A key given as an object of fields → the filter that finds it."""
    if not isinstance(key, Mapping):
        item = collection.primary_key
        return Condition((item.name if item is not None else "",), "$eq", key)
    if not key:
        raise FilterRequired(action="filterByTk", collection=collection.name)
    return All(tuple(Condition((name,), "$eq", value) for name, value in key.items()))
