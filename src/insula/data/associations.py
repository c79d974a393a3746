"""The actions of relations: ``add set remove toggle``."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any

from insula.data.bodies import Related, Wanted
from insula.data.errors import InvalidQuery
from insula.data.links import Side
from insula.data.owners import Owners
from insula.data.scope import Scopes
from insula.data.writing import Writer
from insula.database.executor import Row, Transaction


class Associations:
    """Relates records, and undoes it. The record that has the relation is named by collection and key."""

    def __init__(self, writer: Writer) -> None:
        self._writer = writer
        self._owners = Owners(writer.rows)
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
            owner = await self._owners.get(side, key, "update", scopes, transaction)
            keys = None if values is None else await self._nested.named(named, scopes, transaction)
            async with self._needing(side, owner, scopes, transaction):
                if keys is None:
                    await self._clear(side, owner, scopes, transaction)
                else:
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
            owner = await self._owners.get(side, key, "update", scopes, transaction)
            keys = await self._nested.all_named(named, scopes, transaction)
            there = await self._linked(side, owner, keys, scopes, transaction)
            async with self._needing(side, owner, scopes, transaction):
                if there:
                    await self._unlink(side, owner, tuple(there), scopes, transaction)
                if new := [one for one in keys if one not in there]:
                    linked = await self._bodies.read(side, _one(side, new), Wanted(scopes))
                    await self._write(linked, owner, scopes, transaction, whole=False)

    def _side(self, collection: str, relation: str, scopes: Scopes) -> Side:
        """The relation, when the caller may change it. Raises ``UnknownField``."""
        side = self._links.side(self._writer.catalog.get(collection), relation)
        side.check_own(scopes)
        return side

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
            owner = await self._owners.get(side, key, "update", scopes, transaction)
            if whole or named.items:
                await self._write(named, owner, scopes, transaction, whole=whole)

    async def _write(
        self, named: Related, owner: Row, scopes: Scopes, on: Transaction, *, whole: bool
    ) -> None:
        side = named.side
        if side.relation.kind == "belongsTo":
            key = await self._nested.target_key(named, scopes, on)
            await self._owners.point(side, owner, key, scopes, on)
        else:
            source = owner[side.relation.source_key]
            only = whole or side.relation.kind == "hasOne"
            await self._nested.relate(named, source, scopes, on, only=only)

    async def _linked(
        self, side: Side, owner: Row, keys: Sequence[Any], scopes: Scopes, on: Transaction
    ) -> frozenset[Any]:
        if side.relation.kind == "belongsTo":
            return frozenset(keys) & {owner[side.relation.foreign_key]}
        source = owner[side.relation.source_key]
        return frozenset(await self._links.linked(side, source, keys, scopes, on))

    def _needing(
        self, side: Side, owner: Row, scopes: Scopes, on: Transaction
    ) -> AbstractAsyncContextManager[None]:
        return self._links.needing(side, owner[_joint(side)], scopes, on)

    async def _unlink(
        self, side: Side, owner: Row, keys: Sequence[Any], scopes: Scopes, on: Transaction
    ) -> None:
        if side.relation.kind != "belongsTo":
            await self._links.unlink(side, owner[side.relation.source_key], keys, scopes, on)
        elif owner[side.relation.foreign_key] in keys:
            await self._owners.point(side, owner, None, scopes, on)

    async def _clear(self, side: Side, owner: Row, scopes: Scopes, on: Transaction) -> None:
        if side.relation.kind == "belongsTo":
            await self._owners.point(side, owner, None, scopes, on)
        else:
            await self._links.keep_only(side, owner[side.relation.source_key], (), scopes, on)


def _joint(side: Side) -> str:
    """The column of the owner that its links are told by."""
    return side.relation.foreign_key if side.relation.kind == "belongsTo" else side.relation.source_key


def _one(side: Side, values: Any) -> Any:
    """The value of a relation to one, which may be written as a list of one."""
    if side.relation.to_many or not isinstance(values, list | tuple):
        return values
    return values if len(values) > 1 else next(iter(values), None)
