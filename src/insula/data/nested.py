"""Records written together with the records that they are related to, from bodies that are checked.

On update, what a to-many relation holds is the whole of it: what is not named is no longer related; ``null``
is none. Records are linked only where the caller may view them, or update them where the link is a column of
theirs. A foreign key that is written as a plain column is such a link where the caller does not see every record
that it may name; else the database alone checks it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from insula.data.bodies import Bodies, Item, Related
from insula.data.collection import Collection
from insula.data.errors import RecordNotFound
from insula.data.links import Links, Side
from insula.data.rows import NOTHING, Rows
from insula.data.scope import Scopes
from insula.data.selection import Selection
from insula.data.validate import Draft, form
from insula.database.executor import Row, Transaction


@dataclass(slots=True)
class Settled:
    """What the value of a relation came to."""

    found: dict[Any, Row] = field(default_factory=dict)
    """Records that are there, by joint."""
    between: dict[Any, Draft] = field(default_factory=dict)
    """Values for the rows between, by joint."""
    new: list[Item] = field(default_factory=list)
    """For these a record is to be made: without a key, or with one that only the caller could have chosen
    (a code, a name) and that nobody has yet."""

    def add(self, joint: str, row: Row, item: Item) -> None:
        self.found[row[joint]] = row
        if item.between is not None:
            self.between[row[joint]] = item.between


class Nested:
    """Creates and updates records with their relations. Always inside a transaction."""

    def __init__(self, rows: Rows, links: Links, bodies: Bodies) -> None:
        self._rows = rows
        self._links = links
        self._bodies = bodies

    async def create(
        self,
        collection: Collection,
        draft: Draft,
        scopes: Scopes,
        on: Transaction,
        preset: Mapping[str, Any] = NOTHING,
    ) -> Row:
        """One new record and what its relations hold. Gives the row of the record itself."""
        later = await self._resolve_own_columns(draft, scopes, on)
        row = await self._rows.insert(collection, draft, scopes, on, preset)
        for related in later:
            await self.relate(related, row[related.side.relation.source_key], scopes, on, only=False)
        return row

    async def update(
        self, collection: Collection, draft: Draft, selection: Selection, scopes: Scopes, on: Transaction
    ) -> list[Row]:
        """Write the selected rows, which the caller may update, and what their relations hold. Gives the rows."""
        await self._pass_unchanged(collection, draft, selection, scopes, on)
        later = await self._resolve_own_columns(draft, scopes, on)
        rows = await self._rows.update(collection, draft.columns, selection, scopes, on)
        for row in rows:
            for related in later:
                await self.relate(related, row[related.side.relation.source_key], scopes, on, only=True)
        return rows

    async def _pass_unchanged(
        self, collection: Collection, draft: Draft, selection: Selection, scopes: Scopes, on: Transaction
    ) -> None:
        """A foreign key that the records have already is no new link: records are sent back as they were read."""
        keys = [related for related in draft.related if related.by_key]
        if not keys or selection.keys is None:
            return
        rows = await self._rows.find(collection, selection, scopes, on)
        for related in keys:
            column, key = related.side.relation.foreign_key, related.items[0].key
            if rows and all(row.get(column) == key for row in rows):
                draft.columns[column] = key
                draft.related.remove(related)

    async def _resolve_own_columns(self, draft: Draft, scopes: Scopes, on: Transaction) -> list[Related]:
        """Put belongsTo relations into the draft's columns; gives the relations that are written afterwards."""
        later = []
        for related in draft.related:
            relation = related.side.relation
            if relation.kind == "belongsTo":
                draft.columns[relation.foreign_key] = await self.target_key(related, scopes, on)
            else:
                later.append(related)
        return later

    async def target_key(self, related: Related, scopes: Scopes, on: Transaction) -> Any:
        """What the foreign key of a belongsTo relation holds for what a body says of it."""
        if not related.items:
            return None
        side = related.side
        settled = await self._settle(related, "view", scopes, on)
        for item in settled.new:
            return (await self._make(side, item, NOTHING, scopes, on))[side.joint]
        return next(iter(settled.found))

    async def relate(
        self, related: Related, owner: Any, scopes: Scopes, on: Transaction, *, only: bool
    ) -> None:
        """Link the record whose joint is ``owner`` to what a body names, making records as needed.

        With ``only`` the record has nothing else in this relation afterwards; where that leaves it without a link
        that it needs, raises ``LinkRequired``.
        """
        side = related.side
        if owner is None:
            raise side.refuse(f'can not be set while "{side.relation.source_key}" is empty')
        if not only:
            await self._relate(related, owner, scopes, on, only=False)
            return
        async with self._links.needing(side, owner, scopes, on):
            await self._relate(related, owner, scopes, on, only=True)

    async def _relate(
        self, related: Related, owner: Any, scopes: Scopes, on: Transaction, *, only: bool
    ) -> None:
        side = related.side
        await self._links.hold(side, owner, on)
        settled = await self._settle(related, "view" if side.through_row else "update", scopes, on)
        if only:
            await self._links.keep_only(side, owner, settled.found, scopes, on)
            if settled.found or settled.new:
                await self._links.check_vacant(side, owner, settled.found, scopes, on)
        preset = NOTHING if side.through_row else {side.relation.foreign_key: owner}
        if settled.new and not side.through_row:
            side.check_new(scopes)
        for item in settled.new:
            settled.add(side.joint, await self._make(side, item, preset, scopes, on), item)
        if settled.found:
            between = await self._resolve_between(side, owner, settled.between, scopes, on)
            await self._links.link(side, owner, settled.found, scopes, on, between)

    async def _resolve_between(
        self, side: Side, owner: Any, between: Mapping[Any, Draft], scopes: Scopes, on: Transaction
    ) -> dict[Any, Draft]:
        """The values of rows between with the foreign keys in them, which are links too: for this owner alone,
        since what its rows hold already those of another may not get."""
        resolved = {}
        for key, draft in between.items():
            own = Draft(columns=dict(draft.columns), related=list(draft.related))
            if own.related:
                equal = {side.relation.foreign_key: owner}
                row = Selection((key,), str(side.relation.other_key), equal=equal)
                await self._pass_unchanged(self._links.through(side.relation), own, row, scopes, on)
                await self._resolve_own_columns(own, scopes, on)
            resolved[key] = own
        return resolved

    async def named(self, related: Related, scopes: Scopes, on: Transaction) -> list[Any]:
        """The joints of those of the named records that the caller may see; what has no key is refused."""
        side = related.side
        if any(item.key is None for item in related.items):
            raise side.refuse("takes keys, or objects with a key")
        scope = scopes.scope(side.target.name, "view")
        found: dict[Any, None] = {}
        for by, items in _by_column(related.items).items():
            chosen = Selection(tuple(items), by, scope=scope)
            rows = await self._rows.find(side.target, chosen, scopes, on)
            found.update((row[side.joint], None) for row in rows)
        return list(found)

    async def all_named(self, related: Related, scopes: Scopes, on: Transaction) -> list[Any]:
        """The joints of the named records, each once. Raises ``InvalidValue`` naming those that are not there."""
        settled = await self._settle(related, "view", scopes, on)
        if settled.new:
            raise related.side.refuse("takes keys, or objects with a key")
        return list(settled.found)

    async def _settle(self, related: Related, action: str, scopes: Scopes, on: Transaction) -> Settled:
        """Find the records that are named, and write those of ``updateAssociationValues``."""
        side = related.side
        settled = Settled(new=[item for item in related.items if item.key is None])
        automatic = form(side.target).automatic_key
        missing: dict[Any, None] = {}
        for by, items in _by_column(related.items).items():
            chosen = Selection(tuple(items), by, scope=scopes.scope(side.target.name, action))
            rows = {row[by]: row for row in await self._rows.find(side.target, chosen, scopes, on)}
            for key, same in items.items():
                if key in rows:
                    for item in same:
                        settled.add(
                            side.joint, await self._write_along(side, item, scopes, on) or rows[key], item
                        )
                elif same[0].wanted is not None and by != automatic:
                    settled.new.append(same[0])
                else:
                    missing[key] = None
        if missing:
            raise side.missing(list(missing))
        return settled

    async def _make(
        self, side: Side, item: Item, preset: Mapping[str, Any], scopes: Scopes, on: Transaction
    ) -> Row:
        draft = item.draft if item.key is None else None
        draft = draft or await self._bodies.chosen(side, item, new=True)
        return await self.create(side.target, draft, scopes, on, preset)

    async def _write_along(self, side: Side, item: Item, scopes: Scopes, on: Transaction) -> Row | None:
        """Write the fields that came with a key, where the request wants that. Gives the row afterwards."""
        if item.wanted is None or (item.draft is None and not item.deep):
            return None
        draft = item.draft or await self._bodies.chosen(side, item, new=False)
        found = Selection((item.key,), item.by, scope=scopes.scope(side.target.name, "update"))
        rows = await self.update(side.target, draft, found, scopes, on)
        if not rows:
            raise RecordNotFound(collection=side.target.name, key=item.key)
        return rows[0]


def _by_column(items: Iterable[Item]) -> dict[str, dict[Any, list[Item]]]:
    """Items with a key, by the column that it is of, and by the key."""
    found: dict[str, dict[Any, list[Item]]] = {}
    for item in items:
        if item.key is not None:
            found.setdefault(item.by, {}).setdefault(item.key, []).append(item)
    return found
