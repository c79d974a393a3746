"""A gateway in front of applications that are as a test says, spoken to as ASGI."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from ipaddress import ip_network
from typing import Any, cast

from insula.fleet.command import Command, Verb
from insula.fleet.directory.base import Directory
from insula.fleet.lifecycle import Observed, Status, Wanted
from insula.fleet.process.base import AsgiApp, Message, ProcessAdapter
from insula.fleet.target import Target
from insula.fleet.traffic import Traffic
from insula.gateway.entry import Gateway, GatewayOptions
from insula.gateway.hop import Hops
from insula.gateway.pages import Pages, Templates
from insula.gateway.trust import TrustedProxies
from insula.gateway.waiting import Waiting
from insula.gateway.web import Web
from insula.testing.web import made_up_web

HTML = ((b"accept", b"text/html,*/*"),)


LOOK_S = 0.01
"""How often the test's directory looks what has become of an application."""


class Running:
    """All that the gateway asks of a process adapter."""

    def __init__(self) -> None:
        self.apps: dict[str, AsgiApp] = {}

    def running(self, application: str) -> AsgiApp | None:
        return self.apps.get(application)


class Known(Directory):
    """Applications as the test put them here; ``wake`` does what the test says, and counts."""

    def __init__(self) -> None:
        self.targets: dict[str, Target] = {}
        self.domains: dict[str, str] = {}
        self.woken: list[str] = []
        self.waking: Callable[[str], Awaitable[None]] | None = None
        """What a wake does; nothing unless set."""

    async def find(self, application: str) -> Target | None:
        return self.targets.get(application)

    def application_of(self, host: str) -> str | None:
        return self.domains.get(host)

    async def wake(self, application: str) -> Target | None:
        self.woken.append(application)
        if self.waking is not None:
            await self.waking(application)
        return await self.find(application)

    async def changed(self, application: str, within_s: float) -> None:
        await asyncio.sleep(min(within_s, LOOK_S))


class House:
    """A gateway with main running, ``shop`` known and ``shop.example.com`` its domain."""

    def __init__(
        self,
        app: AsgiApp,
        *,
        access_log: bool = False,
        hold_s: float = 20.0,
        hops: Hops | None = None,
        web: Web | None = None,
    ) -> None:
        self.app = app
        self.directory = Known()
        self.directory.domains["shop.example.com"] = "shop"
        self.process = Running()
        self.database_answers = True
        self.traffic = Traffic()
        self.put("main", Observed.RUNNING)
        self.put("shop", Observed.STOPPED, Wanted.STOPPED)
        options = GatewayOptions(
            "/api/", TrustedProxies([ip_network("127.0.0.0/8")], hops), access_log, hold_s
        )
        pages = Pages(Templates(), made_up_web() if web is None else web, answers=self.answers)
        process = cast(ProcessAdapter, self.process)
        self.waiting = Waiting(self.directory, process)
        self.gateway = Gateway(options, self.directory, process, pages, self.traffic, self.waiting)

    async def answers(self) -> bool:
        return self.database_answers

    def put(
        self,
        name: str,
        observed: Observed,
        wanted: Wanted = Wanted.RUNNING,
        *,
        verb: Verb = Verb.START,
        share_session: bool = False,
        stays_down: bool = False,
    ) -> None:
        """Have an application be like this; ``stays_down``: where it is stopped, nobody has stopped it."""
        command = Command(verb, name, "1") if observed is Observed.COMMANDING else None
        failed = ("prepare", "db.internal does not answer") if observed is Observed.ERROR else ("", "")
        if stays_down and observed is Observed.STOPPED:
            failed = ("", f"The database of {name} is older than this.")
        status = Status(observed, datetime.now(UTC), command, *failed)
        self.directory.targets[name] = Target(name, status, wanted, name.title(), share_session)
        if observed is Observed.RUNNING:
            self.process.apps[name] = self.app
        else:
            self.process.apps.pop(name, None)

    async def ask(
        self,
        path: str,
        *headers: tuple[bytes, bytes],
        query: bytes = b"",
        peer: str = "198.51.100.1",
        local: bool = False,
        method: str = "GET",
        client: "Client | None" = None,
    ) -> "Heard":
        """One request, answered."""
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
        client = client or Client()
        app = self.gateway.local if local else self.gateway
        # In a task of its own, as the server runs it: what it sets in its context stays there.
        await asyncio.create_task(_run(app, scope, client))
        return client.heard


async def _run(app: AsgiApp, scope: dict[str, Any], client: "Client") -> None:
    await app(scope, client.receive, client.heard.take)


class Client:
    """Sends a body, and stays until told to leave."""

    def __init__(self, *body: bytes) -> None:
        self.heard = Heard()
        self._parts = list(body) or [b""]
        self._left = asyncio.Event()

    def leave(self) -> None:
        self._left.set()

    async def receive(self) -> Message:
        if self._parts and not self._left.is_set():
            part = self._parts.pop(0)
            return {"type": "http.request", "body": part, "more_body": bool(self._parts)}
        await self._left.wait()
        return {"type": "http.disconnect"}


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
