"""The actions of relations: ``add set remove toggle``, and writing records through one record's relation."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from insula.data.errors import FilterRequired, InvalidQuery, RecordNotFound, UnknownField
from insula.data.filters.tree import All, Node, RelatedTo
from insula.data.links import Side
from insula.data.nested import Order
from insula.data.rows import NOTHING, Selection, answer
from insula.data.scope import Scopes
from insula.data.writing import ALL_KEPT, Writer, says_nothing
from insula.database.executor import Row, Transaction


class Associations:
    """Writes through relations. The record that has the relation is named by collection and key."""

    def __init__(self, writer: Writer) -> None:
        self._writer = writer
        self._rows = writer.rows
        self._links = writer.links
        self._nested = writer.nested

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
        """Relate to the records that ``values`` names and to no others; ``None`` or ``[]`` is to none."""
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
        """No longer relate to the records that ``values`` names; to one, ``None`` is whichever it is."""
        side = self._side(collection, relation, scopes)
        if values is None and side.relation.to_many:
            raise InvalidQuery(parameter="values", reason="must name the records to remove")
        async with self._writer.unit(on) as transaction:
            owner = await self._owner(side, key, "update", scopes, transaction)
            if values is None:
                await self._clear(side, owner, scopes, transaction)
                return
            keys = await self._nested.named(side, _list(values), scopes, transaction)
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
        """Relate to each named record that is not related, and no longer to each that is."""
        side = self._side(collection, relation, scopes)
        async with self._writer.unit(on) as transaction:
            await transaction.lock(f"toggle {collection} {relation} {key}")
            owner = await self._owner(side, key, "update", scopes, transaction)
            raw = _list(values)
            keys = await self._nested.named(side, raw, scopes, transaction)
            if len(keys) != len(raw):
                raise side.refuse(f'refers to a record of "{side.target.name}" that does not exist')
            there = await self._linked(side, owner, keys, scopes, transaction)
            if there:
                await self._unlink(side, owner, tuple(there), scopes, transaction)
            if new := [one for one in keys if one not in there]:
                await self._write(side, owner, new, scopes, transaction, whole=False)

    async def create(
        self,
        collection: str,
        key: Any,
        relation: str,
        values: Mapping[str, Any],
        *,
        scopes: Scopes,
        on: Transaction | None = None,
    ) -> Row:
        """A new record that the record ``key`` is related to. Gives its own fields."""
        side = self._writer.links.side(self._writer.catalog.get(collection), relation)
        async with self._writer.unit(on) as transaction:
            order = Order(scopes, transaction)
            if side.relation.kind == "belongsTo":
                owner = await self._owner(side, key, "update", scopes, transaction)
                row = await self._nested.create(side.target, values, order)
                await self._point(side, owner, row[side.joint], scopes, transaction)
            else:
                owner = await self._owner(side, key, "view", scopes, transaction)
                row = await self._create_for(side, owner[side.relation.source_key], values, order)
        return answer(side.target, self._rows.statements(side.target), [row], scopes)[0]

    async def _create_for(self, side: Side, owner: Any, values: Mapping[str, Any], order: Order) -> Row:
        if owner is None:
            raise side.refuse(f'can not be set while "{side.relation.source_key}" is empty')
        if side.relation.kind == "hasOne":
            await self._links.keep_only(side, owner, (), order.scopes, order.on)
        preset = NOTHING if side.through_row else {side.relation.foreign_key: owner}
        row = await self._nested.create(side.target, values, order, preset)
        if side.through_row:
            await self._links.link(side, owner, {row[side.joint]: row}, order.scopes, order.on)
        return row

    async def update(  # noqa: PLR0913 - those of Writer.update and where the records hang
        self,
        collection: str,
        key: Any,
        relation: str,
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
        """``Writer.update`` for the related records alone. To one, neither key nor filter is needed."""
        target, narrowed = self._related("update", collection, key, relation, keys, filter)
        return await self._writer.update(
            target,
            values,
            scopes=scopes,
            keys=keys,
            filter=narrowed,
            whitelist=whitelist,
            blacklist=blacklist,
            update_association_values=update_association_values,
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
        target, narrowed = self._related("destroy", collection, key, relation, keys, filter)
        return await self._writer.destroy(target, scopes=scopes, keys=keys, filter=narrowed, on=on)

    def _related(
        self,
        action: str,
        collection: str,
        key: Any,
        relation: str,
        keys: Sequence[Any] | None,
        filter: Node | None,
    ) -> tuple[str, Node]:
        """The target's name, and the filter for those of its records that are related and fit."""
        side = self._links.side(self._writer.catalog.get(collection), relation)
        if side.relation.to_many and not keys and says_nothing(filter):
            raise FilterRequired(action=action, collection=side.target.name)
        related = RelatedTo(collection, relation, key)
        return side.target.name, related if filter is None else All((related, filter))

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
        async with self._writer.unit(on) as transaction:
            owner = await self._owner(side, key, "update", scopes, transaction)
            if whole or _list(values):
                await self._write(side, owner, values, scopes, transaction, whole=whole)

    async def _write(
        self, side: Side, owner: Row, values: Any, scopes: Scopes, on: Transaction, *, whole: bool
    ) -> None:
        order = Order(scopes, on)
        if not side.relation.to_many:
            values = _only(side, values)
        if side.relation.kind == "belongsTo":
            key = await self._nested.target_key(side, values, order)
            await self._point(side, owner, key, scopes, on)
        else:
            source = owner[side.relation.source_key]
            only = whole or side.relation.kind == "hasOne"
            await self._nested.relate(side, source, values, order, only=only)

    async def _point(self, side: Side, owner: Row, key: Any, scopes: Scopes, on: Transaction) -> None:
        """Write the foreign key of a belongsTo relation."""
        column = side.relation.foreign_key
        if owner[column] != key:
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


def _list(values: Any) -> list[Any]:
    many = values if isinstance(values, list | tuple) else (values,)
    return [one for one in many if one is not None]


def _only(side: Side, values: Any) -> Any:
    """The one value of a relation to one, which may be written as a list of one."""
    if not isinstance(values, list | tuple):
        return values
    if len(values) > 1:
        raise side.refuse("takes one record, not a list")
    return values[0] if values else None
