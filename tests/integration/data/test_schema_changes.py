"""Changes of tables that hold records, on both dialects: data stays, and the table is what was asked for."""

from dataclasses import replace
from typing import Any

import pytest
import sqlalchemy as sa

from insula.core.errors import InsulaError
from insula.data.collection import Collection, Field, Reference
from insula.data.errors import InvalidMetadata, MetadataInUse
from insula.data.fields import field_type
from insula.data.schema_journal import changing
from insula.data.schema_plan import plan_removal
from insula.data.schema_sync import SchemaSync
from insula.database.executor import Database, Row
from insula.database.options import DatabaseOptions
from insula.testing.tables import actual, expected

ID = Field("id", field_type("bigInt"), primary_key=True, auto_increment=True)


def column(name: str, type_: str, **settings: Any) -> Field:
    return Field(name, field_type(type_), **settings)


def books(*fields: Field, **options: Any) -> Collection:
    return Collection("books", {f.name: f for f in (ID, *fields)}, options=options)


PEOPLE = Collection("people", {"id": ID, "name": column("name", "string")})


class Shop:
    """A database with a table of books that changes."""

    def __init__(self, database: Database, options: DatabaseOptions) -> None:
        self.database = database
        self.options = options
        self.books = books()

    async def create(self, *fields: Field, **options: Any) -> None:
        self.books = books(*fields, **options)
        async with changing(self.database) as transaction:
            await SchemaSync(self.database.dialect).create_all(transaction, [PEOPLE, self.books])
        await self.check()

    async def change(self, *fields: Field, **options: Any) -> None:
        new = books(*fields, **options)
        try:
            async with changing(self.database) as transaction:
                await SchemaSync(self.database.dialect).change(transaction, self.books, new)
            self.books = new
        finally:
            await self.check()

    async def check(self) -> None:
        found = await actual(self.database, self.options, "books")
        assert found == expected(self.database.dialect, self.books)

    async def add(self, **values: Any) -> None:
        await self.database.run(self.books.table.insert().values(values))

    async def rows(self) -> list[Row]:
        table = self.books.table
        return await self.database.run(sa.select(table).order_by(table.c.id))


@pytest.fixture
async def shop(database: Database, database_options: DatabaseOptions) -> Shop:
    return Shop(database, database_options)


TITLE = column("title", "string")


async def test_every_type_has_a_column(shop: Shop) -> None:
    types = (
        "string text integer bigInt float double decimal boolean date datetimeTz datetimeNoTz dateOnly time"
    )
    more = "unixTimestamp json array set uid uuid nanoid snowflakeId password sort"
    await shop.create(*(column(name, name) for name in f"{types} {more}".split()))


async def test_columns_come_and_go(shop: Shop) -> None:
    await shop.create(TITLE)
    await shop.add(title="a")
    await shop.change(TITLE, column("pages", "integer", index=True), column("isbn", "string", unique=True))
    assert await shop.rows() == [{"id": 1, "title": "a", "pages": None, "isbn": None}]
    await shop.add(title="b", pages=3, isbn="x")
    await shop.change(TITLE, column("isbn", "string", unique=True))
    await shop.change(TITLE)
    assert await shop.rows() == [{"id": 1, "title": "a"}, {"id": 2, "title": "b"}]


async def test_a_required_field_needs_a_default_where_there_are_records(shop: Shop) -> None:
    await shop.create(TITLE)
    await shop.change(TITLE, column("early", "integer", required=True))
    await shop.change(TITLE)
    await shop.add(title="a")
    with pytest.raises(InvalidMetadata, match=r'"books\.pages" is required.*defaultValue'):
        await shop.change(TITLE, column("pages", "integer", required=True))
    await shop.change(TITLE, column("pages", "integer", required=True, default=7))
    assert await shop.rows() == [{"id": 1, "title": "a", "pages": 7}]
    with pytest.raises(InsulaError):
        await shop.add(title="b")


async def test_required_comes_and_goes(shop: Shop) -> None:
    await shop.create(TITLE)
    await shop.add(title=None)
    with pytest.raises(InvalidMetadata, match="the record 1 has no value"):
        await shop.change(replace(TITLE, required=True))
    await shop.change(replace(TITLE, required=True, default="none"))
    assert await shop.rows() == [{"id": 1, "title": "none"}]
    await shop.change(TITLE)
    await shop.add(title=None)


async def test_unique_comes_and_goes(shop: Shop) -> None:
    await shop.create(TITLE)
    for title in ("a", "a", None, None):
        await shop.add(title=title)
    with pytest.raises(MetadataInUse, match="same value"):
        await shop.change(replace(TITLE, unique=True))
    await shop.database.run(shop.books.table.delete().where(shop.books.table.c.id == 1))
    await shop.change(replace(TITLE, unique=True))
    with pytest.raises(InsulaError):
        await shop.add(title="a")
    await shop.change(TITLE)
    await shop.add(title="a")


async def test_types_widen(shop: Shop) -> None:
    await shop.create(
        TITLE, column("pages", "integer"), column("price", "decimal", options={"precision": 5, "scale": 2})
    )
    await shop.add(title="a", pages=3, price=1)
    long = column("title", "string", options={"length": 300})
    price = column("price", "decimal", options={"precision": 12, "scale": 2})
    await shop.change(long, column("pages", "bigInt"), price)
    await shop.change(column("title", "text"), column("pages", "bigInt"), price)
    await shop.add(title="x" * 400, pages=2**40, price=10**9)
    found = await shop.rows()
    assert [(row["pages"], str(row["price"])) for row in found] == [(3, "1.00"), (2**40, "1000000000.00")]


async def test_a_reference_is_added_and_dropped_and_children_survive(shop: Shop) -> None:
    author = column("authorId", "bigInt")
    pointing = replace(author, reference=Reference("people", "id", "CASCADE"))
    await shop.create(author)
    await shop.database.run(PEOPLE.table.insert().values(name="Ann"))
    await shop.add(authorId=1)
    await shop.add(authorId=5)
    with pytest.raises(MetadataInUse, match='no record of "people"'):
        await shop.change(pointing)
    await shop.database.run(shop.books.table.delete().where(shop.books.table.c.authorId == 5))
    await shop.change(pointing)
    # a change of the table that others point to must not touch them
    renamed = Collection("people", {"id": ID, "name": replace(PEOPLE.fields["name"], required=True)})
    async with changing(shop.database) as transaction:
        await SchemaSync(shop.database.dialect).change(transaction, PEOPLE, renamed)
    assert await shop.rows() == [{"id": 1, "authorId": 1}]
    with pytest.raises(InsulaError):
        await shop.add(authorId=6)
    await shop.change(replace(author, reference=Reference("people", "id", "SET NULL")))
    await shop.change(author)
    await shop.add(authorId=6)
    await shop.change()
    assert len(await shop.rows()) == 2


async def test_a_column_with_a_reference_is_added_and_dropped(shop: Shop) -> None:
    await shop.create(TITLE)
    await shop.add(title="a")
    await shop.change(TITLE, column("authorId", "bigInt", index=True, reference=Reference("people")))
    await shop.change(TITLE)
    assert await shop.rows() == [{"id": 1, "title": "a"}]


async def test_a_field_is_renamed_by_its_key(shop: Shop) -> None:
    old = column("title", "string", key="k", unique=True)
    await shop.create(old)
    await shop.add(title="a")
    await shop.change(replace(old, name="name", required=True))
    assert await shop.rows() == [{"id": 1, "name": "a"}]


async def test_fields_that_fill_themselves_fill_records_that_exist(shop: Shop) -> None:
    await shop.create(TITLE)
    for title in "abc":
        await shop.add(title=title)
    await shop.change(
        TITLE,
        column("sort", "sort"),
        column("code", "uuid", required=True, unique=True),
        column("short", "nanoid"),
    )
    rows = await shop.rows()
    assert [row["sort"] for row in rows] == [1, 2, 3]
    assert len({row["code"] for row in rows} - {None}) == len({row["short"] for row in rows} - {None}) == 3


async def test_indexes_over_several_columns(shop: Shop) -> None:
    fields = (TITLE, column("pages", "integer"))
    await shop.create(*fields, indexes=[{"fields": ["title", "pages"], "unique": True}])
    await shop.change(*fields, indexes=[{"fields": ["title", "pages"]}])
    await shop.change(*fields)


async def test_keywords_and_capitals_are_names_like_any_other(shop: Shop) -> None:
    names = ("select", "Order", "table", "user", "group-by", "_x")
    await shop.create(*(column(name, "string", index=True) for name in names))
    await shop.add(**{name: name for name in names})
    assert (await shop.rows())[0]["group-by"] == "group-by"
    await shop.change(column("select", "string", unique=True, required=True), column("from", "integer"))


async def test_tables_in_a_circle_are_made_and_dropped(
    database: Database, database_options: DatabaseOptions
) -> None:
    one = Collection("one", {"id": ID, "b": column("b", "bigInt", reference=Reference("two"))})
    two = Collection("two", {"id": ID, "a": column("a", "bigInt", reference=Reference("one"))})
    sync = SchemaSync(database.dialect)
    async with changing(database) as transaction:
        await sync.create_all(transaction, [one, two])
    for collection in (one, two):
        found = await actual(database, database_options, collection.name)
        assert found == expected(database.dialect, collection)
    async with changing(database) as transaction:
        await sync.apply(transaction, plan_removal([one, two]))
    assert await actual(database, database_options, "one") is None


async def test_a_change_that_fails_leaves_everything(shop: Shop) -> None:
    await shop.create(TITLE)
    await shop.add(title="a")
    await shop.add(title="a")
    with pytest.raises(MetadataInUse):
        await shop.change(replace(TITLE, unique=True), column("more", "integer", index=True))
    assert await shop.rows() == [{"id": 1, "title": "a"}, {"id": 2, "title": "a"}]


async def test_a_link_is_needed_from_now_on_and_no_more(shop: Shop) -> None:
    author = column("authorId", "bigInt", reference=Reference("people"))
    await shop.create(author)
    await shop.database.run(PEOPLE.table.insert().values(name="Ann"))
    await shop.add(authorId=1)
    async with changing(shop.database) as transaction:
        sync = SchemaSync(shop.database.dialect)
        needed = books(replace(author, required=True))
        await sync.change(transaction, shop.books, needed)
    with pytest.raises(InsulaError):
        await shop.database.run(PEOPLE.table.delete())
    async with changing(shop.database) as transaction:
        await sync.change(transaction, needed, shop.books)
    await shop.check()
    await shop.database.run(PEOPLE.table.delete())
    assert await shop.rows() == [{"id": 1, "authorId": None}]
