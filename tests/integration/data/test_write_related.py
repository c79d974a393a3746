"""Finding, making and moving records through the relation of one record, on every dialect."""

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest

from insula.data.catalog import StaticCatalog
from insula.data.choice import Choice
from insula.data.errors import (
    Conflict,
    FilterRequired,
    InvalidQuery,
    InvalidValue,
    RecordNotFound,
    UnknownField,
)
from insula.data.filters.parse import parse_filter
from insula.data.scope import Scope, Unrestricted
from insula.data.through import Through
from insula.data.writing import Writer
from insula.database.executor import Database
from insula.testing.library import collection, column, create_tables, library, number_key, related

ALL = Unrestricted()


class Without(Unrestricted):
    """Some fields of books are closed."""

    def scope(self, collection: str, action: str) -> Scope:
        return Scope(fields=frozenset({"id", "title"})) if collection == "books" else Scope()


@pytest.fixture
async def world(database: Database) -> SimpleNamespace:
    lists = (
        collection("boards", number_key(), related("cards", "hasMany", "cards", "boardId")),
        collection(
            "cards",
            number_key(),
            column("name", "string"),
            column("sort", "sort", options={"scopeKey": "boardId"}),
            column("boardId", "bigInt"),
            related("board", "belongsTo", "boards", "boardId"),
        ),
    )
    collections = (*library(), *lists)
    await create_tables(database, collections)
    writer = Writer(StaticCatalog(collections), database)
    for name in ("Ada", "Bea"):
        await writer.create("authors", {"name": name}, scopes=ALL)
    return SimpleNamespace(writer=writer, through=Through(writer), database=database)


async def column_of(world: SimpleNamespace, name: str, *columns: str) -> list[Any]:
    table = world.writer.catalog.get(name).table
    found = await world.database.run(table.select().order_by(table.c.id))
    return [tuple(row[name] for name in columns) if len(columns) > 1 else row[columns[0]] for row in found]


async def test_only_related_records_are_found(world: SimpleNamespace) -> None:
    through = world.through
    mine = await through.first_or_create("authors", 1, "books", ["title"], {"title": "x"}, scopes=ALL)
    assert mine["authorId"] == 1
    assert await through.first_or_create("authors", 1, "books", ["title"], {"title": "x"}, scopes=ALL) == mine
    theirs = await through.first_or_create("authors", "2", "books", ["title"], {"title": "x"}, scopes=ALL)
    assert (theirs["id"], theirs["authorId"]) == (2, 2)
    changed = await through.update_or_create(
        "authors", 2, "books", ["title"], {"title": "x", "price": 3, "tags": [{"name": "t"}]}, scopes=ALL
    )
    assert (changed["id"], str(changed["price"])) == (2, "3.00")
    assert [tag["name"] for tag in changed["tags"]] == ["t"]
    assert await column_of(world, "books", "authorId") == [1, 2]
    new = await through.update_or_create("authors", 2, "books", ["title"], {"title": "y"}, scopes=ALL)
    assert (new["id"], new["authorId"]) == (3, 2)


@pytest.mark.parametrize(
    ("owner", "relation", "key", "values"),
    [
        ("books", "tags", "name", {"name": "t"}),
        ("books", "readers", "name", {"name": "r"}),
        ("books", "author", "name", {"name": "Eve"}),
        ("authors", "profile", "text", {"text": "p"}),
    ],
)
async def test_every_kind_of_relation(
    world: SimpleNamespace, owner: str, relation: str, key: str, values: dict[str, Any]
) -> None:
    through = world.through
    await world.writer.create("books", {"title": "b"}, scopes=ALL)
    first = await through.first_or_create(owner, 1, relation, [key], values, scopes=ALL)
    assert first[key] == values[key]
    again = await through.first_or_create(owner, 1, relation, [key], values, scopes=ALL)
    assert again["id"] == first["id"]
    renamed = {key: "other"} if relation != "tags" else {key: "t"}
    changed = await through.update(owner, 1, relation, renamed, keys=[first["id"]], scopes=ALL)
    assert changed[0]["id"] == first["id"]


async def test_a_value_that_is_taken_by_what_is_not_related(world: SimpleNamespace) -> None:
    await world.writer.create("books", {"title": "b", "isbn": "1", "author": 1}, scopes=ALL)
    values = {"title": "c", "isbn": "1"}
    with pytest.raises(Conflict):
        await world.through.first_or_create("authors", 2, "books", ["isbn"], values, scopes=ALL)
    assert await column_of(world, "books", "title") == ["b"]


@pytest.mark.parametrize(("relation", "key"), [("books", "isbn"), ("books", "title")])
async def test_many_at_once_make_one(world: SimpleNamespace, relation: str, key: str) -> None:
    values = {"title": "t", "isbn": "1"}
    rows = await asyncio.gather(
        *(world.through.first_or_create("authors", 1, relation, [key], values, scopes=ALL) for _ in range(8))
    )
    assert {row["id"] for row in rows} == {rows[0]["id"]}
    assert {row["authorId"] for row in rows} == {1}
    assert await column_of(world, "books", "authorId") == [1]


async def test_what_keys_may_name(world: SimpleNamespace) -> None:
    for keys, error in (
        (["none"], UnknownField),
        (["author"], UnknownField),
        (["author.name"], UnknownField),
        ([], InvalidQuery),
        (["isbn"], InvalidQuery),
    ):
        for write in (world.writer.first_or_create, world.writer.update_or_create):
            with pytest.raises(error):
                await write("books", keys, {"title": "t"}, scopes=ALL)
    with pytest.raises(UnknownField):
        await world.writer.first_or_create("authors", ["secret"], {"name": "n", "secret": "s"}, scopes=ALL)
    with pytest.raises(UnknownField):
        await world.writer.first_or_create("books", ["isbn"], {"title": "t", "isbn": "1"}, scopes=Without())
    with pytest.raises(InvalidValue):
        await world.writer.first_or_create("books", ["isbn"], {"title": "t", "isbn": 5}, scopes=ALL)
    with pytest.raises(RecordNotFound):
        await world.through.first_or_create("authors", 9, "books", ["title"], {"title": "t"}, scopes=ALL)
    assert await column_of(world, "books", "id") == []


async def test_choices_hold_through_relations(world: SimpleNamespace) -> None:
    through = world.through
    values = {"title": "t", "isbn": "1", "tags": [{"name": "a"}]}
    row = await through.create("authors", 1, "books", values, choice=Choice.of(["title", "tags"]), scopes=ALL)
    assert (row["isbn"], [tag["name"] for tag in row["tags"]]) == (None, ["a"])
    one = {"title": "u", "isbn": "2"}
    choice = Choice.of(blacklist=["isbn"])
    row = await through.first_or_create("authors", 1, "books", ["title"], one, choice=choice, scopes=ALL)
    assert row["isbn"] is None
    row = await through.update_or_create("authors", 1, "books", ["title"], one, choice=choice, scopes=ALL)
    assert row["isbn"] is None


async def test_nothing_is_written_that_nobody_named(world: SimpleNamespace) -> None:
    through, writer = world.through, world.writer
    await through.create("authors", 1, "books", {"title": "t"}, scopes=ALL)
    for raw in (None, {}, {"$and": []}, {"$and": [{}, {"$and": []}]}, {"$or": [{}]}, {"$not": {"$or": []}}):
        node = parse_filter(raw)
        with pytest.raises(FilterRequired):
            await through.update("authors", 1, "books", {"title": "x"}, filter=node, scopes=ALL)
        with pytest.raises(FilterRequired):
            await through.destroy("authors", 1, "books", filter=node, keys=[], scopes=ALL)
        with pytest.raises(FilterRequired):
            await writer.destroy("books", filter=node, scopes=ALL)
    assert await column_of(world, "books", "title") == ["t"]
    assert await writer.destroy("books", filter=parse_filter({"title": {"$ne": "x"}}), scopes=ALL) == 1


async def test_several_keys_and_keys_of_several_fields(world: SimpleNamespace) -> None:
    writer = world.writer
    for title in "abc":
        await writer.create("books", {"title": title, "author": 1}, scopes=ALL)
    rows = await writer.update("books", {"price": 1}, keys=[1, "3", 99], scopes=ALL)
    assert sorted(row["id"] for row in rows) == [1, 3]
    both = [{"title": "a", "authorId": 1}, {"title": "b", "authorId": 2}]
    rows = await writer.update("books", {"price": 2}, keys=both, scopes=ALL)
    assert [row["title"] for row in rows] == ["a"]
    with pytest.raises(RecordNotFound):
        await writer.update("books", {"price": 2}, keys=both[1:], scopes=ALL)
    with pytest.raises(UnknownField):
        await writer.update("books", {"price": 2}, keys=[{"none": 1}], scopes=ALL)
    with pytest.raises(FilterRequired):
        await writer.destroy("books", keys=[{}], scopes=ALL)
    assert await writer.destroy("books", keys=[{"title": "c"}, 1], scopes=ALL) == 2


async def test_moving_related_records(world: SimpleNamespace) -> None:
    through, writer = world.through, world.writer
    for names in ("abc", "xy"):
        await writer.create("boards", {"cards": [{"name": name} for name in names]}, scopes=ALL)

    async def shown() -> list[str]:
        rows = await column_of(world, "cards", "boardId", "sort", "name")
        return ["".join(name for board, _, name in sorted(rows) if board == one) for one in (1, 2)]

    assert await shown() == ["abc", "xy"]
    await through.move("boards", 1, "cards", 3, 1, scopes=ALL)
    assert await shown() == ["cab", "xy"]
    with pytest.raises(RecordNotFound):
        await through.move("boards", 1, "cards", 4, 1, scopes=ALL)
    with pytest.raises(RecordNotFound):
        await through.move("boards", 1, "cards", 1, 4, scopes=ALL)
    await through.move("boards", 1, "cards", 1, target_scope={"boardId": 2}, scopes=ALL)
    assert await shown() == ["cb", "xya"]
    await writer.move("cards", 2, 4, method="insertAfter", scopes=ALL)
    assert await shown() == ["c", "xbya"]
