"""Trees stay trees: no record becomes its own parent or gets below itself, by whichever way it is written."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from insula.application.application import Application
from insula.data.errors import InvalidValue
from insula.data.scope import Unrestricted
from insula.plugins.collections import CollectionsPlugin
from insula.testing.applications import Library, MakeApplication

ROUNDS = 10


@pytest.fixture
async def application(make: MakeApplication) -> AsyncIterator[Application]:
    made = make(Library(), CollectionsPlugin())
    await made.install()
    await made.start()
    yield made
    await made.stop()


@pytest.fixture
async def branch(client: httpx.AsyncClient) -> list[int]:
    """The keys of four records, each the parent of the next."""
    body = {"name": "places", "template": "tree", "fields": [{"name": "title", "type": "string"}]}
    assert (await client.post("/collections:create", json=body)).status_code == 200
    keys: list[int] = []
    for title in "abcd":
        values = {"title": title, "parentId": keys[-1] if keys else None}
        keys.append((await client.post("/places:create", json=values)).json()["data"]["id"])
    return keys


async def parents(client: httpx.AsyncClient) -> dict[int, int | None]:
    rows = (await client.get("/places:list?sort=id")).json()["data"]
    return {row["id"]: row["parentId"] for row in rows}


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/places:update/1", {"parentId": 1}),
        ("/places:update/1", {"parentId": 4}),
        ("/places:update/1", {"parent": 3}),
        ("/places:update/1", {"title": "x", "parent": {"id": 2}}),
        ("/places:update/3", {"children": [1]}),
        ("/places:update/3", {"children": [3, 4]}),
        ("/places:update/3", {"children": [{"id": 2, "title": "x"}, {"title": "y"}]}),
        ('/places:update?filter={"title":{"$in":["b","zzz"]}}', {"parentId": 4}),
        ("/places:update?filterByTk[]=2&filterByTk[]=4", {"parentId": 3}),
        ("/places/4/children:add", [2]),
        ("/places/4/children:set", [1]),
        ("/places/4/children:toggle", [4]),
        ("/places/1/parent:set", [4]),
        ("/places/1/parent:add", [1]),
        ("/places:create", {"id": 90, "parentId": 90}),
        ("/places:create", {"parentId": 5}),
        ("/places:create", {"title": "n", "parentId": 4, "children": [2]}),
        ("/places/4/children:create", {"title": "n", "children": [1]}),
        ("/places:create", [{"title": "n"}, {"parent": {"title": "m", "parentId": 4}, "children": [3]}]),
    ],
)
async def test_circles_are_refused(
    client: httpx.AsyncClient, branch: list[int], path: str, body: Any
) -> None:
    before = await parents(client)
    answer = await client.post(path, json=body)
    assert answer.status_code == 400, answer.text
    error = answer.json()["errors"][0]
    assert (error["code"], error["field"]) == ("VALIDATION_ERROR", "parentId")
    assert await parents(client) == before


async def test_branches_move(client: httpx.AsyncClient, branch: list[int]) -> None:
    a, b, c, d = branch
    assert (await client.post(f"/places:update/{d}", json={"parentId": a})).status_code == 200
    assert (await client.post(f"/places:update/{b}", json={"parentId": d})).status_code == 200
    assert (await client.post(f"/places/{b}/children:set", json=[])).status_code == 200
    assert (await client.post(f"/places/{c}/children:add", json=[a])).status_code == 200
    assert await parents(client) == {a: c, b: d, c: None, d: a}


async def test_two_at_once_make_no_circle(client: httpx.AsyncClient, branch: list[int]) -> None:
    a, b, *_ = branch
    for _ in range(ROUNDS):
        await client.post("/places:update?filterByTk[]=1&filterByTk[]=2", json={"parentId": None})
        statuses = await asyncio.gather(
            client.post(f"/places:update/{a}", json={"parentId": b}),
            client.post(f"/places:update/{b}", json={"parentId": a}),
        )
        assert sorted(answer.status_code for answer in statuses) == [200, 400]


async def test_imported_records_make_no_circle(application: Application, branch: list[int]) -> None:
    insert = application.repository.bulk_insert
    everyone = Unrestricted()
    with pytest.raises(InvalidValue, match="parentId"):
        await insert("places", [(11, 12), (12, 13), (13, 11)], ("id", "parentId"), scopes=everyone)
    assert application.repository.csv_rows("places", ("id", "parentId")) is None
    assert await insert("places", [(11, 4), (12, 11), (13, 11)], ("id", "parentId"), scopes=everyone) == 3
