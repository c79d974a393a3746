"""Values that can not be: each is a 400 that names its field, and nothing is written; on both dialects."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import orjson
import pytest

from insula.application.plugin import Plugin
from insula.testing.applications import MakeApplication, client_of, collection, field, relation

THINGS = collection(
    "things",
    field("string", "string", options={"length": 50}),
    field("text", "text"),
    field("integer", "integer"),
    field("bigInt", "bigInt"),
    field("float", "float"),
    field("double", "double"),
    field("decimal", "decimal", options={"precision": 10, "scale": 2}),
    field("boolean", "boolean"),
    field("datetimeTz", "datetimeTz"),
    field("datetimeNoTz", "datetimeNoTz"),
    field("dateOnly", "dateOnly"),
    field("time", "time"),
    field("unixTimestamp", "unixTimestamp"),
    field("json", "json"),
    field("array", "array"),
    field("uuid", "uuid"),
    field("nanoid", "nanoid"),
    field("password", "password"),
    field("select", "string", options={"uiSchema": {"enum": [{"value": "a"}, {"value": "b"}]}}),
    field("sort", "sort"),
    relation("parts", "hasMany", "parts", "thingId"),
    relation("labels", "belongsToMany", "labels", "thingId", through="thingsLabels", other_key="labelId"),
)
PARTS = collection(
    "parts",
    field("name", "string", required=True),
    field("size", "integer"),
    field("thingId", "bigInt"),
    relation("thing", "belongsTo", "things", "thingId"),
)
HANDLES = collection(
    "handles",
    field("doorId", "bigInt", required=True),
    relation("door", "belongsTo", "doors", "doorId", on_delete="RESTRICT"),
)
DOORS = collection("doors", field("name", "string"), relation("handles", "hasMany", "handles", "doorId"))
LABELS = collection("labels", field("name", "string"))
THINGS_LABELS = collection("thingsLabels", field("thingId", "bigInt"), field("labelId", "bigInt"))


class Things(Plugin):
    """A collection with a field of each type."""

    name = "things"
    title = description = "Things"
    collections = (THINGS, PARTS, LABELS, THINGS_LABELS, DOORS, HANDLES)


@pytest.fixture
async def client(make: MakeApplication) -> AsyncIterator[httpx.AsyncClient]:
    made = make(Things())
    await made.install()
    await made.start()
    async with client_of(made) as found:
        yield found
    await made.stop()


async def count(client: httpx.AsyncClient, name: str = "things") -> int:
    return int((await client.get(f"/{name}:count")).json()["data"]["count"])


def wrong(answer: httpx.Response, code: str = "VALIDATION_ERROR") -> list[str]:
    """The fields that an answer calls wrong."""
    assert answer.status_code == 400, answer.text
    entries = answer.json()["errors"]
    assert entries[0]["code"] == code, answer.text
    assert all(entry["message"] for entry in entries)
    return [entry.get("field", "") for entry in entries]


DEEP = orjson.loads(b"[" * 100 + b"]" * 100)
REFUSED: list[tuple[str, Any]] = [
    *((name, value) for name in ("string", "text", "password") for value in (5, True, [], {}, "a\0b")),
    ("string", "x" * 51),
    ("password", ""),
    ("select", "c"),
    ("select", "a\0"),
    *(("integer", value) for value in (2**31, -(2**31) - 1, 1.5, "x", "1e3", True, [1], {}, "9" * 400)),
    *(("bigInt", value) for value in (2**63, -(2**63) - 1, str(2**63), 0.5, False, "٣")),
    *((name, value) for name in ("float", "double") for value in ("1e999", "NaN", "Infinity", "x", [], True)),
    *(("decimal", value) for value in ("1e30", 10**9, "x", "NaN", [], True, "123456789.01")),
    *(("boolean", value) for value in (2, "maybe", [], {}, 0.5)),
    *(
        (name, value)
        for name in ("datetimeTz", "datetimeNoTz", "dateOnly")
        for value in (
            "0000-01-01",
            "10000-01-01",
            "2026-02-30",
            "2026-13-01",
            "soon",
            " ",
            [],
            {},
            True,
            "\0",
        )
    ),
    ("datetimeTz", "0000-01-01T00:00:00Z"),
    ("datetimeTz", "10000-01-01T00:00:00Z"),
    ("datetimeTz", "0001-01-01T00:00:00+14:00"),
    ("datetimeTz", "9999-12-31T23:59:59-14:00"),
    *(("time", value) for value in ("24:00:01", "25:00", "12:60", "noon", [], {}, True)),
    *(("unixTimestamp", value) for value in (1e300, -(2**80), "soon", [], True)),
    ("json", DEEP),
    ("json", {"a": "\0"}),
    ("json", {"\0": 1}),
    *(("array", value) for value in (5, "a,b\0", {"a": 1}, [["\0"]], DEEP)),
    *(("uuid", value) for value in ("x", 5, [], "g" * 36)),
    *(("nanoid", value) for value in (5, [], "a\0")),
    *(("sort", value) for value in ("x", 2**63, 2**62 + 1, -(2**62) - 1, [], 1.5)),
]


@pytest.fixture
async def thing(client: httpx.AsyncClient) -> int:
    return int((await client.post("/things:create", json={})).json()["data"]["id"])


async def test_each_is_refused_by_its_field(client: httpx.AsyncClient, thing: int) -> None:
    before = (await client.get(f"/things:get/{thing}")).json()
    taken = []
    for name, value in REFUSED:
        for path in ("/things:create", f"/things:update/{thing}"):
            answer = await client.post(path, json={name: value})
            if answer.status_code != 400 or wrong(answer) != [name]:
                taken.append((path, name, value, answer.status_code, answer.text[:200]))
    assert taken == []
    assert (await client.get(f"/things:get/{thing}")).json() == before
    assert await count(client) == 1


async def test_all_of_them_are_told_at_once(client: httpx.AsyncClient) -> None:
    body = {
        "integer": 2**40,
        "password": 5,
        "parts": [{"name": "a"}, {"name": None, "size": "x"}, {"size": 1}],
        "labels": [{"name": 5}],
    }
    answer = await client.post("/things:create", json=body)
    named = {"integer", "password", "parts.1.name", "parts.1.size", "parts.2.name", "labels.0.name"}
    assert set(wrong(answer)) == named
    assert len(answer.json()["errors"]) == len(named)
    answer = await client.post("/things:create", json=[{}, {"integer": "x"}, {"select": "z"}])
    assert wrong(answer) == ["1.integer", "2.select"]
    for name in ("things", "parts", "labels"):
        assert await count(client, name) == 0


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"parts": list(range(100_000))}, "parts"),
        ({"parts": [{"name": "x"}] * 100_000}, "parts"),
        ({"labels": [[1, {}]] * 100_000}, "labels"),
        ({"labels": [[]] * 100_000}, "labels"),
        ({"parts": [{"name": "x"}] * 2000}, "parts"),
        ({"parts": [{"thing": {"parts": [5, "x"]}, "name": "a"}]}, "parts.0.thing.parts.1"),
        ({"parts": 5.5}, "parts"),
        ({"parts": "x"}, "parts"),
        ({"parts": {"id": []}}, "parts"),
        ({"parts": [2**64]}, "parts.0"),
        ({"parts": [99]}, "parts"),
        ({"labels": [{"id": 99}]}, "labels"),
    ],
)
async def test_what_relations_do_not_take(
    client: httpx.AsyncClient, body: dict[str, Any], field: str
) -> None:
    answer = await client.post("/things:create", json=body)
    assert wrong(answer)[0] == field
    assert len(answer.json()["errors"]) <= 100
    for name in ("things", "parts", "labels"):
        assert await count(client, name) == 0


@pytest.mark.parametrize(
    ("method", "path", "body", "code"),
    [
        ("POST", "/things:create", {"none": 1}, "UNKNOWN_FIELD"),
        ("POST", "/things:create", {"parts": [{"name": "x", "none": 1}]}, "UNKNOWN_FIELD"),
        ("POST", "/things:update/1", {"none": 1}, "UNKNOWN_FIELD"),
        ("POST", "/things:update/1", [1], "VALIDATION_ERROR"),
        ("POST", "/things:update/1", "x", "VALIDATION_ERROR"),
        ("POST", "/things:create", "x", "VALIDATION_ERROR"),
        ("POST", "/things:create", [[]], "VALIDATION_ERROR"),
        ("POST", "/things:create", [{}] * 1001, "VALIDATION_ERROR"),
        ("POST", "/things:firstOrCreate", {"filterKeys": ["none"], "values": {"none": 1}}, "UNKNOWN_FIELD"),
        ("POST", "/things:firstOrCreate", {"filterKeys": ["parts"], "values": {"parts": 1}}, "UNKNOWN_FIELD"),
        ("POST", "/things:firstOrCreate", {"filterKeys": [], "values": {}}, "INVALID_PARAMETER"),
        ("POST", "/things:firstOrCreate", {"filterKeys": 5, "values": {}}, "INVALID_PARAMETER"),
        (
            "POST",
            "/things:updateOrCreate",
            {"filterKeys": ["integer"], "values": {"integer": "x"}},
            "VALIDATION_ERROR",
        ),
        ("POST", "/things/1/parts:firstOrCreate", {"filterKeys": ["x"], "values": {"x": 1}}, "UNKNOWN_FIELD"),
        ("POST", "/things/1/parts:create", {"name": 5}, "VALIDATION_ERROR"),
        ("POST", "/things/1/parts:create", {}, "VALIDATION_ERROR"),
        ("POST", "/things/1/parts:update", {"name": "x"}, "FILTER_REQUIRED"),
        ("POST", "/things/1/parts:update?filter={}", {"name": "x"}, "FILTER_REQUIRED"),
        ("POST", "/things/1/parts:destroy", None, "FILTER_REQUIRED"),
        ("POST", "/things/1/parts:destroy?filterByTk=[]", None, "FILTER_REQUIRED"),
        ("POST", "/things:destroy?filter={}", None, "FILTER_REQUIRED"),
        ("POST", '/things:destroy?filter={"$not":{"$or":[]}}', None, "FILTER_REQUIRED"),
        ("POST", "/things:update/x", {"integer": 1}, "VALIDATION_ERROR"),
        ("POST", "/things:update/99999999999999999999", {"integer": 1}, "VALIDATION_ERROR"),
        ("POST", "/things:move", {"sourceId": True}, "INVALID_PARAMETER"),
        ("POST", "/things:move", {"sourceId": 1, "method": "above"}, "INVALID_PARAMETER"),
        ("POST", "/things:move", {"sourceId": 1, "method": ["insertAfter"]}, "INVALID_PARAMETER"),
        ("POST", "/things:move", {"sourceId": 1, "sortField": "integer"}, "INVALID_PARAMETER"),
        ("POST", "/things/1/parts:add", None, "VALIDATION_ERROR"),
        ("POST", "/things/1/parts:add", {"values": [99]}, "VALIDATION_ERROR"),
        ("POST", "/things/1/parts:remove", {}, "VALIDATION_ERROR"),
    ],
)
async def test_requests_that_can_not_be(
    client: httpx.AsyncClient, thing: int, method: str, path: str, body: Any, code: str
) -> None:
    wrong(await client.request(method, path, json=body), code)
    assert await count(client) == 1
    assert await count(client, "parts") == 0


@pytest.mark.parametrize(
    "raw",
    [
        b'{"double": NaN}',
        b'{"double": Infinity}',
        b'{"double": -Infinity}',
        b'{"text": "\\ud800"}',
        b'{"text": "\xed\xa0\x80"}',
        b'{"json": ' + b"[" * 10_000 + b"]" * 10_000 + b"}",
        b'{"parts": ' + b'[{"thing": {"parts": ' * 5000 + b"[]" + b"}}]" * 5000 + b"}",
        b'{"text": "x"',
        b"",
    ],
)
async def test_what_is_no_json(client: httpx.AsyncClient, raw: bytes) -> None:
    answer = await client.post("/things:create", content=raw, headers={"content-type": "application/json"})
    if raw:
        wrong(answer, "INVALID_JSON")
    assert await count(client) == (0 if raw else 1)


async def test_numbers_that_only_json_can_write(client: httpx.AsyncClient) -> None:
    headers = {"content-type": "application/json"}
    for name in ("integer", "bigInt", "decimal", "double", "sort", "unixTimestamp"):
        raw = b'{"%s": 1%s}' % (name.encode(), b"0" * 400)
        answer = await client.post("/things:create", content=raw, headers=headers)
        assert answer.status_code == 400, answer.text
    raw = b'{"json": {"n": 1%s}}' % (b"0" * 400)
    assert (await client.post("/things:create", content=raw, headers=headers)).status_code == 400
    assert await count(client) == 0


async def test_what_lies_just_within_is_kept(client: httpx.AsyncClient) -> None:
    body = {
        "integer": -(2**31),
        "bigInt": str(2**63 - 1),
        "decimal": "-12345678.90",
        "double": 1.7e308,
        "datetimeTz": "9999-12-31T23:59:59.999Z",
        "dateOnly": "0001-01-01",
        "string": "é" * 50,
        "array": ["a", "b"],
    }
    row = (await client.post("/things:create", json=body)).json()["data"]
    assert {name: row[name] for name in body} == body


async def test_numbers_that_others_follow_leave_room(client: httpx.AsyncClient) -> None:
    beyond = await client.post("/things:create", json={"id": 2**62 + 1})
    assert wrong(beyond) == ["id"]
    nested = await client.post(
        "/things:create", json={"parts": [{"name": "a", "thing": {"id": str(2**63 - 1)}}]}
    )
    assert nested.status_code == 400
    assert (await client.post("/things:create", json={"id": 2**62, "sort": 2**62})).status_code == 200
    after = (await client.post("/things:create", json={})).json()["data"]
    assert (after["id"], after["sort"]) == (str(2**62 + 1), str(2**62 + 1))
    moved = (await client.post("/things:move", json={"sourceId": str(2**62), "method": "prepend"})).json()[
        "data"
    ]
    assert moved["sort"] == str(2**62 - 1)


async def test_a_link_that_is_required_stays(client: httpx.AsyncClient) -> None:
    door = (await client.post("/doors:create", json={"handles": [{}, {}]})).json()["data"]
    assert [handle["doorId"] for handle in door["handles"]] == [door["id"]] * 2
    for path, body in (
        ("/doors/1/handles:remove", [1]),
        ("/doors/1/handles:set", [2]),
        ("/doors/1/handles:toggle", [1]),
        ("/doors:update/1", {"handles": []}),
        ("/handles/1/door:remove", None),
        ("/doors:destroy/1", None),
    ):
        answer = await client.post(path, json=body)
        assert answer.status_code == 409, (path, answer.text)
        (entry,) = answer.json()["errors"]
        assert entry["code"] == "CONFLICT"
        assert entry["collection"] in ("handles", "doors")
    assert await count(client, "handles") == 2
    assert wrong(await client.post("/handles:update/1", json={"doorId": None})) == ["doorId"]
    assert wrong(await client.post("/handles:create", json={})) == ["doorId"]
