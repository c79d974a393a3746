"""Finding a record by some of its values, or making it: once, however many ask for it at the same time."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from insula.data.bodies import Bodies, Wanted
from insula.data.collection import Collection
from insula.data.errors import Conflict, InvalidQuery, UnknownField
from insula.data.filters.tree import Node
from insula.data.rows import Rows
from insula.data.scope import Scopes
from insula.data.selection import Selection
from insula.data.units import Units
from insula.data.validate import Draft, form
from insula.database.executor import Executor, Row, Transaction


@dataclass(frozen=True, slots=True)
class Place:
    """Where records are looked for and made: a collection, or what one record is related to."""

    target: Collection
    make: Callable[[Draft, Scopes, Transaction], Awaitable[Row]]
    narrow: Node | None = None
    """The records that are looked at; ``None`` is all."""
    preset: tuple[str, ...] = ()
    """Columns of a new record that its body does not decide."""


@dataclass(frozen=True, slots=True)
class Once:
    """Finds or makes records of one application."""

    rows: Rows
    bodies: Bodies
    units: Units

    async def first_or_create(
        self,
        place: Place,
        filter_keys: Sequence[str],
        values: Mapping[str, Any],
        wanted: Wanted,
        on: Transaction | None,
    ) -> tuple[Row, Draft | None]:
        """The first record whose ``filter_keys`` hold what ``values`` says, or a new one and its draft.

        Raises ``InvalidQuery`` and ``UnknownField`` for ``filter_keys``, and as creating does.
        """
        target, scopes = place.target, wanted.scopes
        equal = self.equal(target, filter_keys, values, scopes)
        found = Selection(equal=equal, filter=place.narrow, scope=scopes.scope(target.name, "view"))

        async def first(executor: Executor | None) -> Row | None:
            rows = await self.rows.find(target, found, scopes, executor, first=True)
            return rows[0] if rows else None

        if row := await first(on):
            return row, None
        draft = await self.bodies.draft(target, values, wanted, new=True, preset=place.preset)
        if _kept_unique(target, equal):
            try:
                async with self.units.unit(on) as transaction:
                    return await place.make(draft, scopes, transaction), draft
            except Conflict:
                if row := await first(on):
                    return row, None
                raise
        async with self.units.unit(on) as transaction:
            # nothing in the table keeps two requests from making the same record
            await transaction.lock(f"create {target.name} {json.dumps(equal, default=str)}")
            if row := await first(transaction):
                return row, None
            return await place.make(draft, scopes, transaction), draft

    def equal(
        self, target: Collection, filter_keys: Sequence[str], values: Mapping[str, Any], scopes: Scopes
    ) -> dict[str, Any]:
        """Column → prepared value to look for."""
        if not filter_keys:
            raise InvalidQuery(parameter="filterKeys", reason="must name at least one field")
        fields = scopes.scope(target.name, "view").fields
        equal = {}
        for name in filter_keys:
            item = target.fields.get(name)
            if item is None or not item.stored or item.hidden or item.type.hidden:
                raise UnknownField(collection=target.name, field=name, place="filterKeys")
            if fields is not None and name not in fields:
                raise UnknownField(collection=target.name, field=name, place="filterKeys")
            if name not in values:
                raise InvalidQuery(
                    parameter="filterKeys", reason=f'names "{name}", of which the values say nothing'
                )
            raw = values[name]
            equal[name] = None if raw is None else form(target).prepare(item, raw)
        return equal


def _kept_unique(collection: Collection, equal: Mapping[str, Any]) -> bool:
    """Whether the database itself allows only one record with these values."""
    given = {name for name, value in equal.items() if value is not None}
    if any(item.name in given and (item.unique or item.primary_key) for item in collection.columns):
        return True
    return any(index.unique and given.issuperset(index.fields) for index in collection.indexes)
