"""Collections and fields over the API, on both dialects; and the OpenAPI document of the result."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from jsonschema import Draft202012Validator
from openapi_spec_validator import OpenAPIV31SpecValidator

from insula.application.application import Application
from insula.plugins.collections import CollectionsPlugin
from insula.plugins.swagger import SwaggerPlugin
from insula.testing.applications import Library, MakeApplication

PETS = {
    "name": "pets",
    "title": "Pets",
    "fields": [
        {"name": "name", "type": "string", "interface": "input", "uiSchema": {"title": "Name"}},
        {"name": "age", "type": "integer", "interface": "integer"},
        {
            "name": "kind",
            "type": "string",
            "interface": "select",
            "uiSchema": {"enum": [{"value": "cat", "label": "Cat"}, {"value": "dog", "label": "Dog"}]},
        },
    ],
}


@pytest.fixture
async def application(make: MakeApplication) -> AsyncIterator[Application]:
    made = make(Library(), CollectionsPlugin(), SwaggerPlugin())
    await made.install()
    await made.start()
    yield made
    await made.stop()


async def code(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["errors"][0]["code"]


async def test_a_collection_from_beginning_to_end(client: httpx.AsyncClient) -> None:
    created = await client.post("/collections:create", json=PETS)
    assert created.status_code == 200, created.text
    assert created.json()["data"]["name"] == "pets"
    pet = (await client.post("/pets:create", json={"name": "Tom", "age": 3, "kind": "cat"})).json()["data"]
    assert pet["createdAt"] == pet["updatedAt"]
    assert await code(await client.post("/pets:create", json={"kind": "fish"})) == (400, "VALIDATION_ERROR")

    field = await client.post("/collections/pets/fields:create", json={"name": "weight", "type": "double"})
    assert field.json()["data"]["collectionName"] == "pets"
    assert (await client.post("/pets:update/1", json={"weight": 4.5})).json()["data"][0]["weight"] == 4.5
    names = [row["name"] for row in (await client.get("/collections/pets/fields:list")).json()["data"]]
    assert {"id", "name", "age", "kind", "weight", "createdAt"} <= set(names)
    changed = await client.post(
        "/collections/pets/fields:update/weight", json={"uiSchema": {"title": "Weight"}}
    )
    assert changed.json()["data"][0]["uiSchema"]["title"] == "Weight"
    assert (await client.get("/collections/pets/fields:get/weight")).json()["data"]["type"] == "double"
    moved = await client.post("/collections/pets/fields:move?sourceId=weight&targetId=name")
    assert moved.status_code == 200, moved.text
    names = [row["name"] for row in (await client.get("/collections/pets/fields:list")).json()["data"]]
    assert names.index("weight") < names.index("name")
    assert (await client.get("/collections/pets/fields:get/none")).json() == {"data": None}
    assert (await client.post("/collections/pets/fields:destroy/weight")).json() == {"data": 1}
    assert await code(await client.get("/pets:list?sort=weight")) == (400, "UNKNOWN_FIELD")

    renamed = await client.post("/collections:update/pets", json={"title": "Animals"})
    assert renamed.json()["data"][0]["title"] == "Animals"
    assert (await client.get("/collections:get/pets")).json()["data"]["title"] == "Animals"
    assert (await client.post("/collections:destroy/pets")).json() == {"data": 1}
    assert await code(await client.get("/pets:list")) == (404, "NOT_FOUND")
    assert (await client.get("/collections:get/pets")).json() == {"data": None}


async def test_lists_of_collections(client: httpx.AsyncClient) -> None:
    for name in ("b", "a", "c"):
        assert (await client.post("/collections:create", json={"name": name})).status_code == 200
    made = '{"from": "db"}'

    async def listed(query: str) -> list[str]:
        answer = await client.get(f"/collections:list?filter={made}&{query}")
        return [row["name"] for row in answer.json()["data"]]

    assert await listed("paginate=false") == ["b", "a", "c"]
    assert await listed("sort=name") == ["a", "b", "c"]
    assert await listed("sort=-name&pageSize=1&page=2") == ["b"]
    moved = await client.post("/collections:move?sourceId=c&targetId=b")
    assert moved.status_code == 200, moved.text
    assert await listed("") == ["c", "b", "a"]
    await client.post("/collections:move", json={"sourceId": "c", "targetId": "a"})
    assert await listed("") == ["b", "a", "c"]
    meta = (await client.get("/collections:listMeta")).json()["data"]
    assert {"books", "authors", "a"} <= {row["name"] for row in meta}
    assert "insula" not in {row["name"] for row in meta}
    assert all(row["fields"] is not None for row in meta)
    assert await code(await client.get("/collections:list?sort=none")) == (400, "UNKNOWN_FIELD")
    assert await code(await client.get('/collections:list?filter={"name":{"$regexp":"x"}}')) == (
        400,
        "INVALID_FILTER",
    )
    assert (await client.get('/collections:list?filter={"name":{"$in":["a"]}}')).json()["meta"]["count"] == 1


async def test_set_fields(client: httpx.AsyncClient) -> None:
    await client.post("/collections:create", json=PETS)
    current = (await client.get("/collections/pets/fields:list?paginate=false")).json()["data"]
    kept = [row for row in current if row["name"] != "age"]
    answer = await client.post(
        "/collections:setFields/pets", json={"fields": [*kept, {"name": "owner", "type": "string"}]}
    )
    assert answer.status_code == 200, answer.text
    names = {row["name"] for row in answer.json()["data"]}
    assert "owner" in names
    assert "age" not in names


async def test_what_is_told_of_collections_is_as_the_document_says(client: httpx.AsyncClient) -> None:
    kinds = [
        {"name": "length", "type": "string", "length": 20, "uiSchema": {"title": "Length", "enum": [1, "a"]}},
        {
            "name": "price",
            "type": "decimal",
            "precision": 9,
            "scale": 2,
            "allowNull": False,
            "defaultValue": "1",
        },
        {"name": "code", "type": "uuid", "autoFill": False, "x-more": {"of": ["a client"]}},
        {"name": "twice", "type": "formula", "expression": "{{price}} * 2", "dataType": "double"},
        {"name": "owner", "type": "belongsTo", "target": "authors", "onDelete": "CASCADE"},
        {"name": "level", "type": "integer", "uiSchema": {"enum": "{{levels}}"}},
    ]
    body = {"name": "kinds", "titleField": "code", "simplePaginate": True, "fields": kinds}
    made = await client.post("/collections:create", json=body)
    assert made.status_code == 200, made.text
    found = (await client.get("/swagger:get")).json()
    one = {"$ref": "#/components/schemas/insula.Collection", "components": found["components"]}
    validator = Draft202012Validator(one)
    told = (await client.get("/collections:listMeta")).json()["data"]
    assert "kinds" in {collection["name"] for collection in told}
    for collection in told:
        validator.validate(collection)
        assert collection["fields"]


@pytest.mark.parametrize(
    ("path", "body", "wanted"),
    [
        ("/collections:create", {"name": "books"}, (409, "CONFLICT")),
        ("/collections:create", {"name": "1 x"}, (400, "VALIDATION_ERROR")),
        ("/collections:create", {"name": "pm"}, (409, "CONFLICT")),
        ("/collections:create", {"name": "x", "fields": 5}, (400, "VALIDATION_ERROR")),
        ("/collections:create", {"name": "x", "fields": [{"type": "none"}]}, (400, "VALIDATION_ERROR")),
        ("/collections:create", [], (400, "VALIDATION_ERROR")),
        ("/collections:destroy", None, (400, "FILTER_REQUIRED")),
        ("/collections:destroy/books", None, (409, "CONFLICT")),
        ("/collections:destroy/none", None, (404, "NOT_FOUND")),
        ("/collections:update/none", {}, (404, "NOT_FOUND")),
        ("/collections:setFields/books", {}, (400, "VALIDATION_ERROR")),
        ("/collections:move", {"sourceId": "a"}, (400, "INVALID_PARAMETER")),
        ("/collections/none/fields:create", {"name": "x", "type": "string"}, (404, "NOT_FOUND")),
        ("/collections/insula/fields:create", {"name": "x", "type": "string"}, (404, "NOT_FOUND")),
        ("/collections/books/fields:create", {"name": "title", "type": "string"}, (409, "CONFLICT")),
        ("/collections/books/fields:destroy/title", None, (409, "CONFLICT")),
        ("/collections/books/fields:destroy/none", None, (400, "UNKNOWN_FIELD")),
        ("/collections/books/fields:destroy", None, (400, "FILTER_REQUIRED")),
    ],
)
async def test_what_is_wrong_is_said(
    client: httpx.AsyncClient, path: str, body: Any, wanted: tuple[int, str]
) -> None:
    assert await code(await client.post(path, json=body)) == wanted


async def test_two_creates_of_one_collection_at_once(client: httpx.AsyncClient) -> None:
    answers = await asyncio.gather(*(client.post("/collections:create", json=PETS) for _ in range(3)))
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409]


async def test_people_add_fields_to_built_in_collections(client: httpx.AsyncClient) -> None:
    answer = await client.post("/collections/books/fields:create", json={"name": "shelf", "type": "string"})
    key = answer.json()["data"]["key"]
    created = await client.post("/books:create", json={"title": "x", "shelf": "A"})
    assert created.json()["data"]["shelf"] == "A"
    assert (await client.get(f"/fields:get/{key}")).json()["data"]["name"] == "shelf"
    assert (await client.post(f"/fields:destroy/{key}")).json() == {"data": 1}


async def test_the_openapi_document(client: httpx.AsyncClient) -> None:
    await client.post("/collections:create", json=PETS)
    await client.post(
        "/collections/pets/fields:create",
        json={"name": "friends", "type": "belongsToMany", "target": "pets", "interface": "m2m"},
    )
    answer = await client.get("/swagger:get")
    assert answer.status_code == 200, answer.text
    found = answer.json()
    OpenAPIV31SpecValidator(found).validate()
    for path in (
        "/pets:list",
        "/pets:get/{filterByTk}",
        "/pets/{parent}/friends:add",
        "/collections/{parent}/fields:create",
        "/pm:enable",
        "/jobs:list",
        "/app:getInfo",
        "/swagger:get",
    ):
        assert path in found["paths"], path
    assert found["components"]["schemas"]["pets"]["properties"]["kind"]["enum"] == ["cat", "dog", None]
    assert "createdAt" not in found["components"]["schemas"]["pets.values"]["properties"]
    assert found["paths"]["/app:getInfo"]["get"]["security"] == []
    assert "insula" not in found["components"]["schemas"]


@pytest.mark.parametrize("through", ["tags", ["tags"], {"a": 1}])
async def test_only_a_relation_of_many_to_many_goes_through_a_table(
    client: httpx.AsyncClient, through: Any
) -> None:
    await client.post("/collections:create", json=PETS)
    await client.post("/collections:create", json={"name": "toys"})
    for kind in ("hasMany", "hasOne", "belongsTo"):
        field = {"name": kind, "type": kind, "target": "toys", "foreignKey": f"{kind}Id", "through": through}
        made = await client.post("/collections/pets/fields:create", json=field)
        assert made.status_code == 200, made.text
    pet = await client.post("/pets:create", json={"hasMany": [{}], "hasOne": {}, "belongsTo": {}})
    assert pet.status_code == 200, pet.text
    assert len(pet.json()["data"]["hasMany"]) == 1
    for kind in ("hasMany", "hasOne", "belongsTo"):
        gone = await client.post(f"/collections/pets/fields:destroy/{kind}")
        assert gone.status_code == 200, gone.text


async def test_what_records_can_not_be_without_is_not_destroyed(client: httpx.AsyncClient) -> None:
    async def sent(path: str, body: Any = None) -> Any:
        answer = await client.post(path, json=body)
        assert answer.status_code == 200, answer.text
        return answer.json()["data"]

    await sent("/collections:create", {"name": "orders"})
    await sent("/collections:create", {"name": "lines"})
    for name, settings, rule in (
        ("order", {"required": True}, "RESTRICT"),
        ("offer", {}, "SET NULL"),
        ("draft", {"allowNull": False, "onDelete": "CASCADE"}, "CASCADE"),
    ):
        line = {"name": name, "type": "belongsTo", "target": "orders", "foreignKey": f"{name}Id", **settings}
        assert (await sent("/collections/lines/fields:create", line))["onDelete"] == rule
    order, offer, draft = (made["id"] for made in await sent("/orders:create", [{}, {}, {}]))
    await sent("/lines:create", {"order": order, "offer": offer, "draft": draft})
    assert await code(await client.post(f"/orders:destroy/{order}")) == (409, "CONFLICT")
    assert await sent(f"/orders:destroy/{offer}") == 1
    (left,) = (await client.get("/lines:list")).json()["data"]
    assert (left["orderId"], left["offerId"], left["draftId"]) == (order, None, draft)
    assert await sent(f"/orders:destroy/{draft}") == 1
    assert (await client.get("/lines:list")).json()["data"] == []


async def test_a_foreign_key_that_needs_a_value_can_not_lose_it(client: httpx.AsyncClient) -> None:
    await client.post("/collections:create", json={"name": "orders"})
    key = {"name": "orderId", "type": "bigInt", "required": True}
    link = {"name": "order", "type": "belongsTo", "target": "orders", "onDelete": "SET NULL"}
    made = await client.post("/collections:create", json={"name": "lines", "fields": [key, link]})
    assert made.status_code == 200, made.text
    await client.post("/orders:create", json={})
    assert (await client.post("/lines:create", json={"order": 1})).status_code == 200
    refused = await client.post("/orders:destroy/1")
    assert await code(refused) == (409, "CONFLICT")
    assert '"lines"' in refused.text.replace("\\", "")
