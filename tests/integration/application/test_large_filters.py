"""Filters of thousands of values or conditions over the API."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from insula.application.application import Application
from insula.plugins.collections import CollectionsPlugin
from insula.testing.applications import Library, MakeApplication

MANY = 10_000


@pytest.fixture
async def application(make: MakeApplication) -> AsyncIterator[Application]:
    made = make(Library(), CollectionsPlugin())
    await made.install()
    await made.start()
    yield made
    await made.stop()


@pytest.fixture
async def client(client: httpx.AsyncClient) -> httpx.AsyncClient:
    fields = [
        {"name": "code", "type": "string"},
        {"name": "qty", "type": "integer"},
        {"name": "price", "type": "decimal"},
        {"name": "day", "type": "dateOnly"},
    ]
    await client.post("/collections:create", json={"name": "things", "fields": fields})
    for number in range(5):
        body = {"code": f"c{number}", "qty": number, "price": number, "day": f"2026-01-0{number + 1}"}
        await client.post("/things:create", json=body)
    return client


async def count(client: httpx.AsyncClient, filter: Any) -> httpx.Response:
    """By POST: an address holds no more than some thousand characters."""
    return await client.post("/things:count", json={"filter": filter})


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("id", list(range(3, MANY + 3))),
        ("code", [f"c{number}" for number in range(2, MANY + 2)]),
        ("qty", list(range(2, MANY + 2))),
        ("price", [str(number) for number in range(2, MANY + 2)]),
        ("day", ["2026-01-03", "2026-01-04", "2026-01-05"] * (MANY // 3)),
    ],
)
async def test_ten_thousand_values_in_a_list(client: httpx.AsyncClient, name: str, values: list[Any]) -> None:
    for operator, expected in (("$in", 3), ("$notIn", 2)):
        answer = await count(client, {name: {operator: values}})
        assert answer.status_code == 200, answer.text
        assert answer.json()["data"] in (expected, {"count": expected})
    listed = await client.post("/things:list", json={"filter": {name: {"$in": values}}})
    assert listed.json()["meta"]["count"] == 3


async def test_ten_thousand_conditions_are_too_many(client: httpx.AsyncClient) -> None:
    for logic in ("$or", "$and"):
        answer = await count(client, {logic: [{"qty": number} for number in range(MANY)]})
        error = answer.json()["errors"][0]
        assert (answer.status_code, error["code"]) == (400, "INVALID_FILTER")
        assert "it has more than 500 conditions; $in takes a long list of values" in error["message"]


async def test_as_many_conditions_as_may_be(client: httpx.AsyncClient) -> None:
    for logic, expected in (("$or", 5), ("$and", 0)):
        answer = await count(client, {logic: [{"qty": number} for number in range(500)]})
        assert answer.status_code == 200, answer.text
        assert answer.json()["data"] in (expected, {"count": expected})


async def test_a_list_of_more_values_than_may_be(client: httpx.AsyncClient) -> None:
    answer = await count(client, {"qty": {"$in": [1] * 10_001}})
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (400, "INVALID_FILTER")
    assert "must not be a list of more than 10000 values" in answer.text


@pytest.mark.parametrize("pattern", ["(a+)+b", "(a|aa)+$", "(.*a){20}", "(a|a?)+b"])
async def test_patterns_that_are_dangerous_elsewhere(client: httpx.AsyncClient, pattern: str) -> None:
    await client.post("/things:create", json={"code": "a" * 255})
    answer = await count(client, {"code": {"$regexp": pattern}})
    assert answer.status_code == 200, answer.text


@pytest.mark.parametrize("pattern", ["(a)\\1", "(?<=a)b", "((a{200}){200}){200}", "[", "(?i)a"])
async def test_patterns_that_are_refused(client: httpx.AsyncClient, pattern: str) -> None:
    answer = await count(client, {"code": {"$regexp": pattern}})
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (400, "INVALID_FILTER")
    assert '"code"' in answer.json()["errors"][0]["message"]
