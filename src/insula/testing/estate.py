"""Main and applications beside it in one process, for tests of what is between them: one registry, one gateway."""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from ipaddress import ip_network
from pathlib import Path
from typing import Any, Final, cast

import httpx

from insula.application.access.shared import SharedSession
from insula.application.access.steady_clock import SteadyClock
from insula.application.application import Application
from insula.application.options import Options
from insula.application.registry import Registry
from insula.application.secrets import DataKey, MasterKey
from insula.database.budget import ConnectionBudget
from insula.database.engine import open_database
from insula.database.options import DatabaseOptions
from insula.fleet.lifecycle import Observed, Status, Wanted
from insula.fleet.process.base import ProcessAdapter
from insula.fleet.target import Target
from insula.gateway.entry import Gateway, GatewayOptions
from insula.gateway.pages import Pages, Templates
from insula.gateway.trust import TrustedProxies
from insula.gateway.waiting import Waiting
from insula.testing.applications import APP_KEY
from insula.testing.clock import HandClock
from insula.testing.gateway import Known, Running
from insula.testing.people import PASSWORD, ROOT, ROOT_PASSWORD, Head, accepted
from insula.testing.web import made_up_web

KEY_BYTES: Final = 32
HOST: Final = "http://insula.example.com"
"""Where main answers, and the others below it."""


def domain(name: str) -> str:
    """The custom domain of an application."""
    return f"{name}.example.org"


@dataclass
class Estate:
    """All of it; applications are added by name."""

    place: Callable[[str], Awaitable[DatabaseOptions]]
    """Name → options of an empty database, until the test ends."""
    folder: Path
    registry: Registry
    clock: HandClock
    applications: dict[str, Application] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.directory, self.process = Known(), Running()
        process = cast(ProcessAdapter, self.process)
        options = GatewayOptions("/api/", TrustedProxies([ip_network("127.0.0.0/8")]))
        pages = Pages(Templates(), made_up_web(), answers=self._answers)
        waiting = Waiting(self.directory, process)
        self.gateway = Gateway(options, self.directory, process, pages, waiting=waiting)

    async def _answers(self) -> bool:
        return True

    @property
    def main(self) -> Application:
        return self.applications["main"]

    async def add(self, name: str, *, shares: bool = False) -> Application:
        """A new application, running, with ``ROOT`` as its first user."""
        database = open_database(await self.place(name), ConnectionBudget())
        shared = None
        if shares:
            key = self.main.secrets.verify_key.public_bytes_raw()
            shared = SharedSession(key, self.main.access.vouch)
        is_main = name == "main"
        options = Options(main=is_main, storage=self.folder / "apps" / name, shared=shared)
        keys = MasterKey(APP_KEY) if is_main else DataKey(os.urandom(KEY_BYTES))
        made = Application(name, database, self.registry, keys, options)
        made.access.clock = SteadyClock(self.clock.wall, self.clock.monotonic)
        self.applications[name] = made
        await made.install(ROOT)
        await made.start()
        status = Status(Observed.RUNNING, since=None)  # type: ignore[arg-type]
        self.directory.targets[name] = Target(name, status, Wanted.RUNNING, name, shares)
        if not is_main:
            self.directory.domains[domain(name)] = name
        self.process.apps[name] = made
        return made

    def browser(self, base: str = HOST) -> httpx.AsyncClient:
        """A client with a cookie jar of its own."""
        return httpx.AsyncClient(transport=httpx.ASGITransport(cast(Any, self.gateway)), base_url=base)

    async def sign_in(self, name: str, account: str = "root", password: str | None = None) -> Head:
        """The head of someone who signs in to an application."""
        password = password or (ROOT_PASSWORD if account == "root" else PASSWORD)
        async with self.browser() as web:
            body = {"account": account, "password": password}
            data = accepted(await web.post(f"/api/__app/{name}/auth:signIn", json=body))
        return {"authorization": f"Bearer {data['token']}"}

    async def make(self, name: str, username: str, *roles: str, **values: Any) -> int:
        """A new user of an application; gives their number."""
        head = await self.sign_in(name)
        body = {"username": username, "password": PASSWORD, "roles": list(roles), **values}
        async with self.browser() as web:
            made = await web.post(f"/api/__app/{name}/users:create", json=body, headers=head)
        return int(accepted(made)["id"])
