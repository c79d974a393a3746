"""Makes a picture of every page: ``make screenshots``. In both themes 1440 px wide, the main ones 390 px wide, too.

They go to ``.cache/screenshots``, for whoever looks through them; those that the documentation shows, to ``docs/pictures``.
"""

from __future__ import annotations

import asyncio
import re
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.async_api import Browser, async_playwright, expect

from insula.testing import servers
from insula.testing.eventually import until
from insula.testing.fleets import PLACES, FleetOfProcesses
from insula.testing.instance import Instance
from insula.testing.showcase import PAGES, SALES, TABS, Shown, showcase
from insula.testing.visitors import Visitor, visit

ROOT = Path(__file__).parent.parent
GALLERY = ROOT / ".cache/screenshots"
PICTURES = ROOT / "docs/pictures"
SHOWN = ("launcher", "applications", "add-application", "application", "data", "record", "collection", "role")
"""Pages whose pictures the documentation shows, light and 1440 px wide."""
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
WIDE = {"width": 1440, "height": 900}
NARROW = {"width": 390, "height": 844}
THEMES = ("light", "dark")
ERRORS = (Shown("nothing-here", "/apps/nosuch/admin/"), Shown("not-available", "/apps/warehouse/admin/"))
CHOOSER = Shown("chooser", "/apps/shop/admin/")
WAKE_UP = Shown("wake-up", f"/apps/shop/admin/?__environment={PLACES[0]}")


async def _picture(person: Visitor, shown: Shown, path: Path) -> None:
    page = person.page
    await page.goto(person.address + shown.path)
    await expect(page.get_by_role("heading", level=1).first).to_be_visible()
    await expect(page.locator(".ant-skeleton-active, .ant-spin-spinning")).to_have_count(0)
    await page.wait_for_load_state("networkidle")
    await page.screenshot(path=path, animations="disabled")


async def _series(
    browser: Browser, made: Instance, size: dict[str, int], theme: str, pages: list[Shown]
) -> list[str]:
    """Pictures of these pages in one size and theme; what the browser complained about."""
    person = await visit(browser, made.address, viewport=size, color_scheme=theme)
    ending = f"{size['width']}-{theme}.png"
    await _picture(person, Shown("sign-in", "/admin/signin"), GALLERY / f"sign-in-{ending}")
    await person.sign_in()
    await person.sign_in(base=f"/apps/{SALES}/admin")
    for shown in pages:
        await _picture(person, shown, GALLERY / f"{shown.name}-{ending}")
    await person.context.close()
    return person.complaints


async def _rendered(browser: Browser, address: str, *pages: Shown) -> list[str]:
    """Pictures of pages that the server itself writes, for somebody who is not signed in, in all sizes and themes."""
    complaints: list[str] = []
    for size in (WIDE, NARROW):
        for theme in THEMES:
            person = await visit(browser, address, viewport=size, color_scheme=theme)
            for shown in pages:
                await person.page.goto(address + shown.path)
                await expect(person.page.get_by_role("heading", level=1)).to_be_visible()
                path = GALLERY / f"{shown.name}-{size['width']}-{theme}.png"
                await person.page.screenshot(path=path, animations="disabled")
            await person.context.close()
            complaints += person.complaints
    return complaints


@contextmanager
def _bare(folder: Path) -> Iterator[tuple[Instance, Shown]]:
    """An installation without an administrator, and its page for setting it up."""
    nobody = {f"INIT_ROOT_{name}": "" for name in ("EMAIL", "USERNAME", "PASSWORD", "NICKNAME")}
    with Instance(folder / "bare", {"DB_DIALECT": "sqlite", **nobody}) as made:
        made.start()
        link = until(lambda: re.search(r"/setup\?token=\S+", made.log))
        assert link is not None
        yield made, Shown("set-up", link[0])


@contextmanager
def _fleet(folder: Path) -> Iterator[FleetOfProcesses]:
    """An application in two environments."""
    (folder / "fleet").mkdir()
    with servers.postgresql() as database, servers.redis() as redis:
        made = FleetOfProcesses(folder / "fleet", redis.port, database, failpoints=True)
        try:
            made.start(*PLACES)
            with made.supervisor.sign_in() as client:
                made.make(client, "shop", PLACES[0], displayName="Corner shop", environments=list(PLACES))
            yield made
        finally:
            made.end()


async def _of_showcase(browser: Browser, folder: Path) -> list[str]:
    complaints: list[str] = []
    main = [shown for shown in PAGES if shown.main]
    with showcase(folder) as made:
        for theme in THEMES:
            complaints += await _series(browser, made, WIDE, theme, [*PAGES, *TABS])
            complaints += await _series(browser, made, NARROW, theme, main)
        return complaints + await _rendered(browser, made.address, *ERRORS)


async def _of_fleet(browser: Browser, folder: Path) -> list[str]:
    with _fleet(folder) as fleet:
        complaints = await _rendered(browser, fleet.supervisor.address, CHOOSER)
        with fleet.supervisor.sign_in() as client:
            client.post("/applications:sleep/shop").raise_for_status()
        for place in PLACES:
            fleet.arm(place, "hold", "start.initialized")
        complaints += await _rendered(browser, fleet.supervisor.address, WAKE_UP)
        for place in PLACES:
            fleet.arm(place)
        return complaints


async def _all(folder: Path) -> list[str]:
    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=found, args=["--no-sandbox"])
        complaints = await _of_showcase(browser, folder)
        with _bare(folder) as (made, set_up):
            complaints += await _rendered(browser, made.address, set_up)
        complaints += await _of_fleet(browser, folder)
        await browser.close()
    return complaints


def make() -> int:
    """The exit code: 1 where a browser had something to complain about."""
    shutil.rmtree(GALLERY, ignore_errors=True)
    GALLERY.mkdir(parents=True)
    with tempfile.TemporaryDirectory() as folder:
        complaints = asyncio.run(_all(Path(folder)))
    for name in SHOWN:
        shutil.copyfile(GALLERY / f"{name}-1440-light.png", PICTURES / f"{name}.png")
    for line in complaints:
        print(line, file=sys.stderr)
    print(f"{len(list(GALLERY.glob('*.png')))} pictures in {GALLERY}")
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(make())
