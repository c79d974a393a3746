"""A real browser, and a real installation for it to visit."""

import asyncio
import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, async_playwright

from insula.testing import servers
from insula.testing.databases import drop_databases
from insula.testing.fleets import PLACES, FleetOfProcesses
from insula.testing.instance import Instance
from insula.testing.visitors import DOMAIN, Visitor, visit

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-extensions"]


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    """Chromium of this machine (PATH), else the one that Playwright has downloaded. Fails where there is neither."""
    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    async with async_playwright() as playwright:
        if found is None and not Path(playwright.chromium.executable_path).exists():
            pytest.fail("a browser is needed: apt-get install chromium, or playwright install chromium")
        opened = await playwright.chromium.launch(
            executable_path=found, args=[*ARGUMENTS, f"--host-resolver-rules=MAP *.{DOMAIN} 127.0.0.1"]
        )
        yield opened
        await opened.close()


@pytest.fixture
def bare(tmp_path: Path) -> Iterator[Instance]:
    """A running installation without an administrator, on SQLite."""
    nobody = {f"INIT_ROOT_{name}": "" for name in ("EMAIL", "USERNAME", "PASSWORD", "NICKNAME")}
    made = Instance(tmp_path / "s", {"DB_DIALECT": "sqlite", **nobody})
    made.start()
    yield made
    assert made.stop() == 0


@pytest.fixture
def entry(tmp_path: Path) -> Iterator[Instance]:
    """A running installation with its first administrator, on SQLite."""
    made = Instance(tmp_path / "entry", {"DB_DIALECT": "sqlite"})
    made.start()
    yield made
    assert made.stop() == 0


@pytest.fixture
async def person(browser: Browser, entry: Instance) -> AsyncIterator[Visitor]:
    """The administrator of ``entry``, signed in. Their browser must have had nothing to complain about."""
    made = await visit(browser, entry.address)
    await made.sign_in()
    yield made
    await made.context.close()
    assert made.complaints == []


@pytest.fixture
def postgresql(postgresql_of_all: servers.Server) -> Iterator[servers.Server]:
    """A PostgreSQL server without databases of other tests: walks make the same applications, whose names are seen."""
    yield postgresql_of_all
    asyncio.run(drop_databases(postgresql_of_all))


@pytest.fixture
def fleet(postgresql: servers.Server, tmp_path: Path) -> Iterator[FleetOfProcesses]:
    """Two environments without applications, over one database service and a Redis of their own."""
    folder = tmp_path / "seen"
    folder.mkdir()
    with servers.redis() as redis:
        made = FleetOfProcesses(folder, redis.port, postgresql, failpoints=True)
        try:
            made.start(*PLACES)
            yield made
        finally:
            made.end()
