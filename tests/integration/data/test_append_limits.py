"""What is appended of relations to many is bounded, and says where it was cut; on every dialect."""

from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

import pytest

from insula.data import attaching
from insula.data.attaching import MAX_RELATED, MAX_RELATED_AT_ONCE, MORE, related_limit
from insula.data.catalog import StaticCatalog
from insula.data.query import Query
from insula.data.repository import Repository
from insula.data.scope import Unrestricted
from insula.database.executor import Database, Row
from insula.database.statement import Statement
from insula.testing.library import collection, column, create_tables, library, number_key, related

ALL = Unrestricted()


@pytest.fixture(params=[attaching.AT_ONCE, 1], ids=["few", "numbered"])
async def world(
    database: Database, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> SimpleNamespace:
    """An author of one book more than is answered, one of exactly as many, one of none."""
    monkeypatch.setattr(attaching, "AT_ONCE", request.param)
    collections = library()
    await create_tables(database, collections)
    repository = Repository(StaticCatalog(collections), database)
    for name in ("many", "full", "none"):
        await repository.create("authors", {"name": name}, scopes=ALL)
    rows = [(f"m{n}", 1) for n in range(MAX_RELATED + 1)] + [(f"f{n}", 2) for n in range(MAX_RELATED)]
    await repository.bulk_insert("books", rows, ["title", "authorId"], scopes=ALL)
    return SimpleNamespace(repository=repository)


async def test_a_record_that_has_more_says_so(world: SimpleNamespace) -> None:
    query = Query(appends=("books", "profile"), sort=("id",))
    many, full, none = (await world.repository.find("authors", query, scopes=ALL)).rows
    assert [book["title"] for book in many["books"]] == [f"m{n}" for n in range(MAX_RELATED)]
    assert many[MORE] == ["books"]
    assert len(full["books"]) == MAX_RELATED
    assert none["books"] == []
    assert MORE not in full
    assert MORE not in none
    one = await world.repository.find_one("authors", 1, Query(appends=("books",)), scopes=ALL)
    assert one is not None
    assert one[MORE] == ["books"]


async def test_rows_between_two_others_and_deeper_levels(
    world: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository = world.repository
    monkeypatch.setattr(attaching, "MAX_RELATED", 2)
    await repository.create(
        "books", {"title": "b", "tags": [{"name": n} for n in "xyz"], "author": 3}, scopes=ALL
    )
    query = Query(appends=("books.tags",), fields=("books.title",), sort=("-id",))
    none, full, many = (await repository.find("authors", query, scopes=ALL)).rows
    (book,) = none["books"]
    assert [tag["name"] for tag in book["tags"]] == ["x", "y"]
    assert book[MORE] == ["tags"]
    assert MORE not in none
    assert [author[MORE] for author in (full, many)] == [["books"], ["books"]]
    assert [book["title"] for book in many["books"]] == ["m0", "m1"]


async def test_to_one_is_answered_as_one(world: SimpleNamespace) -> None:
    for name in "xyz":
        await world.repository.create("authors", {"name": name, "profile": {"text": name}}, scopes=ALL)
    rows = (
        await world.repository.find("authors", Query(appends=("profile",), sort=("-id",)), scopes=ALL)
    ).rows
    assert [row["profile"] and row["profile"]["text"] for row in rows] == ["z", "y", "x", None, None, None]
    assert all(MORE not in row for row in rows)


def test_the_page_shares_what_is_answered_at_once() -> None:
    assert related_limit(0) == related_limit(1) == related_limit(20) == MAX_RELATED
    assert related_limit(1000) * 1000 == MAX_RELATED_AT_ONCE
    assert related_limit(10**9) == 1


async def test_much_is_read_in_parts(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """However the rows are spread over the records, each part is about as long as is said."""
    collections = library()
    await create_tables(database, collections)
    repository = Repository(StaticCatalog(collections), database)
    each = [0, 7, 1, 30, 0, 2, 9, 12, 3, 25]
    for number in range(len(each)):
        await repository.create("authors", {"name": f"a{number}"}, scopes=ALL)
    rows = [(f"{owner}.{n}", owner) for owner, many in enumerate(each, 1) for n in range(many)]
    await repository.bulk_insert("books", rows, ["title", "authorId"], scopes=ALL)
    monkeypatch.setattr(attaching, "AT_ONCE", 10)
    monkeypatch.setattr(attaching, "KEYS_AT_ONCE", 4)
    monkeypatch.setattr(attaching, "MAX_RELATED", 20)
    read: list[int] = []
    fetch = database.fetch

    async def counting(statement: Statement, values: Mapping[str, Any]) -> list[Row]:
        found = await fetch(statement, values)
        read.append(len(found))
        return found

    monkeypatch.setattr(database, "fetch", counting)
    query = Query(appends=("books.author.profile",), sort=("id",))
    found = (await repository.find("authors", query, scopes=ALL)).rows
    assert [len(author["books"]) for author in found] == [min(many, 20) for many in each]
    assert [author["name"] for author in found if MORE in author] == ["a3", "a9"]
    assert all(book["author"]["id"] == author["id"] for author in found for book in author["books"])
    assert max(read) == 20 + 1


@pytest.mark.parametrize("kind", ["uuid", "string", "integer", "snowflakeId"])
async def test_records_are_counted_by_keys_of_every_kind(
    database: Database, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(attaching, "AT_ONCE", 1)
    keys: list[Any] = {
        "uuid": [f"0b0e7a54-1df1-4a7a-8a1f-0000000000{n}" for n in (10, 11)],
        "string": ["a", "B"],
    }.get(kind, [1, 2])
    relation = related("downs", "hasMany", "downs", "up", source_key="key")
    ups = collection("ups", column("key", kind, primary_key=True), relation)
    downs = collection("downs", number_key(), column("up", {"snowflakeId": "bigInt"}.get(kind, kind)))
    await create_tables(database, (ups, downs))
    repository = Repository(StaticCatalog((ups, downs)), database)
    for key in keys:
        await repository.create("ups", {"key": key, "downs": [{}, {}]}, scopes=ALL)
    query = Query(appends=("downs",), sort=("key",))
    rows = (await repository.find("ups", query, scopes=ALL)).rows
    assert sorted(len(row["downs"]) for row in rows) == [2, 2]
