"""An application from its name to its end in the browser: made, entered, stopped, woken, deleted, restored, purged."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, expect

from insula.testing import shelf
from insula.testing.databases import databases
from insula.testing.instance import Instance
from insula.testing.servers import Server, free_port
from insula.testing.visitors import Visitor, visit

NEW = "/admin/settings/applications/new"


@pytest.fixture
def entry(tmp_path: Path) -> Iterator[Instance]:
    """An installation whose applications fail while the file ``flag`` exists."""
    flag = str(tmp_path / "flag")
    made = shelf.installation(tmp_path, shelf.FAILS_WHILE.format(flag=flag))
    yield made
    assert made.stop() == 0


@pytest.fixture
def held(tmp_path: Path) -> Path:
    """While this file exists, no application of ``slow`` comes up."""
    return tmp_path / "held"


@pytest.fixture
def slow(tmp_path: Path, held: Path) -> Iterator[Instance]:
    """An installation whose applications come up when they are let."""
    made = shelf.installation(tmp_path, shelf.HELD_WHILE.format(flag=str(held)))
    yield made
    assert made.stop() == 0


async def test_an_application_is_made_entered_stopped_and_woken(
    browser: Browser, slow: Instance, held: Path
) -> None:
    person = await visit(browser, slow.address)
    await person.sign_in()
    page = person.page
    await person.open("/admin/settings/applications")
    await page.get_by_role("link", name="Add new").first.click()
    await page.get_by_role("textbox", name="Name", exact=True).fill("Corner shop")
    held.touch()
    await page.get_by_role("button", name="Create").click()

    # its steps are seen as they happen
    await expect(page.get_by_role("heading", level=1, name="Making the application")).to_be_visible()
    done = page.get_by_role("status").filter(has_text="Done")
    await expect(page.get_by_role("status").filter(has_text="Running")).to_be_visible()
    await expect(page.get_by_text("Start it", exact=True)).to_be_visible()
    held.unlink()
    await expect(done).to_be_visible()

    there = await person.follow(page.get_by_role("link", name="Open Corner shop"))
    await there.sign_in_here()
    shop = there.page
    await expect(shop.get_by_text("Nothing here yet")).to_be_visible()

    # stopped: who visits is told so, until it is started again
    await page.bring_to_front()
    await page.get_by_role("link", name="Show its page").click()
    await page.get_by_role("button", name="Stop Corner shop").click()
    await expect(page.get_by_text("Stopped").first).to_be_visible()
    refused = await shop.reload()
    assert refused is not None
    assert refused.status == 503
    await expect(shop.get_by_role("heading", level=1)).to_have_text("Corner shop is not available")
    await expect(shop.get_by_text("The application corner-shop is stopped")).to_be_visible()
    await page.bring_to_front()
    await page.get_by_role("button", name="Start Corner shop").click()
    await expect(page.get_by_role("button", name="Stop Corner shop")).to_be_enabled()

    # asleep: who visits sees how far it is, then the application, and is still signed in
    await page.get_by_role("button", name="More actions for Corner shop").click()
    await page.get_by_role("menuitem", name="Sleep").click()
    await expect(page.get_by_text("Asleep").first).to_be_visible()
    held.touch()
    woken = (await person.follow(page.get_by_role("link", name="Visit Corner shop"))).page
    await expect(woken.get_by_role("heading", level=1)).to_have_text("Corner shop is on its way")
    held.unlink()
    await expect(woken.get_by_role("button", name="Account of")).to_be_visible()
    await person.context.close()
    assert person.complaints == []


async def test_an_application_is_deleted_restored_and_purged(person: Visitor, entry: Instance) -> None:
    with entry.sign_in() as client:
        entry.make(client, "corner-shop", "Corner shop")
    page = person.page
    await person.open("/admin/settings/applications/corner-shop")
    await page.get_by_role("button", name="More actions for Corner shop").click()
    await page.get_by_role("menuitem", name="Delete").click()
    asked = page.get_by_role("dialog")
    await asked.get_by_label("Type corner-shop to confirm").fill("corner-shop")
    await asked.get_by_role("button", name="Delete").click()
    await expect(page.get_by_text("This application is deleted.")).to_be_visible()
    await page.get_by_role("button", name="Restore").click()
    await expect(page.get_by_role("button", name="Start Corner shop")).to_be_enabled()

    await page.get_by_role("button", name="More actions for Corner shop").click()
    await page.get_by_role("menuitem", name="Delete").click()
    await asked.get_by_label("Type corner-shop to confirm").fill("corner-shop")
    await asked.get_by_role("button", name="Delete").click()
    await page.get_by_role("button", name="Purge").click()
    await asked.get_by_label("Type corner-shop to confirm").fill("corner-shop")
    await asked.get_by_role("button", name="Purge").click()
    await expect(page.get_by_text("No applications yet")).to_be_visible()
    assert not (entry.storage / "apps" / "corner-shop").exists()


async def test_a_database_on_another_server_is_tried_before_it_is_made(
    person: Visitor, postgresql: Server
) -> None:
    page = person.page
    before = await databases(postgresql)
    await person.open(NEW)
    await page.get_by_label("Name", exact=True).fill("Ledger")
    await page.get_by_role("button", name="Database connection").click()
    await page.get_by_text("Another server", exact=True).click()
    await page.get_by_label("Kind of database").click()
    await page.get_by_title("PostgreSQL", exact=True).click()
    await page.get_by_label("Host").fill(postgresql.host)
    await page.get_by_label("Port").fill(str(free_port()))  # nobody listens there
    await page.get_by_label("User", exact=True).fill(postgresql.user)
    await page.get_by_label("Password").fill(postgresql.password)

    await page.get_by_role("button", name="Check").click()
    found = page.get_by_role("region", name="What the check found")
    await expect(found.get_by_role("heading", name="1 thing stands in the way")).to_be_visible()
    await expect(page.get_by_label("Host")).to_have_attribute("aria-invalid", "true")
    assert await databases(postgresql) == before

    await page.get_by_label("Port").fill(str(postgresql.port))
    await page.get_by_role("button", name="Check").click()
    await expect(found.get_by_role("heading", name="Nothing speaks against it")).to_be_visible()
    await expect(page.get_by_label("Host")).not_to_have_attribute("aria-invalid", "true")
    assert await databases(postgresql) == before
    await page.get_by_role("button", name="Create").click()
    await expect(page.get_by_role("status").filter(has_text="Done")).to_be_visible()
    assert "ledger" in await databases(postgresql) - before
    await (await person.follow(page.get_by_role("link", name="Open Ledger"))).sign_in_here()


async def test_a_creation_that_fails_is_tried_again_or_undone(
    person: Visitor, entry: Instance, tmp_path: Path
) -> None:
    page = person.page
    flag = tmp_path / "flag"
    states = page.get_by_role("status")
    for name in ("Shop", "Blog"):
        flag.touch()
        await person.open(NEW)
        await page.get_by_label("Name", exact=True).fill(name)
        await page.get_by_role("button", name="Create").click()
        await expect(states.filter(has_text="Failed")).to_be_visible()
        await expect(page.get_by_text("the rack is too low").first).to_be_visible()
        if name == "Shop":
            flag.unlink()
            await page.get_by_role("button", name="Try again").click()
            await expect(states.filter(has_text="Done")).to_be_visible()
            await expect(page.get_by_role("link", name="Open Shop")).to_be_visible()
    await page.get_by_role("button", name="Undo").click()
    await page.get_by_role("tooltip").get_by_role("button", name="Undo").click()
    await expect(states.filter(has_text="Undone")).to_be_visible()
    await person.open("/admin/settings/applications")
    await expect(page.get_by_role("row").filter(has_text="Shop")).to_be_visible()
    await expect(page.get_by_role("row").filter(has_text="Blog")).to_have_count(0)
    assert not (entry.storage / "apps" / "blog").exists()
