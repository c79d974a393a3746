"""Sort fields: records in a list that people arrange, and moving one of them.

Numbers count up within a list (all records, or those that share the value of ``scopeKey``). They may have
gaps. Where numbers are missing or double (a field that was added later, two creates at once), the list is
numbered anew before anything is moved in it, in the order in which it was shown.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import sqlalchemy as sa

from insula.data.changes import Change
from insula.data.collection import Collection, Field
from insula.data.errors import InvalidQuery, RecordNotFound, UnknownField
from insula.data.filters.tree import Node
from insula.data.pointing import Pointing
from insula.data.rows import Rows
from insula.data.scope import Scopes
from insula.data.selection import Selection
from insula.data.sorting import directed
from insula.data.write_statements import keys_updated, scope_key
from insula.database.executor import Row, Transaction

Method = Literal["insertAfter", "prepend"]
"""Where a moved record goes, seen from the target: behind it, or before it."""


@dataclass(frozen=True, slots=True)
class Move:
    """Where a record is to go."""

    source: Any
    target: Any = None
    """The key of the record whose place it takes."""
    sort_field: str = "sort"
    target_scope: Any = None
    """The list to go to, where no target says it: the value of the ``scopeKey``, or an object of it."""
    method: Method | None = None
    sticky: bool = False


class Ordering:
    """Moves records within and between lists."""

    def __init__(self, rows: Rows, pointing: Pointing) -> None:
        self._rows = rows
        self._pointing = pointing

    async def move(
        self, collection: Collection, move: Move, scopes: Scopes, within: Node | None, on: Transaction
    ) -> Row:
        """Move the record ``source``. Gives it as it is afterwards.

        To the place of ``target`` (into its list): before it when moving up or into another list, behind it
        when moving down, unless ``method`` says which. Without target: with ``sticky`` or ``prepend`` to the
        top, else to the end, of the list ``target_scope`` or its own. Records outside ``within`` are not there.
        Raises ``RecordNotFound``, ``UnknownField``, ``InvalidQuery``; ``InvalidValue`` for the list of a record that
        the caller does not see.
        """
        if move.method not in (None, "insertAfter", "prepend"):
            raise InvalidQuery(parameter="method", reason='must be "insertAfter" or "prepend"')
        place = self._list(collection, move.sort_field, scopes)
        # before anything is read: moves of one order follow one another
        await on.lock(f"sort {collection.name} {move.sort_field}")
        found = _Found(self._rows, place, scopes, within, on)
        moved = await found.record(move.source)
        goal = None if move.target is None else await found.record(move.target)
        home = place.of(moved)
        new_home = place.of(goal) if goal is not None else place.named(move.target_scope, home)
        if new_home != home:
            place.check_open(scopes)
            await self._check_seen(place, new_home, scopes, on)
        if await self._renumber_where_needed(place, {home: None, new_home: None}, on):
            moved = await found.record(move.source)
            goal = None if move.target is None else await found.record(move.target)
        if goal is not None and goal[place.key] == moved[place.key]:
            return moved
        number = await self._make_room(place, moved, goal, new_home, move.method, move.sticky, on)
        columns: dict[str, Any] = {move.sort_field: number}
        if new_home != home:
            columns[place.scope_key] = new_home
        rows = await self._rows.update(collection, columns, Selection((moved[place.key],)), scopes, on)
        return rows[0]

    def _list(self, collection: Collection, sort_field: str, scopes: Scopes) -> _Lists:
        item = collection.fields.get(sort_field)
        fields = scopes.scope(collection.name, "update").fields
        if item is None or (fields is not None and sort_field not in fields):
            raise UnknownField(collection=collection.name, field=sort_field, place="sortField")
        key = collection.primary_key
        if item.type.name != "sort" or key is None:
            raise InvalidQuery(parameter="sortField", reason=f'names "{sort_field}", which keeps no order')
        return _Lists(collection, item, key.name)

    async def _check_seen(self, place: _Lists, home: Any, scopes: Scopes, on: Transaction) -> None:
        """Where lists are those of other records, moving to one is a link. Raises ``InvalidValue``."""
        if home is None:
            return
        for side in self._pointing.limited(place.collection, (place.scope_key,), scopes):
            chosen = Selection((home,), side.joint, scope=scopes.scope(side.target.name, "view"))
            if not await self._rows.find(side.target, chosen, scopes, on, first=True):
                raise side.missing([home])

    async def _make_room(
        self,
        place: _Lists,
        moved: Row,
        goal: Row | None,
        home: Any,
        method: Method | None,
        sticky: bool,
        on: Transaction,
    ) -> int:
        """The number that the moved record gets, with the numbers around it shifted away."""
        if goal is None or sticky:
            first, last = await self._ends(place, home, on)
            return first - 1 if sticky or method == "prepend" else last + 1
        at, old = int(goal[place.name]), moved[place.name]
        same = place.of(moved) == home
        behind = method == "insertAfter" or (method is None and same and old < at)
        if same and old < at:
            # between the old place and the new one all move up
            end = at if behind else at - 1
            await self._shift(place, home, old + 1, end, -1, on)
            return end
        start = at + 1 if behind else at
        await self._shift(place, home, start, old - 1 if same else None, 1, on)
        return start

    async def _ends(self, place: _Lists, home: Any, on: Transaction) -> tuple[int, int]:
        column = place.column
        ends = sa.select(
            sa.func.coalesce(sa.func.min(column), 1).label("first"),
            sa.func.coalesce(sa.func.max(column), 0).label("last"),
        )
        row = (await on.run(ends.where(place.condition(home)), place.bound(home)))[0]
        return int(row["first"]), int(row["last"])

    async def _shift(
        self, place: _Lists, home: Any, start: int, end: int | None, by: int, on: Transaction
    ) -> None:
        column = place.column
        within = sa.and_(place.condition(home), column >= start)
        if end is not None:
            within = sa.and_(within, column <= end)
        shift = sa.update(place.table).where(within).values({place.name: column + by})
        rows = await keys_updated(shift, place.table.c[place.key], within, place.bound(home), on)
        self._announce(place, rows, on)

    async def _renumber_where_needed(self, place: _Lists, homes: dict[Any, None], on: Transaction) -> bool:
        renumbered = False
        for home in homes:
            column = place.column
            count = sa.select(
                sa.func.count().label("rows"), sa.func.count(sa.distinct(column)).label("numbers")
            )
            row = (await on.run(count.where(place.condition(home)), place.bound(home)))[0]
            if row["rows"] != row["numbers"]:
                await self._renumber(place, home, on)
                renumbered = True
        return renumbered

    async def _renumber(self, place: _Lists, home: Any, on: Transaction) -> None:
        shown = (directed(on.dialect, place.column, descending=False), place.table.c[place.key])
        number = sa.func.row_number().over(order_by=shown).label("number")
        counted = sa.select(place.table.c[place.key], number).where(place.condition(home)).subquery()
        update = (
            sa.update(place.table)
            .where(place.table.c[place.key] == counted.c[place.key])
            .values({place.name: counted.c.number})
        )
        key, within = place.table.c[place.key], place.condition(home)
        self._announce(place, await keys_updated(update, key, within, place.bound(home), on), on)

    def _announce(self, place: _Lists, rows: list[Row], on: Transaction) -> None:
        if rows:
            keys = tuple(row[place.key] for row in rows)
            self._rows.announcer.note(
                Change(place.collection.name, "update", keys, frozenset((place.name,))), on
            )


@dataclass(frozen=True, slots=True)
class _Found:
    """Finds the records of a move."""

    rows: Rows
    place: _Lists
    scopes: Scopes
    within: Node | None
    on: Transaction

    async def record(self, key: Any) -> Row:
        """Raises ``RecordNotFound``."""
        collection = self.place.collection
        keys = self.rows.keys(collection, (key,))
        scope = self.scopes.scope(collection.name, "update")
        chosen = Selection(keys, filter=self.within, scope=scope)
        rows = await self.rows.find(collection, chosen, self.scopes, self.on)
        if not rows:
            raise RecordNotFound(collection=collection.name, key=key)
        return rows[0]


class _Lists:
    """The lists that one sort field keeps. A list is known by the value of its ``scopeKey``."""

    def __init__(self, collection: Collection, item: Field, key: str) -> None:
        self.collection = collection
        self.name = item.name
        self.key = key
        self.table = collection.table
        self.column = collection.table.c[item.name]
        known = scope_key(item)
        self.scope_key = known if known in collection.fields else ""

    def of(self, row: Row) -> Any:
        """The list that a record is in."""
        return row[self.scope_key] if self.scope_key else None

    def named(self, raw: Any, home: Any) -> Any:
        """The list that ``targetScope`` names: a value, or an object with the scope's field; ``home`` for none.

        Raises ``UnknownField`` for an object with another field, ``InvalidQuery``.
        """
        if isinstance(raw, dict):
            for other in raw.keys() - {self.scope_key}:
                raise UnknownField(collection=self.collection.name, field=str(other), place="targetScope")
            raw = raw.get(self.scope_key)
        if raw is None or not self.scope_key:
            return home
        item = self.collection.fields[self.scope_key]
        try:
            return item.type.prepare(raw, item)
        except ValueError as error:
            raise InvalidQuery(parameter="targetScope", reason=str(error)) from None

    def check_open(self, scopes: Scopes) -> None:
        """Raises ``UnknownField`` when the caller may not write which list a record is in."""
        fields = scopes.scope(self.collection.name, "update").fields
        relations = (
            f.name
            for f in self.collection.relations.values()
            if f.relation and f.relation.kind == "belongsTo" and f.relation.foreign_key == self.scope_key
        )
        if fields is not None and fields.isdisjoint((self.scope_key, *relations)):
            raise UnknownField(collection=self.collection.name, field=self.scope_key, place="targetScope")

    def condition(self, home: Any) -> sa.ColumnElement[bool]:
        """The records of a list."""
        if not self.scope_key:
            return sa.true()
        column = self.table.c[self.scope_key]
        return column.is_(None) if home is None else column == sa.bindparam("home", type_=column.type)

    def bound(self, home: Any) -> dict[str, Any]:
        return {"home": home}
