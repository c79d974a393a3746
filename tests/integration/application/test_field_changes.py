"""Changing fields of a table with records over the API: what is converted, what is refused, and that it is all or nothing."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from insula.application.application import Application
from insula.plugins.collections import CollectionsPlugin
from insula.testing.applications import Library, MakeApplication


@pytest.fixture
async def application(make: MakeApplication) -> AsyncIterator[Application]:
    made = make(Library(), CollectionsPlugin())
    await made.install()
    await made.start()
    yield made
    await made.stop()


async def data(asked: Any) -> Any:
    answer: httpx.Response = await asked
    assert answer.status_code == 200, answer.text
    return answer.json()["data"]


async def made(client: httpx.AsyncClient, field: dict[str, Any], *values: Any, **settings: Any) -> None:
    body = {"name": "things", "fields": [{"name": "x", **field}], **settings}
    await data(client.post("/collections:create", json=body))
    for value in values:
        await data(client.post("/things:create", json={"x": value}))


async def change(client: httpx.AsyncClient, **settings: Any) -> httpx.Response:
    return await client.post("/collections/things/fields:update/x", json=settings)


async def refused(client: httpx.AsyncClient, **settings: Any) -> tuple[int, str]:
    """The refusal of a change, which leaves the field and its values as they were."""
    before = await data(client.get("/collections/things/fields:get/x")), await values(client)
    answer = await change(client, **settings)
    assert (await data(client.get("/collections/things/fields:get/x")), await values(client)) == before
    message: str = answer.json()["errors"][0]["message"]
    return answer.status_code, message.removeprefix('The field "things.x" can not be removed or changed: ')


async def values(client: httpx.AsyncClient) -> list[Any]:
    return [row["x"] for row in await data(client.get("/things:list?sort=id"))]


@pytest.mark.parametrize(
    ("old", "stored", "new", "wanted"),
    [
        ({"type": "string"}, ["1", " 2 ", None], {"type": "integer"}, [1, 2, None]),
        ({"type": "string"}, ["1.50", "-2"], {"type": "decimal", "scale": 2}, ["1.50", "-2.00"]),
        ({"type": "text"}, ["true", "0"], {"type": "boolean"}, [True, False]),
        ({"type": "text"}, ["2026-01-02"], {"type": "dateOnly"}, ["2026-01-02"]),
        ({"type": "text"}, ["short"], {"type": "string", "length": 10}, ["short"]),
        ({"type": "string"}, ["2026-01-02"], {"type": "datetimeTz"}, ["2026-01-02T00:00:00.000Z"]),
        ({"type": "integer"}, [1, -7], {"type": "string"}, ["1", "-7"]),
        ({"type": "integer"}, [1, 0], {"type": "boolean"}, [True, False]),
        ({"type": "integer"}, [5], {"type": "decimal"}, ["5.000000"]),
        ({"type": "integer"}, [5], {"type": "bigInt"}, [5]),
        ({"type": "bigInt"}, [5], {"type": "integer"}, [5]),
        ({"type": "double"}, [2.0, -1e6], {"type": "integer"}, [2, -1_000_000]),
        ({"type": "double"}, [0.1, 2.0], {"type": "text"}, ["0.1", "2"]),
        ({"type": "decimal", "scale": 2}, ["1.50"], {"type": "double"}, [1.5]),
        ({"type": "boolean"}, [True, False], {"type": "integer"}, [1, 0]),
        ({"type": "boolean"}, [True], {"type": "string"}, ["true"]),
        ({"type": "date"}, ["2026-01-02T00:00:00.000Z"], {"type": "dateOnly"}, ["2026-01-02"]),
        ({"type": "date"}, ["2026-01-02T03:04:05.678Z"], {"type": "text"}, ["2026-01-02T03:04:05.678Z"]),
        ({"type": "dateOnly"}, ["2026-01-02"], {"type": "date"}, ["2026-01-02T00:00:00.000Z"]),
        ({"type": "time"}, ["03:04"], {"type": "string"}, ["03:04:00"]),
        ({"type": "uid"}, ["a"], {"type": "text"}, ["a"]),
    ],
)
async def test_values_are_converted(
    client: httpx.AsyncClient, old: dict[str, Any], stored: list[Any], new: dict[str, Any], wanted: list[Any]
) -> None:
    settings = {"index": True, "allowNull": None in stored}
    await made(client, {**old, **settings}, *stored)
    answer = await change(client, **new)
    assert answer.status_code == 200, answer.text
    assert answer.json()["data"][0]["type"] == new["type"]
    assert await values(client) == wanted
    assert (await data(client.post("/things:create", json={"x": wanted[0]})))["x"] == wanted[0]
    written = "true" if wanted[0] is True else str(wanted[0])
    assert len(await data(client.get(f"/things:list?filter[x]={written}"))) == 2
    missing = await client.post("/things:create", json={"x": None})
    assert missing.status_code == (200 if None in stored else 400)


@pytest.mark.parametrize(
    ("old", "stored", "new", "reason"),
    [
        (
            {"type": "string"},
            ["1", "x", ""],
            {"type": "integer"},
            "the records 2, 3 have a value that does not fit",
        ),
        ({"type": "string"}, ["x"] * 5, {"type": "double"}, "the records 1, 2, 3 and others have a value"),
        ({"type": "string"}, ["1", "2147483648"], {"type": "integer"}, "the record 2 has a value"),
        ({"type": "text"}, ["long" * 100], {"type": "string"}, "it must not be longer than 255 characters"),
        ({"type": "double"}, [1.5, 2], {"type": "integer"}, "the record 1 has a value"),
        ({"type": "double"}, [0.125], {"type": "decimal", "scale": 2}, "a number that stays what it is"),
        ({"type": "integer"}, [2], {"type": "boolean"}, "it must be 0 or 1"),
        ({"type": "date"}, ["2026-01-02T03:04:05Z"], {"type": "dateOnly"}, "a date without a time of day"),
        ({"type": "text"}, ["2026-02-30"], {"type": "date"}, "it must be a date that exists"),
        (
            {"type": "text"},
            ["a"],
            {"type": "json"},
            "its type can not be changed from text to json (possible: bigInt",
        ),
        (
            {"type": "json"},
            [{}],
            {"type": "text"},
            "its type can not be changed from json to text (possible: jsonb)",
        ),
        ({"type": "text"}, ["a"], {"type": "password"}, "its type can not be changed from text to password"),
        ({"type": "string", "length": 20}, ["a"], {"length": 10}, "its length can only grow (it is 20)"),
        ({"type": "decimal", "scale": 2}, [1], {"scale": 3}, "its scale can not be changed (it is 2)"),
    ],
)
async def test_what_can_not_be_converted_is_named(
    client: httpx.AsyncClient, old: dict[str, Any], stored: list[Any], new: dict[str, Any], reason: str
) -> None:
    await made(client, old, *stored)
    status, message = await refused(client, **new)
    assert status == 409
    assert reason in message


async def test_keys_keep_their_type(client: httpx.AsyncClient) -> None:
    await made(client, {"type": "belongsTo", "target": "things", "foreignKey": "upId"})
    for name in ("id", "upId"):
        answer = await client.post(f"/collections/things/fields:update/{name}", json={"type": "string"})
        assert (answer.status_code, answer.json()["errors"][0]["code"]) == (409, "CONFLICT")


async def test_required(client: httpx.AsyncClient) -> None:
    await made(client, {"type": "string"}, "a", None, None)
    status, message = await refused(client, required=True)
    assert (status, "the records 2, 3 have no value" in message) == (400, True)
    assert (await change(client, required=True, defaultValue="b")).status_code == 200
    assert await values(client) == ["a", "b", "b"]
    assert (await client.post("/things:create", json={"x": None})).status_code == 400
    assert (await data(client.post("/things:create", json={})))["x"] == "b"
    assert (await change(client, required=False)).status_code == 200
    assert (await data(client.post("/things:create", json={"x": None})))["x"] is None


async def test_unique(client: httpx.AsyncClient) -> None:
    await made(client, {"type": "string"}, "a", "b", "b", None, None)
    status, message = await refused(client, unique=True)
    assert (status, message) == (409, "it can not be unique, for the records 2, 3 have the same value.")
    await data(client.post("/things:update/3", json={"x": "c"}))
    assert (await change(client, unique=True)).status_code == 200
    assert (await client.post("/things:create", json={"x": "c"})).status_code == 409
    assert (await data(client.post("/things:create", json={"x": None})))["x"] is None
    assert (await change(client, unique=False, index=True)).status_code == 200
    assert (await data(client.post("/things:create", json={"x": "c"})))["x"] == "c"
    assert (await change(client, index=False)).status_code == 200


async def test_defaults_and_choices(client: httpx.AsyncClient) -> None:
    await made(client, {"type": "integer"}, 1)
    assert (await change(client, defaultValue=7)).status_code == 200
    assert await values(client) == [1]
    assert (await data(client.post("/things:create", json={})))["x"] == 7
    for wrong in ("x", 2**40, [1]):
        status, message = await refused(client, defaultValue=wrong)
        assert (status, "has a defaultValue that must be a whole number" in message) == (400, True)
    assert (await change(client, defaultValue=None)).status_code == 200
    assert (await data(client.post("/things:create", json={})))["x"] is None


async def test_a_change_of_many_fields_is_whole_or_nothing(client: httpx.AsyncClient) -> None:
    fields = [{"name": "a", "type": "string"}, {"name": "b", "type": "string"}]
    await data(client.post("/collections:create", json={"name": "pairs", "fields": fields}))
    await data(client.post("/pairs:create", json={"a": "1", "b": "x"}))
    before = await data(client.get("/collections/pairs/fields:list"))
    kept = [field for field in before if field["name"] not in ("a", "b")]
    wanted = [
        *kept,
        {"name": "a", "type": "integer"},
        {"name": "b", "type": "integer"},
        {"name": "c", "type": "text"},
    ]
    answer = await client.post("/collections:setFields/pairs", json={"fields": wanted})
    assert answer.status_code == 409, answer.text
    assert await data(client.get("/collections/pairs/fields:list")) == before
    assert (await data(client.post("/pairs:create", json={"a": "y"})))["a"] == "y"


async def test_a_formula_follows_a_field_that_is_converted(client: httpx.AsyncClient) -> None:
    await made(client, {"type": "string"}, "2", "3")
    formula = {"name": "y", "type": "formula", "expression": "concat(x, x)", "dataType": "string"}
    await data(client.post("/collections/things/fields:create", json=formula))
    assert (await change(client, type="double")).status_code == 200
    assert [row["y"] for row in await data(client.get("/things:list?sort=id"))] == ["22", "33"]


# --- what a template brings ------------------------------------------------------------------------------------------


async def test_trees(client: httpx.AsyncClient) -> None:
    body = {"name": "areas", "template": "tree", "fields": [{"name": "title", "type": "string"}]}
    await data(client.post("/collections:create", json=body))
    for title, parent in (("a", None), ("b", 1), ("c", 1), ("d", 2), ("e", None)):
        await data(client.post("/areas:create", json={"title": title, "parentId": parent}))
    listed = await client.get("/areas:list?tree=true&fields=id,title&sort=-title")
    leaf = {"id": 4, "title": "d"}
    b = {"id": 2, "title": "b", "children": [leaf]}
    top = [{"id": 5, "title": "e"}, {"id": 1, "title": "a", "children": [{"id": 3, "title": "c"}, b]}]
    assert listed.json()["data"] == top
    assert listed.json()["meta"]["count"] == 2
    found = await data(client.get('/areas:list?tree=true&fields=id,title&filter={"title":{"$in":["b","d"]}}'))
    assert found == [b]
    with_parents = await data(client.get("/areas:list?tree=true&fields=id&appends=parent&pageSize=1"))
    assert with_parents[0]["children"][0]["parent"]["title"] == "a"
    assert len(await data(client.get("/areas:list?paginate=false&tree=true"))) == 2
    assert len(await data(client.get("/areas:list"))) == 5
    nested = {"title": "f", "children": [{"title": "g"}, {"title": "h"}]}
    made_ = await data(client.post("/areas:create", json=nested))
    branch = await data(client.get(f"/areas:list?tree=true&filter[id]={made_['id']}&filter[title]=f"))
    assert "children" not in branch[0]
    await made(client, {"type": "string"})
    assert (await client.get("/things:list?tree=true")).status_code == 400


async def test_sortable_collections(client: httpx.AsyncClient) -> None:
    await made(client, {"type": "string"}, "a", "b", "c", sortable=True)
    await data(client.post("/things:move?sourceId=3&targetId=1"))
    assert [row["x"] for row in await data(client.get("/things:list?sort=sort"))] == ["c", "a", "b"]
    await data(client.post("/collections/things/fields:update/sort", json={"hidden": True}))
    assert "sort" not in await data(client.post("/things:move?sourceId=3&targetId=2"))
    assert "sort" not in await data(client.get("/things:get/3"))
    await data(client.post("/collections/things/fields:update/sort", json={"hidden": False}))
    assert [row["x"] for row in await data(client.get("/things:list?sort=sort"))] == ["a", "b", "c"]


async def test_collections_without_an_id(client: httpx.AsyncClient) -> None:
    await made(client, {"type": "string", "primaryKey": True}, "a", "b", autoGenId=False)
    assert (await data(client.get("/things:get/b")))["x"] == "b"
    assert (await client.post("/things:create", json={"x": "a"})).status_code == 409
    bare = {"name": "bare", "autoGenId": False, "fields": [{"name": "x", "type": "integer"}]}
    await data(client.post("/collections:create", json=bare))
    await data(client.post("/bare:create", json={"x": 1}))
    assert [row["x"] for row in await data(client.get("/bare:list?sort=-x"))] == [1]
    answer = await client.post("/collections/bare/fields:update/x", json={"type": "string"})
    assert (answer.status_code, "no primary key" in answer.text) == (409, True)


async def test_simple_pagination(client: httpx.AsyncClient) -> None:
    await made(client, {"type": "string"}, "a", "b", "c", simplePaginate=True)
    for page, more in ((1, True), (2, False), (3, False)):
        meta = (await client.get(f"/things:list?pageSize=2&page={page}")).json()["meta"]
        assert meta["hasNext"] is more
        assert "count" not in meta


async def names(client: httpx.AsyncClient) -> list[str]:
    return [field["name"] for field in await data(client.get("/collections/things/fields:list"))]


async def test_of_fields_that_are_dropped_together_all_go_or_none(client: httpx.AsyncClient) -> None:
    await made(client, {"type": "string"}, "a")
    for body in (
        {"name": "y", "type": "string"},
        {"name": "z", "type": "formula", "dataType": "string", "engine": "formula.js", "expression": "{{x}}"},
        {"name": "above", "type": "belongsTo", "target": "things", "foreignKey": "aboveId"},
    ):
        await data(client.post("/collections/things/fields:create", json=body))
    before = await names(client)
    address = "/collections/things/fields:destroy"
    refused = await client.post(address, params={"filterByTk[]": ["y", "x"]})
    assert refused.status_code == 409, refused.text
    unknown = await client.post(address, params={"filterByTk[]": ["y", "none"]})
    assert unknown.status_code in (400, 404)
    assert await names(client) == before
    assert await data(client.post(address, params={"filterByTk[]": ["aboveId", "above", "y"]})) == 3
    assert [name for name in before if name not in await names(client)] == ["y", "aboveId", "above"]


@pytest.mark.parametrize("kind", ["belongsTo", "hasOne", "hasMany", "belongsToMany"])
async def test_a_relation_is_required_once_every_record_has_a_link(
    client: httpx.AsyncClient, kind: str
) -> None:
    await made(client, {"type": kind, "target": "things"}, *[None] * 5)
    answer = await change(client, required=True)
    (error,) = answer.json()["errors"]
    assert (answer.status_code, error["code"]) == (400, "VALIDATION_ERROR")
    assert "the records 1, 2, 3 and 2 others have no link; relate them first" in error["message"]
    for one in range(1, 6):
        linked = await client.post(f"/things/{one}/x:set", json=one)
        assert linked.status_code == 200, linked.text
    assert (await change(client, required=True)).status_code == 200
    assert (await client.post("/things:create", json={})).status_code == 400
    assert (await client.post("/things/1/x:remove", json=1)).status_code == 409
