"""Records written together with what they are related to, on every dialect."""

from types import SimpleNamespace
from typing import Any

import pytest

from insula.data.catalog import StaticCatalog
from insula.data.changes import Change
from insula.data.choice import Choice
from insula.data.errors import InvalidQuery, InvalidValue, UnknownField
from insula.data.scope import Unrestricted
from insula.data.writing import Writer
from insula.database.executor import Database
from insula.testing.library import create_tables, library

ALL = Unrestricted()


@pytest.fixture
async def world(database: Database) -> SimpleNamespace:
    collections = library()
    await create_tables(database, collections)
    writer = Writer(StaticCatalog(collections), database)
    changes: list[Change] = []
    writer.observers.append(changes.append)
    return SimpleNamespace(writer=writer, changes=changes, catalog=writer.catalog, database=database)


async def rows(world: SimpleNamespace, collection: str, *columns: str) -> list[Any]:
    table = world.catalog.get(collection).table
    found = await world.database.run(table.select().order_by(next(iter(table.c))))
    return [tuple(row[name] for name in columns) if len(columns) > 1 else row[columns[0]] for row in found]


async def test_create_with_every_kind_of_relation(world: SimpleNamespace) -> None:
    person = await world.writer.create("people", {"name": "reader"}, scopes=ALL)
    world.changes.clear()
    await world.writer.create(
        "authors",
        {
            "name": "Ada",
            "profile": {"text": "about"},
            "books": [
                {"title": "one", "shelf": {"code": "A"}, "tags": [{"name": "x"}, {"name": "y"}]},
                {"title": "two", "shelf": "A", "tags": [{"name": "y"}], "readers": person["id"]},
            ],
        },
        scopes=ALL,
    )
    assert await rows(world, "profiles", "text", "authorId") == [("about", 1)]
    assert await rows(world, "books", "title", "authorId", "shelfCode") == [("one", 1, "A"), ("two", 1, "A")]
    assert await rows(world, "shelves", "code") == ["A"]
    assert await rows(world, "tags", "name") == ["x", "y"]
    assert await rows(world, "bookTags", "bookId", "tagName") == [(1, "x"), (1, "y"), (2, "y")]
    assert await rows(world, "loans", "bookId", "personId") == [(2, 1)]
    assert {(change.collection, change.action) for change in world.changes} == {
        (name, "create") for name in ("authors", "profiles", "shelves", "books", "tags", "bookTags", "loans")
    }


async def test_existing_records_are_linked_and_written_only_when_named(world: SimpleNamespace) -> None:
    writer = world.writer
    author = await writer.create("authors", {"name": "Ada"}, scopes=ALL)
    book = await writer.create(
        "books", {"title": "a", "author": {"id": author["id"], "name": "Bea"}}, scopes=ALL
    )
    assert book["authorId"] == 1
    assert await rows(world, "authors", "name") == ["Ada"]
    sent_back = {"title": "b", "author": {"id": 1, "name": "Bea"}, "tags": [{"name": "x"}]}
    await writer.update("books", sent_back, keys=[1], choice=Choice.of(deep=["author"]), scopes=ALL)
    assert await rows(world, "authors", "name") == ["Bea"]
    await writer.update("books", {"tags": [{"id": 1, "name": "ignored"}]}, keys=[1], scopes=ALL)
    assert await rows(world, "tags", "id", "name") == [(1, "x")]
    await writer.create("tags", {"name": "y"}, scopes=ALL)
    renamed = {"tags": ["x", {"id": 2, "name": "z", "bookTags": {"weight": 9}}]}
    await writer.update("books", renamed, keys=[1], choice=Choice.of(deep=["tags"]), scopes=ALL)
    assert await rows(world, "bookTags", "tagName", "weight") == [("x", None), ("z", 9)]
    deep = {"books": [{"id": 1, "title": "c", "author": {"id": 1, "name": "Eve"}}]}
    await writer.update("authors", deep, keys=[1], choice=Choice.of(deep=["books"]), scopes=ALL)
    assert await rows(world, "books", "title") == ["c"]
    assert await rows(world, "authors", "name") == ["Bea"]
    await writer.update(
        "authors", deep, keys=[1], choice=Choice.of(deep=["books", "books.author"]), scopes=ALL
    )
    assert await rows(world, "authors", "name") == ["Eve"]


async def test_update_replaces_what_a_relation_holds(world: SimpleNamespace) -> None:
    writer = world.writer
    await writer.create("authors", {"name": "Ada", "books": [{"title": "a"}, {"title": "b"}]}, scopes=ALL)
    await writer.update("authors", {"books": [{"id": 2}, {"title": "c"}]}, keys=[1], scopes=ALL)
    assert await rows(world, "books", "id", "authorId") == [(1, None), (2, 1), (3, 1)]
    await writer.update("books", {"tags": [{"name": "x"}, {"name": "y"}]}, keys=[1], scopes=ALL)
    await writer.update("books", {"tags": ["y", {"name": "z"}]}, keys=[1], scopes=ALL)
    assert await rows(world, "bookTags", "tagName") == ["y", "z"]
    await writer.update("books", {"tags": None}, keys=[1], scopes=ALL)
    await writer.update("authors", {"books": []}, keys=[1], scopes=ALL)
    assert await rows(world, "bookTags", "tagName") == []
    assert await rows(world, "books", "authorId") == [None, None, None]
    assert await rows(world, "tags", "name") == ["x", "y", "z"]


async def test_to_one_relations(world: SimpleNamespace) -> None:
    writer = world.writer
    await writer.create("authors", {"name": "Ada", "profile": {"text": "a"}}, scopes=ALL)
    await writer.update("authors", {"profile": {"text": "b"}}, keys=[1], scopes=ALL)
    assert await rows(world, "profiles", "text", "authorId") == [("a", None), ("b", 1)]
    await writer.update("authors", {"profile": 1}, keys=[1], scopes=ALL)
    assert await rows(world, "profiles", "authorId") == [1, None]
    await writer.update("authors", {"profile": None}, keys=[1], scopes=ALL)
    assert await rows(world, "profiles", "authorId") == [None, None]
    await writer.update("profiles", {"author": {"name": "New"}}, keys=[2], scopes=ALL)
    assert await rows(world, "profiles", "authorId") == [None, 2]
    await writer.update("profiles", {"author": None}, keys=[2], scopes=ALL)
    assert await rows(world, "profiles", "authorId") == [None, None]


@pytest.mark.parametrize(
    ("collection", "values", "error"),
    [
        ("books", {"title": "a", "author": 99}, InvalidValue),
        ("books", {"title": "a", "author": {"id": 99, "name": "x"}}, InvalidValue),
        ("books", {"title": "a", "author": "one"}, InvalidValue),
        ("books", {"title": "a", "author": [1]}, InvalidValue),
        ("books", {"title": "a", "author": True}, InvalidValue),
        ("books", {"title": "a", "author": {"name": None}}, InvalidValue),
        ("books", {"title": "a", "author": {"name": "x", "nmae": "y"}}, UnknownField),
        ("books", {"title": "a", "tags": [{"id": 99}]}, InvalidValue),
        ("books", {"title": "a", "tags": [[1, 2, 3]]}, InvalidValue),
        ("authors", {"name": "a", "profile": [{"text": "a"}]}, InvalidValue),
        ("authors", {"name": "a", "books": [{"title": "t"}, {"isbn": "x"}]}, InvalidValue),
        ("authors", {"name": "a", "books": [99]}, InvalidValue),
    ],
)
async def test_nothing_stays_of_what_fails(
    world: SimpleNamespace, collection: str, values: dict[str, Any], error: type[Exception]
) -> None:
    with pytest.raises(error):
        await world.writer.create(collection, values, scopes=ALL)
    for name in ("authors", "books", "profiles", "tags", "bookTags"):
        assert await rows(world, name, "id") == []
    assert world.changes == []


async def test_depth_is_limited(world: SimpleNamespace) -> None:
    values: dict[str, Any] = {"title": "end"}
    for _ in range(6):
        values = {"title": "t", "author": {"name": "a", "books": [values]}}
    with pytest.raises(InvalidQuery):
        await world.writer.create("books", values, scopes=ALL)
    assert await rows(world, "books", "id") == []


async def test_values_of_the_row_between(world: SimpleNamespace) -> None:
    writer = world.writer
    await writer.create("tags", {"name": "x"}, scopes=ALL)
    tags = [["x", {"weight": 3}], {"name": "y", "bookTags": {"weight": 4}}]
    await writer.create("books", {"title": "a", "tags": tags}, scopes=ALL)
    assert await rows(world, "bookTags", "tagName", "weight") == [("x", 3), ("y", 4)]
    await writer.update("books", {"tags": [["x", {"weight": 5}], "y"]}, keys=[1], scopes=ALL)
    assert await rows(world, "bookTags", "tagName", "weight") == [("x", 5), ("y", 4)]
