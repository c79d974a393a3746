"""What is hidden from a caller is neither linked, nor probed for, nor let go by their writes; on every dialect."""

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest

from insula.application.access.errors import Denied
from insula.data.associations import Associations
from insula.data.catalog import StaticCatalog
from insula.data.errors import Conflict, InvalidValue
from insula.data.filters.parse import parse_filter
from insula.data.scope import Scope, Unrestricted
from insula.data.through import Through
from insula.data.writing import Writer
from insula.database.executor import Database
from insula.testing.library import collection, create_tables, library, number_key, related
from insula.testing.library import column as column_
from insula.testing.scopes import Limited

ALL = Unrestricted()
LOW = Scope(parse_filter({"id": {"$lt": 3}}))
"""Records with the keys 1 and 2."""
EVERYTHING = {
    f"{name} {action}": Scope()
    for name in ("books", "authors", "tags", "profiles", "bookTags")
    for action in ("view", "create", "update", "destroy")
}
FEW = Limited({**EVERYTHING, "books view": LOW, "authors view": LOW, "tags view": LOW, "profiles view": LOW})
"""Everything may be written; of everything the first two are seen."""


@pytest.fixture
async def world(database: Database) -> SimpleNamespace:
    """Four authors, four books of the fourth, each with all four tags; four profiles of the authors 4 to 1."""
    collections = library()
    await create_tables(database, collections)
    writer = Writer(StaticCatalog(collections), database)
    for number in range(1, 5):
        await writer.create("authors", {"name": f"author {number}"}, scopes=ALL)
        await writer.create("tags", {"name": f"tag {number}"}, scopes=ALL)
    for number in range(1, 5):
        tags = [f"tag {one}" for one in range(1, 5)]
        await writer.create("books", {"title": f"book {number}", "authorId": 4, "tags": tags}, scopes=ALL)
        await writer.create("profiles", {"text": "p", "authorId": 5 - number}, scopes=ALL)
    return SimpleNamespace(
        writer=writer, links=Associations(writer), through=Through(writer), database=database
    )


async def column(world: SimpleNamespace, collection: str, name: str) -> list[Any]:
    table = world.writer.catalog.get(collection).table
    return [row[name] for row in await world.database.run(table.select().order_by(table.c.id))]


async def tags_of(world: SimpleNamespace, book: int) -> list[str]:
    table = world.writer.catalog.get("bookTags").table
    rows = await world.database.run(table.select().where(table.c.bookId == book))
    return sorted(row["tagName"] for row in rows)


async def test_links_that_are_not_seen_stay(world: SimpleNamespace) -> None:
    await world.links.set("books", 1, "tags", ["tag 2"], scopes=FEW)
    assert await tags_of(world, 1) == ["tag 2", "tag 3", "tag 4"]
    await world.writer.update("books", {"tags": []}, keys=[2], scopes=FEW)
    assert await tags_of(world, 2) == ["tag 3", "tag 4"]
    await world.links.set("authors", 4, "books", [], scopes=FEW)
    assert await column(world, "books", "authorId") == [None, None, 4, 4]
    await world.writer.update("books", {"tags": []}, keys=[2], scopes=ALL)
    assert await tags_of(world, 2) == []


async def test_a_record_has_not_two_of_what_it_has_one(world: SimpleNamespace) -> None:
    # profile 4 is of author 1, and hidden
    new = {"text": "new"}
    for write in (
        world.through.create("authors", 1, "profile", new, scopes=FEW),
        world.links.set("authors", 1, "profile", 2, scopes=FEW),
        world.writer.update("authors", {"profile": new}, keys=[1], scopes=FEW),
    ):
        with pytest.raises(Conflict):
            await write
    await world.writer.update("authors", {"profile": None}, keys=[1], scopes=FEW)
    assert await column(world, "profiles", "authorId") == [4, 3, 2, 1]
    await world.links.set("authors", 3, "profile", 1, scopes=FEW)
    assert await column(world, "profiles", "authorId") == [3, None, 2, 1]


async def test_a_foreign_key_is_a_link(world: SimpleNamespace) -> None:
    writer, inside = world.writer, {"title": "t", "authorId": 3}
    for write in (
        writer.create("books", {"title": "t", "author": 3}, scopes=FEW),
        writer.create("books", inside, scopes=FEW),
        writer.create("books", {**inside, "authorId": 99}, scopes=FEW),
        writer.create_many("books", [{"title": "t"}, inside], scopes=FEW),
        writer.create("tags", {"name": "new", "books": [inside]}, scopes=FEW),
        writer.update("books", {"authorId": 3}, keys=[1], scopes=FEW),
        writer.update("books", {"authorId": 3}, filter=LOW.filter, scopes=FEW),
        writer.first_or_create("books", ["title"], inside, scopes=FEW),
        writer.update_or_create("books", ["title"], {**inside, "title": "book 1"}, scopes=FEW),
        world.through.create("tags", 1, "books", inside, scopes=FEW),
        writer.create("bookTags", {"bookId": 3, "tagName": "tag 1"}, scopes=FEW),
    ):
        with pytest.raises(InvalidValue, match="that does not exist"):
            await write
    assert await column(world, "books", "authorId") == [4] * 4
    made = await writer.create("books", {**inside, "authorId": 2}, scopes=FEW)
    assert (made["authorId"], "author" in made) == (2, False)
    closed = {name: scope for name, scope in EVERYTHING.items() if name != "authors view"}
    with pytest.raises(Denied):
        await writer.create("books", inside, scopes=Limited(closed))


async def test_a_foreign_key_that_is_sent_back_as_it_was_is_no_new_link(world: SimpleNamespace) -> None:
    values = {"title": "changed", "authorId": 4}
    rows = await world.writer.update("books", values, keys=[1, 2], scopes=FEW)
    assert [(row["title"], row["authorId"]) for row in rows] == [("changed", 4)] * 2
    await world.writer.update("books", {"authorId": 1}, keys=[2], scopes=FEW)
    with pytest.raises(InvalidValue):
        await world.writer.update("books", values, keys=[1, 2], scopes=FEW)


async def test_a_foreign_key_is_not_looked_up_where_everything_is_seen(
    world: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def find(*_: Any, **__: Any) -> list[Any]:
        raise AssertionError

    monkeypatch.setattr(world.writer.rows, "find", find)
    for scopes in (ALL, Limited(EVERYTHING)):
        made = await world.writer.create("books", {"title": "t", "authorId": 3}, scopes=scopes)
        assert made["authorId"] == 3


async def test_a_key_is_a_link_where_only_the_other_side_says_so(database: Database) -> None:
    boxes = collection(
        "boxes",
        number_key(),
        related("parts", "hasMany", "parts", "boxId"),
        related("signs", "belongsToMany", "signs", "boxId", through="marks", other_key="signId"),
    )
    parts = collection("parts", number_key(), column_("boxId", "bigInt"))
    signs = collection("signs", number_key())
    marks = collection("marks", number_key(), column_("boxId", "bigInt"), column_("signId", "bigInt"))
    await create_tables(database, (boxes, parts, signs, marks))
    writer = Writer(StaticCatalog((boxes, parts, signs, marks)), database)
    for _ in range(3):
        await writer.create("boxes", {}, scopes=ALL)
        await writer.create("signs", {}, scopes=ALL)
    names = ("boxes", "signs")
    few = Limited(
        {f"{name} create": Scope() for name in ("parts", "marks")} | {f"{name} view": LOW for name in names}
    )
    for name, values in (
        ("parts", {"boxId": 3}),
        ("marks", {"boxId": 3, "signId": 1}),
        ("marks", {"boxId": 1, "signId": 3}),
    ):
        with pytest.raises(InvalidValue, match="that does not exist: 3"):
            await writer.create(name, values, scopes=few)
    await writer.create("parts", {"boxId": 2}, scopes=few)
    await writer.create("marks", {"boxId": 2, "signId": 1}, scopes=few)


async def test_values_of_rows_between_hold_links_too(database: Database) -> None:
    """A loan is between a book and a reader, and names the shelf that the book came from."""
    books = collection(
        "books",
        number_key(),
        related("readers", "belongsToMany", "readers", "bookId", through="loans", other_key="readerId"),
    )
    readers, shelves = collection("readers", number_key()), collection("shelves", number_key())
    loans = collection(
        "loans",
        column_("bookId", "bigInt"),
        column_("readerId", "bigInt"),
        column_("shelfId", "bigInt"),
        column_("days", "integer"),
        related("shelf", "belongsTo", "shelves", "shelfId"),
    )
    await create_tables(database, (shelves, readers, books, loans))
    writer = Writer(StaticCatalog((books, readers, shelves, loans)), database)
    links = Associations(writer)
    for name in ("books", "readers", "readers", "shelves", "shelves", "shelves"):
        await writer.create(name, {}, scopes=ALL)
    rights = {f"{name} {word}": Scope() for name in ("books", "readers") for word in ("view", "update")}
    rights |= {"shelves view": LOW, "loans create": Scope()}
    few = Limited(rights)

    async def lent() -> list[tuple[int, int | None, int | None]]:
        rows = await database.run(loans.table.select().order_by(loans.table.c.readerId))
        return [(row["readerId"], row["shelfId"], row["days"]) for row in rows]

    for hidden in (3, 99):
        with pytest.raises(InvalidValue, match=f'"shelf" of "loans" .* that does not exist: {hidden}'):
            await links.add("books", 1, "readers", [[1, {"shelfId": hidden}]], scopes=few)
        with pytest.raises(InvalidValue, match="that does not exist"):
            body = {"readers": [{"id": 1, "loans": {"shelfId": hidden}}]}
            await writer.update("books", body, keys=[1], scopes=few)
    assert await lent() == []
    await links.add("books", 1, "readers", [[1, {"shelfId": 2}]], scopes=few)
    await links.add("books", 1, "readers", [[2, {"shelfId": 3}]], scopes=ALL)
    with pytest.raises(Denied):  # the rows are there: to change them is another right
        await links.add("books", 1, "readers", [[1, {"days": 7}]], scopes=few)
    may = Limited({**rights, "loans update": Scope(fields=frozenset({"shelfId", "days"}))})
    # what a row between holds already is no new link
    await links.add("books", 1, "readers", [[1, {"days": 7}], [2, {"days": 8, "shelfId": 3}]], scopes=may)
    assert await lent() == [(1, 2, 7), (2, 3, 8)]
    await writer.create("books", {}, scopes=ALL)
    with pytest.raises(InvalidValue, match="that does not exist: 3"):  # the other book's row does not hold it
        both = {"readers": [{"id": 2, "loans": {"shelfId": 3}}]}
        await writer.update("books", both, keys=[1, 2], scopes=may)
    assert await lent() == [(1, 2, 7), (2, 3, 8)]


async def test_links_over_columns_that_are_hidden(database: Database) -> None:
    boxes = collection(
        "boxes",
        number_key(),
        column_("code", "string", unique=True, hidden=True),
        related("parts", "hasMany", "parts", "boxId"),
    )
    parts = collection("parts", number_key(), column_("boxId", "bigInt", hidden=True))
    labels = collection(
        "labels",
        number_key(),
        column_("boxCode", "string"),
        related("box", "belongsTo", "boxes", "boxCode", target_key="code"),
    )
    await create_tables(database, (boxes, parts, labels))
    writer = Writer(StaticCatalog((boxes, parts, labels)), database)
    for code in "ab":
        await writer.create("boxes", {"code": code, "parts": [{}]}, scopes=ALL)
    await Associations(writer).add("boxes", 2, "parts", [1], scopes=ALL)
    assert [row["boxId"] for row in await database.run(parts.table.select())] == [2, 2]
    one = Limited({"boxes view": LOW, "parts view": Scope(), "parts update": Scope()})
    assert await writer.update("parts", {"boxId": 1}, keys=[1], scopes=one) == [{"id": 1}]
    label = await writer.create("labels", {"box": {"id": 2}}, scopes=ALL)
    assert (label["boxCode"], label["box"]) == ("b", {"id": 2})


async def test_a_list_is_moved_to_only_where_its_record_is_seen(database: Database) -> None:
    lists = collection("lists", number_key())
    cards = collection(
        "cards",
        number_key(),
        column_("listId", "bigInt"),
        column_("sort", "sort", options={"scopeKey": "listId"}),
        related("list", "belongsTo", "lists", "listId"),
    )
    await create_tables(database, (lists, cards))
    writer = Writer(StaticCatalog((lists, cards)), database)
    for _ in range(3):
        await writer.create("lists", {}, scopes=ALL)
    for home in (1, 3):
        await writer.create("cards", {"listId": home}, scopes=ALL)
    few = Limited({"cards view": Scope(), "cards update": Scope(), "lists view": LOW})
    places: list[tuple[int | None, dict[str, Any]]] = [
        (None, {"target_scope": 3}),
        (None, {"target_scope": 99}),
        (2, {}),
    ]
    for target, how in places:
        with pytest.raises(InvalidValue, match='"list" of "cards" .* that does not exist'):
            await writer.move("cards", 1, target, scopes=few, **how)
    moved = await writer.move("cards", 1, target_scope=2, scopes=few)
    assert (moved["listId"], moved["sort"]) == (2, 1)
    assert (await writer.move("cards", 1, 2, scopes=ALL))["listId"] == 3
    # within a list that is hidden cards are arranged as in any other
    assert (await writer.move("cards", 1, 2, scopes=few))["listId"] == 3


async def test_one_place_is_filled_once_where_the_table_does_not_see_to_it(database: Database) -> None:
    owners = collection("owners", number_key(), related("home", "hasOne", "homes", "ownerId"))
    homes = collection("homes", number_key(), column_("ownerId", "bigInt"))
    await create_tables(database, (owners, homes))
    writer = Writer(StaticCatalog((owners, homes)), database)
    through = Through(writer)
    await writer.create("owners", {}, scopes=ALL)
    await asyncio.gather(
        *(through.create("owners", 1, "home", {}, scopes=ALL) for _ in range(4)),
        *(writer.update("owners", {"home": {}}, keys=[1], scopes=ALL) for _ in range(4)),
    )
    rows = await database.run(homes.table.select())
    assert (len(rows), [row["ownerId"] for row in rows].count(1)) == (8, 1)
