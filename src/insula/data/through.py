"""Writing records through the relation of one record: for these writes, only what is related is there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from insula.data.bodies import Wanted, preset
from insula.data.choice import WHOLE, Choice
from insula.data.errors import FilterRequired, InvalidQuery
from insula.data.filters.tree import Node, RelatedTo
from insula.data.links import Side
from insula.data.once import Place
from insula.data.owners import Owners
from insula.data.rows import NOTHING
from insula.data.scope import Scopes
from insula.data.validate import Draft
from insula.data.writing import Writer, fits_all
from insula.database.executor import Row, Transaction


class Through:
    """Writes related records. The record that has the relation is named by collection and key."""

    def __init__(self, writer: Writer) -> None:
        self._writer = writer
        self._links = writer.links
        self._bodies = writer.bodies
        self._nested = writer.nested
        self._owners = Owners(writer.rows)
        self._unit = writer.units.unit

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

    async def create_many(
        self,
        collection: str,
        key: Any,
        relation: str,
        records: Sequence[Mapping[str, Any]],
        *,
        scopes: Scopes,
        choice: Choice = WHOLE,
        on: Transaction | None = None,
    ) -> list[Row]:
        """``create`` for all of the records, or none. Raises ``InvalidQuery`` where only one may be related."""
        place = self._place(collection, key, relation)
        if not self._links.side(self._writer.catalog.get(collection), relation).relation.to_many:
            raise InvalidQuery(parameter="values", reason="must be one record, for a relation to one")
        wanted = Wanted(scopes, choice)
        drafts = await self._bodies.drafts(place.target, records, wanted, place.preset)
        async with self._unit(on) as transaction:
            rows = [await place.make(draft, scopes, transaction) for draft in drafts]
            return await self._writer.echo.whole(place.target, rows, drafts, scopes, transaction)

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
        side.check_new(scopes)
        if side.relation.kind == "belongsTo":
            owner = await self._owners.get(side, key, "update", scopes, on)
            row = await self._nested.create(side.target, draft, scopes, on)
            await self._owners.point(side, owner, row[side.joint], scopes, on)
            return row
        action = "update" if side.through_row else "view"
        source = (await self._owners.get(side, key, action, scopes, on))[side.relation.source_key]
        if source is None:
            raise side.refuse(f'can not be set while "{side.relation.source_key}" is empty')
        if side.relation.kind == "hasOne":
            await self._links.hold(side, source, on)
            await self._links.keep_only(side, source, (), scopes, on)
            await self._links.check_vacant(side, source, (), scopes, on)
        own = NOTHING if side.through_row else {side.relation.foreign_key: source}
        row = await self._nested.create(side.target, draft, scopes, on, own)
        if side.through_row:
            await self._links.link(side, source, {row[side.joint]: row}, scopes, on)
        return row
