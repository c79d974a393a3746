"""Records written together with the records that they are related to, to any depth within reason.

In a body, a relation holds keys, objects with a key, or objects without one. A key links to the record that
has it. An object with a key does the same, and its other fields are written too only where
``updateAssociationValues`` names the relation. An object without a key makes a new record. On update, what a
to-many relation holds is the whole of it: what is not named is no longer related; ``null`` is none.

Records are linked only where the caller may view them, or update them where the link is a column of theirs.
A foreign key that is written as a plain column is checked by the database alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from insula.data.collection import Collection
from insula.data.errors import InvalidQuery, RecordNotFound
from insula.data.links import NO_VALUES, Links, Side
from insula.data.rows import NOTHING, Rows, Selection
from insula.data.scope import Scopes
from insula.data.validate import Choice, Draft, form
from insula.database.executor import Row, Transaction

MAX_DEPTH = 10
"""Relations inside one another in one body."""


@dataclass(frozen=True, slots=True)
class Order:
    """What is the same for all records that one request writes."""

    scopes: Scopes
    on: Transaction
    choice: Choice | None = None
    deep: frozenset[str] = frozenset()
    """Relations (dotted paths) whose records are written too, and not only linked."""
    depth: int = 0

    def within(self, name: str) -> Order:
        """For the records behind the relation ``name``. Raises ``InvalidQuery`` when it goes too deep."""
        if self.depth >= MAX_DEPTH:
            raise InvalidQuery(
                parameter="values", reason=f"is nested through more than {MAX_DEPTH} relations"
            )
        deep = frozenset(path[len(name) + 1 :] for path in self.deep if path.startswith(name + "."))
        choice = self.choice.within(name) if self.choice is not None else None
        return Order(self.scopes, self.on, choice, deep, self.depth + 1)


@dataclass(slots=True)
class Item:
    """One record in the value of a relation."""

    key: Any = None
    """Prepared value of the column ``by``; ``None`` for a new record."""
    by: str = ""
    values: Mapping[str, Any] = field(default_factory=dict)
    """The fields that came along, the key among them; empty where only a key came."""
    between: Mapping[str, Any] = field(default_factory=dict)
    """Values for the row between the two records (belongsToMany)."""


@dataclass(slots=True)
class Settled:
    """What the value of a relation came to."""

    found: dict[Any, Row] = field(default_factory=dict)
    """Records that are there, by joint."""
    between: dict[Any, Mapping[str, Any]] = field(default_factory=dict)
    """Values for the rows between, by joint."""
    new: list[Item] = field(default_factory=list)
    """For these a record is to be made: without a key, or with one that only the caller could have chosen
    (a code, a name) and that nobody has yet."""

    def add(self, joint: str, row: Row, item: Item) -> None:
        self.found[row[joint]] = row
        if item.between:
            self.between[row[joint]] = item.between


class Nested:
    """Creates and updates records with their relations. Always inside a transaction."""

    def __init__(self, rows: Rows, links: Links) -> None:
        self._rows = rows
        self._links = links

    async def create(
        self,
        collection: Collection,
        values: Mapping[str, Any],
        order: Order,
        preset: Mapping[str, Any] = NOTHING,
    ) -> Row:
        """One new record and what its relations hold. Gives the row of the record itself."""
        scope = order.scopes.scope(collection.name, "create")
        draft = form(collection).draft(values, new=True, allowed=scope.fields, choice=order.choice)
        return await self.create_drafted(collection, draft, order, preset)

    async def create_drafted(
        self, collection: Collection, draft: Draft, order: Order, preset: Mapping[str, Any] = NOTHING
    ) -> Row:
        """The same for a body that is checked already."""
        later = await self._resolve_own_columns(collection, draft, order)
        row = await self._rows.insert(collection, draft, order.scopes, order.on, preset)
        for side, raw in later:
            await self.relate(side, row[side.relation.source_key], raw, order, only=False)
        return row

    async def update(
        self, collection: Collection, values: Mapping[str, Any], selection: Selection, order: Order
    ) -> list[Row]:
        """Write the selected records and what their relations hold. Gives the rows of the records themselves."""
        scope = order.scopes.scope(collection.name, "update")
        draft = form(collection).draft(values, new=False, allowed=scope.fields, choice=order.choice)
        return await self.update_drafted(collection, draft, replace(selection, scope=scope), order)

    async def update_drafted(
        self, collection: Collection, draft: Draft, selection: Selection, order: Order
    ) -> list[Row]:
        """The same for a body that is checked already, and rows that the caller may update."""
        if draft.slow:
            await form(collection).finish(draft)
        later = await self._resolve_own_columns(collection, draft, order)
        rows = await self._rows.update(collection, draft.columns, selection, order.scopes, order.on)
        for row in rows:
            for side, raw in later:
                await self.relate(side, row[side.relation.source_key], raw, order, only=True)
        return rows

    async def _resolve_own_columns(
        self, collection: Collection, draft: Draft, order: Order
    ) -> list[tuple[Side, Any]]:
        """Put belongsTo relations into the draft's columns; gives the relations that are written afterwards."""
        later = []
        for name, raw in draft.relations.items():
            side = self._links.side(collection, name)
            if side.relation.kind == "belongsTo":
                draft.columns[side.relation.foreign_key] = await self.target_key(side, raw, order)
            else:
                later.append((side, raw))
        return later

    async def target_key(self, side: Side, raw: Any, order: Order) -> Any:
        """What the foreign key of a belongsTo relation holds for the value ``raw``."""
        if raw is None:
            return None
        if isinstance(raw, list | tuple):
            raise side.refuse("takes one record, not a list")
        item = self._item(side, raw)
        settled = await self._settle(side, [item], "view", order)
        if settled.new:
            return (await self.create(side.target, item.values, order.within(side.field.name)))[side.joint]
        return next(iter(settled.found))

    async def relate(self, side: Side, owner: Any, raw: Any, order: Order, *, only: bool) -> None:
        """Link the record whose joint is ``owner`` to what ``raw`` names, making records as needed.

        With ``only`` the record has nothing else in this relation afterwards.
        """
        if owner is None:
            raise side.refuse(f'can not be set while "{side.relation.source_key}" is empty')
        items = self._items(side, raw)
        action = "view" if side.through_row else "update"
        settled = await self._settle(side, items, action, order)
        if only:
            await self._links.keep_only(side, owner, settled.found, order.scopes, order.on)
        inner = order.within(side.field.name)
        preset = NOTHING if side.through_row else {side.relation.foreign_key: owner}
        for item in settled.new:
            settled.add(side.joint, await self.create(side.target, item.values, inner, preset), item)
        if settled.found:
            await self._links.link(side, owner, settled.found, order.scopes, order.on, settled.between)

    async def named(self, side: Side, raw: list[Any], scopes: Scopes, on: Transaction) -> list[Any]:
        """The joints of those of the named records that the caller may see; what has no key is refused."""
        items = [self._item(side, one) for one in raw]
        if any(item.key is None for item in items):
            raise side.refuse("takes keys, or objects with a key")
        scope = scopes.scope(side.target.name, "view")
        found: dict[Any, None] = {}
        for by in dict.fromkeys(item.by for item in items):
            chosen = Selection(tuple(item.key for item in items if item.by == by), by, scope=scope)
            rows = await self._rows.find(side.target, chosen, scopes, on)
            found.update((row[side.joint], None) for row in rows)
        return list(found)

    def _items(self, side: Side, raw: Any) -> list[Item]:
        if raw is None:
            return []
        if not side.relation.to_many:
            if isinstance(raw, list | tuple):
                raise side.refuse("takes one record, not a list")
            return [self._item(side, raw)]
        many = list(raw) if isinstance(raw, list | tuple) else [raw]
        return [self._item(side, one) for one in many if one is not None]

    def _item(self, side: Side, raw: Any) -> Item:
        """Raises ``InvalidValue`` naming the relation."""
        target, through = side.target, side.relation.through
        if isinstance(raw, list | tuple):
            if not (side.through_row and len(raw) == 2 and isinstance(raw[1], Mapping)):
                raise side.refuse("takes keys, objects, or pairs of a key and values for the row between")
            return Item(self._key(side, side.joint, raw[0]), side.joint, between=raw[1])
        if not isinstance(raw, Mapping):
            return Item(self._key(side, side.joint, raw), side.joint)
        key = target.primary_key
        between = raw.get(through) if side.through_row and through not in target.fields else None
        values = {name: value for name, value in raw.items() if name != through} if between else raw
        for by in dict.fromkeys((key.name if key is not None else side.joint, side.joint)):
            if raw.get(by) is not None:
                return Item(self._key(side, by, raw[by]), by, values, between or NO_VALUES)
        return Item(None, "", values, between or NO_VALUES)

    def _key(self, side: Side, by: str, raw: Any) -> Any:
        column = side.target.fields[by]
        try:
            return column.type.prepare(raw, column)
        except ValueError as error:
            raise side.refuse(f'names a record whose "{by}" {error}') from None

    async def _settle(self, side: Side, items: list[Item], action: str, order: Order) -> Settled:
        """Find the records that are named, and write those of ``updateAssociationValues``."""
        target = side.target
        settled = Settled(new=[item for item in items if item.key is None])
        automatic = form(target).automatic_key
        for by in dict.fromkeys(item.by for item in items if item.key is not None):
            named = [item for item in items if item.by == by and item.key is not None]
            scope = order.scopes.scope(target.name, action)
            chosen = Selection(tuple(dict.fromkeys(item.key for item in named)), by, scope=scope)
            rows = {row[by]: row for row in await self._rows.find(target, chosen, order.scopes, order.on)}
            for item in named:
                if item.key in rows:
                    row = await self._write_along(side, item, order) or rows[item.key]
                    settled.add(side.joint, row, item)
                elif item.values and by != automatic:
                    settled.new.append(item)
                else:
                    raise side.refuse(f'refers to a record of "{target.name}" that does not exist')
        return settled

    async def _write_along(self, side: Side, item: Item, order: Order) -> Row | None:
        """Write the fields that came with a key, where the request wants that. Gives the row afterwards."""
        name = side.field.name
        if name not in order.deep or len(item.values) < 2:
            return None
        values = {key: value for key, value in item.values.items() if key != item.by}
        found = Selection((item.key,), item.by)
        rows = await self.update(side.target, values, found, order.within(name))
        if not rows:
            raise RecordNotFound(collection=side.target.name, key=item.key)
        return rows[0]
