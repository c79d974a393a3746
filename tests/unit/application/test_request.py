"""A request as ASGI brings it."""

from collections.abc import Iterable
from typing import Any

import pytest

from insula.application.api.bodies import read_json, record
from insula.application.api.request import Request
from insula.application.errors import (
    ClientGone,
    InvalidJson,
    PayloadTooLarge,
    UnsupportedMediaType,
)


def request(
    chunks: Iterable[bytes] = (), headers: Iterable[tuple[bytes, bytes]] = (), **scope: Any
) -> Request:
    left = list(chunks)

    async def receive() -> dict[str, Any]:
        if not left:
            return {"type": "http.disconnect"}
        chunk = left.pop(0)
        return {"type": "http.request", "body": chunk, "more_body": bool(left)}

    complete = {
        "method": "POST",
        "path": "/posts:create",
        "query_string": b"",
        "headers": list(headers),
        "client": ("10.0.0.1", 1234),
        **scope,
    }
    return Request(complete, receive, body_limit=100)


def local(scope: dict[str, Any]) -> Request:
    async def receive() -> dict[str, Any]:
        return {"type": "http.disconnect"}

    return Request({"method": "GET", "path": "/", "query_string": b"", "headers": [], **scope}, receive)


async def test_the_body_is_read_once() -> None:
    asked = request([b"ab", b"", b"cd"])
    assert await asked.body() == b"abcd"
    assert await asked.body() == b"abcd"
    assert asked.complete


async def test_a_body_that_is_too_large_is_refused_before_and_while_it_is_read() -> None:
    with pytest.raises(PayloadTooLarge):
        await request([b"x"], [(b"content-length", b"101")]).body()
    with pytest.raises(PayloadTooLarge):
        await request([b"x" * 60, b"x" * 60]).body()
    with pytest.raises(PayloadTooLarge):
        await request([b"x"], [(b"content-length", b"9" * 5000)]).body()


async def test_a_client_that_goes_away() -> None:
    with pytest.raises(ClientGone):
        await request().body()


def test_cookies_and_headers() -> None:
    asked = request(
        headers=[(b"cookie", b'a=1; b="2"; a=3; =x; broken'), (b"x-role", b"admin"), (b"x-role", b"b")]
    )
    assert dict(asked.cookies) == {"a": "1", "b": "2"}
    assert asked.header(b"x-role") == "admin"
    assert asked.header(b"x-none") is None
    assert asked.client == "10.0.0.1"
    assert local({}).local is False
    assert local({"insula.local": True}).local


@pytest.mark.parametrize("sane", ["abc", "A.b:c_-9", "0" * 64])
def test_a_sane_request_id_is_kept(sane: str) -> None:
    assert request(headers=[(b"x-request-id", sane.encode())]).request_id == sane


@pytest.mark.parametrize("wrong", [b"", b"a b", b"a\nb", b"\xff", b"0" * 65])
def test_any_other_is_replaced(wrong: bytes) -> None:
    assert request(headers=[(b"x-request-id", wrong)]).request_id.encode() != wrong


JSON = ((b"content-type", b"application/json; charset=utf-8"),)


async def test_json_is_decoded() -> None:
    assert await read_json(request([b'{"a": [1, 2.5, "x", null]}'], JSON)) == {"a": [1, 2.5, "x", None]}
    assert await read_json(request([b""], JSON)) is None
    assert await read_json(request([b'{"a":1,"a":2}'], ())) == {"a": 2}
    kind = ((b"content-type", b"application/merge-patch+json"),)
    assert await read_json(request([b"1"], kind)) == 1


@pytest.mark.parametrize("raw", [b"{", b"nope", b"{'a':1}", b"\xff", b'"\\ud800"', b"NaN", b"1 2", b"\x00"])
async def test_what_is_no_json_is_refused_saying_where(raw: bytes) -> None:
    with pytest.raises(InvalidJson, match="position"):
        await read_json(request([raw], JSON))


async def test_json_nested_10000_deep_is_refused() -> None:
    scope = {"method": "POST", "path": "/", "query_string": b"", "headers": list(JSON)}
    raw = b"[" * 10_000 + b"]" * 10_000

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": raw}

    with pytest.raises(InvalidJson):
        await read_json(Request(scope, receive))


@pytest.mark.parametrize("kind", [b"text/plain", b"application/x-www-form-urlencoded", b"text/json-ish", b""])
async def test_another_content_type_is_refused(kind: bytes) -> None:
    with pytest.raises(UnsupportedMediaType):
        await read_json(request([b"{}"], [(b"content-type", kind)]))


def test_the_record_is_the_body_or_its_values() -> None:
    assert record({}, {"title": "x"}, plain=False) == ({}, {"title": "x"})
    assert record({}, {"values": {"title": "x"}}, plain=False) == ({}, {"title": "x"})
    assert record({}, {"values": {"title": "x"}, "filterKeys": ["title"]}, plain=False) == (
        {"filterKeys": ["title"]},
        {"title": "x"},
    )
    assert record({}, {"values": {"a": 1}}, plain=True) == ({}, {"values": {"a": 1}})
    assert record({}, {"values": {"a": 1}, "other": 1}, plain=False) == ({}, {"values": {"a": 1}, "other": 1})
    assert record({}, {"values": 5}, plain=False) == ({}, {"values": 5})
