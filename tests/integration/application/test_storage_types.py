"""Every storage type of the protocol, over the API: made on a table with records, written, filtered, dropped."""

import json
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from insula.application.application import Application
from insula.data.fields import TYPES
from insula.plugins.collections import CollectionsPlugin
from insula.testing.applications import Library, MakeApplication

UUIDS = "0f6f3d4e-8a55-4c53-9a43-9d5c7c5d7e10", "0f6f3d4e-8a55-4c53-9a43-9d5c7c5d7e11"
COUNTED = {"patterns": [{"type": "string", "options": {"value": "N"}}, {"type": "integer"}]}
Table = tuple[dict[str, Any], Any, Any, Any, Any, dict[str, Any]]

STORED: dict[str, Table] = {
    # type: (settings, written, its answer, written later, its answer, a filter that only the later value fits)
    "string": ({}, "a", "a", "b", "b", {"$startsWith": "B"}),
    "text": ({}, "a" * 5_000, "a" * 5_000, "b\n", "b\n", {"$includes": "B"}),
    "integer": ({}, "7", 7, -(2**31), -(2**31), {"$lt": 0}),
    "bigInt": ({}, 7, 7, 2**63 - 1, str(2**63 - 1), {"$gt": 2**53}),
    "float": ({}, 0.5, 0.5, 1e300, 1e300, {"$gte": 1e299}),
    "double": ({}, 0.5, 0.5, -2, -2, {"$between": [-3, 0]}),
    "decimal": ({"precision": 8, "scale": 2}, 1.005, "1.01", "-7", "-7.00", {"$eq": "-7"}),
    "boolean": ({}, True, True, "false", False, {"$eq": False}),
    "date": (
        {},
        "2026-01-02T03:04:05+01:00",
        "2026-01-02T02:04:05.000Z",
        "2027-01-01",
        "2027-01-01T00:00:00.000Z",
        {"$dateOn": "2027-01-01"},
    ),
    "datetimeTz": (
        {},
        "2026-01-02T03:04:05.678Z",
        "2026-01-02T03:04:05.678Z",
        1_800_000_000_000,
        "2027-01-15T08:00:00.000Z",
        {"$dateAfter": "2026-12-31"},
    ),
    "datetimeNoTz": (
        {},
        "2026-01-02 03:04:05",
        "2026-01-02 03:04:05",
        "2027-01-01 00:00",
        "2027-01-01 00:00:00",
        {"$dateOn": "2027"},
    ),
    "dateOnly": ({}, "2026-01-02", "2026-01-02", "2027-12-31", "2027-12-31", {"$dateNotBefore": "2027"}),
    "time": ({}, "03:04", "03:04:00", "23:59:59", "23:59:59", {"$gt": "12:00"}),
    "unixTimestamp": (
        {},
        1_700_000_000,
        "2023-11-14T22:13:20.000Z",
        "2027-01-01",
        "2027-01-01T00:00:00.000Z",
        {"$dateOn": "2027"},
    ),
    "json": ({}, {"a": [1, None]}, {"a": [1, None]}, [1, "b"], [1, "b"], {"$eq": [1, "b"]}),
    "jsonb": ({}, {"a": 1, "b": 2}, {"a": 1, "b": 2}, {"b": 3}, {"b": 3}, {"b": {"$gt": 2}}),
    "array": ({}, ["a", "b"], ["a", "b"], ["c"], ["c"], {"$anyOf": ["c"]}),
    "set": ({}, ["a", "b", "a"], ["a", "b"], ["c", "c"], ["c"], {"$match": ["c"]}),
    "uid": ({"prefix": "u_"}, "mine", "mine", "other", "other", {"$endsWith": "HER"}),
    "uuid": ({}, UUIDS[0].upper(), UUIDS[0], UUIDS[1], UUIDS[1], {"$eq": UUIDS[1]}),
    "nanoid": ({"size": 8}, "mine", "mine", "other", "other", {"$in": ["other", "x"]}),
    "snowflakeId": ({}, 5, 5, 6, 6, {"$eq": 6}),
    "sort": ({}, 5, 5, 9, 9, {"$gt": 8}),
    "sequence": ({**COUNTED, "inputable": True}, "mine", "mine", "other", "other", {"$eq": "other"}),
    "formula": ({"expression": "title"} | {"dataType": "string"}, None, "new", None, "new", {"$eq": "new"}),
}
FILLED = {"uid", "uuid", "nanoid", "snowflakeId", "sort", "sequence", "formula"}
"""Types that give a value to records that have none, those that were there before the field included."""
UNSORTED = {"json", "jsonb", "array", "set"}


@pytest.fixture
async def application(make: MakeApplication) -> AsyncIterator[Application]:
    made = make(Library(), CollectionsPlugin())
    await made.install()
    await made.start()
    yield made
    await made.stop()


@pytest.fixture
async def client(client: httpx.AsyncClient) -> httpx.AsyncClient:
    fields = [{"name": "title", "type": "string"}]
    await data(client.post("/collections:create", json={"name": "things", "fields": fields}))
    for title in ("old", "older"):
        await data(client.post("/things:create", json={"title": title}))
    return client


async def data(asked: Any) -> Any:
    answer: httpx.Response = await asked
    assert answer.status_code == 200, answer.text
    return answer.json()["data"]


async def matching(client: httpx.AsyncClient, filter: Any) -> list[int]:
    rows = await data(client.get(f"/things:list?sort=id&filter={quote(json.dumps(filter))}"))
    return [row["id"] for row in rows]


def test_the_table_names_every_type_with_a_column() -> None:
    assert STORED.keys() | {"password"} == {name for name, type_ in TYPES.items() if type_.stored}


@pytest.mark.parametrize("kind", STORED)
async def test_a_type_from_beginning_to_end(client: httpx.AsyncClient, kind: str) -> None:
    settings, first, answered, later, changed, fits = STORED[kind]
    field = {"name": "x", "type": kind, **settings}
    assert (await data(client.post("/collections/things/fields:create", json=field)))["type"] == kind
    before = [row["x"] for row in await data(client.get("/things:list?sort=id"))]
    assert (None not in before) == (kind in FILLED), before
    body = {"title": "new"} | ({} if first is None else {"x": first})
    assert (await data(client.post("/things:create", json=body)))["x"] == answered
    assert (await data(client.get("/things:get/3")))["x"] == answered
    if later is not None:
        assert (await data(client.post("/things:update/3", json={"x": later})))[0]["x"] == changed
    assert await matching(client, {"x": fits}) == [3]
    assert 3 not in await matching(client, {"$not": {"x": fits}})
    if kind not in FILLED:
        assert await matching(client, {"x": {"$empty": True}}) == [1, 2]
    ordered = await client.get("/things:list?sort=-x")
    assert ordered.status_code == (400 if kind in UNSORTED else 200)
    if kind not in {"formula"}:
        refused = await client.post(
            "/things:create", json={"x": {"$": object.__name__} if kind not in UNSORTED else "\0"}
        )
        assert (refused.status_code, refused.json()["errors"][0]["code"]) == (400, "VALIDATION_ERROR"), (
            refused.text
        )
    await data(client.post("/collections/things/fields:destroy/x"))
    assert "x" not in (await data(client.get("/things:get/3")))
    assert [row["title"] for row in await data(client.get("/things:list?sort=id"))] == ["old", "older", "new"]


async def test_passwords_are_kept_and_never_answered(client: httpx.AsyncClient) -> None:
    await data(client.post("/collections/things/fields:create", json={"name": "x", "type": "password"}))
    assert "x" not in await data(client.post("/things:create", json={"x": "secret"}))
    assert "x" not in (await data(client.post("/things:update/3", json={"x": "other"})))[0]
    for asked in ("filter={%22x%22:%22a%22}", "sort=x", "fields=x"):
        assert (await client.get(f"/things:list?{asked}")).status_code == 400
    await data(client.post("/collections/things/fields:destroy/x"))


async def test_virtual_fields_have_no_value(client: httpx.AsyncClient) -> None:
    await data(client.post("/collections/things/fields:create", json={"name": "x", "type": "virtual"}))
    assert "x" not in await data(client.post("/things:create", json={"title": "new", "x": 5}))
    assert (await client.get("/things:list?filter={%22x%22:5}")).status_code == 400
    await data(client.post("/collections/things/fields:destroy/x"))


@pytest.mark.parametrize(
    ("field", "written", "appended", "later"),
    [
        ({"type": "belongsTo", "target": "things"}, 1, "old", 2),
        ({"type": "hasOne", "target": "things", "foreignKey": "upId"}, 1, "old", 2),
        ({"type": "hasMany", "target": "things", "foreignKey": "upId"}, [1], "old", [2]),
        ({"type": "belongsToMany", "target": "things"}, [1], "old", [2]),
    ],
)
async def test_relations_from_beginning_to_end(
    client: httpx.AsyncClient, field: dict[str, Any], written: Any, appended: str, later: Any
) -> None:
    await data(client.post("/collections/things/fields:create", json={"name": "x", **field}))
    await data(client.post("/things:create", json={"title": "new", "x": written}))

    async def related() -> list[str]:
        found = (await data(client.get("/things:get/3?appends=x")))["x"]
        return [row["title"] for row in (found if isinstance(found, list) else [found])]

    assert await related() == [appended]
    assert await matching(client, {"x.title": "old"}) == [3]
    await data(client.post("/things:update/3", json={"x": later}))
    assert await related() == ["older"]
    assert await matching(client, {"x.title": "old"}) == []
    assert await matching(client, {"x": {"$exists": True}}) == [3]
    await data(client.post("/collections/things/fields:destroy/x"))
    assert [row["title"] for row in await data(client.get("/things:list?sort=id"))] == ["old", "older", "new"]
    names = [row["name"] for row in await data(client.get("/collections/things/fields:list"))]
    assert not {"x", "xId", "upId"} & set(names)


async def test_a_type_that_does_not_exist(client: httpx.AsyncClient) -> None:
    for kind in ("", "varchar", None, 5, ["string"], {}):
        answer = await client.post("/collections/things/fields:create", json={"name": "x", "type": kind})
        assert (answer.status_code, answer.json()["errors"][0]["code"]) == (400, "VALIDATION_ERROR")
        assert "needs a type that is known (string, text, integer" in answer.text
