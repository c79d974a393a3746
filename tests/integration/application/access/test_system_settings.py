"""The settings that all pages show: seen in part by all, changed by few."""

from typing import Any

import httpx
import pytest

from insula.testing.people import People, accepted, refusal


async def test_what_the_page_to_sign_in_needs_is_open(people: People, web: httpx.AsyncClient) -> None:
    member = await people.add("ann", "member")
    public = {
        "title": "main",
        "logo": None,
        "color": None,
        "appLang": "en-US",
        "enabledLanguages": ["en-US", "es-ES", "fr-FR", "zh-CN"],
    }
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


LOGOS = [
    "https://example.com/logo.png?v=1",
    "/files/logo.svg",
    *(f"data:image/{kind};base64,PHA+" for kind in ("png", "jpeg", "webp", "gif", "svg+xml")),
    "data:image/png;base64," + "A" * 99_972,
]


async def test_logo_and_colour_are_shown_to_all(people: People, web: httpx.AsyncClient) -> None:
    root = await people.root()
    for logo in LOGOS:
        accepted(
            await web.post("/systemSettings:update", json={"logo": logo, "color": "#4F46e5"}, headers=root)
        )
        shown = accepted(await web.get("/systemSettings:get"))
        assert (shown["logo"], shown["color"]) == (logo, "#4f46e5")
    for nothing in (None, ""):
        given = {"logo": nothing, "color": nothing}
        (row,) = accepted(await web.post("/systemSettings:update", json=given, headers=root))
        assert (row["logo"], row["color"]) == (None, None)


async def test_what_to_write_is_said(people: People, web: httpx.AsyncClient) -> None:
    root = await people.root()
    for given, told in (
        ({"logo": "x"}, "a path such as /logo.png"),
        ({"logo": "/" + "x" * 100_000}, "is longer than 100000 characters"),
        ({"color": "red"}, "a colour such as #4f46e5"),
        ({"appLang": "e"}, 'a language such as "en-US"'),
    ):
        answer = await web.post("/systemSettings:update", json=given, headers=root)
        assert refusal(answer) == (400, "VALIDATION_ERROR") and told in answer.json()["errors"][0]["message"]


NOT_TAKEN: list[dict[str, Any]] = [
    *({"enabledLanguages": value} for value in ([], "en", ["e"], ["../x"], [5], ["en"] * 101, {"a": 1})),
    *({"appLang": value} for value in ("e", "../x", 5, "en-" + "x" * 40)),
    *({"color": value} for value in ("red", "#fff", "4f46e5", "#4f46e5;", "#4f46g5", 5, ["#4f46e5"])),
    *(
        {"logo": value}
        for value in (
            "logo.png",
            "http://example.com/logo.png",
            "//example.com/logo.png",
            "/\\example.com/logo.png",
            "https:///x",
            "https://example.com/a b",
            "javascript:alert(1)",
            "data:text/html;base64,PHA+",
            "data:image/png,abc",
            "data:image/svg+xml,<svg onload=alert(1)>",
            "data:image/svg+xml;charset=utf-8;base64,PHA+",
            "data:image/bmp;base64,PHA+",
            "data:image/png;base64,",
            "data:image/png;base64,PHA",
            "data:image/png;base64," + "A" * 100_000,
            5,
            {"url": "/logo.png"},
        )
    ),
    *({"title": value} for value in (["x"], "x\0", "x" * 300)),
    {"nonsense": 1},
]


async def test_what_is_not_taken(people: People, web: httpx.AsyncClient) -> None:
    for given in NOT_TAKEN:
        answer = await web.post("/systemSettings:update", json=given, headers=await people.root())
        assert answer.status_code == 400, answer.text
        assert accepted(await web.get("/systemSettings:get"))["title"] == "main"
