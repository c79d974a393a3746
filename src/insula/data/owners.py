"""The record that has a relation, named by its key."""

from __future__ import annotations

from typing import Any

from insula.data.errors import LinkRequired, RecordNotFound
from insula.data.links import Side, required_by
from insula.data.rows import Rows
from insula.data.scope import Scopes
from insula.data.selection import Selection
from insula.database.executor import Row, Transaction


class Owners:
    """Finds the records that have relations, and writes the foreign keys that they hold."""

    def __init__(self, rows: Rows) -> None:
        self._rows = rows

    async def get(self, side: Side, key: Any, action: str, scopes: Scopes, on: Transaction) -> Row:
        """The record that has the relation. Raises ``RecordNotFound``."""
        keys = self._rows.keys(side.collection, (key,))
        scope = scopes.scope(side.collection.name, action)
        rows = await self._rows.find(side.collection, Selection(keys, scope=scope), scopes, on)
        if not rows:
            raise RecordNotFound(collection=side.collection.name, key=key)
        return rows[0]

    async def point(self, side: Side, owner: Row, key: Any, scopes: Scopes, on: Transaction) -> None:
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
