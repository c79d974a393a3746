"""Links between records: what the four kinds of relations write so that a record has, or no longer has, others.

=============  ================================================================
belongsTo      a column of the record itself (written with the record, not here)
hasOne, hasMany  a column of the others
belongsToMany  rows of the collection between the two
=============  ================================================================
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from collections.abc import Collection as Names
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from insula.data.collection import Collection, Field, Relation
from insula.data.errors import Conflict, InvalidQuery, InvalidValue, LinkRequired, UnknownField, all_of
from insula.data.gates import check_new, check_relation, linked_scope
from insula.data.rows import Rows
from insula.data.scope import Scope, Scopes
from insula.data.selection import EVERYTHING, Selection
from insula.data.validate import Draft, form
from insula.database.executor import Row, Transaction

NO_VALUES: Mapping[Any, Draft] = {}
_NAMED_AT_MOST = 10
"""Keys of missing records that an error names."""


@dataclass(frozen=True, slots=True)
class Side:
    """One relation of one collection, with everything that is looked up about it."""

    collection: Collection
    field: Field
    relation: Relation
    target: Collection
    joint: str
    """The column of the target by which its records are named in values."""

    @property
    def through_row(self) -> bool:
        return self.relation.kind == "belongsToMany"

    def is_back(self, other: Relation) -> bool:
        """Whether a relation of the target is the other side of this one: both write the same keys."""
        if other.target != self.collection.name or other.through != self.relation.through:
            return False
        if self.through_row:
            pair = (other.other_key, other.foreign_key)
            return pair == (self.relation.foreign_key, self.relation.other_key)
        sides = {self.relation.kind == "belongsTo", other.kind == "belongsTo"}
        return len(sides) > 1 and other.foreign_key == self.relation.foreign_key

    def check_own(self, scopes: Scopes) -> None:
        """As ``gates.check_relation``."""
        check_relation(self.collection, self.field, scopes)

    def check_new(self, scopes: Scopes) -> None:
        """As ``gates.check_new``."""
        check_new(self.collection, self.field, self.target, scopes)

    def refuse(self, reason: str, path: str = "") -> InvalidValue:
        """The error for a value of this relation, or for what stands at ``path`` in it."""
        return InvalidValue(collection=self.collection.name, field=path or self.field.name, reason=reason)

    def missing(self, keys: Sequence[Any]) -> InvalidValue:
        """The error for keys of records that are not there, or not for the caller."""
        listed = ", ".join(str(key)[:60] for key in keys[:_NAMED_AT_MOST])
        if len(keys) > _NAMED_AT_MOST:
            listed += f" and {len(keys) - _NAMED_AT_MOST} more"
        if len(keys) == 1:
            return self.refuse(f'refers to a record of "{self.target.name}" that does not exist: {listed}')
        return self.refuse(f'refers to records of "{self.target.name}" that do not exist: {listed}')


class Links:
    """Makes and undoes links of hasOne, hasMany and belongsToMany."""

    def __init__(self, rows: Rows) -> None:
        self._rows = rows

    def side(self, collection: Collection, name: str) -> Side:
        """Raises ``UnknownField`` when ``name`` is no relation."""
        item = collection.fields.get(name)
        if item is None or item.relation is None:
            raise UnknownField(collection=collection.name, field=name, place="relation")
        relation = item.relation
        target = self._rows.catalog.get(relation.target)
        key = target.primary_key
        joint = relation.target_key
        if relation.kind in ("hasOne", "hasMany"):
            if key is None:
                raise InvalidQuery(
                    parameter="values", reason=f'can not name records of "{target.name}": it has no key'
                )
            joint = key.name
        return Side(collection, item, relation, target, joint)

    async def keep_only(
        self, side: Side, owner: Any, kept: Names[Any], scopes: Scopes, on: Transaction
    ) -> None:
        """Undo all links of ``owner`` but those to ``kept``, as far as the caller may see the others. Keys are
        values of the relation's two joints.

        Raises ``LinkRequired`` where records can not be without the link that goes.
        """
        relation = side.relation
        if (view := scopes.scope(side.target.name, "view")).filter is not None:
            gone = await self._seen(side, owner, view, scopes, on) - set(kept)
            await self.unlink(side, owner, gone, scopes, on)
            return
        if side.through_row:
            through = self.through(relation)
            others = Selection(
                tuple(kept), str(relation.other_key), others=True, equal={relation.foreign_key: owner}
            )
            await self._rows.delete(through, others, scopes, on)
            return
        scope = linked_scope(side.target, relation, "update", scopes)
        others = Selection(tuple(kept), others=True, equal={relation.foreign_key: owner}, scope=scope)
        await self._let_go(side, others, scopes, on)

    async def _seen(self, side: Side, owner: Any, view: Scope, scopes: Scopes, on: Transaction) -> set[Any]:
        """The joints of those linked records that lie within ``view``."""
        relation = side.relation
        if not side.through_row:
            chosen = Selection(equal={relation.foreign_key: owner}, scope=view)
            return {row[side.joint] for row in await self._rows.find(side.target, chosen, scopes, on)}
        between = Selection(equal={relation.foreign_key: owner})
        rows = await self._rows.find(self.through(relation), between, scopes, on)
        keys = {row[str(relation.other_key)] for row in rows} - {None}
        chosen = Selection(tuple(keys), side.joint, scope=view)
        return {row[side.joint] for row in await self._rows.find(side.target, chosen, scopes, on)}

    async def hold(self, side: Side, owner: Any, on: Transaction) -> None:
        """Let those who give ``owner`` its one record follow one another, where nothing in the table does."""
        key = side.relation.foreign_key
        if side.relation.kind == "hasOne" and not side.target.fields[key].unique:
            await on.lock(f"one {side.target.name} {key} {owner}")

    @asynccontextmanager
    async def needing(self, side: Side, owner: Any, scopes: Scopes, on: Transaction) -> AsyncIterator[None]:
        """Around taking links of ``owner`` away: where the relation is required, one must be left.

        Those who take from one owner follow one another, so that two do not take the last two. Raises
        ``LinkRequired``.
        """
        if not side.field.required or side.relation.kind == "belongsTo":
            yield
            return
        await on.lock(f"links {side.collection.name} {side.field.name} {owner}")
        yield
        holder = self.through(side.relation) if side.through_row else side.target
        linked = Selection(equal={side.relation.foreign_key: owner})
        if not await self._rows.find(holder, linked, scopes, on, first=True):
            raise LinkRequired(collection=side.collection.name, field=side.field.name)

    async def check_vacant(
        self, side: Side, owner: Any, kept: Names[Any], scopes: Scopes, on: Transaction
    ) -> None:
        """That a record to one of which something is to be linked has no other, which the caller may not touch.

        Raises ``Conflict``.
        """
        if side.relation.kind != "hasOne":
            return
        column = side.relation.foreign_key
        chosen = Selection(tuple(kept), others=True, equal={column: owner})
        if await self._rows.find(side.target, chosen, scopes, on, first=True):
            raise Conflict(collection=side.target.name, fields=(column,))

    async def unlink(self, side: Side, owner: Any, keys: Names[Any], scopes: Scopes, on: Transaction) -> None:
        """Undo the links of ``owner`` to ``keys``; what is not linked stays as it is. Raises as ``keep_only``."""
        relation = side.relation
        if side.through_row:
            gone = Selection(tuple(keys), str(relation.other_key), equal={relation.foreign_key: owner})
            await self._rows.delete(self.through(relation), gone, scopes, on)
            return
        scope = linked_scope(side.target, relation, "update", scopes)
        gone = Selection(tuple(keys), equal={relation.foreign_key: owner}, scope=scope)
        await self._let_go(side, gone, scopes, on)

    async def _let_go(self, side: Side, selection: Selection, scopes: Scopes, on: Transaction) -> None:
        """Empty the foreign key of the selected records."""
        column = side.relation.foreign_key
        needed = required_by(side.target, column)
        if needed is None:
            await self._rows.update(side.target, {column: None}, selection, scopes, on)
        elif await self._rows.find(side.target, selection, scopes, on, first=True):
            raise LinkRequired(collection=side.target.name, field=needed)

    async def link(
        self,
        side: Side,
        owner: Any,
        found: Mapping[Any, Row],
        scopes: Scopes,
        on: Transaction,
        between: Mapping[Any, Draft] = NO_VALUES,
    ) -> None:
        """Link ``owner`` to records (key → row) that were found; those that are linked already stay.

        ``between`` are values for the rows in between, by key.
        """
        relation = side.relation
        if side.through_row:
            await self._link_through(side, owner, list(found), between, scopes, on)
            return
        # a foreign key that is hidden is not in the rows: such a record is linked again where it is so already
        loose = tuple(key for key, row in found.items() if row.get(relation.foreign_key) != owner)
        if loose:
            scope = linked_scope(side.target, relation, "update", scopes)
            chosen = Selection(loose, scope=scope)
            await self._rows.update(side.target, {relation.foreign_key: owner}, chosen, scopes, on)

    async def linked(
        self, side: Side, owner: Any, keys: Names[Any], scopes: Scopes, on: Transaction
    ) -> set[Any]:
        """Which of ``keys`` are linked to ``owner``."""
        relation = side.relation
        if side.through_row:
            other = str(relation.other_key)
            chosen = Selection(tuple(keys), other, equal={relation.foreign_key: owner})
            return {row[other] for row in await self._rows.find(self.through(relation), chosen, scopes, on)}
        chosen = Selection(tuple(keys), equal={relation.foreign_key: owner})
        return {row[side.joint] for row in await self._rows.find(side.target, chosen, scopes, on)}

    async def _link_through(
        self,
        side: Side,
        owner: Any,
        keys: list[Any],
        between: Mapping[Any, Draft],
        scopes: Scopes,
        on: Transaction,
    ) -> None:
        through, relation = self.through(side.relation), side.relation
        pair = (relation.foreign_key, str(relation.other_key))
        if not _unique_pair(through, pair):
            # nothing in the table keeps two requests from adding the same link twice
            await on.lock(f"link {through.name} {owner}")
        there = await self.linked(side, owner, keys, scopes, on)
        added = []
        for key in keys:
            draft = between.get(key, Draft())
            scope = _open_scope(through, draft, "update" if key in there else "create", scopes)
            if key not in there:
                added.append((draft, {pair[0]: owner, pair[1]: key}))
            elif draft.columns:
                chosen = Selection((key,), pair[1], equal={pair[0]: owner}, scope=scope)
                await self._rows.update(through, draft.columns, chosen, scopes, on)
        for draft, preset in added:
            if problems := form(through).missing(draft, preset):
                raise all_of(problems)
        await self._rows.insert_unless_there(through, added, scopes, on)

    def through(self, relation: Relation) -> Collection:
        """The collection between, of a belongsToMany relation."""
        return self._rows.catalog.get(str(relation.through))


def required_by(collection: Collection, column: str) -> str | None:
    """The field that says that a foreign key must have a value: the column, or the relation over it."""
    for item in collection.fields.values():
        over = item.relation is not None and item.relation.kind == "belongsTo" and item.relation.foreign_key
        if item.required and column in (item.name, over):
            return item.name
    return None


def _open_scope(through: Collection, draft: Draft, action: str, scopes: Scopes) -> Scope:
    """Where the caller may write the values of a row between; everywhere, where there are none.

    Raises ``UnknownField`` for a column that they may not write, and what ``scopes`` raises.
    """
    if not draft.columns:
        return EVERYTHING
    scope = scopes.scope(through.name, action)
    for name in draft.columns:
        if scope.fields is not None and name not in scope.fields:
            raise UnknownField(collection=through.name, field=name, place="values")
    return scope


def _unique_pair(through: Collection, pair: tuple[str, str]) -> bool:
    """Whether the database keeps two rows from linking the same two records."""
    keys = {item.name for item in through.columns if item.primary_key}
    if keys == set(pair):
        return True
    return any(index.unique and set(index.fields) <= set(pair) for index in through.indexes)
