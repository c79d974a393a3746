"""Updates and removals of very many records: done whole, answered in part."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from insula.application.application import Application
from insula.data.changes import Change
from insula.data.many import MAX_ANSWERED, PART_ROWS
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


@pytest.fixture
async def changes(application: Application) -> list[Change]:
    found: list[Change] = []
    application.repository.observers.append(found.append)
    return found


async def fill(client: httpx.AsyncClient, application: Application, many: int) -> None:
    fields = [{"name": "n", "type": "integer"}, {"name": "state", "type": "string", "unique": False}]
    assert (await client.post("/collections:create", json={"name": "things", "fields": fields})).is_success
    for start in range(0, many, 1_000):
        rows = [(number, "new") for number in range(start, min(many, start + 1_000))]
        await application.repository.bulk_insert("things", rows, ("n", "state"), scopes=Unrestricted())


async def count(client: httpx.AsyncClient, **filter: Any) -> int:
    answer = await client.post("/things:count", json={"filter": filter})
    found: int = answer.json()["data"]["count"]
    return found


@pytest.mark.parametrize("many", [PART_ROWS - 1, PART_ROWS, PART_ROWS + 1, 3 * PART_ROWS])
async def test_all_updated_records_are_answered(
    client: httpx.AsyncClient, application: Application, changes: list[Change], many: int
) -> None:
    await fill(client, application, many + 2)
    changes.clear()
    # the filter does not fit any more once a record is written
    path = f'/things:update?filter={{"n":{{"$lt":{many}}},"state":"new"}}'
    answer = await client.post(path, json={"state": "done"})
    body = answer.json()
    assert sorted(row["n"] for row in body["data"]) == list(range(many))
    assert {row["state"] for row in body["data"]} == {"done"}
    assert "meta" not in body
    assert (await count(client, state="done"), await count(client, state="new")) == (many, 2)
    (change,) = changes
    assert (change.collection, change.action, len(change.keys)) == ("things", "update", many)


async def test_of_very_many_a_part_is_answered(
    client: httpx.AsyncClient, application: Application, changes: list[Change]
) -> None:
    many = MAX_ANSWERED + PART_ROWS + 5
    await fill(client, application, many)
    changes.clear()
    answer = await client.post('/things:update?filter={"state":"new"}', json={"state": "done"})
    body = answer.json()
    assert (len(body["data"]), body["meta"]) == (MAX_ANSWERED, {"hasNext": True})
    assert await count(client, state="done") == many
    assert [(change.action, change.keys) for change in changes] == [("update", ())]
    answer = await client.post('/things:destroy?filter={"state":"done"}')
    assert answer.json()["data"] == many
    assert await count(client) == 0
    assert changes[-1] == Change("things", "destroy", ())


async def test_what_fails_late_leaves_nothing(client: httpx.AsyncClient, application: Application) -> None:
    many = 2 * PART_ROWS + 1
    await fill(client, application, many)
    field = {"name": "code", "type": "string", "unique": True}
    assert (await client.post("/collections/things/fields:create", json=field)).is_success
    answer = await client.post('/things:update?filter={"state":"new"}', json={"state": "x", "code": "same"})
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (409, "CONFLICT")
    assert await count(client, state="new") == many


@pytest.mark.parametrize("many", [PART_ROWS - 100, 3 * PART_ROWS])
@pytest.mark.parametrize("action", ["update", "destroy"])
async def test_records_are_chosen_once(
    client: httpx.AsyncClient, application: Application, many: int, action: str
) -> None:
    """The filter asks for what the first of the records says, and that one is written too."""
    fields = [{"name": "active", "type": "boolean"}]
    boss = {"name": "boss", "type": "belongsTo", "target": "staff", "foreignKey": "bossId"}
    assert (await client.post("/collections:create", json={"name": "staff", "fields": fields})).is_success
    assert (await client.post("/collections/staff/fields:create", json=boss)).is_success
    columns = ("id", "active", "bossId")
    rows = [(number, True, 2 if number > 2 else 1) for number in range(1, many + 1)]
    await application.repository.bulk_insert("staff", rows, columns, scopes=Unrestricted())
    path = f'/staff:{action}?filter={{"boss.active":true}}'
    answer = await client.post(path, json={"active": False} if action == "update" else None)
    assert answer.is_success, answer.text
    left = await client.post("/staff:count", json={"filter": {"active": True}})
    assert left.json()["data"]["count"] == 0
