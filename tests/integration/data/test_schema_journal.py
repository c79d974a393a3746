"""A process that dies at any statement of a change of tables: as before, or as wanted, once someone looks."""

import contextlib
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import pytest

from insula.data.collection import Collection, Field, Reference
from insula.data.errors import CollectionExists, InvalidMetadata
from insula.data.fields import field_type
from insula.data.metadata import Metadata
from insula.data.schema_ddl import Ddl
from insula.data.schema_journal import changing, changing_part, mend
from insula.data.schema_plan import plan_removal
from insula.data.schema_steps import Column, CreateTable
from insula.data.schema_sync import SchemaSync
from insula.database.executor import Database, Row
from insula.database.options import DatabaseOptions
from insula.testing.modelled import builtin, check_tables, modelled
from insula.testing.tables import actual, expected

ID = Field("id", field_type("bigInt"), primary_key=True, auto_increment=True)
PEOPLE = Collection("people", {"id": ID})


class Died(BaseException):
    """Nothing catches it: what stands behind it is as if the process was gone."""


def column(name: str, type_: str, **settings: Any) -> Field:
    return Field(name, field_type(type_), **settings)


def books(*fields: Field) -> Collection:
    return Collection("books", {field.name: field for field in (ID, *fields)})


NAME = column("n", "string")
BEFORE = books(
    column("title", "string", key="t", index=True),
    column("pages", "integer", required=True),
    column("isbn", "string", unique=True),
    column("authorId", "bigInt", reference=Reference("people", "id", "CASCADE")),
    column("note", "integer"),
)
AFTER = books(
    column("name", "text", key="t"),
    column("pages", "integer"),
    column("isbn", "string", required=True, default="none"),
    column("code", "uuid", required=True, unique=True),
    column("note", "string"),
)


@pytest.fixture
def deaths(database: Database, monkeypatch: pytest.MonkeyPatch) -> dict[str, int]:
    """``at``: the statement of a transaction at which the process dies, or 0; ``count``: statements so far."""
    state = {"at": 0, "count": 0}
    kind = type(database.transaction())
    for name in ("execute", "fetch", "execute_many"):
        real = getattr(kind, name)

        async def counted(self: Any, *arguments: Any, real: Any = real) -> Any:
            state["count"] += 1
            if state["count"] == state["at"]:
                raise Died
            return await real(self, *arguments)

        monkeypatch.setattr(kind, name, counted)
    return state


async def rows(database: Database, collection: Collection) -> list[Row]:
    return await database.run(collection.table.select().order_by(collection.table.c.id))


async def test_tables_are_as_before_or_as_wanted(
    database: Database, database_options: DatabaseOptions, deaths: dict[str, int]
) -> None:
    sync = SchemaSync(database.dialect)
    async with changing(database) as transaction:
        await sync.create_all(transaction, [PEOPLE, BEFORE])
    await database.run(PEOPLE.table.insert().values(id=1))
    stored = {"id": 1, "title": "a", "pages": 3, "isbn": None, "authorId": 1, "note": 5}
    await database.run(BEFORE.table.insert().values(stored))
    died = 0
    while True:
        died += 1
        deaths.update(at=died, count=0)
        try:
            async with changing(database) as transaction:
                await sync.change(transaction, BEFORE, AFTER)
        except Died:
            deaths.update(at=0)
            await mend(database)
            if await actual(database, database_options, "books") == expected(database.dialect, BEFORE):
                # what a field that is required now was filled with may stay where the database is such a one
                (row,) = await rows(database, BEFORE)
                assert row == {**stored, "isbn": row["isbn"]}
                assert row["isbn"] is None or not database.dialect.transactional_ddl
                continue
        break
    deaths.update(at=0)
    await mend(database)
    assert await actual(database, database_options, "books") == expected(database.dialect, AFTER)
    (row,) = await rows(database, AFTER)
    assert row == {"id": 1, "name": "a", "pages": 3, "isbn": "none", "code": row["code"], "note": "5"}
    assert died > 10
    async with changing(database) as transaction:
        await sync.apply(transaction, plan_removal([AFTER]))
    assert await actual(database, database_options, "books") is None


FIELDS = [{"name": "title", "type": "string"}, {"name": "pages", "type": "integer"}]
ISBN = {"name": "isbn", "type": "string", "unique": True}
CHANGES: tuple[tuple[Callable[[Metadata], Awaitable[object]], Callable[[Metadata], bool]], ...] = (
    (
        lambda metadata: metadata.create_collection({"name": "shelves", "fields": FIELDS}),
        lambda metadata: metadata.find("shelves") is not None,
    ),
    (
        lambda metadata: metadata.create_field("books", ISBN),
        lambda metadata: "isbn" in metadata.get("books").fields,
    ),
    (
        lambda metadata: metadata.destroy_field("books", "pages"),
        lambda metadata: "pages" not in metadata.get("books").fields,
    ),
    (
        lambda metadata: metadata.destroy_collection("books"),
        lambda metadata: metadata.find("books") is None,
    ),
)
"""A change, and whether it is there."""


async def test_metadata_and_tables_agree(
    database: Database, database_options: DatabaseOptions, deaths: dict[str, int]
) -> None:
    metadata = await modelled(database)
    await metadata.create_collection({"name": "books", "fields": FIELDS})
    for change, done in CHANGES:
        for at in range(1, 100):
            deaths.update(at=at, count=0)
            with contextlib.suppress(Died):
                await change(metadata)
            deaths.update(at=0)
            metadata = Metadata(database, builtin(), reserved={"auth"})
            await metadata.load()
            await check_tables(metadata, database, database_options)
            if done(metadata):
                break
        assert at > 3
    assert metadata.find("books") is None
    assert metadata.find("shelves") is not None


async def test_a_failure_takes_back_what_was_done(
    database: Database, database_options: DatabaseOptions
) -> None:
    sync = SchemaSync(database.dialect)
    async with changing(database) as transaction:
        await sync.create_all(transaction, [PEOPLE, BEFORE])
    await database.run(BEFORE.table.insert().values(title="a", pages=1))
    wanted = books(*list(AFTER.fields.values())[1:], column("must", "integer", required=True))
    with pytest.raises(InvalidMetadata):
        async with changing(database) as transaction:
            await sync.change(transaction, BEFORE, wanted)
    assert await actual(database, database_options, "books") == expected(database.dialect, BEFORE)
    with pytest.raises(ZeroDivisionError):
        async with changing(database) as transaction:
            await sync.change(transaction, BEFORE, replace(AFTER))
            raise ZeroDivisionError
    assert await actual(database, database_options, "books") == expected(database.dialect, BEFORE)
    assert [row["title"] for row in await rows(database, BEFORE)] == ["a"]


async def test_a_part_is_taken_back_alone(database: Database, database_options: DatabaseOptions) -> None:
    sync = SchemaSync(database.dialect)
    async with changing(database) as transaction:
        await sync.create_all(transaction, [PEOPLE])
        with pytest.raises(ZeroDivisionError):
            async with changing_part(transaction):
                await sync.create_all(transaction, [BEFORE])
                raise ZeroDivisionError
        async with changing_part(transaction):
            await sync.change(transaction, PEOPLE, replace(PEOPLE, fields={"id": ID, "n": NAME}))
    assert await actual(database, database_options, "books") is None
    found = await actual(database, database_options, "people")
    assert found == expected(database.dialect, replace(PEOPLE, fields={"id": ID, "n": NAME}))


async def test_tables_of_other_hands_are_left_alone(database: Database) -> None:
    made = await modelled(database)
    await database.run(Ddl(CreateTable("shelves", (Column("code", ID.type.column_type(ID)),))))
    with pytest.raises(CollectionExists, match="shelves"):
        await made.create_collection({"name": "shelves"})
    found = await database.run(Collection("shelves", {"code": replace(ID, name="code")}).table.select())
    assert found == []
