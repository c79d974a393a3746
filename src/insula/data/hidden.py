"""Columns that no record shows, for those who have to know them (passwords)."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from insula.data.collection import Collection
from insula.data.write_statements import KEY, statements
from insula.database.executor import Database


async def hidden_value(database: Database, collection: Collection, name: str, key: Any) -> Any:
    """The value of the column ``name`` in the record with this key; ``None`` where there is none."""
    shapes = statements(collection, database.dialect)

    def wanted() -> sa.Select[Any]:
        return sa.select(shapes.table.c[name].label("value")).where(shapes.by_keys("", one=True))

    rows = await database.fetch(shapes.keep(("hidden", name), wanted), {KEY: key})
    return rows[0]["value"] if rows else None
