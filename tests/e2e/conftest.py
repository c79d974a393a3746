"""A real browser, and a real installation for it to visit."""

import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, async_playwright

from insula.testing.instance import Instance
from insula.testing.visitors import Visitor, visit

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-extensions"]


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    """Chromium of this machine (PATH), else the one that Playwright has downloaded. Fails where there is neither."""
    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    async with async_playwright() as playwright:
        if found is None and not Path(playwright.chromium.executable_path).exists():
            pytest.fail("a browser is needed: apt-get install chromium, or playwright install chromium")
        opened = await playwright.chromium.launch(executable_path=found, args=ARGUMENTS)
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
