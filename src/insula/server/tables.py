"""Which tables are an application's own, where it has nothing but its tables."""

from __future__ import annotations

from collections.abc import Iterable

from insula.application.collections import CORE_COLLECTIONS
from insula.application.stored import read_stored
from insula.data.metadata import Metadata
from insula.data.metadata_rows import read_rows
from insula.data.repository import Repository
from insula.database.budget import ConnectionBudget
from insula.database.engine import open_database
from insula.database.errors import DatabaseMissing, TableMissing
from insula.database.options import DatabaseOptions


async def tables_of(options: DatabaseOptions, budget: ConnectionBudget, first: Iterable[str]) -> list[str]:
    """Those that the application says it has, and ``first``, those of one that was never installed; none where
    there is no application. Raises what the database raises."""
    database = open_database(options, budget)
    try:
        stored = await read_stored(Repository(Metadata(database, CORE_COLLECTIONS), database))
        if stored is None:
            return []
        if not stored.owner:
            return sorted(first)
        rows = await read_rows(database)
    except (DatabaseMissing, TableMissing):
        return []
    finally:
        await database.close()
    return sorted({*rows.collections, *stored.tables, *(each.name for each in CORE_COLLECTIONS)})
