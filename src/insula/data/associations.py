"""The actions of relations: ``add set remove toggle``, and writing records through one record's relation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from insula.data.bodies import Related, Wanted, preset
from insula.data.choice import WHOLE, Choice
from insula.data.errors import FilterRequired, InvalidQuery, LinkRequired, RecordNotFound, UnknownField
from insula.data.filters.tree import Node, RelatedTo
from insula.data.links import Side, required_by
from insula.data.once import Place
from insula.data.rows import NOTHING, Selection
from insula.data.scope import Scopes
from insula.data.validate import Draft
from insula.data.writing import Writer, fits_all
from insula.database.executor import Row, Transaction


class Associations:
    """Writes through relations. The record that has the relation is named by collection and key."""

    def __init__(self, writer: Writer) -> None:
        self._writer = writer
        self._rows = writer.rows
        self._links = writer.links
        self._bodies = writer.bodies
        self._nested = writer.nested
        self._unit = writer.units.unit

    async def add(
        self,
        collection: str,
        key: Any,
        relation: str,
        values: Any,
        *,
        scopes: Scopes,
        on: Transaction | None = None,
    ) -> None:
        """Relate to the records that ``values`` names, beside those that are related already.

        ``values``: a key, an object, a list of these, or of pairs ``[key, values of the row between]``.
        To one, it is ``set``. What is related already stays so.
        """
        await self._relate(collection, key, relation, values, scopes, on, whole=False)

    async def set(
        self,
        collection: str,
        key: Any,
        relation: str,
        values: Any,
        *,
        scopes: Scopes,
        on: Transaction | None = None,
    ) -> None:
        """Relate to the records that ``values`` names and to no others; ``None`` or ``[]`` is to none.

        Raises ``LinkRequired`` where a record can not be without the link that would go.
        """
        await self._relate(collection, key, relation, values, scopes, on, whole=True)

    async def remove(
        self,
        collection: str,
        key: Any,
        relation: str,
        values: Any = None,
        *,
        scopes: Scopes,
        on: Transaction | None = None,
    ) -> None:
        """No longer relate to the records that ``values`` names; to one, ``None`` is whichever it is.

        What is not related, or not there, is none of its business. Raises ``LinkRequired`` as ``set``.
        """
        side = self._side(collection, relation, scopes)
        if values is None and side.relation.to_many:
            raise InvalidQuery(parameter="values", reason="must name the records to remove")
        named = await self._bodies.read(side, _one(side, values), Wanted(scopes))
        async with self._unit(on) as transaction:
            owner = await self._owner(side, key, "update", scopes, transaction)
            if values is None:
                await self._clear(side, owner, scopes, transaction)
                return
            keys = await self._nested.named(named, scopes, transaction)
            await self._unlink(side, owner, keys, scopes, transaction)

    async def toggle(
        self,
        collection: str,
        key: Any,
        relation: str,
        values: Any,
        *,
        scopes: Scopes,
        on: Transaction | None = None,
    ) -> None:
        """Relate to each named record that is not related, and no longer to each that is.

        A record that is named twice is toggled once.
        """
        side = self._side(collection, relation, scopes)
        named = await self._bodies.read(side, _one(side, values), Wanted(scopes))
        async with self._unit(on) as transaction:
            await transaction.lock(f"toggle {collection} {relation} {key}")
            owner = await self._owner(side, key, "update", scopes, transaction)
            keys = await self._nested.all_named(named, scopes, transaction)
            there = await self._linked(side, owner, keys, scopes, transaction)
            if there:
                await self._unlink(side, owner, tuple(there), scopes, transaction)
            if new := [one for one in keys if one not in there]:
                linked = await self._bodies.read(side, _one(side, new), Wanted(scopes))
                await self._write(linked, owner, scopes, transaction, whole=False)

    async def create(
        self,
        collection: str,
        key: Any,
        relation: str,
        values: Mapping[str, Any],
        *,
        scopes: Scopes,
        choice: Choice = WHOLE,
        on: Transaction | None = None,
    ) -> Row:
        """A new record that the record ``key`` is related to. Answers as ``Writer.create``."""
        place = self._place(collection, key, relation)
        wanted = Wanted(scopes, choice)
        draft = await self._bodies.draft(place.target, values, wanted, new=True, preset=place.preset)
        async with self._unit(on) as transaction:
            row = await place.make(draft, scopes, transaction)
            return (await self._writer.echo.whole(place.target, [row], [draft], scopes, transaction))[0]

    async def first_or_create(
        self,
        collection: str,
        key: Any,
        relation: str,
        filter_keys: Sequence[str],
        values: Mapping[str, Any],
        *,
        scopes: Scopes,
        choice: Choice = WHOLE,
        on: Transaction | None = None,
    ) -> Row:
        """``Writer.first_or_create`` among the related records alone; a new one is related from the start."""
        wanted = Wanted(scopes, choice)
        place = self._place(collection, key, relation)
        return await self._writer.first_in(place, filter_keys, values, wanted, on)

    async def update_or_create(
        self,
        collection: str,
        key: Any,
        relation: str,
        filter_keys: Sequence[str],
        values: Mapping[str, Any],
        *,
        scopes: Scopes,
        choice: Choice = WHOLE,
        on: Transaction | None = None,
    ) -> Row:
        """``Writer.update_or_create`` among the related records alone."""
        wanted = Wanted(scopes, choice)
        place = self._place(collection, key, relation)
        return await self._writer.update_in(place, filter_keys, values, wanted, on)

    async def update(
        self,
        collection: str,
        key: Any,
        relation: str,
        values: Mapping[str, Any],
        *,
        scopes: Scopes,
        keys: Sequence[Any] | None = None,
        filter: Node | None = None,
        choice: Choice = WHOLE,
        on: Transaction | None = None,
    ) -> list[Row]:
        """``Writer.update`` for the related records alone. To one, neither key nor filter is needed."""
        target, filter, related = self._related("update", collection, key, relation, keys, filter)
        return await self._writer.update(
            target,
            values,
            scopes=scopes,
            keys=keys,
            filter=filter,
            within=related,
            choice=choice,
            on=on,
        )

    async def destroy(
        self,
        collection: str,
        key: Any,
        relation: str,
        *,
        scopes: Scopes,
        keys: Sequence[Any] | None = None,
        filter: Node | None = None,
        on: Transaction | None = None,
    ) -> int:
        """``Writer.destroy`` for the related records alone. To one, neither key nor filter is needed."""
        target, filter, related = self._related("destroy", collection, key, relation, keys, filter)
        return await self._writer.destroy(
            target, scopes=scopes, keys=keys, filter=filter, within=related, on=on
        )

    async def move(
        self,
        collection: str,
        key: Any,
        relation: str,
        source: Any,
        target: Any = None,
        *,
        scopes: Scopes,
        on: Transaction | None = None,
        **how: Any,
    ) -> Row:
        """``Writer.move`` of a related record; a target must be related too."""
        side = self._links.side(self._writer.catalog.get(collection), relation)
        related = RelatedTo(collection, relation, key)
        return await self._writer.move(
            side.target.name, source, target, scopes=scopes, within=related, on=on, **how
        )

    def _related(
        self,
        action: str,
        collection: str,
        key: Any,
        relation: str,
        keys: Sequence[Any] | None,
        filter: Node | None,
    ) -> tuple[str, Node | None, Node]:
        """The target's name, the caller's filter, and the one for the records that are related."""
        side = self._links.side(self._writer.catalog.get(collection), relation)
        related = RelatedTo(collection, relation, key)
        if not keys and fits_all(filter):
            if side.relation.to_many:
                raise FilterRequired(action=action, collection=side.target.name)
            filter = related
        return side.target.name, filter, related

    def _place(self, collection: str, key: Any, relation: str) -> Place:
        side = self._links.side(self._writer.catalog.get(collection), relation)

        async def make(draft: Draft, scopes: Scopes, on: Transaction) -> Row:
            return await self._make(side, key, draft, scopes, on)

        return Place(side.target, make, RelatedTo(collection, relation, key), preset(side))

    async def _make(self, side: Side, key: Any, draft: Draft, scopes: Scopes, on: Transaction) -> Row:
        """A new record that the record ``key`` is related to."""
        if side.relation.kind == "belongsTo":
            owner = await self._owner(side, key, "update", scopes, on)
            row = await self._nested.create(side.target, draft, scopes, on)
            await self._point(side, owner, row[side.joint], scopes, on)
            return row
        source = (await self._owner(side, key, "view", scopes, on))[side.relation.source_key]
        if source is None:
            raise side.refuse(f'can not be set while "{side.relation.source_key}" is empty')
        if side.relation.kind == "hasOne":
            await self._links.keep_only(side, source, (), scopes, on)
        own = NOTHING if side.through_row else {side.relation.foreign_key: source}
        row = await self._nested.create(side.target, draft, scopes, on, own)
        if side.through_row:
            await self._links.link(side, source, {row[side.joint]: row}, scopes, on)
        return row

    def _side(self, collection: str, relation: str, scopes: Scopes) -> Side:
        """The relation, when the caller may change it. Raises ``UnknownField``."""
        side = self._links.side(self._writer.catalog.get(collection), relation)
        fields = scopes.scope(collection, "update").fields
        if fields is not None and relation not in fields:
            raise UnknownField(collection=collection, field=relation, place="relation")
        return side

    async def _owner(self, side: Side, key: Any, action: str, scopes: Scopes, on: Transaction) -> Row:
        """The record that has the relation. Raises ``RecordNotFound``."""
        keys = self._rows.keys(side.collection, (key,))
        scope = scopes.scope(side.collection.name, action)
        rows = await self._rows.find(side.collection, Selection(keys, scope=scope), scopes, on)
        if not rows:
            raise RecordNotFound(collection=side.collection.name, key=key)
        return rows[0]

    async def _relate(
        self,
        collection: str,
        key: Any,
        relation: str,
        values: Any,
        scopes: Scopes,
        on: Transaction | None,
        *,
        whole: bool,
    ) -> None:
        side = self._side(collection, relation, scopes)
        named = await self._bodies.read(side, _one(side, values), Wanted(scopes))
        async with self._unit(on) as transaction:
            owner = await self._owner(side, key, "update", scopes, transaction)
            if whole or named.items:
                await self._write(named, owner, scopes, transaction, whole=whole)

    async def _write(
        self, named: Related, owner: Row, scopes: Scopes, on: Transaction, *, whole: bool
    ) -> None:
        side = named.side
        if side.relation.kind == "belongsTo":
            key = await self._nested.target_key(named, scopes, on)
            await self._point(side, owner, key, scopes, on)
        else:
            source = owner[side.relation.source_key]
            only = whole or side.relation.kind == "hasOne"
            await self._nested.relate(named, source, scopes, on, only=only)

    async def _point(self, side: Side, owner: Row, key: Any, scopes: Scopes, on: Transaction) -> None:
        """Write the foreign key of a belongsTo relation."""
        column = side.relation.foreign_key
        if owner[column] == key:
            return
        if key is None and (needed := required_by(side.collection, column)) is not None:
            raise LinkRequired(collection=side.collection.name, field=needed)
        await self._rows.update(side.collection, {column: key}, self._itself(side, owner), scopes, on)

    def _itself(self, side: Side, owner: Row) -> Selection:
        key = side.collection.primary_key
        return Selection((owner[key.name],)) if key is not None else Selection(equal=owner)

    async def _linked(
        self, side: Side, owner: Row, keys: Sequence[Any], scopes: Scopes, on: Transaction
    ) -> frozenset[Any]:
        if side.relation.kind == "belongsTo":
            return frozenset(keys) & {owner[side.relation.foreign_key]}
        source = owner[side.relation.source_key]
        return frozenset(await self._links.linked(side, source, keys, scopes, on))

    async def _unlink(
        self, side: Side, owner: Row, keys: Sequence[Any], scopes: Scopes, on: Transaction
    ) -> None:
        if side.relation.kind != "belongsTo":
            await self._links.unlink(side, owner[side.relation.source_key], keys, scopes, on)
        elif owner[side.relation.foreign_key] in keys:
            await self._point(side, owner, None, scopes, on)

    async def _clear(self, side: Side, owner: Row, scopes: Scopes, on: Transaction) -> None:
        if side.relation.kind == "belongsTo":
            await self._point(side, owner, None, scopes, on)
        else:
            await self._links.keep_only(side, owner[side.relation.source_key], (), scopes, on)


def _one(side: Side, values: Any) -> Any:
    """The value of a relation to one, which may be written as a list of one."""
    if side.relation.to_many or not isinstance(values, list | tuple):
        return values
    return values if len(values) > 1 else next(iter(values), None)
