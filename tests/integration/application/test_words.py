"""Small things of answers, the same on every dialect: what errors name, and values at the edges."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from insula.application.application import Application
from insula.data.reading import MAX_LEVELS
from insula.data.scope import Unrestricted
from insula.plugins.collections import CollectionsPlugin
from insula.testing.applications import Library, MakeApplication


@pytest.fixture
async def application(make: MakeApplication) -> AsyncIterator[Application]:
    made = make(Library(), CollectionsPlugin())
    await made.install()
    await made.start()
    yield made
    await made.stop()


async def make_things(client: httpx.AsyncClient, *fields: dict[str, Any], **settings: Any) -> None:
    answer = await client.post("/collections:create", json={"name": "things", "fields": fields, **settings})
    assert answer.status_code == 200, answer.text


async def error(asked: Any, status: int, code: str) -> dict[str, Any]:
    answer: httpx.Response = await asked
    assert answer.status_code == status, answer.text
    found: dict[str, Any] = answer.json()["errors"][0]
    assert found["code"] == code
    return found


@pytest.mark.parametrize(
    "path",
    [
        "books:list",
        "books:list?paginate=false",
        "books:count",
        "books:get",
        "books:get/1",
        'books:query?measures=[{"field":"id","aggregation":"count","alias":"n"}]',
    ],
)
async def test_what_a_missing_record_is_related_to(client: httpx.AsyncClient, path: str) -> None:
    found = await error(client.get(f"/authors/999/{path}"), 404, "NOT_FOUND")
    assert found["message"] == 'There is no record 999 in "authors".'
    await client.post("/authors:create", json={"name": "Ada"})
    assert (await client.get(f"/authors/1/{path}")).status_code == 200


async def test_a_key_that_is_none(client: httpx.AsyncClient) -> None:
    for path in ("/books:get/abc", "/authors/abc/books:list"):
        found = await error(client.get(path), 400, "INVALID_PARAMETER")
        assert 'its key "id" must be a whole number' in found["message"]


async def test_a_value_that_is_taken(client: httpx.AsyncClient) -> None:
    await make_things(client, {"name": "code", "type": "string", "unique": True})
    assert (await client.post("/things:create", json={"code": "a"})).status_code == 200
    found = await error(client.post("/things:create", json={"code": "a"}), 409, "CONFLICT")
    assert found["fields"] == ["code"]
    assert found["message"] == 'The value of "code" in "things" is already taken.'


@pytest.mark.parametrize(
    ("kind", "example"),
    [
        ("dateOnly", "2026-01-02."),
        ("datetimeNoTz", "2026-01-02 03:04:05."),
        ("date", "2026-01-02T03:04:05.000Z."),
    ],
)
async def test_examples_fit_the_field(client: httpx.AsyncClient, kind: str, example: str) -> None:
    await make_things(client, {"name": "x", "type": kind})
    found = await error(client.post("/things:create", json={"x": "soon"}), 400, "VALIDATION_ERROR")
    assert found["message"].endswith(f"must be a date such as {example}")


@pytest.mark.parametrize("kind", ["integer", "decimal", "double", "date", "dateOnly", "time", "boolean"])
async def test_empty_text_is_no_value(client: httpx.AsyncClient, kind: str) -> None:
    await make_things(client, {"name": "x", "type": kind}, {"name": "y", "type": kind, "allowNull": False})
    found = await error(client.post("/things:create", json={"x": "", "y": ""}), 400, "VALIDATION_ERROR")
    assert found["message"] == 'The field "y" of "things" is required.'


@pytest.mark.parametrize("moment", ["0001-01-01T00:00:00.001Z", "9999-12-31T23:59:59.999Z"])
async def test_the_first_and_last_moment(client: httpx.AsyncClient, moment: str) -> None:
    await make_things(client, {"name": "x", "type": "date"})
    assert (await client.post("/things:create", json={"x": moment})).json()["data"]["x"] == moment
    assert (await client.get("/things:get/1")).json()["data"]["x"] == moment
    assert (await client.get(f"/things:count?filter[x][$dateOn]={moment}")).json()["data"] == {"count": 1}
    found = await error(
        client.post("/things:create", json={"x": "0001-01-01T00:00:00.000Z"}), 400, "VALIDATION_ERROR"
    )
    assert "must be later than the first moment of the year 1" in found["message"]


async def test_a_part_of_json_under_any_name(client: httpx.AsyncClient) -> None:
    await make_things(client, {"name": "x", "type": "json"})
    await client.post("/things:create", json={"x": {"\u00b2": 5, "1": 6}})
    await client.post("/things:create", json={"x": [7, 8]})
    assert (await client.post("/things:count", json={"filter": {"x.\u00b2": 5}})).json()["data"] == {
        "count": 1
    }
    assert (await client.post("/things:count", json={"filter": {"x.1": 8}})).json()["data"] == {"count": 1}


async def test_trees_that_are_too_deep(application: Application, client: httpx.AsyncClient) -> None:
    await make_things(client, template="tree")
    rows = [(key, key - 1 or None) for key in range(1, MAX_LEVELS + 1)]
    await application.repository.bulk_insert("things", rows, ("id", "parentId"), scopes=Unrestricted())
    level, depth = (await client.get("/things:list?tree=true")).json()["data"], 0
    while level:
        level, depth = level[0].get("children"), depth + 1
    assert depth == MAX_LEVELS
    assert (await client.post("/things:create", json={"parentId": MAX_LEVELS})).status_code == 200
    found = await error(client.get("/things:list?tree=true"), 400, "INVALID_PARAMETER")
    assert f"leads deeper than {MAX_LEVELS} levels" in found["message"]


async def test_records_made_at_once_have_different_places(client: httpx.AsyncClient) -> None:
    await make_things(client, {"name": "n", "type": "integer"}, sortable={"name": "place", "scopeKey": "n"})
    await client.post("/collections/things/fields:update/place", json={"hidden": False})
    await asyncio.gather(*(client.post("/things:create", json={"n": n % 2}) for n in range(20)))
    rows = (await client.get("/things:list?pageSize=100")).json()["data"]
    places = sorted((row["n"], row["place"]) for row in rows)
    assert places == [(n, place) for n in range(2) for place in range(1, 11)]
