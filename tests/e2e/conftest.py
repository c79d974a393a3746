"""A real browser, and a real installation for it to visit."""

import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, async_playwright

from insula.testing.instance import Instance

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
