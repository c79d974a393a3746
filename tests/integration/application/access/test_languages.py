"""What errors say follows the language that a request asks for; what programs compare does not."""

import httpx
import pytest

from insula.testing.people import People, refusal


@pytest.mark.parametrize(
    ("tag", "sentence"),
    [
        ("en-US", 'There is no resource "nothing".'),
        ("es-ES", "No existe el recurso «nothing»."),
        ("fr-FR", "Il n’y a pas de ressource «\xa0nothing\xa0»."),
        ("zh-CN", "没有资源“nothing”。"),
        ("de-DE", 'There is no resource "nothing".'),
        ("../fr", 'There is no resource "nothing".'),
    ],
)
async def test_an_error_is_told_in_the_language_of_the_request(
    tag: str, sentence: str, people: People, web: httpx.AsyncClient
) -> None:
    head = {**await people.root(), "x-locale": tag}
    answer = await web.get("/nothing:list", headers=head)
    assert refusal(answer) == (404, "NOT_FOUND")
    assert answer.json()["errors"][0]["message"] == sentence


async def test_the_reason_in_it_is_told_in_that_language_too(people: People, web: httpx.AsyncClient) -> None:
    head = {**await people.root(), "x-locale": "fr-FR"}
    answer = await web.get("/users:list?page=none", headers=head)
    assert refusal(answer) == (400, "INVALID_PARAMETER")
    (entry,) = answer.json()["errors"]
    assert entry["parameter"] == "page"
    assert entry["message"].startswith("Le paramètre «\xa0page\xa0» doit être un nombre entier de 1 à ")


@pytest.mark.parametrize("tag", ["en-US", "fr-FR"])
async def test_what_it_is_about_is_named_for_programs_in_any_language(
    tag: str, people: People, web: httpx.AsyncClient
) -> None:
    head = {**await people.root(), "x-locale": tag}
    wrong = {"username": "no spaces", "password": "correct horse battery"}
    (user,) = (await web.post("/users:create", json=wrong, headers=head)).json()["errors"]
    assert (user["field"], user["code"]) == ("username", "VALIDATION_ERROR")

    await web.post("/collections:create", json={"name": "orders"}, headers=head)
    total = {"name": "total", "type": "integer", "defaultValue": "much"}
    (entry,) = (await web.post("/collections/orders/fields:create", json=total, headers=head)).json()[
        "errors"
    ]
    named = {"code": "VALIDATION_ERROR", "collection": "orders", "field": "total", "path": "defaultValue"}
    assert named.items() <= entry.items()
    reasons = {
        "en-US": "Has a defaultValue that must be a whole number.",
        "fr-FR": "A un defaultValue qui doit être un nombre entier.",
    }
    assert entry["reason"] == reasons[tag]
    assert entry["reason"] != entry["message"]

    taken = await web.post("/collections:create", json={"name": "orders"}, headers=head)
    assert {"collection": "orders", "path": "name"}.items() <= taken.json()["errors"][0].items()
    settings = {"settings": {"shortestPassword": "many"}}
    (setting,) = (await web.post("/pm:update/auth", json=settings, headers=head)).json()["errors"]
    assert (setting["plugin"], setting["field"]) == ("auth", "shortestPassword")
