"""The actions of records and relations over the API, on both dialects."""

import json
from typing import Any

import httpx
import pytest


async def data(answer: httpx.Response, status: int = 200) -> Any:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/json; charset=utf-8"
    return answer.json()["data"]


async def error(answer: httpx.Response, status: int, code: str) -> dict[str, Any]:
    assert answer.status_code == status, answer.text
    assert answer.headers["x-request-id"]
    (entry,) = answer.json()["errors"]
    assert entry["code"] == code, entry
    assert entry["message"]
    found: dict[str, Any] = entry
    return found


@pytest.fixture
async def books(client: httpx.AsyncClient) -> list[Any]:
    """Five books of one author."""
    author = await data(await client.post("/authors:create", json={"name": "Ann"}))
    rows = [
        {"title": f"Book {n}", "pages": n * 100, "price": f"{n}.50", "authorId": author["id"]}
        for n in range(1, 6)
    ]
    found: list[Any] = await data(await client.post("/books:create", json=rows))
    return found


async def test_create_answers_the_record(client: httpx.AsyncClient) -> None:
    sent = {"title": "A", "pages": 3, "price": "1.5", "bought": "2026-01-02T03:04:05Z"}
    created = await data(await client.post("/books:create", json=sent))
    assert created["price"] == "1.50"
    assert created["bought"] == "2026-01-02T03:04:05.000Z"
    assert created["id"] == 1
    wrapped = await data(await client.post("/books:create", json={"values": sent}))
    assert wrapped["id"] == 2
    rest = await data(await client.post("/books", json=sent))
    assert rest["id"] == 3


async def test_get(client: httpx.AsyncClient, books: list[Any]) -> None:
    for path in (
        "/books:get/2",
        "/books/2",
        "/books:get?filterByTk=2",
        '/books:get?filter={"title":"Book 2"}',
        "/books:get?filter[title]=Book 2",
        '/books:get?filterByTk={"title":"Book 2"}',
    ):
        found = await data(await client.get(path))
        assert found["title"] == "Book 2", path
    assert await data(await client.get("/books:get/99")) is None
    assert await data(await client.post("/books:get", json={"filterByTk": 2})) is not None
    assert (await data(await client.get("/books:get/2?fields=title&appends=author")))["author"][
        "name"
    ] == "Ann"
    await error(await client.get("/books:get"), 400, "INVALID_PARAMETER")
    await error(await client.get("/books:get/x"), 400, "INVALID_PARAMETER")


async def test_lists(client: httpx.AsyncClient, books: list[Any]) -> None:
    answer = (await client.get("/books:list?page=2&pageSize=2&sort=-pages")).json()
    assert [row["pages"] for row in answer["data"]] == [300, 200]
    assert answer["meta"] == {"count": 5, "page": 2, "pageSize": 2, "totalPage": 3}
    answer = (await client.get("/books:list?paginate=false&sort=id")).json()
    assert len(answer["data"]) == 5
    assert "meta" not in answer
    answer = (
        await client.post("/books:list", json={"filter": {"pages": {"$gt": 300}}, "pageSize": 1})
    ).json()
    assert answer["meta"]["count"] == 2
    assert (await client.get("/books?filter[pages][$in][]=100&filter[pages][$in][]=200")).json()["meta"][
        "count"
    ] == 2
    empty = (await client.get("/books:list?filter[pages]=1")).json()
    assert empty == {"data": [], "meta": {"count": 0, "page": 1, "pageSize": 20, "totalPage": 0}}
    assert (await client.get("/books:list?filter[pages]=1&paginate=false")).json() == {"data": []}


async def test_simple_paging_says_whether_there_is_more(client: httpx.AsyncClient) -> None:
    await client.post("/tags:create", json=[{"name": "a"}, {"name": "b"}])
    answer = (await client.get("/tags:list?pageSize=1")).json()
    assert answer["meta"] == {"hasNext": True, "page": 1, "pageSize": 1}
    assert (await client.get("/tags:list?pageSize=1&page=2")).json()["meta"]["hasNext"] is False


async def test_update_answers_a_list_and_destroy_a_number(
    client: httpx.AsyncClient, books: list[Any]
) -> None:
    changed = await data(await client.post("/books:update/1", json={"title": "New"}))
    assert [row["title"] for row in changed] == ["New"]
    changed = await data(
        await client.post("/books:update", params={"filterByTk": "[2,3]"}, json={"values": {"pages": 7}})
    )
    assert [row["pages"] for row in changed] == [7, 7]
    changed = await data(await client.put("/books/4", json={"pages": 9}))
    assert changed[0]["pages"] == 9
    await error(await client.post("/books:update", json={"pages": 1}), 400, "FILTER_REQUIRED")
    await error(await client.post("/books:destroy"), 400, "FILTER_REQUIRED")
    for everything in (
        '{"id":{"$notIn":[]}}',
        '{"$not":{"id":{"$in":[]}}}',
        '{"$and":[{"id":{"$notIn":[]}}]}',
    ):
        answer = await client.post("/books:destroy", params={"filter": everything})
        await error(answer, 400, "FILTER_REQUIRED")
    await error(await client.post("/books:update/99", json={"pages": 1}), 404, "NOT_FOUND")
    assert await data(await client.post("/books:destroy/1")) == 1
    assert await data(await client.post("/books:destroy", json={"filterByTk": [2, 3]})) == 2
    assert await data(await client.delete("/books/4")) == 1
    assert await data(await client.post('/books:destroy?filter={"pages":500}')) == 1


async def test_first_or_create_and_update_or_create(client: httpx.AsyncClient) -> None:
    body = {"filterKeys": ["name"], "values": {"name": "Ann"}}
    first = await data(await client.post("/authors:firstOrCreate", json=body))
    again = await data(await client.post("/authors:firstOrCreate", json=body))
    assert first == again
    other = await data(await client.post("/authors:updateOrCreate?filterKeys[]=name", json={"name": "Bob"}))
    assert other["id"] != first["id"]


async def test_count_query_and_move(client: httpx.AsyncClient, books: list[Any]) -> None:
    assert await data(await client.get("/books:count")) == {"count": 5}
    assert await data(await client.get("/books:count?filter[pages][$gt]=300")) == {"count": 2}
    rows = await data(
        await client.post(
            "/books:query",
            json={
                "measures": [{"field": ["pages"], "aggregation": "sum", "alias": "total"}],
                "dimensions": [{"field": ["author", "name"], "alias": "author"}],
                "orders": [{"field": ["total"], "order": "desc"}],
            },
        )
    )
    assert rows == [{"total": 1500, "author": "Ann"}]
    assert (await data(await client.post("/books:move?sourceId=5&targetId=1")))["sort"] == 1
    first = (await client.get("/books:list?sort=sort&pageSize=1")).json()["data"][0]
    assert first["title"] == "Book 5"


async def test_relations(client: httpx.AsyncClient, books: list[Any]) -> None:
    tag = await data(await client.post("/books/1/tags:create", json={"name": "x"}))
    listed = (await client.get("/books/1/tags:list")).json()
    assert [row["name"] for row in listed["data"]] == ["x"]
    assert (await client.get("/books/2/tags")).json()["data"] == []
    assert await data(await client.post("/books/2/tags:add", json=[tag["id"]])) is None
    assert (await data(await client.get(f"/books/2/tags:get/{tag['id']}")))["name"] == "x"
    await client.post(f"/books/2/tags:remove/{tag['id']}")
    assert await data(await client.get("/books/2/tags:count")) == {"count": 0}
    await client.post("/books/2/tags:toggle", json={"values": [tag["id"]]})
    assert await data(await client.get("/books/2/tags:count")) == {"count": 1}
    await client.put("/books/2/tags", json=[])
    assert await data(await client.get("/books/2/tags:count")) == {"count": 0}
    assert (await data(await client.get("/books/1/author")))["name"] == "Ann"
    assert (await data(await client.get("/books/1/author:get")))["name"] == "Ann"
    changed = await data(await client.post("/authors/1/books:update/1", json={"title": "Y"}))
    assert changed[0]["title"] == "Y"
    assert await data(await client.post("/authors/1/books:destroy/1")) == 1
    assert (await client.get("/authors/1/books:list")).json()["meta"]["count"] == 4
    await error(await client.get("/books/2/none:list"), 404, "NOT_FOUND")


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "code"),
    [
        ("GET", "/none:list", None, 404, "NOT_FOUND"),
        ("GET", "/books:none", None, 404, "NOT_FOUND"),
        ("GET", "/", None, 404, "NOT_FOUND"),
        ("GET", "/jobs2/1/2/3", None, 404, "NOT_FOUND"),
        ("GET", "/books:create", None, 405, "METHOD_NOT_ALLOWED"),
        ("GET", "/books:destroy/1", None, 405, "METHOD_NOT_ALLOWED"),
        ("GET", "/books:list?filter={", None, 400, "INVALID_FILTER"),
        ("GET", '/books:list?filter={"pages":{"$none":1}}', None, 400, "INVALID_FILTER"),
        ("GET", '/books:list?filter={"none":1}', None, 400, "UNKNOWN_FIELD"),
        ("GET", "/books:list?sort=none", None, 400, "UNKNOWN_FIELD"),
        ("GET", "/books:list?fields=none", None, 400, "UNKNOWN_FIELD"),
        ("GET", "/books:list?appends=none", None, 400, "UNKNOWN_FIELD"),
        ("GET", "/books:list?page=0", None, 400, "INVALID_PARAMETER"),
        ("GET", "/books:list?page=x", None, 400, "INVALID_PARAMETER"),
        ("GET", "/books:list?filters=x", None, 400, "INVALID_PARAMETER"),
        ("GET", "/books:list?pagesize=5", None, 400, "INVALID_PARAMETER"),
        ("GET", "/books:list?a[b=x", None, 400, "INVALID_PARAMETER"),
        ("GET", "/books:list?filter=%ff", None, 400, "INVALID_PARAMETER"),
        ("POST", "/books:create", {"none": 1}, 400, "UNKNOWN_FIELD"),
        ("POST", "/books:create", {"title": "a", "pages": "x"}, 400, "VALIDATION_ERROR"),
        ("POST", "/books:create", {"pages": 1}, 400, "VALIDATION_ERROR"),
        ("POST", "/books:create", {"title": "x", "pages": 2**40}, 400, "VALIDATION_ERROR"),
        ("POST", "/books:create", {"title": "x\0y"}, 400, "VALIDATION_ERROR"),
        ("POST", "/books:create", 5, 400, "VALIDATION_ERROR"),
        ("POST", "/books:create", [5], 400, "VALIDATION_ERROR"),
        ("POST", "/books:list", [5], 400, "VALIDATION_ERROR"),
        ("POST", "/books:query", {"measures": 5}, 400, "INVALID_PARAMETER"),
        ("POST", "/books:query", {}, 400, "INVALID_PARAMETER"),
    ],
)
async def test_what_is_wrong_is_said(
    client: httpx.AsyncClient, method: str, path: str, body: Any, status: int, code: str
) -> None:
    await error(await client.request(method, path, json=body), status, code)


async def test_a_value_that_is_taken_is_a_conflict_naming_the_field(client: httpx.AsyncClient) -> None:
    await client.post("/authors:create", json={"name": "Ann"})
    entry = await error(await client.post("/authors:create", json={"name": "Ann"}), 409, "CONFLICT")
    assert "name" in entry["message"]


@pytest.mark.parametrize(
    ("raw", "status", "code"),
    [
        (b"{", 400, "INVALID_JSON"),
        (b"[" * 10_000 + b"]" * 10_000, 400, "INVALID_JSON"),
        (b'{"a":' * 10_000 + b"1" + b"}" * 10_000, 400, "INVALID_JSON"),
        (b'{"title":"\\ud800"}', 400, "INVALID_JSON"),
        (b'{"title":"' + b"x" * 2_100_000 + b'"}', 413, "PAYLOAD_TOO_LARGE"),
    ],
)
async def test_bodies_that_are_no_json(client: httpx.AsyncClient, raw: bytes, status: int, code: str) -> None:
    headers = {"content-type": "application/json"}
    await error(await client.post("/books:create", content=raw, headers=headers), status, code)


async def test_other_content_types_are_refused(client: httpx.AsyncClient) -> None:
    await error(await client.post("/books:create", data={"title": "x"}), 415, "UNSUPPORTED_MEDIA_TYPE")


async def test_head_and_options(client: httpx.AsyncClient, books: list[Any]) -> None:
    whole = await client.get("/books:list")
    head = await client.head("/books:list")
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-length"] == whole.headers["content-length"]
    streamed = await client.head("/books:list?paginate=false")
    assert (streamed.status_code, streamed.content) == (200, b"")
    options = await client.options("/books:list")
    assert options.status_code == 204
    assert "GET" in options.headers["allow"]


async def test_the_clients_request_id_comes_back(client: httpx.AsyncClient) -> None:
    answer = await client.get("/books:list", headers={"x-request-id": "abc-1"})
    assert answer.headers["x-request-id"] == "abc-1"
    answer = await client.get("/books:none", headers={"x-request-id": "a b"})
    assert answer.headers["x-request-id"] != "a b"


async def test_a_long_list_comes_whole(client: httpx.AsyncClient) -> None:
    rows = [{"title": f"T{n}", "pages": n} for n in range(700)]
    await data(await client.post("/books:create", json=rows))
    answer = (await client.get("/books:list?paginate=false&sort=id")).json()
    assert [row["pages"] for row in answer["data"]] == list(range(700))
    answer = (await client.get("/books:list?pageSize=600&sort=id")).json()
    assert len(answer["data"]) == 600
    assert answer["meta"]["count"] == 700
    await error(await client.get("/books:list?paginate=false&sort=none"), 400, "UNKNOWN_FIELD")


async def test_the_zone_of_the_request_is_where_days_begin(client: httpx.AsyncClient) -> None:
    await client.post("/books:create", json={"title": "x", "bought": "2026-01-01T23:30:00Z"})
    path = "/books:count?" + "filter=" + json.dumps({"bought": {"$dateOn": "2026-01-02"}})
    assert await data(await client.get(path)) == {"count": 0}
    assert await data(await client.get(path, headers={"x-timezone": "Europe/Berlin"})) == {"count": 1}
    assert await data(await client.get(path, headers={"x-timezone": "+08:00"})) == {"count": 1}
    await error(await client.get(path, headers={"x-timezone": "Nowhere"}), 400, "INVALID_PARAMETER")
