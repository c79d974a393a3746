"""Creating, updating and removing records, on every dialect."""

import asyncio
import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest

from insula.core.errors import InsulaError, Kind
from insula.data.catalog import StaticCatalog
from insula.data.changes import Change
from insula.data.choice import Choice
from insula.data.errors import (
    Conflict,
    FilterRequired,
    InUse,
    InvalidQuery,
    InvalidValue,
    RecordNotFound,
    UnknownField,
)
from insula.data.filters.parse import parse_filter
from insula.data.scope import Scope, Unrestricted
from insula.data.writing import Writer
from insula.database.executor import Database
from insula.testing.library import create_tables, library

ALL = Unrestricted({"createdBy": 7, "updatedBy": 8})


class Denied(InsulaError):
    """May not."""

    kind = Kind.DENIED


@dataclass(frozen=True)
class Limited:
    """Scopes by (collection, action); everything else is denied."""

    scopes: Mapping[tuple[str, str], Scope]
    stamps: Mapping[str, Any] = field(default_factory=dict)

    def scope(self, collection: str, action: str) -> Scope:
        try:
            return self.scopes[collection, action]
        except KeyError:
            raise Denied from None


@pytest.fixture
async def world(database: Database) -> SimpleNamespace:
    collections = library()
    await create_tables(database, collections)
    writer = Writer(StaticCatalog(collections), database)
    changes: list[Change] = []
    writer.observers.append(changes.append)
    people = [await writer.create("people", {"name": f"p{number}"}, scopes=ALL) for number in range(1, 10)]
    changes.clear()
    assert [one["id"] for one in people] == list(range(1, 10))
    return SimpleNamespace(writer=writer, changes=changes, catalog=writer.catalog, database=database)


async def rows(world: SimpleNamespace, collection: str) -> list[dict[str, Any]]:
    table = world.catalog.get(collection).table
    found = await world.database.run(table.select().order_by(*table.primary_key or [next(iter(table.c))]))
    return list(found)


async def test_create_fills_defaults_stamps_and_keys(world: SimpleNamespace) -> None:
    before = dt.datetime.now(dt.UTC)
    row = await world.writer.create(
        "authors", {"name": "Ada", "born": "1815-12-10", "secret": "s3cret!"}, scopes=ALL
    )
    assert row["id"] == 1
    assert (row["name"], row["born"], row["rank"]) == ("Ada", dt.date(1815, 12, 10), 5)
    assert (row["createdById"], row["updatedById"]) == (7, 8)
    assert abs(row["createdAt"] - before) < dt.timedelta(seconds=5)
    assert len(row["token"]) == 36
    assert "secret" not in row
    stored = (await rows(world, "authors"))[0]
    assert stored["secret"].startswith("$argon2id$")
    assert world.changes == [Change("authors", "create", (1,), frozenset({"name", "born", "secret"}))]


class Counting:
    """A real database that counts what it is asked for."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.asked: list[str] = []

    def __getattr__(self, name: str) -> Any:
        if name in ("fetch", "execute", "run", "execute_many", "transaction", "compile"):
            self.asked.append(name)
        return getattr(self._database, name)


async def test_writing_one_flat_record_is_one_statement(world: SimpleNamespace) -> None:
    counting: Any = Counting(world.database)
    writer = Writer(world.catalog, counting)
    first = await writer.create("books", {"title": "One", "price": "12.5", "facts": {"pages": 3}}, scopes=ALL)
    second = await writer.create("books", {"title": "Two", "price": 3, "facts": None}, scopes=ALL)
    assert (first["price"], first["facts"]) == (Decimal("12.50"), {"pages": 3})
    assert (second["price"], second["facts"]) == (Decimal("3.00"), None)
    assert (await writer.update("books", {"title": "2"}, keys=[2], scopes=ALL))[0]["title"] == "2"
    assert await writer.destroy("books", keys=[1], scopes=ALL) == 1
    read_apart = "update" not in world.database.dialect.returning
    assert counting.asked == ["fetch", "fetch", "transaction" if read_apart else "fetch", "fetch"]


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({}, "name"),
        ({"name": None}, "name"),
        ({"name": "x", "rank": "many"}, "rank"),
        ({"name": "x", "rank": 2**40}, "rank"),
        ({"name": "x", "born": "0000-01-01"}, "born"),
        ({"name": "a\x00b"}, "name"),
        ({"name": "x" * 256}, "name"),
        ({"name": "x", "secret": ""}, "secret"),
        ({"name": "x", "token": "y"}, "token"),
    ],
)
async def test_create_refuses_values(world: SimpleNamespace, values: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidValue) as caught:
        await world.writer.create("authors", values, scopes=ALL)
    assert caught.value.details["field"] == field
    assert await rows(world, "authors") == []


async def test_unknown_fields_are_refused_and_whole_records_accepted(world: SimpleNamespace) -> None:
    with pytest.raises(UnknownField):
        await world.writer.create("authors", {"name": "Ada", "nmae": "x"}, scopes=ALL)
    row = await world.writer.create(
        "authors", {"name": "Ada", "createdAt": "nonsense", "__index": "0"}, scopes=ALL
    )
    sent_back = {**row, "name": "Bea", "createdBy": {"id": 7, "name": "p7"}, "books": [], "profile": None}
    updated = await world.writer.update("authors", sent_back, keys=[row["id"]], scopes=ALL)
    written = {"name": "Bea", "updatedAt": updated[0]["updatedAt"], "books": [], "profile": None}
    assert updated[0] == {**row, **written}


async def test_a_given_key_is_kept_and_counted_on_from(world: SimpleNamespace) -> None:
    given = await world.writer.create("books", {"id": 40, "title": "Forty"}, scopes=ALL)
    after = await world.writer.create("books", {"title": "Next"}, scopes=ALL)
    assert (given["id"], after["id"]) == (40, 41)
    await world.writer.create("books", {"id": 5, "title": "Five"}, scopes=ALL)
    assert (await world.writer.create("books", {"title": "Next"}, scopes=ALL))["id"] == 42


async def test_conflicts_name_the_field(world: SimpleNamespace) -> None:
    await world.writer.create("books", {"title": "a", "isbn": "1"}, scopes=ALL)
    with pytest.raises(Conflict) as caught:
        await world.writer.create("books", {"title": "b", "isbn": "1"}, scopes=ALL)
    assert caught.value.details["fields"] == ("isbn",)


async def test_dangling_and_used_references(world: SimpleNamespace) -> None:
    writer = world.writer
    with pytest.raises(InvalidValue) as caught:
        await writer.create("books", {"title": "a", "authorId": 99}, scopes=ALL)
    assert caught.value.details["field"] == "authorId"
    await writer.create("shelves", {"code": "A"}, scopes=ALL)
    book = await writer.create("books", {"title": "a", "shelfCode": "A"}, scopes=ALL)
    with pytest.raises(InvalidValue) as caught:
        await writer.update("books", {"shelfCode": "Z"}, keys=[book["id"]], scopes=ALL)
    assert caught.value.details["field"] == "shelfCode"
    with pytest.raises(InUse) as used:
        await writer.destroy("shelves", keys=["A"], scopes=ALL)
    assert "books" in used.value.message


async def test_update_by_key_filter_and_both(world: SimpleNamespace) -> None:
    writer = world.writer
    for number in range(5):
        await writer.create("tasks", {"name": f"t{number}", "state": "open"}, scopes=ALL)
    world.changes.clear()
    one = await writer.update("tasks", {"name": "first"}, keys=["1"], scopes=ALL)
    assert [row["name"] for row in one] == ["first"]
    assert world.changes == [Change("tasks", "update", (1,), frozenset({"name"}))]
    several = await writer.update("tasks", {"name": "x"}, keys=[2, 3, 77], scopes=ALL)
    assert sorted(row["id"] for row in several) == [2, 3]
    fit = parse_filter({"name": "x", "id": {"$gt": 2}})
    assert [row["id"] for row in await writer.update("tasks", {"name": "y"}, filter=fit, scopes=ALL)] == [3]
    assert await writer.update("tasks", {"name": "z"}, keys=[1, 2], filter=fit, scopes=ALL) == []
    composite = await writer.update("tasks", {"name": "w"}, keys=[{"id": 4, "state": "open"}], scopes=ALL)
    assert [row["id"] for row in composite] == [4]


async def test_update_and_destroy_need_to_be_told_what(world: SimpleNamespace) -> None:
    for nothing in ({}, {"filter": parse_filter({})}, {"filter": parse_filter({"$and": []})}, {"keys": []}):
        with pytest.raises(FilterRequired):
            await world.writer.update("tasks", {"name": "x"}, scopes=ALL, **nothing)
        with pytest.raises(FilterRequired):
            await world.writer.destroy("tasks", scopes=ALL, **nothing)
    with pytest.raises(RecordNotFound):
        await world.writer.update("tasks", {"name": "x"}, keys=[1], scopes=ALL)
    with pytest.raises(RecordNotFound):
        await world.writer.destroy("tasks", keys=[1], scopes=ALL)
    with pytest.raises(InvalidValue):
        await world.writer.destroy("tasks", keys=["one"], scopes=ALL)


async def test_update_with_nothing_to_write_only_reads(world: SimpleNamespace) -> None:
    row = await world.writer.create("authors", {"name": "Ada"}, scopes=ALL)
    world.changes.clear()
    assert await world.writer.update("authors", {}, keys=[1], scopes=ALL) == [row]
    assert await world.writer.update("authors", {"id": 1, "createdAt": 3}, keys=[1], scopes=ALL) == [row]
    assert world.changes == []


async def test_lists_of_allowed_fields(world: SimpleNamespace) -> None:
    values = {"name": "Ada", "rank": 9, "books": [{"title": "t", "isbn": "1"}], "profile": {"text": "p"}}
    await world.writer.create(
        "authors", values, choice=Choice.of(["name", "books.title"], ["profile"]), scopes=ALL
    )
    assert (await rows(world, "authors"))[0]["rank"] == 5
    assert [(row["title"], row["isbn"]) for row in await rows(world, "books")] == [("t", None)]
    assert await rows(world, "profiles") == []
    updated = await world.writer.update(
        "authors", {"name": "B", "rank": 1}, keys=[1], choice=Choice.of(blacklist=["name"]), scopes=ALL
    )
    assert (updated[0]["name"], updated[0]["rank"]) == ("Ada", 1)


async def test_destroy(world: SimpleNamespace) -> None:
    for number in range(4):
        await world.writer.create("tasks", {"name": f"t{number}"}, scopes=ALL)
    world.changes.clear()
    assert await world.writer.destroy("tasks", keys=["1"], scopes=ALL) == 1
    assert await world.writer.destroy("tasks", keys=[2, 3, 9], scopes=ALL) == 2
    assert await world.writer.destroy("tasks", filter=parse_filter({"name": "none"}), scopes=ALL) == 0
    assert await world.writer.destroy("tasks", filter=parse_filter({"name": "t3"}), scopes=ALL) == 1
    assert [(change.action, change.keys) for change in world.changes] == [
        ("destroy", (1,)),
        ("destroy", (2, 3)),
        ("destroy", (4,)),
    ]


async def test_scopes_limit_rows_and_fields(world: SimpleNamespace) -> None:
    writer = world.writer
    for state in ("mine", "theirs"):
        await writer.create("tasks", {"name": state, "state": state}, scopes=ALL)
    mine = parse_filter({"state": "mine"})
    scopes = Limited(
        {
            ("tasks", "update"): Scope(mine, frozenset({"name"})),
            ("tasks", "destroy"): Scope(mine),
            ("tasks", "view"): Scope(None, frozenset({"name"})),
            ("tasks", "create"): Scope(None, frozenset({"name", "state"})),
        }
    )
    assert await writer.update("tasks", {"name": "x"}, keys=[1], scopes=scopes) == [{"id": 1, "name": "x"}]
    with pytest.raises(RecordNotFound):
        await writer.update("tasks", {"name": "x"}, keys=[2], scopes=scopes)
    everything = parse_filter({"id": {"$gt": 0}})
    with pytest.raises(UnknownField):
        await writer.update("tasks", {"state": "x"}, keys=[1], scopes=scopes)
    with pytest.raises(UnknownField):
        await writer.destroy("tasks", filter=parse_filter({"state": "mine"}), scopes=scopes)
    with pytest.raises(UnknownField):
        await writer.destroy("tasks", filter=everything, scopes=scopes)
    assert (
        await writer.destroy("tasks", filter=parse_filter({"name": {"$notEmpty": True}}), scopes=scopes) == 1
    )
    assert [row["state"] for row in await rows(world, "tasks")] == ["theirs"]
    assert await writer.create("tasks", {"name": "n", "state": "s"}, scopes=scopes) == {"id": 3, "name": "n"}
    blind = Limited({("tasks", "create"): Scope()})
    assert await writer.create("tasks", {"name": "n"}, scopes=blind) == {"id": 4}
    with pytest.raises(Denied):
        await writer.create("books", {"title": "n"}, scopes=scopes)


async def test_create_many_is_all_or_nothing(world: SimpleNamespace) -> None:
    made = await world.writer.create_many("books", [{"title": "a"}, {"title": "b"}], scopes=ALL)
    assert [row["title"] for row in made] == ["a", "b"]
    assert world.changes == [Change("books", "create", (1, 2), frozenset({"title"}))]
    with pytest.raises(InvalidValue):
        await world.writer.create_many("books", [{"title": "c"}, {}], scopes=ALL)
    assert len(await rows(world, "books")) == 2
    assert len(world.changes) == 1


async def test_outer_transactions_announce_at_their_end(world: SimpleNamespace) -> None:
    writer = world.writer
    async with writer.transaction() as transaction:
        await writer.create("tasks", {"name": "a"}, scopes=ALL, on=transaction)
        with pytest.raises(Conflict):
            await writer.create_many("books", [{"title": "x", "isbn": "1"}] * 2, scopes=ALL, on=transaction)
        await writer.create("tasks", {"name": "b"}, scopes=ALL, on=transaction)
        assert world.changes == []
    assert world.changes == [Change("tasks", "create", (1, 2), frozenset({"name"}))]
    with pytest.raises(ZeroDivisionError):
        async with writer.transaction() as transaction:
            await writer.create("tasks", {"name": "c"}, scopes=ALL, on=transaction)
            raise ZeroDivisionError
    assert len(world.changes) == 1
    async with world.database.transaction() as own:
        with writer.announcer.collecting(own) as collected:
            await writer.create("tasks", {"name": "d"}, scopes=ALL, on=own)
    assert [change.collection for change in collected] == ["tasks"]
    assert len(world.changes) == 1


async def test_first_or_create(world: SimpleNamespace) -> None:
    first = await world.writer.first_or_create("books", ["isbn"], {"isbn": "1", "title": "a"}, scopes=ALL)
    again = await world.writer.first_or_create("books", ["isbn"], {"isbn": "1", "title": "b"}, scopes=ALL)
    assert first == again
    with pytest.raises(InvalidQuery):
        await world.writer.first_or_create("books", ["isbn"], {"title": "b"}, scopes=ALL)
    with pytest.raises(InvalidQuery):
        await world.writer.first_or_create("books", [], {"title": "b"}, scopes=ALL)
    with pytest.raises(UnknownField):
        await world.writer.first_or_create("authors", ["secret"], {"secret": "b"}, scopes=ALL)


async def test_update_or_create(world: SimpleNamespace) -> None:
    first = await world.writer.update_or_create("books", ["isbn"], {"isbn": "1", "title": "a"}, scopes=ALL)
    again = await world.writer.update_or_create("books", ["isbn"], {"isbn": "1", "title": "b"}, scopes=ALL)
    assert (first["id"], again["id"], again["title"]) == (1, 1, "b")
    loose = await world.writer.update_or_create("tasks", ["name"], {"name": "n", "state": "s"}, scopes=ALL)
    assert (
        await world.writer.update_or_create(
            "tasks", ["name", "state"], {"name": "n", "state": "s"}, scopes=ALL
        )
        == loose
    )


@pytest.mark.parametrize(("collection", "keys"), [("books", ["isbn"]), ("tasks", ["name", "state"])])
async def test_first_or_create_at_once_makes_one(
    world: SimpleNamespace, collection: str, keys: list[str]
) -> None:
    values = {"books": {"isbn": "1", "title": "a"}, "tasks": {"name": "n", "state": None}}[collection]
    made = await asyncio.gather(
        *(world.writer.first_or_create(collection, keys, values, scopes=ALL) for _ in range(8))
    )
    assert len({row["id"] for row in made}) == 1
    assert len(await rows(world, collection)) == 1


@pytest.mark.parametrize(("collection", "key"), [("tags", "name"), ("people", "name")])
async def test_update_or_create_at_once_makes_one(world: SimpleNamespace, collection: str, key: str) -> None:
    write = world.writer.update_or_create
    made = await asyncio.gather(*(write(collection, [key], {key: "x"}, scopes=ALL) for _ in range(6)))
    assert {row["id"] for row in made} == {made[0]["id"]}
    assert len([row for row in await rows(world, collection) if row[key] == "x"]) == 1


async def test_keys_of_many_rows_leave_room_too(world: SimpleNamespace) -> None:
    before = await rows(world, "people")
    with pytest.raises(InvalidValue, match="up to"):
        await world.writer.bulk_insert("people", [(2**62 + 1, "x")], ["id", "name"], scopes=ALL)
    assert await rows(world, "people") == before


async def test_bulk_insert(world: SimpleNamespace) -> None:
    rows_ = [("a", Decimal("1.50")), ("b", None)]
    assert await world.writer.bulk_insert("books", rows_, ["title", "price"], scopes=ALL) == 2
    assert [(row["title"], row["price"]) for row in await rows(world, "books")] == [
        ("a", Decimal("1.50")),
        ("b", None),
    ]
    assert await world.writer.bulk_insert("authors", [(10, "x"), (11, "y")], ["id", "name"], scopes=ALL) == 2
    filled = await rows(world, "authors")
    assert [row["rank"] for row in filled] == [5, 5]
    assert len({row["token"] for row in filled}) == 2
    assert filled[0]["createdById"] == 7
    assert (await world.writer.create("authors", {"name": "z"}, scopes=ALL))["id"] == 12
    assert await world.writer.bulk_insert("tasks", [("a",), ("b",)], ["name"], scopes=ALL) == 2
    assert [row["place"] for row in await rows(world, "tasks")] == [1, 2]
    assert (await world.writer.create("tasks", {"name": "c"}, scopes=ALL))["place"] == 3
