"""A main application with the supervisor in it, over an environment that plays its part: one process."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx

from insula.application.application import Application
from insula.application.jobs.runner import Jobs
from insula.application.options import Options, RootUser
from insula.application.registry import Registry
from insula.application.secrets import MasterKey
from insula.data.scope import Unrestricted
from insula.database.budget import ConnectionBudget
from insula.database.engine import open_database
from insula.database.options import DatabaseOptions
from insula.fleet.bus.memory import MemoryBus
from insula.fleet.discovery.local import LocalDiscovery
from insula.fleet.environment import LOCAL, Environment
from insula.fleet.traffic import Traffic
from insula.supervisor.plugin import SupervisorPlugin
from insula.supervisor.records import Records
from insula.testing.applications import APP_KEY, Local
from insula.testing.fleet import VERSION, PlayedEnvironment, played_supervisor

PASSWORD = "correct horse battery 1"
ROOT = RootUser("ada@example.com", "ada", "Ada", PASSWORD)
URL = "http://apps.example.com:13000"


class Supervised:
    """One process: the main application's API, its supervisor, and the environment."""

    def __init__(self) -> None:
        self.bus, self.discovery, self.traffic = MemoryBus(), LocalDiscovery(), Traffic()
        self.records = Records(self.discovery)
        self.supervisor = played_supervisor(self.records, self.bus, self.discovery, self.traffic)
        self.environment = PlayedEnvironment(LOCAL, self.bus, self.discovery)
        self.main: Application
        self.everything = Unrestricted()

    @asynccontextmanager
    async def running(self, options: DatabaseOptions, *, install: bool) -> AsyncIterator[None]:
        """While the process runs."""
        plugin = SupervisorPlugin(self.supervisor, lambda name, database: database, lambda name: None)
        registry = Registry([*Registry.discover().plugins.values(), plugin])
        handle = open_database(options, ConnectionBudget())
        own = Options(display_name="Insula", main=True, url=URL)
        self.main = Application("main", handle, registry, MasterKey(APP_KEY), own)
        self.main.jobs = Jobs(self.main, back_off_s=0.001)
        await self.discovery.announce(Environment(LOCAL, version=VERSION))
        task = asyncio.create_task(self.environment.run())
        try:
            if install:
                await self.main.install(ROOT)
            await self.main.start()
            yield
        finally:
            for gate in self.environment.gates.values():
                gate.set()
            await self.main.stop()
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    def client(self, *, local: bool = True, **headers: str) -> httpx.AsyncClient:
        """The local administrator's, or that of who these headers name."""
        transport = httpx.ASGITransport(Local(self.main) if local else self.main)
        return httpx.AsyncClient(transport=transport, base_url="http://test", headers=headers, timeout=60)

    async def ask(self, action: str, body: Any = None, **params: Any) -> httpx.Response:
        """Something of ``applications``, as the local administrator."""
        async with self.client() as client:
            return await client.post(f"/applications:{action}", json=body, params=params)

    async def make(self, name: str, **values: Any) -> dict[str, Any]:
        """An application that was made to its end, as it is answered."""
        job = await self.done(await self.ask("create", {"name": name, **values}))
        assert job["status"] == "succeeded", job
        return await self.shown(name)

    async def done(self, answer: httpx.Response) -> dict[str, Any]:
        """The job of an answered ``create``, once it has ended."""
        assert answer.status_code == 200, answer.text
        return await self.ended(answer.json()["data"]["jobId"])

    async def ended(self, job: int) -> dict[str, Any]:
        """A job as it is answered, once it has ended."""
        await self.main.jobs.finished(job)
        async with self.client() as client:
            found: dict[str, Any] = (await client.get(f"/jobs:get/{job}")).json()["data"]
        return found

    async def shown(self, name: str) -> dict[str, Any]:
        """An application as it is answered."""
        found: dict[str, Any] = (await self.ask("get", filterByTk=name)).json()["data"]
        return found

    async def signed_in(self, account: str = "ada", password: str = PASSWORD) -> httpx.AsyncClient:
        """A client with a bearer token; the caller closes it."""
        async with self.client(local=False) as client:
            answer = await client.post("/auth:signIn", json={"account": account, "password": password})
        return self.client(local=False, authorization=f"Bearer {answer.json()['data']['token']}")
