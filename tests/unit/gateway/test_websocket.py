"""WebSockets at the gateway: whose they are, what they bring along, and how they are refused."""

import asyncio
from typing import Any

import pytest

from insula.fleet.lifecycle import Observed, Wanted
from insula.fleet.process.base import Message, Receive, Scope, Send
from insula.testing.gateway import House


class Talk:
    """One WebSocket that is asked for, and what came back."""

    def __init__(self) -> None:
        self.sent: list[Message] = []
        self.seen: Scope = {}
        self.end = asyncio.Event()

    async def app(self, scope: Scope, receive: Receive, send: Send) -> None:
        """An application that agrees, and talks until it is told to end."""
        self.seen = scope
        await receive()
        await send({"type": "websocket.accept"})
        await self.end.wait()

    async def receive(self) -> Message:
        return {"type": "websocket.connect"}

    async def send(self, message: Message) -> None:
        self.sent.append(message)

    def ask(self, house: House, path: str, *headers: tuple[bytes, bytes], query: bytes = b"") -> Any:
        scope = {
            "type": "websocket",
            "path": path,
            "root_path": "",
            "query_string": query,
            "headers": list(headers),
            "client": ("127.0.0.1", 4711),
            "scheme": "ws",
        }
        return asyncio.create_task(house.gateway(scope, self.receive, self.send))


def made() -> tuple[House, Talk]:
    talk = Talk()
    house = House(talk.app)
    house.put("shop", Observed.RUNNING)
    return house, talk


@pytest.mark.parametrize(
    ("path", "query", "headers", "root"),
    [
        ("/apps/shop/ws", b"", (), "/apps/shop"),
        ("/api/__app/shop/ws", b"", (), "/api/__app/shop"),
        ("/api/ws", b"__appName=shop", (), "/api"),
        ("/ws", b"", ((b"host", b"shop.example.com"),), ""),
        ("/ws", b"", ((b"x-forwarded-host", b"shop.example.com"),), ""),
    ],
)
async def test_each_address_of_an_application_has_one(
    path: str, query: bytes, headers: tuple[tuple[bytes, bytes], ...], root: str
) -> None:
    house, talk = made()
    cookies = (b"cookie", b"nb_auth_token_main=m; nb_auth_token_shop=s")
    asked = talk.ask(house, path, *headers, cookies, query=query)
    while not talk.sent:
        await asyncio.sleep(0)
    assert talk.sent[0]["type"] == "websocket.accept"
    assert (talk.seen["path"], talk.seen["root_path"]) == ("/ws", root)
    assert (b"cookie", b"nb_auth_token_shop=s") in talk.seen["headers"]
    counts = house.traffic.of("shop")
    assert (counts.sockets, counts.in_flight, counts.requests) == (1, 0, 0)
    opened, counts.visited = counts.visited, 0.0
    assert opened
    talk.end.set()
    await asked
    assert (counts.sockets, counts.visited >= opened) == (0, True)


@pytest.mark.parametrize(
    ("path", "headers", "status", "code"),
    [
        ("/api/__app/nosuch/ws", (), 404, b"APP_NOT_FOUND"),
        ("/api/__app/gone/ws", (), 404, b"APP_NOT_FOUND"),
        ("/api/__app//ws", (), 404, b"lacks the name of an application"),
        ("/api/__app/main/ws", ((b"host", b"shop.example.com"),), 404, b"APP_NOT_FOUND"),
        ("/api/ws", ((b"x-app", b"shop"), (b"x-app", b"sleepy")), 400, b"AMBIGUOUS_APPLICATION"),
        ("/api/users:list", (), 404, b"NOT_FOUND"),
        ("/api/__app/sleepy/ws", (), 503, b"APP_STOPPED"),
        ("/api/__app/down/ws", (), 503, b"APP_STOPPED"),
    ],
)
async def test_what_is_refused_is_told_as_http_and_wakes_nobody(
    path: str, headers: tuple[tuple[bytes, bytes], ...], status: int, code: bytes
) -> None:
    house, talk = made()
    house.put("gone", Observed.STOPPED, Wanted.DELETED)
    house.put("sleepy", Observed.STOPPED, Wanted.ASLEEP)
    house.put("down", Observed.STOPPED, Wanted.STOPPED)
    await talk.ask(house, path, *headers)
    start, body = talk.sent
    assert (start["type"], start["status"]) == ("websocket.http.response.start", status)
    assert dict(start["headers"])[b"x-request-id"]
    assert body["type"] == "websocket.http.response.body"
    assert code in body["body"]
    assert house.directory.woken == []
    assert {name: counts.sockets for name, counts in house.traffic.all().items()} in ({}, {"shop": 0})


async def test_a_socket_whose_application_fails_is_not_counted_for_ever() -> None:
    house, talk = made()

    async def raises(scope: Scope, receive: Receive, send: Send) -> None:
        raise RuntimeError("a defect")

    house.process.apps["shop"] = raises
    with pytest.raises(RuntimeError, match="a defect"):
        await talk.ask(house, "/api/__app/shop/ws")
    assert house.traffic.of("shop").sockets == 0
