"""Reading: fields, appends, order, pages, trees, streams, scopes; the same on every dialect."""

import asyncio
import datetime as dt
import gc
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import pytest

from insula.core.errors import InsulaError, Kind
from insula.data.catalog import StaticCatalog
from insula.data.errors import InvalidFilter, InvalidQuery, UnknownCollection, UnknownField
from insula.data.filters.parse import parse_filter
from insula.data.filters.tree import RelatedTo
from insula.data.plan import PLANS
from insula.data.query import MAX_PAGE_SIZE, Query
from insula.data.repository import Repository
from insula.data.scope import Scope, Unrestricted
from insula.database.executor import Database
from insula.testing.blog import blog, blog_rows, insert_rows
from insula.testing.library import create_tables

ALL = Unrestricted()


class Denied(InsulaError):
    """May not."""

    kind = Kind.DENIED


@dataclass(frozen=True)
class Limited:
    """Scopes by collection; the others are denied."""

    scopes: Mapping[str, Scope]
    stamps: Mapping[str, Any] = field(default_factory=dict)

    def scope(self, collection: str, action: str) -> Scope:
        assert action == "view"
        try:
            return self.scopes[collection]
        except KeyError:
            raise Denied from None


class Counted:
    """An executor that counts the statements which go through it."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.dialect = database.dialect
        self.statements = 0

    async def fetch(self, statement: Any, values: Any) -> Any:
        self.statements += 1
        return await self._database.fetch(statement, values)


@pytest.fixture
async def repository(database: Database) -> Repository:
    collections = blog()
    await create_tables(database, collections)
    await insert_rows(database, collections, blog_rows())
    return Repository(StaticCatalog(collections), database)


async def ids(repository: Repository, **query: Any) -> list[int]:
    page = await repository.find("posts", Query(fields=("id",), **query), scopes=ALL)
    return [row["id"] for row in page.rows]


async def test_values_come_back_as_they_are_in_python(repository: Repository) -> None:
    row = await repository.find_one("posts", 2, scopes=ALL)
    assert row == blog_rows()["posts"][1]
    assert await repository.find_one("posts", "7", scopes=ALL) == blog_rows()["posts"][6]
    assert isinstance(row["price"], Decimal)
    assert row["at"].tzinfo is not None
    assert row["wall"] == dt.datetime(2026, 2, 2, 10, 30, 2, 2000)


async def test_find_one(repository: Repository) -> None:
    assert await repository.find_one("posts", 99, scopes=ALL) is None
    one = Query(fields=("id",))
    assert await repository.find_one("posts", {"title": "Post 3", "qty": 30}, one, scopes=ALL) == {"id": 3}
    filtered = Query(fields=("id",), filter=parse_filter({"qty": 10}))
    assert await repository.find_one("posts", 1, filtered, scopes=ALL) == {"id": 1}
    assert await repository.find_one("posts", 2, filtered, scopes=ALL) is None
    with pytest.raises(InvalidQuery, match="id"):
        await repository.find_one("posts", "one", scopes=ALL)
    with pytest.raises(InvalidFilter, match="no primary key"):
        await repository.find_one("postsTags", 1, scopes=ALL)
    with pytest.raises(InvalidFilter, match="names no field"):
        await repository.find_one("posts", {}, scopes=ALL)
    with pytest.raises(UnknownCollection):
        await repository.find_one("nowhere", 1, scopes=ALL)


async def test_fields_and_except(repository: Repository) -> None:
    async def names(**query: Any) -> list[str]:
        row = await repository.find_one("posts", 1, Query(**query), scopes=ALL)
        return list(row or ())

    assert await names(fields=("title", "id")) == ["id", "title"]
    assert "title" not in await names(excepts=("title",))
    assert await names(fields=("title", "id"), excepts=("id",)) == ["title"]
    assert await names(fields=("author.name",)) == ["author"]
    assert await names(fields=("id", "author")) == ["id", "author"]
    user = await repository.find_one("users", 1, scopes=ALL)
    assert user == {"id": 1, "name": "Ada", "companyId": 2}
    for query in (
        Query(fields=("nothing",)),
        Query(fields=("author.nothing",)),
        Query(fields=("author.password",)),
        Query(appends=("nothing",)),
        Query(appends=("title",)),
        Query(appends=("author.company.nothing",)),
        Query(excepts=("nothing",)),
        Query(sort=("nothing",)),
        Query(sort=("author.password",)),
    ):
        with pytest.raises(UnknownField):
            await repository.find("posts", query, scopes=ALL)


async def test_appends_of_every_kind_and_depth(repository: Repository) -> None:
    query = Query(
        fields=("id",),
        appends=("author.company", "author.profile", "tags", "replies.author", "parent"),
        excepts=("author.companyId", "replies.author.companyId"),
        filter=parse_filter({"id": [1, 6]}),
    )
    first, sixth = (await repository.find("posts", query, scopes=ALL)).rows
    assert first["author"] == {
        "id": 2,
        "name": "Éva",
        "company": None,
        "profile": None,
    }
    assert first["tags"] == [{"id": 1, "name": "red"}, {"id": 2, "name": "green"}]
    assert [(r["id"], r["author"]) for r in first["replies"]] == [(2, {"id": 1, "name": "Ada"})]
    assert first["parent"] is None
    assert sixth == {"id": 6, "author": None, "tags": [], "replies": [], "parent": None}
    second = await repository.find_one(
        "posts", 2, Query(appends=("author.company", "author.profile")), scopes=ALL
    )
    assert second is not None
    assert second["author"]["company"] == {"id": 2, "name": "Zeta"}
    assert second["author"]["profile"] == {"id": 1, "motto": "go", "userId": 1}


async def test_fields_reach_through_relations(repository: Repository) -> None:
    query = Query(fields=("id", "author.name", "author.company.name", "tags.id"))
    rows = (await repository.find("posts", query, scopes=ALL)).rows
    assert rows[0] == {"id": 1, "author": {"name": "Éva", "company": None}, "tags": [{"id": 1}, {"id": 2}]}
    assert rows[1] == {"id": 2, "author": {"name": "Ada", "company": {"name": "Zeta"}}, "tags": [{"id": 2}]}


async def test_the_row_between_is_answered_where_it_is_asked_for(repository: Repository) -> None:
    query = Query(fields=("id",), appends=("tags", "tags.postsTags"), filter=parse_filter({"id": 1}))
    (row,) = (await repository.find("posts", query, scopes=ALL)).rows
    assert row["tags"][1] == {
        "id": 2,
        "name": "green",
        "postsTags": {"postId": 1, "tagId": 2, "weight": 12},
    }
    query = Query(fields=("id", "tags.name", "tags.postsTags.weight"), filter=parse_filter({"id": 1}))
    (row,) = (await repository.find("posts", query, scopes=ALL)).rows
    assert row["tags"][0] == {"name": "red", "postsTags": {"weight": 11}}


async def test_one_statement_for_each_level(repository: Repository) -> None:
    counted: Any = Counted(repository.database)
    query = Query(appends=("author.company",), page_size=3)
    page = await repository.find("posts", query, scopes=ALL, on=counted)
    assert (len(page.rows), page.count, counted.statements) == (3, 7, 3)
    counted.statements = 0
    await repository.find("posts", Query(appends=("author", "tags", "replies.tags")), scopes=ALL, on=counted)
    assert counted.statements == 5
    counted.statements = 0
    page = await repository.find("posts", Query(appends=("author",), page=9), scopes=ALL, on=counted)
    assert (page.rows, page.count, counted.statements) == ([], 7, 2)


async def test_order(repository: Repository) -> None:
    assert await ids(repository, sort=("-qty",)) == [6, 5, 4, 3, 2, 1, 7]
    assert await ids(repository, sort=("qty",)) == [7, 1, 2, 3, 4, 5, 6]
    assert await ids(repository, sort=("done", "-id")) == [7, 6, 4, 2, 5, 3, 1]
    assert await ids(repository, sort=("-done",)) == [5, 3, 1, 6, 4, 2, 7]
    assert await ids(repository, sort=("author.name",)) == [6, 7, 2, 4, 1, 3, 5]
    assert await ids(repository, sort=("-author.company.name", "-id")) == [4, 2, 7, 6, 5, 3, 1]
    assert await ids(repository, sort=("author.profile.motto",)) == [1, 3, 5, 6, 7, 2, 4]
    assert await ids(repository, sort=("-id",)) == [7, 6, 5, 4, 3, 2, 1]
    for wrong in ("tags.name", "author", "meta", "", "-", "author..name"):
        with pytest.raises((InvalidQuery, UnknownField)):
            await ids(repository, sort=(wrong,))


async def test_pages(repository: Repository) -> None:
    async def page(**query: Any) -> tuple[list[int], int | None, bool | None]:
        found = await repository.find("posts", Query(fields=("id",), **query), scopes=ALL)
        return [row["id"] for row in found.rows], found.count, found.has_next

    assert await page(page_size=3) == ([1, 2, 3], 7, None)
    assert await page(page_size=3, page=3) == ([7], 7, None)
    assert await page(page_size=3, page=4) == ([], 7, None)
    assert await page(page_size=7) == ([1, 2, 3, 4, 5, 6, 7], 7, None)
    assert await page(page_size=3, counting="simple") == ([1, 2, 3], None, True)
    assert await page(page_size=4, page=2, counting="simple") == ([5, 6, 7], None, False)
    assert await page(page_size=3, counting="none") == ([1, 2, 3], None, None)
    assert await page(page_size=None) == ([1, 2, 3, 4, 5, 6, 7], None, None)
    assert await page(filter=parse_filter({"id": 99})) == ([], 0, None)
    for wrong in ({"page": 0}, {"page": 2**60}, {"page_size": 0}, {"page_size": MAX_PAGE_SIZE + 1}):
        with pytest.raises(InvalidQuery):
            await page(**wrong)


async def test_count(repository: Repository) -> None:
    assert await repository.count("posts", scopes=ALL) == 7
    assert await repository.count("posts", parse_filter({"tags.name": "green"}), scopes=ALL) == 2
    many = [repository.count("posts", parse_filter({"qty": {"$gt": 20}}), scopes=ALL) for _ in range(20)]
    assert set(await asyncio.gather(*many)) == {4}


async def test_inside_a_transaction(repository: Repository) -> None:
    async with repository.database.transaction() as transaction:
        page = await repository.find(
            "posts", Query(page_size=2, appends=("author",)), scopes=ALL, on=transaction
        )
        assert page.count == 7
        assert await repository.count("posts", scopes=ALL, on=transaction) == 7


async def test_stream(repository: Repository) -> None:
    posts = blog()[4]
    more = [{"id": number, "qty": number, "authorId": 1 + number % 3} for number in range(100, 700)]
    await insert_rows(repository.database, [posts], {"posts": more})
    query = Query(filter=parse_filter({"id": {"$gte": 100}}), fields=("id", "author.name"), page_size=None)
    batches = [batch async for batch in repository.stream("posts", query, scopes=ALL)]
    assert [len(batch) for batch in batches] == [250, 250, 100]
    rows = [row for batch in batches for row in batch]
    assert [row["id"] for row in rows] == list(range(100, 700))
    assert rows[2] == {"id": 102, "author": {"name": "Ada"}}
    with pytest.raises(UnknownField):
        [batch async for batch in repository.stream("posts", Query(fields=("nothing",)), scopes=ALL)]


async def test_tree(repository: Repository) -> None:
    page = await repository.find("posts", Query(fields=("id",), tree=True, sort=("-id",)), scopes=ALL)
    tops = [{"id": 7}, {"id": 6}, {"id": 5}, {"id": 4}]
    assert page.rows == [*tops, {"id": 1, "children": [{"id": 2, "children": [{"id": 3}]}]}]
    assert page.count == 5
    # What does not fit is left out, and what stood under it stands at the top.
    query = Query(fields=("id",), tree=True, filter=parse_filter({"id": [1, 3]}))
    assert (await repository.find("posts", query, scopes=ALL)).rows == [{"id": 1}, {"id": 3}]
    query = Query(fields=("id", "author.name"), tree=True, filter=parse_filter({"id": [1, 2]}), page_size=1)
    page = await repository.find("posts", query, scopes=ALL)
    inner = [{"id": 2, "author": {"name": "Ada"}}]
    assert page.rows == [{"id": 1, "author": {"name": "Éva"}, "children": inner}]
    with pytest.raises(InvalidQuery):
        await repository.find("users", Query(tree=True), scopes=ALL)


async def test_records_of_a_relation(repository: Repository) -> None:
    async def reached(target: str, relation: str, key: Any, collection: str = "posts") -> list[Any]:
        query = Query(filter=RelatedTo(collection, relation, key))
        return [row["id"] for row in (await repository.find(target, query, scopes=ALL)).rows]

    assert await reached("tags", "tags", "1") == [1, 2]
    assert await reached("users", "author", 1) == [2]
    assert await reached("posts", "replies", 1) == [2]
    assert await reached("posts", "posts", 2, "users") == [1, 3, 5]
    assert await reached("profiles", "profile", 1, "users") == [1]
    assert await reached("tags", "tags", 99) == []
    with pytest.raises(UnknownField):
        await reached("users", "tags", 1)


LIMITS = {
    "posts": Scope(parse_filter({"qty": {"$lte": 40}})),
    "tags": Scope(parse_filter({"name": {"$ne": "green"}}), frozenset(("id", "name"))),
    "users": Scope(parse_filter({"posts.title": "Post 1"}), frozenset(("id", "name"))),
}


async def test_scopes_limit_every_collection_that_is_reached(repository: Repository) -> None:
    scopes = Limited(LIMITS)

    async def found(raw: Any, **query: Any) -> list[int]:
        asked = Query(filter=parse_filter(raw), fields=("id",), **query)
        return [row["id"] for row in (await repository.find("posts", asked, scopes=scopes)).rows]

    assert await found(None) == [1, 2, 3, 4]
    assert await repository.count("posts", scopes=scopes) == 4
    assert await repository.find_one("posts", 5, scopes=scopes) is None
    assert await found({"tags.name": "green"}) == []
    assert await found({"tags": {"$notExists": True}}) == [2, 4]
    assert await found({"author": {"$exists": True}}) == [1, 3]
    assert await found({"author.name": None}) == [2, 4]
    assert await found({"replies.id": 5}) == []
    assert await found(None, sort=("author.name",)) == [2, 4, 1, 3]
    query = Query(fields=("id",), appends=("tags", "author"))
    rows = (await repository.find("posts", query, scopes=scopes)).rows
    assert rows[0] == {"id": 1, "tags": [{"id": 1, "name": "red"}], "author": {"id": 2, "name": "Éva"}}
    assert rows[1] == {"id": 2, "tags": [], "author": None}
    reached = Query(filter=RelatedTo("posts", "tags", 1))
    assert [row["id"] for row in (await repository.find("tags", reached, scopes=scopes)).rows] == [1]
    hidden = Query(filter=RelatedTo("posts", "tags", 5))
    assert (await repository.find("tags", hidden, scopes=scopes)).rows == []


@pytest.mark.parametrize(
    "query",
    [
        Query(filter=parse_filter({"author.companyId": 1})),
        Query(filter=parse_filter({"author.company.name": "x"})),
        Query(sort=("author.companyId",)),
        Query(fields=("author.companyId",)),
        Query(appends=("author.company",)),
        Query(appends=("author",), excepts=("author.companyId",)),
    ],
)
async def test_closed_fields_are_unknown(repository: Repository, query: Query) -> None:
    with pytest.raises(UnknownField):
        await repository.find("posts", query, scopes=Limited(LIMITS))


async def test_closed_collections_are_denied(repository: Repository) -> None:
    scopes = Limited({"posts": Scope()})
    for query in (
        Query(filter=parse_filter({"author.name": "x"})),
        Query(filter=parse_filter({"tags": {"$exists": True}})),
        Query(sort=("author.name",)),
        Query(appends=("tags",)),
    ):
        with pytest.raises(Denied):
            await repository.find("posts", query, scopes=scopes)


async def test_plans_are_kept_by_shape_and_not_by_values(repository: Repository) -> None:
    PLANS._kept.clear()
    for number in range(3):
        query = Query(filter=parse_filter({"qty": number, "author.name": f"n{number}"}), appends=("tags",))
        await repository.find("posts", query, scopes=ALL)
        await repository.find_one("posts", number, scopes=ALL)
        if number == 0:
            before = len(PLANS)
    assert len(PLANS) == before
    # Another object for the same collection is another collection.
    await Repository(StaticCatalog(blog()), repository.database).find_one("posts", 1, scopes=ALL)
    assert len(PLANS) > before
    gc.collect()
    PLANS.sweep()
    assert len(PLANS) == before
