"""Makes a picture of every page: ``make screenshots``. In both themes 1440 px wide, the main ones 390 px wide, too.

They go to ``.cache/screenshots``, for whoever looks through them; those that the documentation shows, to ``docs/pictures``.
"""

from __future__ import annotations

import asyncio
import shutil
import sys
import tempfile
from pathlib import Path

from playwright.async_api import Browser, async_playwright, expect

from insula.testing.instance import Instance
from insula.testing.showcase import PAGES, SALES, Shown, showcase
from insula.testing.visitors import Visitor, visit

ROOT = Path(__file__).parent.parent
GALLERY = ROOT / ".cache/screenshots"
PICTURES = ROOT / "docs/pictures"
SHOWN = ("launcher", "applications", "add-application", "application", "data", "record", "collection", "role")
"""Pages whose pictures the documentation shows, light and 1440 px wide."""
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
WIDE = {"width": 1440, "height": 900}
NARROW = {"width": 390, "height": 844}


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


async def _all(made: Instance) -> list[str]:
    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    complaints: list[str] = []
    main = [shown for shown in PAGES if shown.main]
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=found, args=["--no-sandbox"])
        for theme in ("light", "dark"):
            complaints += await _series(browser, made, WIDE, theme, list(PAGES))
            complaints += await _series(browser, made, NARROW, theme, main)
        await browser.close()
    return complaints


def make() -> int:
    """The exit code: 1 where a browser had something to complain about."""
    shutil.rmtree(GALLERY, ignore_errors=True)
    GALLERY.mkdir(parents=True)
    with tempfile.TemporaryDirectory() as folder, showcase(Path(folder)) as made:
        complaints = asyncio.run(_all(made))
    for name in SHOWN:
        shutil.copyfile(GALLERY / f"{name}-1440-light.png", PICTURES / f"{name}.png")
    for line in complaints:
        print(line, file=sys.stderr)
    print(f"{len(list(GALLERY.glob('*.png')))} pictures in {GALLERY}")
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(make())
