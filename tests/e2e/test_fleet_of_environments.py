"""A Supervisor and two Workers in the browser: an application in both, chosen, entered, stopped, and woken by a visit."""

import csv
import json
import re
from pathlib import Path
from typing import Any

import vega_datasets
from playwright.async_api import Browser, Locator, Page, expect

from insula.testing.accessible import grave
from insula.testing.designing import new_collection, new_field
from insula.testing.fleets import PLACES, FleetOfProcesses
from insula.testing.visitors import Visitor, visit

LIST = "/admin/settings/applications"
SHOP = "/apps/corner_shop"
WEATHER = Path(vega_datasets.__file__).parent / "_data" / "seattle-weather.csv"


def arm(fleet: FleetOfProcesses, effect: str = "", *names: str) -> None:
    """In both environments."""
    for place in PLACES:
        fleet.arm(place, effect, *names)


async def told(page: Page) -> dict[str, Any]:
    """What the shell says of where the page is."""
    found: dict[str, Any] = json.loads(await page.locator("#insula").inner_text())
    return found


async def comes_from_a_worker(page: Page) -> None:
    """The shell is that of an environment, and so are the files that it loads."""
    shell = await told(page)
    assert (shell["app"], shell["mode"], shell["base"]) == ("corner_shop", "worker", f"{SHOP}/admin")
    files = await page.evaluate("Array.from(document.scripts, script => script.src).filter(Boolean)")
    assert files
    assert all(f"{SHOP}/assets/" in file for file in files), files


async def shop_of(person: Visitor) -> Locator:
    """The application among all."""
    await person.open(LIST)
    return person.page.get_by_role("row").filter(has_text="Corner shop")


async def add(person: Visitor) -> None:
    """By the form, in both environments."""
    page = person.page
    await person.open(f"{LIST}/new")
    await page.get_by_label("Name", exact=True).fill("Corner shop")
    await page.get_by_label("Id", exact=True).fill("corner_shop")
    for place in PLACES:
        await page.get_by_role("checkbox", name=re.compile(f"^{place} ")).check()
    await page.get_by_role("button", name="Create", exact=True).click()
    await expect(page.get_by_role("link", name="Open Corner shop")).to_be_visible()


async def enter(person: Visitor, shop: Locator, place: str) -> Visitor:
    """By "Visit", which offers the environments; signed in there."""
    await shop.get_by_role("button", name="Visit Corner shop").click()
    offered = [person.page.get_by_role("menuitem", name=each, exact=True) for each in PLACES]
    for each in offered:
        await expect(each).to_be_visible()
    there = await person.follow(offered[PLACES.index(place)].get_by_role("link"))
    await expect(there.page.get_by_label("E-mail or user name")).to_be_visible()
    chosen = {cookie["name"]: cookie["value"] for cookie in await person.context.cookies()}
    assert chosen["insula_environment_corner_shop"] == place
    await there.sign_in(base=f"{SHOP}/admin")
    await comes_from_a_worker(there.page)
    return there


async def test_an_application_in_two_environments(browser: Browser, fleet: FleetOfProcesses) -> None:
    person = await visit(browser, fleet.supervisor.address)
    await person.sign_in()
    await person.open("/admin/settings/environments")
    for place in PLACES:
        card = person.page.get_by_role("listitem").filter(has=person.page.get_by_role("heading", name=place))
        await expect(card.get_by_text("Online")).to_be_visible()

    await add(person)
    shop = await shop_of(person)
    await expect(shop.get_by_text("Running")).to_have_count(2)
    there = await enter(person, shop, "w2")
    heading = there.page.get_by_role("heading", level=1)

    await person.page.bring_to_front()
    await shop.get_by_role("button", name="Stop Corner shop").click()
    await expect(shop.get_by_text("Stopped")).to_have_count(2)
    await there.page.reload()
    await expect(heading).to_have_text("Corner shop is not available")
    assert await grave(there.page) == []

    await person.page.bring_to_front()
    await shop.get_by_role("button", name="Start Corner shop").click()
    await expect(shop.get_by_text("Running")).to_have_count(2)
    await shop.get_by_role("button", name="More actions for Corner shop").click()
    await person.page.get_by_role("menuitem", name="Sleep").click()
    await expect(shop.get_by_text("Asleep")).to_have_count(2)

    arm(fleet, "hold", "start.initialized")
    await there.page.reload()
    await expect(heading).to_have_text("Corner shop is on its way")
    arm(fleet)
    await expect(there.page.get_by_role("button", name="Account of")).to_be_visible()
    await comes_from_a_worker(there.page)
    await expect(shop.get_by_text("Running")).to_have_count(2)

    stranger = await visit(browser, fleet.supervisor.address)
    await stranger.page.goto(f"{stranger.address}{SHOP}/admin/")
    await expect(stranger.page.get_by_role("heading", level=1)).to_have_text("Where do you want to go?")
    assert await grave(stranger.page) == []
    await stranger.page.get_by_role("link", name="w1").click()
    await expect(stranger.page.get_by_label("E-mail or user name")).to_be_visible()
    await comes_from_a_worker(stranger.page)

    for each in (person, stranger):
        await each.context.close()
        assert each.complaints == []


async def bring_in(page: Page, file: Path) -> None:
    """Import a file into the collection that is open."""
    await page.get_by_role("button", name="Import").click()
    drawer = page.get_by_role("dialog", name="Import into Days")
    async with page.expect_file_chooser() as chooser:
        await drawer.get_by_text("Drop a CSV file here, or click to choose one").click()
    await (await chooser.value).set_files(file)
    await expect(drawer.get_by_text("2012/01/01 · 2012/01/02")).to_be_visible()
    await drawer.get_by_role("button", name="Start the import").click()
    await expect(drawer.get_by_text("Done", exact=True).first).to_be_visible()
    await drawer.get_by_role("button", name="Close").last.click()


async def test_an_application_elsewhere_is_worked_in_deleted_and_restored(
    browser: Browser, fleet: FleetOfProcesses
) -> None:
    """What people do inside, at the Supervisor's address: model, import, narrow, change, look through a role."""
    with fleet.supervisor.sign_in() as client:
        fleet.make(client, "corner_shop", "w1", displayName="Corner shop")
    person = await visit(browser, fleet.supervisor.address)
    page = person.page
    await person.sign_in(base=f"{SHOP}/admin")
    await comes_from_a_worker(page)
    await person.open(f"{SHOP}/admin/settings/collections")
    await new_collection(page, "Places", "places")
    await new_field(page, "Name", "Text")
    await person.open(f"{SHOP}/admin/settings/collections")
    await new_collection(page, "Days", "days")
    await new_field(page, "Date", "Text")
    await new_field(page, "Weather", "Text")
    await new_field(page, "Place", "Link to one record", target="Places (places)", reverse="Days")

    await person.open(f"{SHOP}/admin/data/days")
    await bring_in(page, WEATHER)
    await expect(page.get_by_text("1,461 records")).to_be_visible()
    with WEATHER.open() as file:
        snowy = [day["date"] for day in csv.DictReader(file) if day["weather"] == "snow"]
    await page.goto(f'{person.address}{SHOP}/admin/data/days?filter={{"weather":"snow"}}')
    await expect(page.get_by_text(f"{len(snowy)} records")).to_be_visible()
    await page.get_by_role("cell", name="snow", exact=True).first.dblclick()
    await page.get_by_role("textbox", name="Weather").fill("thaw")
    await page.keyboard.press("Enter")
    await expect(page.get_by_text(f"{len(snowy) - 1} records")).to_be_visible()

    await person.open(f"{SHOP}/admin/settings/roles")
    await page.get_by_role("button", name="Actions for Member").click()
    await page.get_by_role("menuitem", name="See as this role").click()
    await expect(page.get_by_text("You see this application in the role")).to_be_visible()
    await page.get_by_role("button", name="Back to my role").click()

    await person.sign_in()
    shop = await shop_of(person)
    await shop.get_by_role("button", name="More actions for Corner shop").click()
    await page.get_by_role("menuitem", name="Delete").click()
    asked = page.get_by_role("dialog")
    await asked.get_by_role("textbox").fill("corner_shop")
    await asked.get_by_role("button", name="Delete").click()
    await expect(shop).to_have_count(0)
    await page.get_by_text("Deleted", exact=True).click()
    await shop.get_by_role("button", name="Restore").click()
    await expect(shop).to_have_count(0)
    await page.get_by_text("Applications", exact=True).click()
    await shop.get_by_role("button", name="Start Corner shop").click()
    await expect(shop.get_by_text("Running")).to_be_visible()
    await person.open(f"{SHOP}/admin/data/days")
    await expect(page.get_by_text("1,461 records")).to_be_visible()
    await person.context.close()
    assert person.complaints == []
