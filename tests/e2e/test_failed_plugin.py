"""A plugin that fails, in the browser: the plugin manager says why, the Supervisor as well, and the rest runs on."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, expect

from insula.testing import shelf
from insula.testing.instance import Instance
from insula.testing.visitors import visit

REASON = "Migration 2 (with packing) of the plugin shelf failed"
CAUSE = "the rack is too low"


@pytest.fixture
def broken(tmp_path: Path) -> Iterator[Instance]:
    """An installation whose plugin can not bring the application ``shop`` up to date."""
    made = shelf.installation_with_shop(tmp_path, shelf.FIRST, "Corner shop")
    assert made.stop() == 0
    shelf.installed(tmp_path / "plugin", shelf.BROKEN)
    made.start()
    with made.sign_in() as client:
        client.post("/applications:start/shop").raise_for_status()
    yield made
    assert made.stop() == 0


async def test_why_a_plugin_does_not_work_is_shown(browser: Browser, broken: Instance) -> None:
    person = await visit(browser, broken.address)
    await person.sign_in(base="/apps/shop/admin")
    page = person.page
    await person.open("/apps/shop/admin/settings/plugins")
    reason = page.get_by_role("alert").filter(has_text="It does not work")
    await expect(reason).to_have_count(1)
    await expect(reason).to_contain_text(REASON)
    await expect(reason).to_contain_text(CAUSE)
    await expect(page.get_by_role("switch", name="Shelf")).to_be_checked()

    async with page.expect_response(re.compile("pm:enable")) as answered:
        await reason.get_by_role("button", name="Try again").click()
    refused = await answered.value
    assert not refused.ok
    assert CAUSE in await refused.text()
    await expect(reason).to_contain_text(CAUSE)

    await page.get_by_role("switch", name="Shelf").click()
    await expect(reason).to_have_count(0)
    await expect(page.get_by_role("switch", name="Shelf")).not_to_be_checked()
    await person.context.close()
    assert person.complaints == []


async def test_the_rest_runs_on_and_the_supervisor_tells_of_it(browser: Browser, broken: Instance) -> None:
    person = await visit(browser, broken.address)
    await person.sign_in()
    page = person.page
    await person.open("/admin/settings/applications")
    shown = page.get_by_role("row").filter(has_text="Corner shop")
    await expect(
        shown.get_by_role("button", name="Running · degraded: Plugins that failed: shelf")
    ).to_be_visible()
    await person.open("/admin/settings/applications/shop")
    degraded = page.get_by_role("button", name="Running · degraded: Plugins that failed: shelf")
    await expect(degraded).to_have_count(2)
    await expect(page.get_by_role("alert").filter(has_text="Plugins that failed: shelf")).to_be_visible()
    await person.open("/admin/settings/applications/shop?tab=plugins")
    failed = page.get_by_role("row").filter(has_text="Shelf")
    await expect(failed).to_contain_text(CAUSE)
    await expect(failed).to_contain_text("Failed")
    await expect(page.get_by_role("row").filter(has_text="API keys")).to_contain_text("Enabled")
    await expect(page.get_by_role("button", name="Stop Corner shop")).to_be_enabled()

    await page.get_by_role("button", name="More actions for Corner shop").click()
    await page.get_by_role("menuitem", name="Upgrade").click()
    came = page.get_by_role("alert").filter(
        has_text="Corner shop was upgraded, but these plugins failed: shelf"
    )
    await expect(came.first).to_be_visible()
    await expect(page.get_by_text("Corner shop is up to date.")).to_have_count(0)

    await person.sign_in(base="/apps/shop/admin")
    await person.open("/apps/shop/admin/data/boxes")
    await expect(page.get_by_role("alert").filter(has_text="shelf")).to_be_visible()
    await person.open("/apps/shop/admin/settings/users")
    await expect(page.get_by_role("row").filter(has_text="root@example.com")).to_be_visible()

    await person.open("/apps/shop/admin/settings/plugins")
    await page.get_by_role("switch", name="Shelf").click()
    await expect(page.get_by_role("switch", name="Shelf")).not_to_be_checked()
    await person.sign_in()
    await person.open("/admin/settings/applications/shop")
    await expect(page.get_by_role("main").get_by_text("Running", exact=True).first).to_be_visible()
    await expect(degraded).to_have_count(0)
    await person.context.close()
    assert person.complaints == []
