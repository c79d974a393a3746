"""The way in, spoken to as ASGI."""

import asyncio
import contextlib
import json
import logging
from datetime import UTC, datetime
from typing import Any

import pytest

from insula.core import log
from insula.fleet.command import Command, Verb
from insula.fleet.directory.memory import MemoryDirectory
from insula.fleet.lifecycle import Lifecycle, Observed
from insula.fleet.process.base import AsgiApp, Message, ProcessAdapter, Receive, Scope, Send
from insula.gateway.answers import send_answer
from insula.gateway.entry import Gateway, GatewayOptions
from insula.gateway.pages import Pages, Templates
from insula.gateway.trust import TrustedProxies
from insula.server.checks import networks

HTML = ((b"accept", b"text/html,*/*"),)


class Running(ProcessAdapter):
    """Applications that answer what was seen of the request."""

    def __init__(self) -> None:
        self.apps: dict[str, AsgiApp] = {}

    def running(self, application: str) -> AsgiApp | None:
        return self.apps.get(application)

    async def start(self, application: str) -> None:
        self.apps[application] = echo

    async def stop(self, application: str) -> None:
        self.apps.pop(application, None)


async def echo(scope: Scope, receive: Receive, send: Send) -> None:
    seen = {
        "path": scope["path"],
        "root": scope["root_path"],
        "local": scope["insula.local"],
        "client": scope["client"][0],
        "scheme": scope["scheme"],
        "host": scope["insula.host"],
        "id": scope["insula.request_id"],
        "log": [log.application.get(), log.request_id.get()],
    }
    await send_answer(send, 200, json.dumps(seen).encode(), b"application/json")


async def raising(scope: Scope, receive: Receive, send: Send) -> None:
    raise RuntimeError("a defect")


async def raising_late(scope: Scope, receive: Receive, send: Send) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    raise RuntimeError("a defect")


class House:
    """A gateway with main running, ``shop`` known and ``shop.example.com`` its domain."""

    def __init__(self, access_log: bool = False) -> None:
        self.directory = MemoryDirectory()
        self.process = Running()
        self.database_answers = True
        self.lifecycles = {name: Lifecycle(name, lambda: datetime.now(UTC)) for name in ("main", "shop")}
        for name in ("main", "shop"):
            self.directory.add(self.lifecycles[name], domain="shop.example.com" if name == "shop" else None)
        self.move("main", Observed.PREPARING, Observed.INITIALIZING, Observed.INITIALIZED, Observed.RUNNING)
        self.process.apps["main"] = echo
        options = GatewayOptions("/api/", TrustedProxies(networks("127.0.0.0/8")), access_log)
        pages = Pages(Templates(), "/api/", answers=self.answers)
        self.gateway = Gateway(options, self.directory, self.process, pages)

    async def answers(self) -> bool:
        return self.database_answers

    def move(self, name: str, *states: Observed) -> None:
        for state in states:
            command = Command(Verb.START, name, "1") if state is Observed.COMMANDING else None
            self.lifecycles[name].move(state, command=command, step="x" if state is Observed.ERROR else "")

    async def ask(
        self,
        path: str,
        *headers: tuple[bytes, bytes],
        query: bytes = b"",
        peer: str = "198.51.100.1",
        local: bool = False,
        method: str = "GET",
    ) -> "Heard":
        scope: dict[str, Any] = {
            "type": "http",
            "method": method,
            "path": path,
            "root_path": "",
            "query_string": query,
            "headers": list(headers),
            "client": None if local else (peer, 4711),
            "scheme": "http",
        }
        heard = Heard()

        async def receive() -> Message:
            return {"type": "http.request", "body": b"", "more_body": False}

        app = self.gateway.local if local else self.gateway
        # In a task of its own, as the server runs it: what it sets in its context stays there.
        await asyncio.create_task(_run(app, scope, receive, heard.take))
        return heard


async def _run(app: AsgiApp, scope: Scope, receive: Receive, send: Send) -> None:
    await app(scope, receive, send)


class Heard:
    """What came back."""

    def __init__(self) -> None:
        self.status = 0
        self.headers: dict[str, str] = {}
        self.body = b""

    async def take(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self.headers = {key.decode(): value.decode() for key, value in message["headers"]}
        else:
            self.body += message.get("body", b"")

    @property
    def json(self) -> Any:
        return json.loads(self.body)


async def test_a_running_application_gets_its_own_path_and_the_believed_origin() -> None:
    heard = await House().ask(
        "/api/users:list",
        (b"host", b"inner"),
        (b"x-forwarded-for", b"198.51.100.7"),
        (b"x-forwarded-proto", b"https"),
        (b"x-forwarded-host", b"insula.example.com"),
        peer="127.0.0.1",
    )
    assert heard.json["path"] == "/users:list"
    assert heard.json["root"] == "/api"
    assert (heard.json["client"], heard.json["scheme"], heard.json["host"]) == (
        "198.51.100.7",
        "https",
        "insula.example.com",
    )
    assert heard.json["log"] == ["main", heard.headers["x-request-id"]]


async def test_no_header_makes_a_request_local() -> None:
    house = House()
    forged = await house.ask(
        "/api/x:y", (b"insula.local", b"true"), (b"x-insula-local", b"1"), peer="127.0.0.1"
    )
    assert forged.json["local"] is False
    operator = await house.ask("/api/x:y", (b"x-forwarded-for", b"198.51.100.7"), local=True)
    assert (operator.json["local"], operator.json["client"]) == (True, "local")


@pytest.mark.parametrize("given", [b"abc-1.2_3:4", b"x" * 64])
async def test_a_harmless_request_id_is_kept(given: bytes) -> None:
    heard = await House().ask("/api/x:y", (b"x-request-id", given))
    assert heard.headers["x-request-id"] == given.decode()
    assert heard.json["id"] == given.decode()


@pytest.mark.parametrize("given", [b"", b"a b", b"a\nb", b"x" * 65, "é".encode()])
async def test_any_other_request_id_is_replaced(given: bytes) -> None:
    heard = await House().ask("/api/x:y", (b"x-request-id", given))
    assert len(heard.headers["x-request-id"]) == 16


async def test_an_unknown_application_is_404_at_once() -> None:
    house = House()
    for heard in (
        await house.ask("/api/__app/nosuch/users:list"),
        await house.ask("/api/users:list", (b"x-app", b"nosuch")),
        await house.ask("/api/users:list", query=b"__appName=nosuch"),
        await house.ask("/api/__app//users:list"),
        await house.ask("/api/__app/nosuch/__health_check"),
    ):
        assert heard.status == 404
        assert heard.json["error"]["code"] == "APP_NOT_FOUND"
        assert heard.headers["x-request-id"]


async def test_another_application_on_a_custom_domain_is_404() -> None:
    heard = await House().ask("/api/users:list", (b"host", b"shop.example.com"), (b"x-app", b"main"))
    assert (heard.status, heard.json["error"]["code"]) == (404, "APP_NOT_FOUND")


O = Observed


@pytest.mark.parametrize(
    ("states", "code", "maintaining"),
    [
        ((O.PREPARING,), "APP_PREPARING", True),
        ((O.PREPARING, O.INITIALIZING), "APP_INITIALIZING", True),
        ((O.PREPARING, O.INITIALIZING, O.INITIALIZED), "APP_INITIALIZED", True),
        ((O.STOPPED,), "APP_STOPPED", False),
        ((O.STOPPED, O.ERROR), "APP_ERROR", False),
        ((O.COMMANDING,), "APP_STARTING", True),
    ],
)
async def test_an_application_that_does_not_answer(
    states: tuple[Observed, ...], code: str, maintaining: bool
) -> None:
    house = House()
    house.move("shop", *states)
    heard = await house.ask("/api/__app/shop/users:list")
    assert heard.status == 503
    error = heard.json["error"]
    assert (error["status"], error["code"], error["maintaining"]) == (503, code, maintaining)
    assert ("retry-after" in heard.headers) is maintaining
    assert ("command" in error) == (states[-1] is O.COMMANDING)
    assert "shop" in error["message"]
    health = await house.ask("/api/__app/shop/__health_check")
    assert health.status == 503
    page = await house.ask("/apps/shop/admin", *HTML)
    assert page.status == 503
    assert b"<h1>" in page.body


async def test_health() -> None:
    house = House()
    for path in ("/api/__health_check", "/__health_check", "/api/__app/main/__health_check"):
        heard = await house.ask(path)
        assert (heard.status, heard.body) == (200, b"ok")


async def test_a_defect_is_500_in_the_gateways_shape_and_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    house = House()
    house.process.apps["main"] = raising
    heard = await house.ask("/api/x:y")
    assert (heard.status, heard.json["error"]["code"]) == (500, "INTERNAL_ERROR")
    assert heard.headers["x-request-id"] in heard.json["error"]["message"]
    assert "a defect" not in heard.body.decode()
    assert "a defect" in caplog.text


async def test_a_defect_after_the_head_breaks_the_connection() -> None:
    house = House()
    house.process.apps["main"] = raising_late
    with contextlib.suppress(RuntimeError):
        await house.ask("/api/x:y")
        pytest.fail("the error must reach the server, which closes the connection")


async def test_the_access_log_has_method_path_status_and_no_query(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    await House(access_log=True).ask("/api/users:list", query=b"token=abcdef")
    assert "GET /api/users:list 200" in caplog.text
    assert "abcdef" not in caplog.text


async def test_pages_for_people_and_errors_for_programs() -> None:
    house = House()
    welcome = await house.ask("/", (b"host", b"h"), *HTML)
    assert (welcome.status, welcome.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert "script-src" not in welcome.headers["content-security-policy"]
    assert "default-src 'none'" in welcome.headers["content-security-policy"]
    assert (await house.ask("/nothing", *HTML)).headers["content-type"].startswith("text/html")
    assert (await house.ask("/nothing")).json["error"]["code"] == "NOT_FOUND"
    assert (await house.ask("/apps/nosuch/admin")).json["error"]["code"] == "APP_NOT_FOUND"
    assert (await house.ask("/", method="POST")).status == 405


async def test_what_is_shown_is_escaped() -> None:
    heard = await House().ask("/apps/<script>alert(1)</script>/admin", *HTML)
    assert heard.status == 404
    assert b"<script>" not in heard.body


async def test_the_first_page_tells_when_the_database_does_not_answer() -> None:
    house = House()
    page = await house.ask("/", (b"accept", b"text/html"))
    assert page.status == 200
    assert b"Everything is up, and answers." in page.body
    house.database_answers = False
    page = await house.ask("/", (b"accept", b"text/html"))
    assert page.status == 503
    assert page.headers["retry-after"]
    assert b"its database does not answer" in page.body
    assert b"Everything is up" not in page.body
