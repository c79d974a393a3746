"""An application older than the code, in the browser: it says which version it has and which is wanted, is upgraded, and runs."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, expect

from insula.testing import shelf
from insula.testing.instance import Instance
from insula.testing.visitors import visit

SHOP = "/admin/settings/applications/shop"
OLDER = "shelf 1.0.0, migration 0"
WANTED = "2.0.0, migration 2"


@pytest.fixture
def older(tmp_path: Path) -> Iterator[Instance]:
    """An installation with a newer plugin than that which its application ``shop`` was made with; it upgrades nothing by itself."""
    made = shelf.installation_with_shop(tmp_path, shelf.FIRST, "Corner shop", autoUpgrade=False)
    with made.sign_in() as client:
        with made.sign_in_to("shop") as inside:
            box = {"label": "oak", "weight": 3}
            inside.post(f"{made.address}/api/__app/shop/boxes:create", json=box).raise_for_status()
        client.post("/applications:stop/shop").raise_for_status()
    assert made.stop() == 0
    shelf.installed(tmp_path / "plugin", shelf.SECOND)
    made.start()
    yield made
    assert made.stop() == 0


async def test_an_older_application_says_so_and_is_upgraded(browser: Browser, older: Instance) -> None:
    person = await visit(browser, older.address)
    await person.sign_in()
    page = person.page
    await person.open(SHOP)
    status = page.get_by_role("main")
    await page.get_by_role("button", name="Start Corner shop").click()
    failed = page.get_by_role("alert").filter(has_text=OLDER).first
    await expect(failed).to_contain_text(WANTED)
    await expect(page.get_by_role("button", name="Start Corner shop")).to_be_enabled()
    await page.reload()
    await expect(status.get_by_text(OLDER).first).to_be_visible()

    await failed.get_by_role("button", name="Upgrade").click()
    await expect(page.get_by_text("Corner shop is up to date.")).to_be_visible()
    await expect(page.get_by_role("button", name="Stop Corner shop")).to_be_enabled()
    await expect(status.get_by_text("Running", exact=True).first).to_be_visible()
    await expect(status.get_by_text(OLDER)).to_have_count(0)
    await page.get_by_role("tab", name="Plugins").click()
    shown = page.get_by_role("row").filter(has_text="Shelf")
    await expect(shown).to_contain_text("2.0.0")
    await expect(shown).to_contain_text("Enabled")

    await person.sign_in(base="/apps/shop/admin")
    await person.open("/apps/shop/admin/data/boxes")
    oak = page.get_by_role("row").filter(has_text="oak")
    await expect(oak).to_contain_text("3,007")
    await person.context.close()
    assert person.complaints == []
