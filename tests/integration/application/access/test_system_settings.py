"""The settings that all pages show: seen in part by all, changed by few."""

from typing import Any

import httpx
import pytest

from insula.testing.people import People, accepted, refusal


async def test_what_the_page_to_sign_in_needs_is_open(people: People, web: httpx.AsyncClient) -> None:
    member = await people.add("ann", "member")
    public = {"title": "main", "logo": None, "appLang": "en-US", "enabledLanguages": ["en-US"]}
    for head in ({}, member):
        assert accepted(await web.get("/systemSettings:get", headers=head)) == public
    whole = accepted(await web.get("/systemSettings:get", headers=await people.root()))
    assert whole.keys() == {*public, "id", "options"}


@pytest.mark.parametrize("action", ["update", "update/1", "put"])
async def test_changing_them(people: People, web: httpx.AsyncClient, action: str) -> None:
    given = {"title": "House", "enabledLanguages": ["en-US", "de", "zh-CN"], "options": {"a": 1}, "id": 7}
    assert refusal(await web.post(f"/systemSettings:{action}", json=given)) == (401, "EMPTY_TOKEN")
    member = await people.add("ann", "member")
    refused = await web.post(f"/systemSettings:{action}", json=given, headers=member)
    assert refusal(refused) == (403, "NO_PERMISSION")
    (row,) = accepted(await web.post(f"/systemSettings:{action}", json=given, headers=await people.root()))
    assert (row["id"], row["title"], row["options"]) == (1, "House", {"a": 1})
    assert accepted(await web.get("/systemSettings:get"))["enabledLanguages"] == ["en-US", "de", "zh-CN"]


NOT_TAKEN: list[dict[str, Any]] = [
    *({"enabledLanguages": value} for value in ([], "en", ["e"], ["../x"], [5], ["en"] * 101, {"a": 1})),
    *({"title": value} for value in (["x"], "x\0", "x" * 300)),
    {"nonsense": 1},
]


async def test_what_is_not_taken(people: People, web: httpx.AsyncClient) -> None:
    for given in NOT_TAKEN:
        answer = await web.post("/systemSettings:update", json=given, headers=await people.root())
        assert answer.status_code == 400, answer.text
        assert accepted(await web.get("/systemSettings:get"))["title"] == "main"
