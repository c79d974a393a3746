"""A person in front of the pages, in a real browser: signs in, and notices whatever the browser complains about."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

from playwright.async_api import Browser, BrowserContext, ConsoleMessage, Page, expect

from insula.testing.instance import ROOT_EMAIL, ROOT_PASSWORD

PATIENCE_MS: Final = 30_000
"""What a page gets to show what it should, on a machine that does much else."""
_EXPECTED: Final = ("Failed to load resource", "WebSocket connection to")
"""What Chromium itself says of answers that are no success: the pages show these, and tests look at the pages."""


@dataclass
class Visitor:
    """One browser window of one person. ``complaints`` gathers what pages say is wrong: errors of scripts, what the
    Content-Security-Policy kept out; a test ends by asserting that there are none."""

    context: BrowserContext
    page: Page
    address: str
    complaints: list[str] = field(default_factory=list)

    async def sign_in(
        self, account: str = ROOT_EMAIL, password: str = ROOT_PASSWORD, base: str = "/admin"
    ) -> None:
        """Sign in to the application whose pages are below ``base``, and wait for its first page."""
        page = self.page
        await page.goto(f"{self.address}{base}/signin")
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
        return visitor(self.context, await self.context.new_page(), self.address, self.complaints)


def visitor(
    context: BrowserContext, page: Page, address: str, complaints: list[str] | None = None
) -> Visitor:
    """A person in front of an empty page."""
    made = Visitor(context, page, address, [] if complaints is None else complaints)

    def heard(message: ConsoleMessage) -> None:
        if message.type in ("error", "warning") and not message.text.startswith(_EXPECTED):
            made.complaints.append(message.text)

    page.on("console", heard)
    page.on("pageerror", lambda error: made.complaints.append(str(error)))
    return made


async def visit(browser: Browser, address: str, **options: Any) -> Visitor:
    """A new person with a browser of their own; ``options`` as of Playwright's ``new_context``."""
    expect.set_options(timeout=PATIENCE_MS)
    wishes = {
        "viewport": {"width": 1440, "height": 900},
        "locale": "en-US",
        "reduced_motion": "reduce",
        **options,
    }
    context = await browser.new_context(**wishes)
    context.set_default_timeout(PATIENCE_MS)
    return visitor(context, await context.new_page(), address)
