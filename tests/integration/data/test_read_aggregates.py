"""Grouped reads, the same on every dialect."""

from decimal import Decimal
from typing import Any

import pytest

from insula.data.catalog import StaticCatalog
from insula.data.errors import DataError, UnknownField
from insula.data.filters.parse import parse_filter
from insula.data.plan import PLANS
from insula.data.query import Aggregate, Dimension, Measure, Order
from insula.data.repository import Repository
from insula.data.scope import Unrestricted
from insula.database.executor import Database
from insula.testing.blog import blog, blog_rows, insert_rows
from insula.testing.library import create_tables

ALL = Unrestricted()


@pytest.fixture
async def repository(database: Database) -> Repository:
    collections = blog()
    await create_tables(database, collections)
    await insert_rows(database, collections, blog_rows())
    return Repository(StaticCatalog(collections), database)


def measure(path: str, aggregation: str | None, alias: str = "m", *, distinct: bool = False) -> Measure:
    return Measure(tuple(path.split(".")) if path else (), aggregation, alias, distinct)


def dimension(path: str, alias: str = "d", format: str | None = None) -> Dimension:
    return Dimension(tuple(path.split(".")), alias, format)


@pytest.mark.parametrize(
    ("path", "aggregation", "expected"),
    [
        ("", "count", 7),
        ("*", "count", 7),
        ("qty", "count", 6),
        ("qty", "sum", 210),
        ("qty", "avg", 35.0),
        ("qty", "min", 10),
        ("qty", "max", 60),
        ("big", "sum", 6 * 2**60 + 21),
        ("price", "sum", Decimal("22.50")),
        ("price", "avg", Decimal("3.75000000")),
        ("price", "max", Decimal("6.25")),
        ("score", "sum", 5.25),
        ("title", "max", "ÄPFEL_100% \\ o'k"),
        ("at", "min", blog_rows()["posts"][0]["at"]),
        ("day", "max", blog_rows()["posts"][5]["day"]),
        ("author.id", "count", 5),
        ("author.id", "sum", 8),
        ("author.company.name", "max", "Zeta"),
    ],
)
async def test_measures(repository: Repository, path: str, aggregation: str, expected: Any) -> None:
    (row,) = await repository.aggregate("posts", Aggregate((measure(path, aggregation),)), scopes=ALL)
    assert row == {"m": expected}
    assert type(row["m"]) is type(expected)


async def test_distinct_and_nothing(repository: Repository) -> None:
    both = Aggregate((measure("authorId", "count", "n", distinct=True), measure("qty", "sum", "s")))
    assert await repository.aggregate("posts", both, scopes=ALL) == [{"n": 2, "s": 210}]
    none = Aggregate(
        (measure("qty", "sum", "s"), measure("price", "avg", "a"), measure("", "count", "n")),
        filter=parse_filter({"id": 99}),
    )
    assert await repository.aggregate("posts", none, scopes=ALL) == [{"s": None, "n": 0, "a": None}]


async def test_groups_through_relations_with_having_and_order(repository: Repository) -> None:
    by_author = Aggregate(
        measures=(measure("", "count", "n"), measure("price", "sum", "total")),
        dimensions=(dimension("author.name", "who"),),
        orders=(Order(("total",), descending=True),),
    )
    assert await repository.aggregate("posts", by_author, scopes=ALL) == [
        {"who": "Éva", "n": 3, "total": Decimal("9.75")},
        {"who": "Ada", "n": 2, "total": Decimal("6.50")},
        {"who": None, "n": 2, "total": Decimal("6.25")},
    ]
    having = Aggregate(
        measures=by_author.measures,
        dimensions=by_author.dimensions,
        orders=(Order(("who",), nulls="first"),),
        having={"n": {"$gte": 2, "$lt": 3}, "total": {"$lt": "6.5"}},
    )
    found = await repository.aggregate("posts", having, scopes=ALL)
    assert found == [{"who": None, "n": 2, "total": Decimal("6.25")}]
    paged = Aggregate(
        (measure("", "count", "n"),), (dimension("qty"),), (Order(("qty",)),), limit=2, offset=1
    )
    assert await repository.aggregate("posts", paged, scopes=ALL) == [{"d": 10, "n": 1}, {"d": 20, "n": 1}]


@pytest.mark.parametrize(
    ("path", "format", "zone", "expected"),
    [
        ("at", "YYYY", "UTC", {"2026": 6, None: 1}),
        ("at", "YYYY-MM-DD HH:mm:ss", "UTC", None),
        ("at", "[Q]Q", "UTC", {"Q1": 3, "Q2": 3, None: 1}),
        ("at", "DD hh", "Pacific/Kiritimati", None),
        ("at", "DD HH", "-11:30", {"31 23": 1} | {f"0{n} 23": 1 for n in range(1, 6)} | {None: 1}),
        ("at", "DD HH", "America/New_York", {f"0{n} 0{5 + n // 4}": 1 for n in range(1, 7)} | {None: 1}),
        ("wall", "YYYY-MM", "Asia/Tokyo", None),
        ("day", "MM/DD", "Asia/Tokyo", None),
        ("epoch", "YYYY-MM-DD HH:mm:ss", "UTC", None),
        ("at", '[it\'s a "day" \\ 100%] DD', "UTC", None),
    ],
)
async def test_dates_are_cut(
    repository: Repository, path: str, format: str, zone: str, expected: dict[Any, int] | None
) -> None:
    grouped = Aggregate((measure("", "count"),), (dimension(path, format=format),), timezone=zone)
    rows = await repository.aggregate("posts", grouped, scopes=ALL)
    found = {row["d"]: row["m"] for row in rows}
    assert found == (expected or EXPECTED[path, format])


EXPECTED: dict[tuple[str, str], dict[Any, int]] = {
    ("at", "YYYY-MM-DD HH:mm:ss"): {f"2026-0{n}-0{n} 10:30:0{n}": 1 for n in range(1, 7)} | {None: 1},
    ("epoch", "YYYY-MM-DD HH:mm:ss"): {f"2026-0{n}-0{n} 10:30:0{n}": 1 for n in range(1, 7)} | {None: 1},
    ("at", "DD hh"): {f"0{n + 1} 00": 1 for n in range(1, 7)} | {None: 1},
    ("wall", "YYYY-MM"): {f"2026-0{n}": 1 for n in range(1, 7)} | {None: 1},
    ("day", "MM/DD"): {f"0{n}/0{n}": 1 for n in range(1, 7)} | {None: 1},
    ("at", '[it\'s a "day" \\ 100%] DD'): {f'it\'s a "day" \\ 100% 0{n}': 1 for n in range(1, 7)} | {None: 1},
}


@pytest.mark.parametrize(
    "aggregate",
    [
        Aggregate(()),
        Aggregate((measure("title", "sum"),)),
        Aggregate((measure("meta", "max"),)),
        Aggregate((measure("qty", "median"),)),
        Aggregate((measure("nothing", "sum"),)),
        Aggregate((measure("author.password", "count"),)),
        Aggregate((measure("tags.id", "sum"),)),
        Aggregate((measure("author", "count"),)),
        Aggregate((measure("qty", "sum", "__x"),)),
        Aggregate((measure("qty", "sum", ""),)),
        Aggregate((measure("qty", "sum"), measure("qty", "avg"))),
        Aggregate((), (dimension("labels"),)),
        Aggregate((), (dimension("qty", format="YYYY"),)),
        Aggregate((), (dimension("at", format="nonsense"),)),
        Aggregate((), (dimension("at", format="YYYY[" + "x" * 100),)),
        Aggregate((measure("", "count"),), orders=(Order(("qty",)),)),
        Aggregate((measure("", "count"),), having={"x": 1}),
        Aggregate((measure("", "count"),), having={"m": {"$nothing": 1}}),
        Aggregate((measure("", "count"),), having={"m": {"$includes": "1"}}),
        Aggregate((measure("", "count"),), having={"m": {"$gt": "many"}}),
        Aggregate((measure("", "count"),), having={"m": {"$col": "id"}}),
        Aggregate((measure("", "count"),), limit=-1),
        Aggregate((measure("", "count"),), offset=-1),
        Aggregate((measure("", "count"),), timezone="Mars/Base"),
    ],
    ids=str,
)
async def test_refused(repository: Repository, aggregate: Aggregate) -> None:
    with pytest.raises((DataError, UnknownField)):
        await repository.aggregate("posts", aggregate, scopes=ALL)


async def test_rows_can_be_taken_as_they_are(repository: Repository) -> None:
    plain = Aggregate(
        (measure("id", None, "id"), measure("title", None, "t")), orders=(Order(("id",)),), limit=2
    )
    rows = await repository.aggregate("posts", plain, scopes=ALL)
    assert rows == [{"id": 1, "t": "Post 1"}, {"id": 2, "t": "Post 2"}]


async def test_other_aliases_make_no_other_plan(repository: Repository) -> None:
    def asked(one: str, other: str) -> Aggregate:
        return Aggregate(
            (measure("price", "avg", one), measure("", "count", other)),
            (dimension("state"),),
            orders=(Order((other,)),),
            having={other: {"$gt": 0}},
        )

    first = await repository.aggregate("posts", asked("a", "b"), scopes=ALL)
    known = len(PLANS)
    for number in range(5):
        rows = await repository.aggregate("posts", asked(f'a"{number}', f"b {number}"), scopes=ALL)
        assert [(row["d"], row[f'a"{number}'], row[f"b {number}"]) for row in rows] == [
            (row["d"], row["a"], row["b"]) for row in first
        ]
    assert len(PLANS) == known
