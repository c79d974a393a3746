"""An application with all built-in plugins, people who sign in to it, and a clock that is moved by hand."""

from collections.abc import AsyncIterator

import httpx
import pytest

from insula.application.access.steady_clock import SteadyClock
from insula.application.application import Application
from insula.application.registry import Registry
from insula.testing.applications import Library, MakeApplication
from insula.testing.clock import HandClock
from insula.testing.people import ROOT, People, people_of


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
async def house(make: MakeApplication, clock: HandClock) -> AsyncIterator[Application]:
    made = make(Library(), *Registry.discover().plugins.values())
    made.access.clock = SteadyClock(clock.wall, clock.monotonic)
    await made.install(ROOT)
    await made.start()
    yield made
    await made.stop()


@pytest.fixture
async def people(house: Application) -> AsyncIterator[People]:
    async with people_of(house) as found:
        yield found


@pytest.fixture
def web(people: People) -> httpx.AsyncClient:
    return people.web
