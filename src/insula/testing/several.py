"""One application in several processes at once, as tests see it: two objects that share nothing but the database."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import httpx

from insula.application.application import Application
from insula.application.options import Options
from insula.application.plugin import Plugin
from insula.application.registry import Registry
from insula.application.secrets import MasterKey
from insula.core.clock import monotonic
from insula.database.budget import ConnectionBudget
from insula.database.engine import open_database
from insula.database.options import DatabaseOptions
from insula.testing.applications import APP_KEY, Library, client_of
from insula.testing.people import ROOT, People, people_of

PLACES: Final = ("env_a", "env_b")
PATIENCE_S: Final = 10.0
"""A machine that does much else at the same time is waited for; how long it takes is another question."""
_ASK_AGAIN_S: Final = 0.005


@dataclass
class Side:
    """One of the processes."""

    application: Application
    client: httpx.AsyncClient
    """The local administrator."""
    people: People

    async def post(self, path: str, records: list[Any] | None = None, **body: Any) -> Any:
        """What a request of the local administrator's that has to succeed answers."""
        answer = await self.client.post(path, json=body if records is None else records)
        assert answer.status_code == 200, (path, answer.text)
        return answer.json().get("data")

    async def get(self, path: str, status: int = 200) -> Any:
        """The same of one that reads."""
        answer = await self.client.get(path)
        assert answer.status_code == status, (path, answer.text)
        return answer.json().get("data")


def member(
    options: DatabaseOptions,
    place: str,
    *plugins: Plugin,
    places: tuple[str, ...] = PLACES,
    budget: ConnectionBudget | None = None,
    **more: Any,
) -> Application:
    """The object of the process in the environment ``place``. Nothing is started."""
    registry = Registry([Library(), *(plugins or Registry.discover().plugins.values())])
    beside = tuple(each for each in places if each != place)
    handle = open_database(options, budget or ConnectionBudget())
    own = Options(environment=place, beside=beside, **more)
    return Application("shop", handle, registry, MasterKey(APP_KEY), own)


@asynccontextmanager
async def side_of(application: Application) -> AsyncIterator[Side]:
    """A process that is started; stopped with the block."""
    async with AsyncExitStack() as stack:
        await application.start()
        stack.push_async_callback(application.stop)
        client = await stack.enter_async_context(client_of(application))
        yield Side(application, client, await stack.enter_async_context(people_of(application)))


@asynccontextmanager
async def two_sides(options: DatabaseOptions, folder: Path) -> AsyncIterator[tuple[Side, Side]]:
    """An application that was installed by the first of two processes, running in both; each has files of its own."""
    async with AsyncExitStack() as stack:
        first, second = (member(options, place, storage=folder / place) for place in PLACES)
        await first.install(ROOT)
        yield (
            await stack.enter_async_context(side_of(first)),
            await stack.enter_async_context(side_of(second)),
        )


async def in_force(check: Callable[[], Awaitable[bool]], within_s: float = PATIENCE_S) -> float:
    """Ask again and again until it is so; gives the seconds that took. AssertionError when it takes longer."""
    began = monotonic()
    while not await check():
        assert monotonic() - began < within_s, f"not so within {within_s:g} s"
        await asyncio.sleep(_ASK_AGAIN_S)
    return monotonic() - began
