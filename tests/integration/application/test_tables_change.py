"""Records that are read and written while their tables change, or after other hands changed them."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
import sqlalchemy as sa

from insula.application.application import Application
from insula.database.executor import Database
from insula.plugins.collections import CollectionsPlugin
from insula.testing.applications import Library, MakeApplication
from insula.testing.askers import Askers

ROUNDS = 6


@pytest.fixture
async def application(make: MakeApplication) -> AsyncIterator[Application]:
    made = make(Library(), CollectionsPlugin())
    await made.install()
    await made.start()
    yield made
    await made.stop()


async def made(client: httpx.AsyncClient, *more: dict[str, Any]) -> None:
    fields = [{"name": "n", "type": "integer"}, *more]
    answer = await client.post("/collections:create", json={"name": "things", "fields": fields})
    assert answer.status_code == 200, answer.text


async def test_fields_come_and_go_under_load(client: httpx.AsyncClient) -> None:
    await made(client)
    await client.post("/things:create", json={"n": 1})
    asked = (
        ("POST", "/things:create", {"n": 1}),
        ("POST", "/things:create", {"n": 1, "q": "x"}),
        ("POST", "/things:update/1", {"q": "y"}),
        ("GET", "/things:list?pageSize=5", None),
        ("GET", "/things:list?paginate=false&filter[n]=2", None),
        ("GET", '/things:list?filter={"q":"x"}&pageSize=5', None),
        ("POST", '/things:destroy?filter={"q":"z"}', None),
    )
    async with Askers(client, *asked) as traffic:
        for _ in range(ROUNDS):
            answer = await client.post(
                "/collections/things/fields:create", json={"name": "q", "type": "string"}
            )
            assert answer.status_code == 200, answer.text
            answer = await client.post("/collections/things/fields:destroy/q")
            assert answer.status_code == 200, answer.text
    assert traffic.answers <= {(200, ""), (400, "UNKNOWN_FIELD")}, traffic.seen
    assert len(traffic.answers) == 2


@pytest.mark.parametrize(
    ("kind", "text"), [("decimal", "7"), ("boolean", "true"), ("bigInt", "7"), ("dateOnly", "2026-01-02")]
)
async def test_types_change_under_load(client: httpx.AsyncClient, kind: str, text: str) -> None:
    """What is stored is what was written, whichever type it was made for."""
    body = {"name": "things", "fields": [{"name": "n", "type": "string"}]}
    assert (await client.post("/collections:create", json=body)).status_code == 200
    plain = {"decimal": 7, "bigInt": 7, "boolean": True}.get(kind, text)
    asked = (
        ("POST", "/things:create", {"n": text}),
        ("POST", "/things:create", [{"n": plain}, {"n": text}]),
        ("POST", "/things:update/1", {"n": text}),
        ("GET", f'/things:list?filter={{"n":"{text}"}}&pageSize=5', None),
        ("GET", '/things:list?filter={"n":{"$notEmpty":true}}&pageSize=5', None),
    )
    async with Askers(client, *asked) as traffic:
        for _ in range(ROUNDS):
            for new in (kind, "string"):
                answer = await client.post("/collections/things/fields:update/n", json={"type": new})
                assert answer.status_code == 200, answer.text
    assert {answer for answer in traffic.answers if answer[0] >= 500} == set(), traffic.seen
    assert {status for path, status, _ in traffic.seen if ":list" in path} == {200}, traffic.seen
    rows = (await client.get("/things:list?paginate=false&fields=n")).json()["data"]
    values = {row["n"] for row in rows}
    assert len(rows) > ROUNDS
    assert all(float(value) == 7 for value in values) if text == "7" else values == {text}


async def test_collections_come_and_go_under_load(client: httpx.AsyncClient) -> None:
    asked = (
        ("POST", "/things:create", {"n": 1}),
        ("POST", '/things:update?filter={"n":1}', {"n": 2}),
        ("GET", "/things:list", None),
        ("GET", "/things:list?paginate=false", None),
        ("GET", "/things:count", None),
    )
    async with Askers(client, *asked) as traffic:
        for _ in range(ROUNDS):
            await made(client)
            answer = await client.post("/collections:destroy/things")
            assert answer.status_code == 200, answer.text
    assert traffic.answers <= {(200, ""), (404, "NOT_FOUND")}, traffic.seen
    assert len(traffic.answers) == 2


def refusal(answer: httpx.Response) -> tuple[int, str, str]:
    error = answer.json()["errors"][0]
    return answer.status_code, error["code"], error["message"]


async def test_a_table_that_other_hands_removed(client: httpx.AsyncClient, database: Database) -> None:
    await made(client, {"name": "q", "type": "string", "index": True})
    await database.run(sa.text(f"DROP TABLE {database.schema_prefix}things"))
    for answer in (
        await client.get("/things:list"),
        await client.get("/things:list?paginate=false"),
        await client.post("/things:create", json={"n": 1}),
        await client.post("/collections/things/fields:create", json={"name": "more", "type": "string"}),
    ):
        status, code, message = refusal(answer)
        assert (status, code) == (409, "TABLE_MISSING")
        assert 'The table "things" of the collection "things" is not in the database' in message
    answer = await client.post("/collections:destroy/things")
    assert answer.status_code == 200, answer.text
    assert (await client.get("/things:list")).status_code == 404
    await made(client)
    assert (await client.post("/things:create", json={"n": 1})).status_code == 200


async def test_a_column_that_other_hands_removed(client: httpx.AsyncClient, database: Database) -> None:
    await made(client, {"name": "q", "type": "string"})
    await database.run(sa.text(f"ALTER TABLE {database.schema_prefix}things DROP COLUMN q"))
    for answer in (
        await client.get("/things:list"),
        await client.post("/things:create", json={"n": 1}),
    ):
        status, code, message = refusal(answer)
        assert (status, code) == (409, "COLUMN_MISSING")
        assert 'the collection "things" lacks the column of its field "q"' in message
    answer = await client.post("/collections/things/fields:destroy/q")
    assert answer.status_code == 200, answer.text
    assert (await client.post("/things:create", json={"n": 1})).status_code == 200
