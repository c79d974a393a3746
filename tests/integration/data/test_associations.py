"""The actions of relations, on every dialect."""

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest

from insula.data.associations import Associations
from insula.data.catalog import StaticCatalog
from insula.data.errors import FilterRequired, InUse, InvalidQuery, InvalidValue, RecordNotFound, UnknownField
from insula.data.filters.parse import parse_filter
from insula.data.scope import Unrestricted
from insula.data.through import Through
from insula.data.writing import Writer
from insula.database.executor import Database
from insula.testing.library import create_tables, library

ALL = Unrestricted()


@pytest.fixture
async def world(database: Database) -> SimpleNamespace:
    collections = library()
    await create_tables(database, collections)
    writer = Writer(StaticCatalog(collections), database)
    for name in ("Ada", "Bea"):
        await writer.create("authors", {"name": name}, scopes=ALL)
    for title in ("a", "b", "c"):
        await writer.create("books", {"title": title}, scopes=ALL)
        await writer.create("tags", {"name": f"tag {title}"}, scopes=ALL)
        await writer.create("people", {"name": title}, scopes=ALL)
        await writer.create("profiles", {"text": title}, scopes=ALL)
    return SimpleNamespace(
        writer=writer,
        associations=Associations(writer),
        through=Through(writer),
        catalog=writer.catalog,
        database=database,
    )


async def column(world: SimpleNamespace, collection: str, *names: str) -> list[Any]:
    table = world.catalog.get(collection).table
    found = await world.database.run(table.select().order_by(table.c.id))
    return [tuple(row[name] for name in names) if len(names) > 1 else row[names[0]] for row in found]


async def test_has_many(world: SimpleNamespace) -> None:
    books = world.associations
    await books.add("authors", 1, "books", [1, {"id": 2}], scopes=ALL)
    await books.add("authors", "1", "books", "2", scopes=ALL)
    assert await column(world, "books", "authorId") == [1, 1, None]
    await books.set("authors", 1, "books", [2, 3], scopes=ALL)
    assert await column(world, "books", "authorId") == [None, 1, 1]
    await books.remove("authors", 1, "books", [3, 1], scopes=ALL)
    assert await column(world, "books", "authorId") == [None, 1, None]
    await books.toggle("authors", 1, "books", [2, 3], scopes=ALL)
    assert await column(world, "books", "authorId") == [None, None, 1]
    await books.add("authors", 2, "books", 3, scopes=ALL)
    assert await column(world, "books", "authorId") == [None, None, 2]
    await books.set("authors", 2, "books", None, scopes=ALL)
    assert await column(world, "books", "authorId") == [None, None, None]


async def test_belongs_to_many(world: SimpleNamespace) -> None:
    tags = world.associations
    await tags.add("books", 1, "tags", ["tag a", {"id": 2}], scopes=ALL)
    await tags.add("books", 1, "tags", ["tag a"], scopes=ALL)
    assert await column(world, "bookTags", "bookId", "tagName") == [(1, "tag a"), (1, "tag b")]
    await tags.set("books", 1, "tags", [["tag b", {"weight": 2}], "tag c"], scopes=ALL)
    assert await column(world, "bookTags", "tagName", "weight") == [("tag b", 2), ("tag c", None)]
    await tags.toggle("books", 1, "tags", ["tag a", {"id": 3}], scopes=ALL)
    assert sorted(await column(world, "bookTags", "tagName")) == ["tag a", "tag b"]
    await tags.remove("books", 1, "tags", [{"id": 2}, "tag c"], scopes=ALL)
    assert await column(world, "bookTags", "tagName") == ["tag a"]
    await tags.add("tags", 1, "books", [2, 1], scopes=ALL)
    assert await column(world, "bookTags", "bookId") == [1, 2]


async def test_to_one(world: SimpleNamespace) -> None:
    links = world.associations
    await links.set("authors", 1, "profile", 1, scopes=ALL)
    await links.add("authors", 1, "profile", [2], scopes=ALL)
    assert await column(world, "profiles", "authorId") == [None, 1, None]
    await links.remove("authors", 1, "profile", scopes=ALL)
    assert await column(world, "profiles", "authorId") == [None, None, None]
    await links.set("books", 1, "author", 2, scopes=ALL)
    await links.toggle("books", 2, "author", 1, scopes=ALL)
    assert await column(world, "books", "authorId") == [2, 1, None]
    await links.toggle("books", 2, "author", 1, scopes=ALL)
    await links.remove("books", 1, "author", 1, scopes=ALL)
    assert await column(world, "books", "authorId") == [2, None, None]
    await links.remove("books", 1, "author", scopes=ALL)
    assert await column(world, "books", "authorId") == [None, None, None]


async def test_records_through_a_relation(world: SimpleNamespace) -> None:
    through = world.through
    book = await through.create("authors", 1, "books", {"title": "new"}, scopes=ALL)
    assert (book["id"], book["authorId"]) == (4, 1)
    await through.create("books", 4, "tags", {"name": "new"}, scopes=ALL)
    assert await column(world, "bookTags", "bookId", "tagName") == [(4, "new")]
    await through.create("books", 1, "author", {"name": "Eve"}, scopes=ALL)
    assert await column(world, "books", "authorId") == [3, None, None, 1]
    await through.create("authors", 1, "profile", {"text": "one"}, scopes=ALL)
    await through.create("authors", 1, "profile", {"text": "two"}, scopes=ALL)
    assert await column(world, "profiles", "authorId") == [None, None, None, None, 1]
    with pytest.raises(InUse, match="bookTags"):
        await through.update("books", 4, "tags", {"name": "newer"}, keys=[4], scopes=ALL)
    reader = await through.create("books", 4, "readers", {"name": "new"}, scopes=ALL)
    changed = await through.update("books", 4, "readers", {"name": "newer"}, keys=[reader["id"]], scopes=ALL)
    assert [row["name"] for row in changed] == ["newer"]


async def test_update_and_destroy_reach_related_records_only(world: SimpleNamespace) -> None:
    through = world.through
    await world.associations.set("authors", 1, "books", [1, 2], scopes=ALL)
    everything = parse_filter({"id": {"$gt": 0}})
    changed = await through.update("authors", 1, "books", {"title": "x"}, filter=everything, scopes=ALL)
    assert sorted(row["id"] for row in changed) == [1, 2]
    with pytest.raises(RecordNotFound):
        await through.update("authors", 1, "books", {"title": "y"}, keys=[3], scopes=ALL)
    with pytest.raises(FilterRequired):
        await through.update("authors", 1, "books", {"title": "y"}, scopes=ALL)
    with pytest.raises(FilterRequired):
        await through.destroy("authors", 1, "books", scopes=ALL)
    assert [row["name"] for row in await through.update("books", 1, "author", {"name": "z"}, scopes=ALL)] == [
        "z"
    ]
    assert await through.destroy("authors", 1, "books", keys=[1], scopes=ALL) == 1
    await world.associations.add("books", 2, "tags", ["tag a", "tag b"], scopes=ALL)
    assert await through.destroy("books", 2, "tags", filter=parse_filter({"id": [1, 3]}), scopes=ALL) == 1
    assert await column(world, "tags", "id") == [2, 3]


async def test_what_is_not_there_is_refused(world: SimpleNamespace) -> None:
    links = world.associations
    with pytest.raises(RecordNotFound):
        await links.add("authors", 9, "books", [1], scopes=ALL)
    with pytest.raises(InvalidValue):
        await links.add("authors", 1, "books", [1, 9], scopes=ALL)
    with pytest.raises(InvalidValue):
        await links.toggle("books", 1, "tags", ["tag a", "none"], scopes=ALL)
    with pytest.raises(UnknownField):
        await links.add("authors", 1, "name", [1], scopes=ALL)
    with pytest.raises(InvalidQuery):
        await links.remove("authors", 1, "books", scopes=ALL)
    with pytest.raises(InvalidValue):
        await links.remove("authors", 1, "books", [{"title": "a"}], scopes=ALL)
    await links.remove("authors", 1, "books", [9], scopes=ALL)
    assert await column(world, "books", "authorId") == [None, None, None]


@pytest.mark.parametrize("relation", ["tags", "readers"])
async def test_the_same_link_many_times_at_once(world: SimpleNamespace, relation: str) -> None:
    """``readers`` has no unique index between book and person, ``tags`` has one."""
    values, between = {"tags": (["tag a"], "bookTags"), "readers": ([1, 1], "loans")}[relation]
    await asyncio.gather(
        *(world.associations.add("books", 1, relation, values, scopes=ALL) for _ in range(6))
    )
    assert await column(world, between, "bookId") == [1]


async def test_toggles_at_once_follow_one_another(world: SimpleNamespace) -> None:
    await asyncio.gather(*(world.associations.toggle("books", 1, "readers", 1, scopes=ALL) for _ in range(7)))
    assert await column(world, "loans", "bookId") == [1]


async def test_a_record_named_twice_counts_once(world: SimpleNamespace) -> None:
    links = world.associations
    await links.set("books", 1, "readers", [1, 2, 1, {"id": 2}], scopes=ALL)
    assert await column(world, "loans", "personId") == [1, 2]
    await links.add("books", 1, "readers", [2, 3, 3], scopes=ALL)
    assert await column(world, "loans", "personId") == [1, 2, 3]
    await links.toggle("books", 1, "readers", [1, 1, {"id": 1}], scopes=ALL)
    assert await column(world, "loans", "personId") == [2, 3]
    await links.remove("books", 1, "readers", [2, 2], scopes=ALL)
    assert await column(world, "loans", "personId") == [3]
    await links.set("authors", 1, "books", [2, 2], scopes=ALL)
    assert await column(world, "books", "authorId") == [None, 1, None]


async def test_the_row_between_has_fields_of_its_own(world: SimpleNamespace) -> None:
    links = world.associations
    between = [["tag a", {"weight": 1}], {"id": 2, "bookTags": {"weight": 2, "bookId": 3, "id": 77}}]
    await links.add("books", 1, "tags", between, scopes=ALL)
    rows = [(1, "tag a", 1), (1, "tag b", 2)]
    assert await column(world, "bookTags", "bookId", "tagName", "weight") == rows
    await links.add("books", 1, "tags", ["tag a", {"id": 2, "bookTags": {"weight": 5}}], scopes=ALL)
    assert await column(world, "bookTags", "weight") == [1, 5]
    for wrong in ({"weight": "x"}, {"none": 1}, {"tag": 1}):
        with pytest.raises((InvalidValue, UnknownField)):
            await links.set("books", 1, "tags", [["tag c", wrong]], scopes=ALL)
    assert await column(world, "bookTags", "weight") == [1, 5]


async def test_ten_thousand_at_once(world: SimpleNamespace) -> None:
    links, writer = world.associations, world.writer
    count = 10_000
    await writer.bulk_insert("people", [(f"p{n}",) for n in range(count)], ["name"], scopes=ALL)
    await writer.bulk_insert("books", [(f"b{n}",) for n in range(count)], ["title"], scopes=ALL)
    keys = list(range(4, count + 4))
    await links.set("books", 1, "readers", keys, scopes=ALL)
    assert await column(world, "loans", "personId") == keys
    await links.toggle("books", 1, "readers", keys[1:], scopes=ALL)
    assert await column(world, "loans", "personId") == [4]
    await links.set("authors", 1, "books", keys, scopes=ALL)
    assert (await column(world, "books", "authorId")).count(1) == count
    await links.remove("authors", 1, "books", [str(key) for key in keys[1:]], scopes=ALL)
    assert (await column(world, "books", "authorId")).count(1) == 1
    assert await writer.destroy("books", keys=keys, scopes=ALL) == count
