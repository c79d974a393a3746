"""Metadata on an empty database, with built-in users beside it, for tests that model collections."""

from __future__ import annotations

from typing import Final

from insula.data.collection import Collection, Field
from insula.data.fields import field_type
from insula.data.metadata import Metadata
from insula.data.metadata_collections import METADATA_COLLECTIONS
from insula.data.schema_journal import changing
from insula.data.schema_sync import SchemaSync
from insula.database.executor import Database
from insula.database.options import DatabaseOptions
from insula.testing.tables import actual, expected

ID: Final = Field("id", field_type("bigInt"), primary_key=True, auto_increment=True)


def users() -> Collection:
    """A built-in collection, open to people."""
    name = Field("nickname", field_type("string"))
    return Collection("users", {"id": ID, "nickname": name}, title="Users")


def builtin() -> tuple[Collection, ...]:
    """All built-in collections: users, one that nobody may know of, and the tables of metadata."""
    secrets = Collection("secrets", {"id": ID}, internal=True)
    return (users(), secrets, *METADATA_COLLECTIONS)


async def modelled(database: Database) -> Metadata:
    """Metadata with nothing but the built-in collections."""
    collections = builtin()
    async with changing(database) as transaction:
        await SchemaSync(database.dialect).create_all(transaction, collections)
    metadata = Metadata(database, collections, reserved={"auth"})
    await metadata.load()
    return metadata


async def check_tables(metadata: Metadata, database: Database, options: DatabaseOptions) -> None:
    """Every table is what its collection says, and metadata that is read anew says the same."""
    for collection in metadata:
        found = await actual(database, options, collection.name)
        assert found == expected(database.dialect, collection), collection.name
    other = Metadata(database, builtin())
    await other.load()
    assert [c.name for c in other] == [c.name for c in metadata]
    for collection in metadata:
        again = other.get(collection.name)
        assert dict(again.fields) == dict(collection.fields)
        assert list(again.fields) == list(collection.fields)
        assert (again.title, again.options) == (collection.title, collection.options)
