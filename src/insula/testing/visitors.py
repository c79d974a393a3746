"""A person in front of the pages, in a real browser: signs in, and notices whatever the browser complains about."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import urlsplit

from playwright.async_api import Browser, BrowserContext, ConsoleMessage, Locator, Page, expect

from insula.testing.instance import ROOT_EMAIL, ROOT_PASSWORD

PATIENCE_MS: Final = 30_000
"""What a page gets to show what it should, on a machine that does much else."""
DOMAIN: Final = "example.test"
"""The browsers of tests find all names below it on this machine."""
expect.set_options(timeout=PATIENCE_MS)
_EXPECTED: Final = ("Failed to load resource", "WebSocket connection to")
"""What Chromium itself says of answers that are no success: the pages show these, and tests look at the pages."""


@dataclass
class Visitor:
    """One browser window of one person. ``complaints`` gathers what pages of theirs say is wrong: errors of scripts, what
    the Content-Security-Policy kept out; a test ends by asserting that there are none."""

    context: BrowserContext
    page: Page
    address: str
    complaints: list[str] = field(default_factory=list)

    async def sign_in(
        self, account: str = ROOT_EMAIL, password: str = ROOT_PASSWORD, base: str = "/admin"
    ) -> None:
        """Sign in to the application whose pages are below ``base``, and wait for its first page."""
        await self.page.goto(f"{self.address}{base}/signin")
        await self.sign_in_here(account, password)

    async def sign_in_here(self, account: str = ROOT_EMAIL, password: str = ROOT_PASSWORD) -> None:
        """Sign in where one is asked to, and wait for the page behind it."""
        page = self.page
        await page.get_by_label("E-mail or user name").fill(account)
        await page.get_by_label("Password", exact=True).fill(password)
        await page.get_by_role("button", name="Sign in").click()
        await expect(page.get_by_role("button", name="Account of")).to_be_visible()

    async def open(self, path: str) -> None:
        """Open a page by its path; the first paint of what is in the frame is waited for."""
        await self.page.goto(self.address + path)
        await expect(self.page.get_by_role("heading", level=1)).to_be_visible()

    async def another(self) -> Visitor:
        """Another window of the same person, with the same cookies."""
        return Visitor(self.context, await self.context.new_page(), self.address, self.complaints)

    async def follow(self, link: Locator) -> Visitor:
        """The window that a link opens, which is of the same person and in front of the others: in those everything takes
        long until they are brought there again (``page.bring_to_front``)."""
        async with self.context.expect_page() as opened:
            await link.click()
        page = await opened.value
        await page.wait_for_url(re.compile("^http"), wait_until="commit")
        found = urlsplit(page.url)
        return Visitor(self.context, page, f"{found.scheme}://{found.netloc}", self.complaints)


async def visit(browser: Browser, address: str, **options: Any) -> Visitor:
    """A new person with a browser of their own; ``options`` as of Playwright's ``new_context``."""
    wishes = {
        "viewport": {"width": 1440, "height": 900},
        "locale": "en-US",
        "reduced_motion": "reduce",
        **options,
    }
    context = await browser.new_context(**wishes)
    context.set_default_timeout(PATIENCE_MS)
    complaints: list[str] = []

    def heard(message: ConsoleMessage) -> None:
        if message.type in ("error", "warning") and not message.text.startswith(_EXPECTED):
            complaints.append(message.text)

    context.on("console", heard)
    context.on("weberror", lambda found: complaints.append(str(found.error)))
    return Visitor(context, await context.new_page(), address, complaints)
