"""An environment that falls silent and ends, as those see it who look at the pages meanwhile: left, forgotten, back."""

import re

from playwright.async_api import Browser, Locator, expect

from insula.testing.fleets import PLACES, FleetOfProcesses
from insula.testing.suspended import suspended
from insula.testing.visitors import DOMAIN, Visitor, visit

LIST = "/admin/settings/applications"
GONE, LEFT = PLACES
OWN = f"shop.{DOMAIN}"
SHOP = {"displayName": "Corner shop", "cname": OWN, "environments": [*PLACES]}


def card(person: Visitor, place: str) -> Locator:
    return person.page.get_by_role("listitem").filter(has=person.page.get_by_role("heading", name=place))


async def forget(person: Visitor, place: str) -> Locator:
    """Ask for it to be forgotten; gives the question."""
    await person.page.bring_to_front()
    await card(person, place).get_by_role("button", name="Forget").click()
    asked = person.page.get_by_role("dialog", name=f"Forget {place}?")
    await asked.get_by_role("button", name="Forget").click()
    return asked


async def move_away(person: Visitor) -> None:
    """Stop the shop, which one of its environments does not hear, have it in the other alone, and start it."""
    page = person.page
    await page.bring_to_front()
    await page.goto(f"{person.address}{LIST}/shop?tab=settings")
    await page.get_by_role("button", name="More actions for Corner shop").click()
    await page.get_by_role("menuitem", name="Stop").click()
    await expect(page.get_by_role("alert").filter(has_text=f"The environment {GONE} ")).to_be_visible()
    await page.get_by_role("checkbox", name=re.compile(f"^{GONE} ")).uncheck()
    await page.get_by_role("button", name="Save changes").click()
    await expect(page.get_by_text("Saved", exact=True)).to_be_visible()
    await page.get_by_role("button", name="Start Corner shop").click()
    await expect(page.get_by_role("button", name="Stop Corner shop")).to_be_enabled()


async def test_an_environment_that_ends_is_seen_left_and_forgotten(
    browser: Browser, fleet: FleetOfProcesses
) -> None:
    with fleet.supervisor.sign_in() as client:
        fleet.make(client, "shop", GONE, **SHOP)
    person = await visit(browser, fleet.supervisor.address)
    await person.sign_in()
    await person.open("/admin/settings/environments")
    gone, left = (card(person, place) for place in PLACES)
    for each in (gone, left):
        await expect(each.get_by_text("Online")).to_be_visible()
        await expect(each.get_by_role("button", name="Forget")).to_have_count(0)
    beside = await person.another()
    await beside.open(LIST)
    shop = beside.page.get_by_role("row").filter(has_text="Corner shop")
    await expect(shop.get_by_text("Running")).to_have_count(2)
    await beside.page.get_by_role("button", name="Visit Corner shop").click()
    way = beside.page.get_by_role("menuitem", name=GONE)
    address = await way.get_by_role("link").get_attribute("href")

    # it takes connections, and answers nobody
    with suspended(fleet.worker(GONE).pid):
        await expect(gone.get_by_text("Offline")).to_be_visible()
        await expect(gone.get_by_role("alert")).to_contain_text(f"The environment {GONE} does not answer")
        await expect(left.get_by_text("Online")).to_be_visible()
        places = shop.get_by_role("listitem")
        await expect(places).to_have_text([f"Failed{GONE}", f"Running{LEFT}"])
        # then it ends, and what was placed there is in the way of forgetting it
        fleet.worker(GONE).kill()
    asked = await forget(person, GONE)
    refused = person.page.get_by_role("alert").filter(has_text="applications are placed there (shop)")
    await expect(refused).to_be_visible()
    await asked.get_by_role("button", name="Cancel").click()

    # the list that has been open all the time leads nobody there any more
    await beside.page.bring_to_front()
    await expect(way).to_have_text(f"{GONE} (Offline)")
    await expect(way.get_by_role("link")).to_have_count(0)
    await beside.page.keyboard.press("Escape")

    # who goes there all the same is told where else it runs, at its own domain
    assert address is not None
    assert address.startswith(f"//{OWN}:{fleet.supervisor.port}/")
    there = await beside.another()
    await there.page.goto(f"http:{address}")
    await expect(there.page.get_by_role("heading", level=1)).to_have_text("Corner shop is not available")
    await there.page.get_by_role("link", name=LEFT).click()
    await there.sign_in_here()

    await move_away(beside)
    await forget(person, GONE)
    await expect(gone).to_have_count(0)
    await expect(left.get_by_text("1 running, 1 placed")).to_be_visible()

    fleet.worker(GONE).start()
    await expect(gone.get_by_text("Online")).to_be_visible()
    await expect(gone.get_by_text("0 running, 0 placed")).to_be_visible()
    await person.context.close()
    assert person.complaints == []
