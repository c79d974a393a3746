"""Everything that is wrong with a body is told at once, by paths, and nothing is written; on every dialect."""

from types import SimpleNamespace
from typing import Any

import pytest

from insula.data.associations import Associations
from insula.data.bodies import MAX_ITEMS, MAX_NEW
from insula.data.catalog import StaticCatalog
from insula.data.choice import Choice
from insula.data.errors import InvalidValue, LinkRequired, RecordNotFound
from insula.data.scope import Unrestricted
from insula.data.through import Through
from insula.data.writing import Writer
from insula.database.executor import Database
from insula.testing.library import collection, column, create_tables, library, number_key, related

ALL = Unrestricted()


@pytest.fixture
async def world(database: Database) -> SimpleNamespace:
    parts = (
        collection("boxes", number_key(), related("parts", "hasMany", "parts", "boxId")),
        collection(
            "parts",
            number_key(),
            column("label", "string"),
            column("boxId", "bigInt", required=True),
            related("box", "belongsTo", "boxes", "boxId", on_delete="CASCADE"),
        ),
        collection(
            "lids",
            number_key(),
            column("boxId", "bigInt"),
            related("box", "belongsTo", "boxes", "boxId", required=True),
        ),
    )
    collections = (*library(), *parts)
    await create_tables(database, collections)
    writer = Writer(StaticCatalog(collections), database)
    return SimpleNamespace(
        writer=writer, links=Associations(writer), through=Through(writer), database=database
    )


async def count(world: SimpleNamespace, name: str) -> int:
    return len(await world.database.run(world.writer.catalog.get(name).table.select()))


def told(error: InvalidValue) -> list[str]:
    assert {entry.code for entry in error.entries} == {"VALIDATION_ERROR"}
    assert {entry.details["collection"] for entry in error.entries} == {error.details["collection"]}
    return [str(entry.details["field"]) for entry in error.entries]


@pytest.mark.parametrize(
    ("name", "body", "fields"),
    [
        ("books", {"price": "x", "isbn": 5}, ["price", "isbn", "title"]),
        ("books", {"title": None, "price": "1e99"}, ["title", "price"]),
        (
            "books",
            {"title": "t", "author": {"born": "x", "rank": 2**40}},
            ["author.born", "author.rank", "author.name"],
        ),
        (
            "authors",
            {"rank": "x", "books": [{"title": "t"}, {"title": 5, "price": "x"}, {"tags": [{"name": 1}]}]},
            ["rank", "books.1.title", "books.1.price", "books.2.title", "books.2.tags.0", "name"],
        ),
        ("authors", {"name": "n", "secret": 5, "profile": {"text": 5}}, ["secret", "profile.text"]),
        ("books", {"title": "t", "tags": ["a", ["b", {"weight": "x"}]]}, ["tags.1.bookTags.weight"]),
        (
            "books",
            {"title": "t", "tags": [{"id": "x"}, {"name": "b", "bookTags": {"weight": 1.5}}, [1, 2]]},
            ["tags.0", "tags.1.bookTags.weight", "tags.2"],
        ),
        ("books", {"title": "t", "tags": [{"name": "b", "bookTags": 5}], "author": []}, ["tags.0", "author"]),
        ("books", {"title": "t", "tags": list(range(MAX_ITEMS + 1))}, ["tags"]),
        ("books", {"title": "t", "tags": [{"name": str(n)} for n in range(MAX_NEW + 1)]}, ["tags"]),
    ],
)
async def test_all_wrong_values_of_a_record(
    world: SimpleNamespace, name: str, body: dict[str, Any], fields: list[str]
) -> None:
    with pytest.raises(InvalidValue) as raised:
        await world.writer.create(name, body, scopes=ALL)
    assert sorted(told(raised.value)) == sorted(fields)
    for one in ("authors", "books", "tags", "profiles", "bookTags"):
        assert await count(world, one) == 0


async def test_of_several_records_each_by_its_place(world: SimpleNamespace) -> None:
    rows = [{"title": "t"}, {"title": 5}, {"title": "u", "author": {"name": None}}]
    with pytest.raises(InvalidValue) as raised:
        await world.writer.create_many("books", rows, scopes=ALL)
    assert told(raised.value) == ["1.title", "2.author.name"]
    assert await count(world, "books") == 0


async def test_of_records_that_are_written_along(world: SimpleNamespace) -> None:
    writer = world.writer
    await writer.create("authors", {"name": "A", "books": [{"title": "a"}]}, scopes=ALL)
    wrong = {"rank": "x", "books": [{"id": 1, "title": None, "price": "x"}]}
    with pytest.raises(InvalidValue) as raised:
        await writer.update("authors", wrong, keys=[1], choice=Choice.of(deep=["books"]), scopes=ALL)
    assert told(raised.value) == ["rank", "books.0.title", "books.0.price"]
    chosen = {"title": "t", "shelf": {"code": "s", "books": [{"title": 5, "price": "x"}]}}
    with pytest.raises(InvalidValue) as raised:
        await writer.create("books", chosen, scopes=ALL)
    assert told(raised.value) == ["shelf.books.0.title", "shelf.books.0.price"]
    assert await count(world, "shelves") == 0


async def test_a_relation_that_was_answered_in_part_is_not_written_as_a_whole(world: SimpleNamespace) -> None:
    await world.writer.create("authors", {"name": "A", "books": [{"title": "a"}]}, scopes=ALL)
    sent_back = {"name": "B", "books": [], "__more": ["books"]}
    with pytest.raises(InvalidValue, match="in part"):
        await world.writer.update("authors", sent_back, keys=[1], scopes=ALL)
    await world.writer.update("authors", {"name": "B", "__more": ["books"]}, keys=[1], scopes=ALL)


async def test_records_that_do_not_exist_are_named(world: SimpleNamespace) -> None:
    await world.writer.create("books", {"title": "a"}, scopes=ALL)
    for action in ("add", "set", "toggle"):
        with pytest.raises(InvalidValue, match=r"do not exist: 7, 8\.$"):
            await getattr(world.links, action)("books", 1, "readers", [7, 8, 7], scopes=ALL)
    with pytest.raises(InvalidValue, match=r"does not exist: 7\.$"):
        await world.writer.create("books", {"title": "b", "author": 7}, scopes=ALL)
    with pytest.raises(InvalidValue, match=r"9, 10 and 90 more\.$"):
        await world.links.set("books", 1, "readers", list(range(1, 101)), scopes=ALL)
    await world.links.remove("books", 1, "readers", [7, 8], scopes=ALL)
    with pytest.raises(RecordNotFound):
        await world.links.add("books", 9, "readers", [1], scopes=ALL)


async def test_a_link_that_is_required_does_not_go(world: SimpleNamespace) -> None:
    writer, links = world.writer, world.links
    await writer.create("boxes", {"parts": [{"label": "a"}, {"label": "b"}]}, scopes=ALL)
    await world.through.create("boxes", 1, "parts", {"label": "c"}, scopes=ALL)
    for write in (
        lambda: links.remove("boxes", 1, "parts", [1], scopes=ALL),
        lambda: links.set("boxes", 1, "parts", [1, 2], scopes=ALL),
        lambda: links.toggle("boxes", 1, "parts", [3], scopes=ALL),
        lambda: writer.update("boxes", {"parts": []}, keys=[1], scopes=ALL),
        lambda: links.remove("parts", 1, "box", scopes=ALL),
        lambda: links.set("parts", 1, "box", None, scopes=ALL),
    ):
        with pytest.raises(LinkRequired, match="boxId"):
            await write()
    await links.set("boxes", 1, "parts", [1, 2, 3], scopes=ALL)
    await links.remove("boxes", 1, "parts", [99], scopes=ALL)
    assert await count(world, "parts") == 3
    with pytest.raises(InvalidValue, match="is required"):
        await writer.update("parts", {"boxId": None}, keys=[1], scopes=ALL)
    with pytest.raises(InvalidValue, match="is required"):
        await writer.create("parts", {"label": "d"}, scopes=ALL)


@pytest.mark.parametrize("name", ["parts", "lids"])
async def test_a_link_that_is_required_can_not_be_emptied(world: SimpleNamespace, name: str) -> None:
    await world.writer.create("boxes", {}, scopes=ALL)
    await world.writer.create("boxes", {}, scopes=ALL)
    await world.writer.create(name, {"box": 1}, scopes=ALL)
    for values, field in (({"box": None}, "box"), ({"boxId": None}, "boxId")):
        with pytest.raises(InvalidValue, match="is required") as refused:
            await world.writer.update(name, values, keys=[1], scopes=ALL)
        assert told(refused.value) == [field]
    rows = await world.writer.update(name, {"boxId": 2}, keys=[1], scopes=ALL)
    assert rows[0]["boxId"] == 2
    rows = await world.writer.update(name, {"boxId": 2, "box": 1}, keys=[1], scopes=ALL)
    assert rows[0]["boxId"] == 1


async def test_a_relation_is_not_empty_beside_its_key(world: SimpleNamespace) -> None:
    author = await world.writer.create("authors", {"name": "a"}, scopes=ALL)
    with pytest.raises(InvalidValue, match='"authorId" names a record') as refused:
        await world.writer.create("books", {"title": "t", "authorId": 1, "author": None}, scopes=ALL)
    assert told(refused.value) == ["author"]
    book = {"title": "t", "authorId": None, "author": author["id"]}
    await world.writer.create("books", book, scopes=ALL)
    with pytest.raises(InvalidValue, match='"authorId" names a record'):
        await world.writer.update("books", {"author": None, "authorId": 1}, keys=[1], scopes=ALL)
    rows = await world.writer.update("books", {"author": None, "authorId": None}, keys=[1], scopes=ALL)
    assert rows[0]["authorId"] is None


async def test_what_the_same_transaction_made_does_exist(world: SimpleNamespace) -> None:
    with pytest.raises(InvalidValue) as refused:
        async with world.writer.transaction() as transaction:
            author = await world.writer.create("authors", {"name": "new"}, scopes=ALL, on=transaction)
            book = {"title": "t", "authorId": author["id"], "shelfCode": "nowhere"}
            await world.writer.create("books", book, scopes=ALL, on=transaction)
    assert refused.value.details["field"] == "shelfCode"
    assert await count(world, "authors") == 0
