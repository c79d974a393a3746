"""Every operator on real rows, the same on every dialect."""

from typing import Any

import pytest

from insula.data.catalog import StaticCatalog
from insula.data.errors import InvalidFilter, UnknownField
from insula.data.filters.operators import OPERATORS
from insula.data.filters.parse import parse_filter
from insula.data.filters.shape import MAX_RELATIONS_IN_A_ROW
from insula.data.query import Query
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


async def found(repository: Repository, raw: Any, zone: str = "UTC") -> list[int]:
    query = Query(filter=parse_filter(raw, zone=zone), fields=("id",))
    page = await repository.find("posts", query, scopes=ALL)
    assert page.count == len(page.rows)
    return [row["id"] for row in page.rows]


CASES: list[tuple[str, Any, list[int]]] = [
    ("$eq", {"qty": 20}, [2]),
    ("$eq", {"qty": {"$eq": "20"}}, [2]),
    ("$eq", {"qty": None}, [7]),
    ("$eq", {"id": [1, 4]}, [1, 4]),
    ("$eq", {"price": "2.25"}, [2]),
    ("$eq", {"big": 2**60 + 3}, [3]),
    ("$eq", {"done": "true"}, [1, 3, 5]),
    ("$eq", {"at": "2026-02-02T10:30:02.002Z"}, [2]),
    ("$eq", {"wall": "2026-02-02 10:30:02.002"}, [2]),
    ("$eq", {"day": "2026-02-02"}, [2]),
    ("$eq", {"clock": "02:15"}, [2]),
    ("$eq", {"epoch": "2026-02-02T10:30:02Z"}, [2]),
    ("$eq", {"token": "00000000-0000-4000-8000-00000000000A"}, []),
    ("$eq", {"token": "00000000000040008000000000000002"}, [2]),
    ("$eq", {"state": "gone"}, [6]),
    ("$eq", {"title": "ÄPFEL_100% \\ o'k"}, [6]),
    ("$eq", {"title": "' OR 1=1 --"}, []),
    ("$eq", {"labels": ["a"]}, [1, 4]),
    ("$is", {"qty": {"$is": None}}, [7]),
    ("$is", {"done": {"$is": True}}, [1, 3, 5]),
    ("$ne", {"qty": {"$ne": 20}}, [1, 3, 4, 5, 6, 7]),
    ("$ne", {"qty": {"$ne": None}}, [1, 2, 3, 4, 5, 6]),
    ("$not", {"qty": {"$not": None}}, [1, 2, 3, 4, 5, 6]),
    ("$not", {"qty": {"$not": {"$gt": 20}}}, [1, 2, 7]),
    ("$in", {"qty": {"$in": [10, 30, 31]}}, [1, 3]),
    ("$in", {"qty": {"$in": [10, None]}}, [1, 7]),
    ("$in", {"qty": {"$in": []}}, []),
    ("$in", {"id": {"$in": list(range(2, 10_000))}}, [2, 3, 4, 5, 6, 7]),
    ("$in", {"price": {"$in": ["1.25", "4.25"]}}, [1, 4]),
    ("$in", {"at": {"$in": ["2026-02-02T10:30:02.002Z"]}}, [2]),
    ("$in", {"day": {"$in": ["2026-02-02", "2026-03-03"]}}, [2, 3]),
    ("$in", {"wall": {"$in": ["2026-02-02T10:30:02.002"]}}, [2]),
    ("$in", {"clock": {"$in": ["02:15:00"]}}, [2]),
    ("$in", {"epoch": {"$in": ["2026-02-02T10:30:02Z"]}}, [2]),
    ("$in", {"done": {"$in": [True]}}, [1, 3, 5]),
    ("$in", {"score": {"$in": [0.25, 1.25]}}, [1, 5]),
    ("$in", {"token": {"$in": ["00000000-0000-4000-8000-000000000002"]}}, [2]),
    ("$in", {"labels": {"$in": [["a"], ["b"]]}}, [1, 4]),
    ("$notIn", {"qty": {"$notIn": [10, 20]}}, [3, 4, 5, 6, 7]),
    ("$notIn", {"qty": {"$notIn": [10, None]}}, [2, 3, 4, 5, 6]),
    ("$notIn", {"qty": {"$notIn": []}}, [1, 2, 3, 4, 5, 6, 7]),
    ("$empty", {"qty": {"$empty": True}}, [7]),
    ("$empty", {"body": {"$empty": "true"}}, [6, 7]),
    ("$empty", {"body": {"$empty": False}}, [1, 2, 3, 4, 5]),
    ("$empty", {"labels": {"$empty": True}}, [3, 6, 7]),
    ("$empty", {"meta": {"$empty": True}}, [6, 7]),
    ("$empty", {"tags": {"$empty": True}}, [4, 5, 6, 7]),
    ("$empty", {"token": {"$empty": True}}, [7]),
    ("$notEmpty", {"body": {"$notEmpty": True}}, [1, 2, 3, 4, 5]),
    ("$notEmpty", {"tags": {"$notEmpty": True}}, [1, 2, 3]),
    ("$exists", {"author": {"$exists": True}}, [1, 2, 3, 4, 5]),
    ("$exists", {"author": {"$exists": False}}, [6, 7]),
    ("$exists", {"meta.color": {"$exists": True}}, [1, 2, 3, 4, 5]),
    ("$notExists", {"author": {"$notExists": True}}, [6, 7]),
    ("$notExists", {"replies": {"$notExists": True}}, [3, 4, 5, 6, 7]),
    ("$col", {"title": {"$col": "slug"}}, []),
    ("$col", {"id": {"$col": "id"}}, [1, 2, 3, 4, 5, 6, 7]),
    ("$col", {"authorId": {"$col": "id"}}, []),
    ("$isTruly", {"done": {"$isTruly": True}}, [1, 3, 5]),
    ("$isTruly", {"done": {"$isTruly": False}}, [2, 4, 6, 7]),
    ("$isFalsy", {"done": {"$isFalsy": True}}, [2, 4, 6, 7]),
    ("$gt", {"qty": {"$gt": 40}}, [5, 6]),
    ("$gt", {"at": {"$gt": "2026-05-05T10:30:05.004Z"}}, [5, 6]),
    ("$gt", {"title": {"$gt": "Post 4"}}, [5, 6]),
    ("$gt", {"clock": {"$gt": "04:15"}}, [5, 6]),
    ("$gte", {"price": {"$gte": "4.25"}}, [4, 5, 6]),
    ("$lt", {"score": {"$lt": 0.5}}, [1]),
    ("$lte", {"day": {"$lte": "2026-02-02"}}, [1, 2]),
    ("$between", {"qty": {"$between": [20, 40]}}, [2, 3, 4]),
    ("$between", {"qty": {"$between": [None, "20"]}}, [1, 2]),
    ("$notBetween", {"qty": {"$notBetween": [20, 60]}}, [1, 7]),
    ("$includes", {"title": {"$includes": "pOsT"}}, [1, 2, 3, 4, 5]),
    ("$includes", {"title": {"$includes": "äpf"}}, [6]),
    ("$includes", {"title": {"$includes": "_100%"}}, [6]),
    ("$includes", {"title": {"$includes": "%"}}, [6]),
    ("$includes", {"title": {"$includes": "\\"}}, [6]),
    ("$includes", {"title": {"$includes": ["t 1", "T 2"]}}, [1, 2]),
    ("$includes", {"token": {"$includes": "0002"}}, [2]),
    ("$includes", {"author.name": {"$includes": "ÉV"}}, [1, 3, 5]),
    ("$notIncludes", {"title": {"$notIncludes": "post"}}, [6, 7]),
    ("$notIncludes", {"title": {"$notIncludes": ["1", "2"]}}, [3, 4, 5, 7]),
    ("$startsWith", {"slug": {"$startsWith": "P_"}}, [1, 2, 3, 4, 5, 6]),
    ("$startsWith", {"slug": {"$startsWith": "_"}}, []),
    ("$notStartsWith", {"title": {"$notStartsWith": "post"}}, [6, 7]),
    ("$notStatsWith", {"title": {"$notStatsWith": "post"}}, [6, 7]),
    ("$endsWith", {"title": {"$endsWith": "O'K"}}, [6]),
    ("$endWith", {"title": {"$endWith": "3"}}, [3]),
    ("$notEndsWith", {"title": {"$notEndsWith": "3"}}, [1, 2, 4, 5, 6, 7]),
    ("$notEndWith", {"title": {"$notEndWith": "3"}}, [1, 2, 4, 5, 6, 7]),
    ("$like", {"title": {"$like": "Post"}}, [1, 2, 3, 4, 5]),
    ("$like", {"title": {"$like": "post"}}, []),
    ("$like", {"title": {"$like": "P%4"}}, [4]),
    ("$like", {"title": {"$like": "P_st _"}}, [1, 2, 3, 4, 5]),
    ("$like", {"title": {"$like": "%\\%%"}}, [6]),
    ("$like", {"body": {"$like": "Text%line"}}, [1, 2, 3, 4, 5]),
    ("$like", {"title": {"$like": "100% \\"}}, []),
    ("$notLike", {"title": {"$notLike": "P%"}}, [6, 7]),
    ("$iLike", {"title": {"$iLike": "p%4"}}, [4]),
    ("$notILike", {"title": {"$notILike": "p%"}}, [6, 7]),
    ("$regexp", {"title": {"$regexp": "^Post [1-3]$"}}, [1, 2, 3]),
    ("$regexp", {"title": {"$regexp": "\\b4\\z"}}, [4]),
    ("$regexp", {"body": {"$regexp": "1.with"}}, [1]),
    ("$regexp", {"title": {"$regexp": "(?P<n>\\x35)"}}, [5]),
    ("$regexp", {"title": {"$regexp": "post"}}, []),
    ("$notRegexp", {"title": {"$notRegexp": "^P"}}, [6, 7]),
    ("$iRegexp", {"title": {"$iRegexp": "^POST [12]"}}, [1, 2]),
    ("$notIRegexp", {"title": {"$notIRegexp": "^post"}}, [6, 7]),
    ("$dateOn", {"at": {"$dateOn": "2026-02-02"}}, [2]),
    ("$dateOn", {"at": {"$dateOn": "2026-02"}}, [2]),
    ("$dateOn", {"at": {"$dateOn": "2026"}}, [1, 2, 3, 4, 5, 6]),
    ("$dateOn", {"at": {"$dateOn": "2026-Q2"}}, [4, 5, 6]),
    ("$dateOn", {"at": {"$dateOn": "2026-02-02T23:00:00Z"}}, [2]),
    ("$dateOn", {"at": {"$dateOn": ["2026-02-01", "2026-03-31"]}}, [2, 3]),
    ("$dateOn", {"wall": {"$dateOn": "2026-02-02"}}, [2]),
    ("$dateOn", {"day": {"$dateOn": "2026-02"}}, [2]),
    ("$dateOn", {"epoch": {"$dateOn": "2026-02-02"}}, [2]),
    ("$dateNotOn", {"at": {"$dateNotOn": "2026-02"}}, [1, 3, 4, 5, 6, 7]),
    ("$dateBefore", {"at": {"$dateBefore": "2026-02-02"}}, [1]),
    ("$dateBefore", {"at": {"$dateBefore": "2026-02-02T10:30:02.002Z"}}, [1]),
    ("$dateBefore", {"at": {"$dateBefore": "2026-02-02T10:30:02.003Z"}}, [1, 2]),
    ("$dateNotBefore", {"day": {"$dateNotBefore": "2026-05-05"}}, [5, 6]),
    ("$dateAfter", {"at": {"$dateAfter": "2026-05-05"}}, [6]),
    ("$dateAfter", {"at": {"$dateAfter": "2026-05-05T10:30:05.004Z"}}, [5, 6]),
    ("$dateAfter", {"at": {"$dateAfter": "9999"}}, []),
    ("$dateNotAfter", {"at": {"$dateNotAfter": "2026-02-02"}}, [1, 2]),
    ("$dateNotAfter", {"at": {"$dateNotAfter": "9999"}}, [1, 2, 3, 4, 5, 6]),
    ("$dateBetween", {"at": {"$dateBetween": ["2026-02-02", "2026-04-04"]}}, [2, 3, 4]),
    ("$dateBetween", {"at": {"$dateBetween": ["2026-02-02", "2026-04-04", "()"]}}, [3]),
    ("$dateBetween", {"at": {"$dateBetween": "(2026-02-02, 2026-04-04]"}}, [3, 4]),
    ("$dateBetween", {"day": {"$dateBetween": ["2026-05", None]}}, [5, 6]),
    ("$dateBetween", {"at": {"$dateBetween": "2026-02"}}, [2]),
    ("$match", {"labels": {"$match": ["b", "a"]}}, [2, 5]),
    ("$match", {"labels": {"$match": []}}, [3, 6]),
    ("$notMatch", {"labels": {"$notMatch": ["b", "a"]}}, [1, 3, 4, 6, 7]),
    ("$anyOf", {"labels": {"$anyOf": ["b", "z"]}}, [2, 5]),
    ("$anyOf", {"labels": {"$anyOf": "a"}}, [1, 2, 4, 5]),
    ("$noneOf", {"labels": {"$noneOf": ["b"]}}, [1, 3, 4, 6, 7]),
    ("$arrayEmpty", {"labels": {"$arrayEmpty": True}}, [3, 6, 7]),
    ("$arrayNotEmpty", {"labels": {"$arrayNotEmpty": True}}, [1, 2, 4, 5]),
]


@pytest.mark.parametrize(("raw", "expected"), [(raw, ids) for _, raw, ids in CASES], ids=str)
async def test_operator(repository: Repository, raw: Any, expected: list[int]) -> None:
    assert await found(repository, raw) == expected


def test_every_operator_has_a_case() -> None:
    assert {name for name, _, _ in CASES} == set(OPERATORS)


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ({"$and": [{"qty": {"$gt": 10}}, {"qty": {"$lt": 40}}]}, [2, 3]),
        ({"qty": {"$gt": 10, "$lt": 40}}, [2, 3]),
        ({"$or": [{"id": 1}, {"qty": {"$or": [{"$gt": 50}, {"$eq": 20}]}}]}, [1, 2, 6]),
        ({"$not": {"qty": {"$gt": 10}}}, [1, 7]),
        ({"$not": {"$or": [{"id": 1}, {"id": 2}]}}, [3, 4, 5, 6, 7]),
        ([{"id": {"$gt": 2}}, {"id": {"$lt": 4}}], [3]),
        ({"$or": []}, [1, 2, 3, 4, 5, 6, 7]),
        ({"$or": [{}, {"id": 1}]}, [1]),
        # Through relations to one, a missing record is one without values.
        ({"author.name": "Ada"}, [2, 4]),
        ({"author": {"name": {"$ne": "Ada"}}}, [1, 3, 5, 6, 7]),
        ({"author.name": {"$empty": True}}, [6, 7]),
        ({"author.company.name": "Zeta"}, [2, 4]),
        ({"author.company.name": None}, [1, 3, 5, 6, 7]),
        ({"author.profile.motto": "go"}, [2, 4]),
        ({"author.profile": {"$notExists": True}}, [1, 3, 5, 6, 7]),
        ({"$not": {"author.name": "Ada"}}, [1, 3, 5, 6, 7]),
        ({"parent.parent.id": 1}, [3]),
        # Through relations to many, some record fits; conditions in one object are about the same one.
        ({"tags.name": "green"}, [1, 2]),
        ({"tags": {"name": "green", "id": 1}}, []),
        ({"tags.name": "green", "tags.id": 1}, []),
        ({"$and": [{"tags.name": "green"}, {"tags.id": 1}]}, [1]),
        ({"tags": {"$or": [{"name": "red"}, {"id": 3}]}}, [1, 3]),
        ({"tags.name": {"$ne": "green"}}, [1, 3]),
        ({"$not": {"tags.name": "green"}}, [3, 4, 5, 6, 7]),
        ({"tags": {"$not": {"name": "green"}}}, [1, 3]),
        ({"replies.tags.name": {"$exists": True}}, [1]),
        ({"replies.replies.id": 3}, [1]),
        ({"author": {"$or": [{"$notExists": True}, {"name": "Ada"}]}}, [2, 4, 6, 7]),
        # Into JSON, by the kind of the value.
        ({"meta.color": "blue"}, [3, 4, 5]),
        ({"meta.size.w": {"$gt": 3}}, [4, 5]),
        ({"meta": {"size": {"w": 2, "h": 1.5}}}, [2]),
        ({"meta.ok": True}, [5]),
        ({"meta.ok": {"$isFalsy": True}}, [1, 2, 3, 4, 6, 7]),
        ({"meta.color": {"$includes": "BL"}}, [3, 4, 5]),
        ({"meta.size.w": {"$in": [1, 2]}}, [1, 2]),
        ({"meta.size.w": "2"}, []),
        ({"meta.nothing": {"$empty": True}}, [1, 2, 3, 4, 5, 6, 7]),
        ({"meta.nothing": None}, [1, 2, 3, 4, 5, 6, 7]),
        ({"meta.color": {"$ne": "blue"}}, [1, 2, 6, 7]),
    ],
    ids=str,
)
async def test_logic_relations_and_json(repository: Repository, raw: Any, expected: list[int]) -> None:
    assert await found(repository, raw) == expected


async def test_days_are_those_of_the_zone(repository: Repository) -> None:
    # Post 2 is at 10:30 UTC on 2 February: in Auckland (+13:00) that is 23:30, in Kiritimati (+14:00) the 3rd.
    assert await found(repository, {"at": {"$dateOn": "2026-02-02"}}, zone="Pacific/Auckland") == [2]
    assert await found(repository, {"at": {"$dateOn": "2026-02-03"}}, zone="Pacific/Kiritimati") == [2]
    assert await found(repository, {"at": {"$dateOn": "2026-02-03"}}, zone="+14:00") == [2]
    assert await found(repository, {"wall": {"$dateOn": "2026-02-02"}}, zone="+14:00") == [2]
    assert await found(repository, {"day": {"$dateOn": "2026-02-02"}}, zone="+14:00") == [2]


@pytest.mark.parametrize(
    ("raw", "error", "says"),
    [
        ({"nothing": 1}, UnknownField, "nothing"),
        ({"author.nothing": 1}, UnknownField, "nothing"),
        ({"author.password": {"$exists": True}}, UnknownField, "password"),
        ({"qty.deeper": 1}, UnknownField, "qty.deeper"),
        ({"qty": "many"}, InvalidFilter, '"qty" must be a whole number'),
        ({"qty": {"$gt": None}}, InvalidFilter, "must not be null"),
        ({"qty": {"$gt": 10**30}}, InvalidFilter, "between"),
        ({"qty": {"$gt": [1]}}, InvalidFilter, "one value"),
        ({"qty": {"$includes": "1"}}, InvalidFilter, "does not fit"),
        ({"author": 1}, InvalidFilter, "does not fit"),
        ({"author": {"$gt": 1}}, InvalidFilter, "does not fit"),
        ({"qty": {"$between": [1]}}, InvalidFilter, "from and to"),
        ({"qty": {"$empty": "perhaps"}}, InvalidFilter, "true or false"),
        ({"at": {"$dateOn": "yesterday"}}, InvalidFilter, "date"),
        ({"at": {"$dateOn": "0000-01-01"}}, InvalidFilter, "must be a date"),
        ({"at": {"$dateOn": "2026-13"}}, InvalidFilter, "must be a date"),
        ({"at": {"$dateOn": {"type": "whenever"}}}, InvalidFilter, "known period"),
        ({"at": {"$dateBetween": [None, None]}}, InvalidFilter, "at least one"),
        ({"at": "not a date"}, InvalidFilter, "must be a date"),
        ({"clock": {"$dateOn": "2026"}}, InvalidFilter, "does not fit"),
        ({"title": {"$includes": "a\0b"}}, InvalidFilter, "NUL"),
        ({"title": {"$includes": "\ud800"}}, InvalidFilter, "Unicode"),
        ({"title": "a\0b"}, InvalidFilter, "NUL"),
        ({"title": {"$includes": "x" * 20_000}}, InvalidFilter, "longer"),
        ({"title": {"$regexp": "("}}, InvalidFilter, "regular expression"),
        ({"title": {"$regexp": "(a)\\1"}}, InvalidFilter, "regular expression"),
        ({"title": {"$regexp": "((((a{100}){100}){100}){100}){100}"}}, InvalidFilter, "regular expression"),
        ({"title": {"$col": "nothing"}}, UnknownField, "nothing"),
        ({"title": {"$col": "qty"}}, InvalidFilter, "compared"),
        ({"labels": {"$anyOf": [{"a": 1}]}}, InvalidFilter, "list of texts"),
        ({'meta.a"b': 1}, InvalidFilter, "character"),
        ({"id": {"$in": list(range(10_001))}}, InvalidFilter, "more than 10000"),
    ],
    ids=lambda value: str(value)[:60],
)
async def test_refused(repository: Repository, raw: Any, error: type[Exception], says: str) -> None:
    with pytest.raises(error, match=says.replace("(", "\\(")):
        await found(repository, raw)


async def test_as_many_conditions_as_are_allowed(repository: Repository) -> None:
    conditions = [{"author.name": {"$ne": f"x{number}"}} for number in range(500)]
    assert await found(repository, {"$and": conditions}) == [1, 2, 3, 4, 5, 6, 7]
    assert await found(repository, {"$or": [{"id": number % 3 + 1} for number in range(500)]}) == [1, 2, 3]
    deep: dict[str, Any] = {"id": 1}
    for _ in range(24):
        deep = {"$not": {"$and": [deep]}} if _ % 2 else {"$or": [deep]}
    assert await found(repository, deep) == [1]


async def test_a_catastrophic_pattern_is_harmless(repository: Repository) -> None:
    assert await found(repository, {"body": {"$regexp": "(a+)+$|(([a-z])+.)+[A-Z]([a-z])+$"}}) == []


def _in_a_row(relations: int, name: str = "parent") -> dict[str, Any]:
    raw: dict[str, Any] = {"id": 1}
    for number in range(relations):
        raw = {name: {"$or": [raw, {"qty": number}]}}
    return raw


async def test_filters_through_many_relations_are_bounded(repository: Repository) -> None:
    assert await found(repository, _in_a_row(MAX_RELATIONS_IN_A_ROW)) == []
    assert await found(repository, {"$not": _in_a_row(MAX_RELATIONS_IN_A_ROW, "replies")}) == [
        1,
        2,
        3,
        4,
        5,
        6,
        7,
    ]
    with pytest.raises(InvalidFilter, match="in a row"):
        await found(repository, _in_a_row(MAX_RELATIONS_IN_A_ROW + 1))
    with pytest.raises(InvalidFilter, match="in a row"):
        await found(repository, {"parent." * 12 + "id": 1})
    with pytest.raises(InvalidFilter, match="too often and too deep"):
        await found(repository, {"$or": [_in_a_row(MAX_RELATIONS_IN_A_ROW)] * 50})
    with pytest.raises(UnknownField):
        await found(repository, {"meta.a": {"author.name": 1}, "nothing.x": 1})


async def test_json_of_another_kind_is_no_list(repository: Repository) -> None:
    assert await found(repository, {"meta": {"$anyOf": ["red"]}}) == []
    assert await found(repository, {"meta": {"$noneOf": ["red"]}}) == [1, 2, 3, 4, 5, 6, 7]
    assert await found(repository, {"meta": {"$match": []}}) == [6]


@pytest.mark.parametrize("name", ["²", "١", "0²"])
async def test_digits_that_are_no_index_are_names(repository: Repository, name: str) -> None:
    assert await found(repository, {f"meta.{name}": {"$eq": 1}}) == []
