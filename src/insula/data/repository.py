"""Records of one application: the one thing through which they are read and written.

A thin front: reading is done by ``Reader`` (``reading.py``), writing by ``Writer`` (``writing.py``) and, through
relations, by ``Associations`` and ``Through``. Every method asks ``scopes`` for each collection that it reaches, and runs inside
the transaction ``on`` where one is given.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

from insula.data.associations import Associations
from insula.data.catalog import Catalog
from insula.data.filters.tree import Node
from insula.data.query import Aggregate, Page, Query
from insula.data.reading import Reader
from insula.data.scope import Scopes
from insula.data.through import Through
from insula.data.writing import Writer
from insula.database.executor import Database, Executor, Row

_ALL = Query()


class Repository:
    """Reads and writes records of the collections of one application."""

    def __init__(self, catalog: Catalog, database: Database) -> None:
        self.catalog = catalog
        self.database = database
        self.reader = Reader(catalog, database)
        self.writer = Writer(catalog, database)
        self.associations = Associations(self.writer)
        self.through = Through(self.writer)
        """Creates, updates, destroys and moves records through a relation."""

        self.observers = self.writer.observers
        self.transaction = self.writer.transaction
        self.create = self.writer.create
        self.create_many = self.writer.create_many
        self.update = self.writer.update
        self.destroy = self.writer.destroy
        self.first_or_create = self.writer.first_or_create
        self.update_or_create = self.writer.update_or_create
        self.move = self.writer.move
        self.bulk_insert = self.writer.bulk_insert
        self.csv_rows = self.writer.csv_rows

        self.add = self.associations.add
        self.set = self.associations.set
        self.remove = self.associations.remove
        self.toggle = self.associations.toggle

    async def find(
        self, collection: str, query: Query = _ALL, *, scopes: Scopes, on: Executor | None = None
    ) -> Page:
        """One page of records. See ``Reader.find``."""
        return await self.reader.find(collection, query, scopes=scopes, on=on)

    async def find_one(
        self, collection: str, key: Any, query: Query = _ALL, *, scopes: Scopes, on: Executor | None = None
    ) -> Row | None:
        """The record with this key, ``None`` when there is none. See ``Reader.find_one``."""
        return await self.reader.find_one(collection, key, query, scopes=scopes, on=on)

    def stream(self, collection: str, query: Query = _ALL, *, scopes: Scopes) -> AsyncIterator[list[Row]]:
        """All records in batches. See ``Reader.stream``."""
        return self.reader.stream(collection, query, scopes=scopes)

    async def count(
        self, collection: str, filter: Node | None = None, *, scopes: Scopes, on: Executor | None = None
    ) -> int:
        """The number of records that match. See ``Reader.count``."""
        return await self.reader.count(collection, filter, scopes=scopes, on=on)

    async def aggregate(
        self, collection: str, aggregate: Aggregate, *, scopes: Scopes, on: Executor | None = None
    ) -> list[Row]:
        """Grouped and computed rows. See ``Reader.aggregate``."""
        return await self.reader.aggregate(collection, aggregate, scopes=scopes, on=on)
