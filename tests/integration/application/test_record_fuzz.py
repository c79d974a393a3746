"""Random JSON at what writes and filters: whatever comes, it is an answer and never a defect; on both dialects."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from insula.application.plugin import Plugin
from insula.testing.applications import MakeApplication, client_of, collection, field, relation

TYPES = (
    *("string", "text", "integer", "bigInt", "double", "decimal", "boolean"),
    *("datetimeTz", "datetimeNoTz", "dateOnly", "time", "unixTimestamp", "json", "array", "uuid", "sort"),
)
THINGS = collection(
    "things",
    *(field(name, name) for name in TYPES),
    field("parentId", "bigInt"),
    relation("parent", "belongsTo", "things", "parentId"),
    relation("parts", "hasMany", "things", "parentId"),
    relation("friends", "belongsToMany", "things", "leftId", through="pairs", other_key="rightId"),
)
PAIRS = collection("pairs", field("leftId", "bigInt"), field("rightId", "bigInt"), field("rank", "integer"))
RELATIONS = ("parent", "parts", "friends")
OPERATORS = (
    *("$eq", "$ne", "$in", "$notIn", "$is", "$not", "$empty", "$notEmpty", "$col", "$isTruly", "$gt", "$lte"),
    *("$between", "$includes", "$startsWith", "$notEndsWith", "$like", "$regexp", "$dateOn", "$dateBetween"),
    *("$match", "$anyOf", "$noneOf", "$arrayEmpty", "$exists", "$and", "$or", "$none"),
)


class Things(Plugin):
    """A collection with fields of many types, related to itself."""

    name = "things"
    title = description = "Things"
    collections = (THINGS, PAIRS)


names = st.sampled_from((*TYPES, *RELATIONS, "id", "parentId", "none", "pairs", "__more"))
leaves = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**70), 2**70),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=8),
    st.sampled_from(
        (
            "",
            "1",
            "0000-01-01",
            "10000-01-01",
            "2026-01-02T03:04:05Z",
            "23:59:60",
            "NaN",
            "%",
            "(a+)+$",
            "null",
        )
    ),
    st.integers(0, 3),
)
keys = st.one_of(
    names, names.map(lambda name: f"parent.{name}"), st.sampled_from(OPERATORS), st.text(max_size=4)
)
values = st.recursive(
    leaves,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(keys, inner, max_size=4)),
    max_leaves=12,
)
records = st.dictionaries(names, values, max_size=5)
filters = st.one_of(
    values,
    st.dictionaries(
        names, st.one_of(values, st.dictionaries(st.sampled_from(OPERATORS), values, max_size=2))
    ),
)
lists = st.one_of(st.just(None), st.lists(names, max_size=2), values)


@pytest.fixture
async def client(make: MakeApplication) -> AsyncIterator[httpx.AsyncClient]:
    made = make(Things())
    await made.install()
    await made.start()
    async with client_of(made) as found:
        await found.post("/things:create", json=[{"string": "a"}, {"integer": 1, "parentId": 1}])
        yield found
    await made.stop()


def sensible(answer: httpx.Response, sent: Any) -> None:
    """No defect; and what is wrong is said in full sentences with codes."""
    assert answer.status_code < 500, (sent, answer.text)
    if answer.status_code != 200:
        assert all(entry["code"] and entry["message"] for entry in answer.json()["errors"]), sent


some = settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@some
@given(
    path=st.sampled_from(
        (
            *("things:create", "things:update/1", "things/1/parts:create", "things/1/friends:create"),
            *("things/1/friends:update/2", "things/1/parent:update"),
        )
    ),
    body=st.one_of(records, st.lists(records, max_size=3), values),
    deep=st.lists(names, max_size=2),
)
async def test_records(client: httpx.AsyncClient, path: str, body: Any, deep: list[str]) -> None:
    params = {"updateAssociationValues": ",".join(deep)}
    sensible(await client.post(f"/{path}", params=params, json=body), (path, deep, body))


@some
@given(filter=filters, sort=st.lists(names, max_size=2), fields=st.lists(names, max_size=3))
async def test_filters(client: httpx.AsyncClient, filter: Any, sort: list[str], fields: list[str]) -> None:
    asked = {"filter": filter, "sort": sort, "fields": fields, "pageSize": 5}
    sensible(await client.post("/things:list", json=asked), asked)
    sensible(await client.post("/things:count", json={"filter": filter}), filter)
    changed = {"filter": filter, "values": {"string": "b"}}
    sensible(await client.post("/things:update", json=changed), changed)


@some
@given(
    action=st.sampled_from(("firstOrCreate", "updateOrCreate")),
    at=st.sampled_from(("things", "things/1/parts", "things/1/friends", "things/2/parent")),
    body=st.fixed_dictionaries({"filterKeys": lists, "values": records}),
)
async def test_found_or_made(client: httpx.AsyncClient, action: str, at: str, body: Any) -> None:
    sensible(await client.post(f"/{at}:{action}", json=body), (action, at, body))


@some
@given(
    action=st.sampled_from(("add", "set", "remove", "toggle", "destroy", "move")),
    relation=st.sampled_from(RELATIONS),
    body=st.one_of(
        values, st.lists(st.integers(0, 4), max_size=4), st.fixed_dictionaries({"sourceId": values})
    ),
)
async def test_links(client: httpx.AsyncClient, action: str, relation: str, body: Any) -> None:
    for key in (1, 2):  # which an example before may have destroyed
        assert (await client.post("/things:create", json={"id": key})).status_code in (200, 409)
    sensible(await client.post(f"/things/1/{relation}:{action}", json=body), (action, relation, body))
