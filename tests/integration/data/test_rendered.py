"""A read may be rendered by the database: it says the same as the encoder makes of Python values, byte by byte."""

from dataclasses import replace

import pytest

from insula.application.api.encode import encode
from insula.data.catalog import StaticCatalog
from insula.data.query import Query
from insula.data.repository import Repository
from insula.data.scope import Unrestricted
from insula.database.executor import Database
from insula.testing.library import collection, column, create_tables, number_key, related

ALL = Unrestricted()
MOMENTS = (
    "0001-01-01T00:00:00.001Z",
    "0987-06-05T04:03:02.010Z",
    "1969-12-31T23:59:59.999Z",
    "2026-03-29T01:30:00.000Z",
    "2026-11-21T10:00:00.100+05:30",
    "9999-12-31T23:59:59.999Z",
    None,
)


@pytest.fixture
async def repository(database: Database) -> Repository:
    """Days that events point to by their moment, and tags of events by a table between, which has a moment too."""
    days = collection(
        "days",
        number_key(),
        column("at", "date", unique=True),
        column("plain", "datetimeNoTz"),
        related("events", "hasMany", "events", "dayAt", source_key="at"),
        related("people", "belongsToMany", "people", "dayId", through="visits", other_key="personId"),
    )
    events = collection(
        "events",
        number_key(),
        column("dayAt", "date"),
        column("began", "date"),
        related("day", "belongsTo", "days", "dayAt", target_key="at"),
    )
    people = collection("people", number_key(), column("born", "date"))
    visits = collection(
        "visits",
        number_key(),
        column("dayId", "bigInt"),
        column("personId", "bigInt"),
        column("since", "date", default="2026-01-02T03:04:05.678Z"),
    )
    collections = [days, events, people, visits]
    await create_tables(database, collections)
    repository = Repository(StaticCatalog(collections), database)
    for moment in MOMENTS:
        day = {"at": moment, "plain": "2026-01-02 03:04:05", "people": [{"born": moment}]}
        await repository.create("days", day, scopes=ALL)
        await repository.create("events", {"dayAt": moment, "began": moment}, scopes=ALL)
    return repository


@pytest.mark.parametrize(
    "query",
    [
        Query(),
        Query(sort=("-at",)),
        Query(appends=("events",)),
        Query(appends=("events.day",), fields=("id", "events.began")),
        Query(fields=("at",), counting="simple"),
        Query(appends=("events",), page_size=3, page=2),
        Query(appends=("people", "people.visits")),
    ],
)
async def test_a_page_says_the_same(repository: Repository, query: Query) -> None:
    plain = await repository.find("days", query, scopes=ALL)
    rendered = await repository.find("days", replace(query, rendered=True), scopes=ALL)
    assert encode(rendered.rows) == encode(plain.rows)
    assert (rendered.count, rendered.has_next) == (plain.count, plain.has_next)
    assert plain.rows


async def test_one_record_and_a_stream_say_the_same(repository: Repository) -> None:
    query = Query(appends=("day",), page_size=None)
    plain = [row async for part in repository.stream("events", query, scopes=ALL) for row in part]
    query = replace(query, rendered=True)
    rendered = [row async for part in repository.stream("events", query, scopes=ALL) for row in part]
    assert encode(rendered) == encode(plain)
    assert [row["began"] for row in rendered[-2:]] == [MOMENTS[-2], None]
    assert rendered[4]["began"] == "2026-11-21T04:30:00.100Z"
    one = await repository.find_one("events", 5, query, scopes=ALL)
    assert encode(one) == encode(plain[4])
