"""Records through relations over the API: what can be done and what is answered; on both dialects."""

import asyncio
from typing import Any

import httpx
import pytest

from insula.data.attaching import MAX_RELATED


async def data(answer: httpx.Response) -> Any:
    assert answer.status_code == 200, answer.text
    return answer.json()["data"]


@pytest.fixture
async def ann(client: httpx.AsyncClient) -> int:
    """An author of three books."""
    books = [{"title": f"Book {n}", "pages": n * 100} for n in (1, 2, 3)]
    made = await data(await client.post("/authors:create", json={"name": "Ann", "books": books}))
    assert [(book["title"], book["authorId"]) for book in made["books"]] == [
        (f"Book {n}", made["id"]) for n in (1, 2, 3)
    ]
    return int(made["id"])


async def test_first_or_create_and_update_or_create(client: httpx.AsyncClient, ann: int) -> None:
    body = {"filterKeys": ["title"], "values": {"title": "Book 1", "pages": 1}}
    found = await data(await client.post(f"/authors/{ann}/books:firstOrCreate", json=body))
    assert found["pages"] == 100
    changed = await data(await client.post(f"/authors/{ann}/books:updateOrCreate", json=body))
    assert (changed["id"], changed["pages"]) == (found["id"], 1)
    bob = (await data(await client.post("/authors:create", json={"name": "Bob"})))["id"]
    path = f"/authors/{bob}/books:updateOrCreate?filterKeys=title"
    new = await data(await client.post(path, json={"title": "Book 1", "tags": [{"name": "x"}]}))
    assert new["authorId"] == bob
    assert [tag["name"] for tag in new["tags"]] == ["x"]
    missing = await client.post("/authors/99/books:firstOrCreate", json=body)
    assert missing.status_code == 404


async def test_several_are_made_at_once_or_none(client: httpx.AsyncClient, ann: int) -> None:
    path = f"/authors/{ann}/books:create"
    made = await data(await client.post(path, json=[{"title": "x", "tags": [{"name": "t"}]}, {"title": "y"}]))
    assert [(book["title"], book["authorId"], len(book["tags"])) for book in made] == [
        ("x", ann, 1),
        ("y", ann, 0),
    ]
    refused = await client.post(path, json=[{"title": "z"}, {"title": None}])
    assert (refused.status_code, "1.title" in refused.text) == (400, True)
    assert (
        await client.post(f"/books/{made[0]['id']}/author:create", json=[{"name": "n"}])
    ).status_code == 400
    assert await data(await client.get(f"/authors/{ann}/books:count")) == {"count": 5}
    tags = await data(
        await client.post(f"/books/{made[1]['id']}/tags:create", json=[{"name": "a"}, {"name": "b"}])
    )
    assert [tag["name"] for tag in tags] == ["a", "b"]


async def test_two_at_once_are_both_answered_with_the_one(client: httpx.AsyncClient, ann: int) -> None:
    body = {"filterKeys": ["name"], "values": {"name": "Eve"}}
    answers = await asyncio.gather(*(client.post("/authors:firstOrCreate", json=body) for _ in range(6)))
    rows = [await data(answer) for answer in answers]
    assert rows == [rows[0]] * 6
    assert await data(await client.get("/authors:count?filter[name]=Eve")) == {"count": 1}


async def test_count_query_and_move(client: httpx.AsyncClient, ann: int) -> None:
    await client.post("/books:create", json={"title": "Other", "pages": 5})
    assert await data(await client.get(f"/authors/{ann}/books:count")) == {"count": 3}
    assert await data(await client.get(f"/authors/{ann}/books:count?filter[pages][$gt]=100")) == {"count": 2}
    asked = {
        "measures": [{"field": ["pages"], "aggregation": "sum", "alias": "total"}],
        "filter": {"pages": {"$lt": 300}},
    }
    assert await data(await client.post(f"/authors/{ann}/books:query", json=asked)) == [{"total": 300}]
    assert (await client.post("/authors/99/books:query", json=asked)).status_code == 404
    moved = await data(await client.post(f"/authors/{ann}/books:move", json={"sourceId": 3, "targetId": 1}))
    assert moved["sort"] == 1
    for body in ({"sourceId": 4, "targetId": 1}, {"sourceId": 1, "targetId": 4}):
        assert (await client.post(f"/authors/{ann}/books:move", json=body)).status_code == 404


async def test_what_was_written_is_answered(client: httpx.AsyncClient, ann: int) -> None:
    body = {"title": "New", "author": ann, "tags": [{"name": "a"}, {"name": "b"}]}
    book = await data(await client.post("/books:create", json=body))
    assert book["author"]["name"] == "Ann"
    assert all(tag["id"] for tag in book["tags"])
    kept = [{"id": book["tags"][0]["id"], "name": "renamed"}, {"name": "c"}]
    plain = await data(await client.post(f"/books:update/{book['id']}", json={"tags": kept}))
    assert [tag["name"] for tag in plain[0]["tags"]] == ["a", "c"]
    path = f"/books:update/{book['id']}?updateAssociationValues=tags"
    deep = await data(await client.post(path, json={"tags": kept[:1]}))
    assert [tag["name"] for tag in deep[0]["tags"]] == ["renamed"]
    only = await data(
        await client.post(f"/books:update/{book['id']}?whitelist=title", json={"title": "T", "tags": []})
    )
    assert (only[0]["title"], "tags" in only[0]) == ("T", False)
    path = f"/authors/{ann}/books:create?blacklist=pages,tags.name"
    less = await data(await client.post(path, json={"title": "U", "pages": 7, "tags": [{"name": "z"}]}))
    assert (less["pages"], [tag["name"] for tag in less["tags"]]) == (None, [None])
    assert "tags" not in (await data(await client.get(f"/books:get/{book['id']}")))


async def test_several_keys_filters_and_keys_of_several_fields(client: httpx.AsyncClient, ann: int) -> None:
    params = {"filterByTk": '[{"title":"Book 1","pages":100},{"title":"Book 2","pages":1}]'}
    rows = await data(await client.post("/books:update", params=params, json={"price": "2"}))
    assert [row["title"] for row in rows] == ["Book 1"]
    rows = await data(await client.post("/books:update?filterByTk=1,3,99", json={"price": "3"}))
    assert sorted(row["id"] for row in rows) == [1, 3]
    path = f"/authors/{ann}/books:update?filter[pages][$gte]=200"
    assert len(await data(await client.post(path, json={"price": "4"}))) == 2
    assert await data(await client.post('/books:destroy?filter={"price":"4"}')) == 2
    assert await data(await client.post("/books:destroy", json={"filterByTk": [{"title": "Book 1"}]})) == 1


async def test_a_cut_relation_says_so_and_is_not_written_whole(client: httpx.AsyncClient, ann: int) -> None:
    for part in range(2):
        rows = [{"title": f"{part} {n}", "authorId": ann} for n in range(MAX_RELATED // 2)]
        await data(await client.post("/books:create", json=rows))
    author = await data(await client.get(f"/authors:get/{ann}?appends=books"))
    assert (len(author["books"]), author["__more"]) == (MAX_RELATED, ["books"])
    sent_back = await client.post(f"/authors:update/{ann}", json=author)
    assert sent_back.status_code == 400
    assert sent_back.json()["errors"][0]["field"] == "books"
    listed = (await client.get(f"/authors/{ann}/books:list")).json()["meta"]["count"]
    assert listed == MAX_RELATED + 3
