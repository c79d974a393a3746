"""Many flat records at once, by the database's fastest way."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from insula.data.changes import Change
from insula.data.collection import Collection
from insula.data.computing import computing
from insula.data.errors import UnknownField
from insula.data.lists import among
from insula.data.rows import NOTHING, Rows
from insula.data.scope import Scopes
from insula.data.trees import tree
from insula.data.validate import form
from insula.data.write_statements import scope_key
from insula.database.errors import DatabaseError
from insula.database.executor import Transaction

_LISTS = "lists"


class Bulk:
    """Appends rows to the collections of one application."""

    def __init__(self, rows: Rows) -> None:
        self._rows = rows

    async def append(
        self,
        collection: Collection,
        rows: Sequence[Sequence[Any]],
        columns: Sequence[str],
        scopes: Scopes,
        on: Transaction,
    ) -> int:
        """Add rows of prepared values; other columns as for any new record. Gives their number.

        Raises ``UnknownField`` for a column that there is not, and what the database refuses in its words.
        """
        keys = form(collection)
        for name in columns:
            if name not in collection.fields or not collection.fields[name].stored:
                raise UnknownField(collection=collection.name, field=name, place="columns")
        tail = [name for name in self._rows.statements(collection).columns if name not in columns]
        tail = [name for name in tail if name != keys.automatic_key]
        names = (*columns, *tail)
        types = [collection.table.c[name].type for name in names]
        up = tree(collection)
        if up is not None and {up.relation.foreign_key, up.relation.target_key} <= set(columns):
            up.check_together(dict(zip(columns, row, strict=True)) for row in rows)
        complete = await self._completed(collection, rows, columns, tail, scopes, on)
        try:
            count = await on.copy_rows(collection.name, names, complete, types)
        except DatabaseError as error:
            written = dict(zip(names, complete[0], strict=True)) if len(complete) == 1 else NOTHING
            raise await self._rows.violations.explain(error, collection, written, on) from error
        key = keys.automatic_key
        if key is not None and key in columns:
            place = list(columns).index(key)
            await self._rows.follow_key(collection, max(row[place] for row in rows), on)
        self._rows.announcer.note(Change(collection.name, "create", (), frozenset(columns)), on)
        return count

    async def _completed(
        self,
        collection: Collection,
        rows: Sequence[Sequence[Any]],
        columns: Sequence[str],
        tail: Sequence[str],
        scopes: Scopes,
        on: Transaction,
    ) -> list[tuple[Any, ...]]:
        """The rows with the values of the columns ``tail``, which nobody gave."""
        keys = form(collection)
        if keys.alike(tail):
            same = keys.complete(NOTHING, scopes.stamps)
            rest = tuple(same[name] for name in tail)
            return [(*row, *rest) for row in rows]
        whole = [keys.complete(dict(zip(columns, row, strict=True)), scopes.stamps) for row in rows]
        if keys.computed:
            await computing(collection).complete(whole, on)
        for name in keys.sorts:
            if name in tail:
                await self._number(collection, name, whole, on)
        return [(*row, *(own[name] for name in tail)) for row, own in zip(rows, whole, strict=True)]

    async def _number(
        self, collection: Collection, name: str, whole: Sequence[dict[str, Any]], on: Transaction
    ) -> None:
        """Give new records numbers behind the last of their lists."""
        scope = scope_key(collection.fields[name])
        scope = scope if scope in collection.table.c else ""
        last = await self._last(collection, name, scope, whole, on)
        for row in whole:
            home = row[scope] if scope else None
            last[home] = row[name] = last.get(home, 0) + 1

    async def _last(
        self, collection: Collection, name: str, scope: str, whole: Sequence[dict[str, Any]], on: Transaction
    ) -> dict[Any, int]:
        """The highest number of each list that the new records go to (list → number)."""
        if not scope:
            return {None: await self._rows.last(collection, name, on)}
        homes = list(dict.fromkeys(row[scope] for row in whole))
        home, last = collection.table.c[scope], sa.func.max(collection.table.c[name])
        within = sa.or_(home.is_(None), among(on.dialect.name, home, _LISTS))
        counted = sa.select(home.label("home"), last.label("last")).where(within).group_by(home)
        named = {_LISTS: [one for one in homes if one is not None]}
        return {row["home"]: int(row["last"] or 0) for row in await on.run(counted, named)}
