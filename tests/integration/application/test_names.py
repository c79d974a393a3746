"""Names of collections and fields over the API: what can be one, what is taken, and who comes first."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from insula.application.application import Application
from insula.plugins.collections import CollectionsPlugin
from insula.testing.applications import Library, MakeApplication

TITLE = {"name": "title", "type": "string"}
GOOD = [
    "select",
    "Order",
    "GROUP",
    "table",
    "user",
    "from-to",
    "_",
    "a" * 50,
    "camelCase",
    "null",
    "rowid",
    "x-1",
]
BAD = [
    'a"b',
    "a'b",
    "a`b",
    "a b",
    "a.b",
    "a:b",
    "a/b",
    "1a",
    "-a",
    "naïve",
    "名",
    "a" * 51,
    "a" * 200,
    "a\n",
    "a\0",
]
RESERVED = ["__proto__", "pg_class", "PG_x", "sqlite_master", "insula", "InsulaX"]


@pytest.fixture
async def application(make: MakeApplication) -> AsyncIterator[Application]:
    made = make(Library(), CollectionsPlugin())
    await made.install()
    await made.start()
    yield made
    await made.stop()


async def refusal(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["errors"][0]["code"]


async def make_collection(client: httpx.AsyncClient, name: Any, **settings: Any) -> httpx.Response:
    return await client.post("/collections:create", json={"name": name, "fields": [TITLE], **settings})


@pytest.mark.parametrize("name", GOOD)
async def test_names_that_are_kept_as_they_are(client: httpx.AsyncClient, name: str) -> None:
    """Keywords of SQL are names like any other, for a collection and for a field of it."""
    fields = [TITLE, {"name": name, "type": "integer", "index": True, "unique": True}]
    created = await client.post("/collections:create", json={"name": name, "fields": fields})
    assert created.status_code == 200, created.text
    record = await client.post(f"/{name}:create", json={name: 5, "title": "x"})
    assert record.json()["data"][name] == 5
    listed = await client.get(f"/{name}:list?sort=-{name}&fields={name}&filter[{name}]=5")
    assert listed.json()["data"] == [{name: 5}]
    measured = {
        "measures": [{"field": name, "aggregation": "sum", "alias": name}],
        "dimensions": [{"field": "title"}],
    }
    assert (await client.post(f"/{name}:query", json=measured)).json()["data"] == [{name: 5, "title": "x"}]
    assert (await client.post(f"/collections:destroy/{name}")).json() == {"data": 1}


@pytest.mark.parametrize("name", [*BAD, *RESERVED, 5, ["a"], {"a": 1}, True])
async def test_names_that_can_be_none(client: httpx.AsyncClient, name: Any) -> None:
    assert await refusal(await make_collection(client, name)) == (400, "VALIDATION_ERROR")
    assert (await make_collection(client, "things")).status_code == 200
    field = await client.post("/collections/things/fields:create", json={"name": name, "type": "string"})
    assert await refusal(field) == (400, "VALIDATION_ERROR")
    assert [row["name"] for row in (await client.get("/collections:list")).json()["data"]].count(
        "things"
    ) == 1


@pytest.mark.parametrize(
    "name", ["books", "BOOKS", "collections", "Fields", "sequences", "migrations", "jobs"]
)
async def test_names_of_built_in_tables_are_taken(client: httpx.AsyncClient, name: str) -> None:
    assert await refusal(await make_collection(client, name)) == (409, "CONFLICT")


async def test_names_that_differ_only_in_case_are_one(client: httpx.AsyncClient) -> None:
    assert (await make_collection(client, "Things")).status_code == 200
    assert await refusal(await make_collection(client, "things")) == (409, "CONFLICT")
    field = await client.post("/collections/Things/fields:create", json={"name": "TITLE", "type": "string"})
    assert await refusal(field) == (409, "CONFLICT")
    twice = {"name": "others", "fields": [{"name": "a", "type": "string"}, {"name": "A", "type": "string"}]}
    assert await refusal(await client.post("/collections:create", json=twice)) == (409, "CONFLICT")
    assert (await client.get("/collections:get/others")).json() == {"data": None}
    assert await refusal(await client.get("/things:list")) == (404, "NOT_FOUND")


async def test_names_of_tables_between_are_taken_too(client: httpx.AsyncClient) -> None:
    """Whichever was first: the table between two collections, or the collection of its name."""
    for name in ("lefts", "rights", "between"):
        assert (await make_collection(client, name)).status_code == 200
    relation = {"name": "rights", "type": "belongsToMany", "target": "rights"}
    made = await client.post("/collections/lefts/fields:create", json=relation)
    through = made.json()["data"]["through"]
    assert await refusal(await make_collection(client, through)) == (409, "CONFLICT")
    assert await refusal(await make_collection(client, through.upper())) == (409, "CONFLICT")
    for taken, wanted in (("lefts", 400), ("Between", 409), ("fields", 400), ("select x", 400)):
        body = {**relation, "name": "more", "through": taken}
        answer = await client.post("/collections/lefts/fields:create", json=body)
        assert answer.status_code == wanted, answer.text
        assert "more" not in (await client.get("/collections:get/lefts?appends=fields")).text


async def test_of_two_creates_at_once_one_wins_whole(client: httpx.AsyncClient) -> None:
    bodies = [
        {
            "name": "things",
            "title": title,
            "fields": [{"name": f"{title}{n}", "type": "string"} for n in range(5)],
        }
        for title in ("one", "two")
    ]
    answers = await asyncio.gather(*(client.post("/collections:create", json=body) for body in bodies * 2))
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409, 409]
    title = (await client.get("/collections:get/things")).json()["data"]["title"]
    fields = [row["name"] for row in (await client.get("/collections/things/fields:list")).json()["data"]]
    assert {name for name in fields if name[:3] in ("one", "two")} == {f"{title}{n}" for n in range(5)}
    record = (await client.post("/things:create", json={f"{title}0": "x"})).json()["data"]
    assert record[f"{title}0"] == "x"


async def test_two_creates_of_one_field_at_once(client: httpx.AsyncClient) -> None:
    await make_collection(client, "things")
    body = {"name": "qty", "type": "integer"}
    asked = (client.post("/collections/things/fields:create", json=body) for _ in range(4))
    answers = await asyncio.gather(*asked)
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409, 409]
    assert (await client.post("/things:create", json={"qty": 1})).json()["data"]["qty"] == 1
