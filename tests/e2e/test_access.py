"""Access in an application, in the browser: roles, keys, plugins, the look, the menu; and between applications."""

import re
from collections.abc import AsyncIterator

import httpx
import pytest
from playwright.async_api import Browser, Page, expect

from insula.testing.instance import ROOT_EMAIL, ROOT_PASSWORD, Instance
from insula.testing.visitors import Visitor, visit

SHOP = "/apps/shop/admin"
PASSWORD = "correct horse battery 2"


def _make(entry: Instance, *names: str) -> None:
    with entry.sign_in() as client:
        for name in names:
            entry.make(client, name, name.title())


@pytest.fixture
async def keeper(browser: Browser, entry: Instance) -> AsyncIterator[Visitor]:
    """The administrator of the application ``shop``, signed in there; it has orders and secrets, one record each."""
    _make(entry, "shop")
    api = f"{entry.address}/api/__app/shop"
    with entry.sign_in_to("shop") as client:
        for name, title in (("orders", "Orders"), ("secrets", "Secrets")):
            field = {"name": "title", "type": "string", "title": "Title"}
            body = {"name": name, "title": title, "fields": [field]}
            client.post(f"{api}/collections:create", json=body).raise_for_status()
            client.post(f"{api}/{name}:create", json={"title": f"One of {name}"}).raise_for_status()
    made = await visit(browser, entry.address)
    await made.sign_in(base=SHOP)
    yield made
    await made.context.close()
    assert made.complaints == []


async def _choose(page: Page, label: str, option: str) -> None:
    """Choose in the list of a box of the form that is open."""
    form = page.get_by_role("dialog")
    await form.get_by_label(label, exact=True).click()
    await page.locator(".ant-select-item-option").get_by_text(option, exact=True).click()


async def test_who_may_see_one_collection_sees_nothing_else(
    keeper: Visitor, browser: Browser, entry: Instance
) -> None:
    page = keeper.page
    form = page.get_by_role("dialog")
    await keeper.open(f"{SHOP}/settings/roles")
    await page.get_by_role("button", name="Add role").click()
    await form.get_by_label("Title").fill("Clerk")
    await form.get_by_label("Name in the API").fill("clerk")
    await form.get_by_role("button", name="Create").click()
    await expect(page.get_by_role("heading", level=1, name="Clerk")).to_be_visible()
    await page.get_by_role("button", name="Orders").click()
    await form.get_by_text("As set here").click()
    await form.get_by_role("checkbox", name="View").check()
    await form.get_by_role("button", name="Save").click()
    await expect(form).to_be_hidden()
    await expect(page.get_by_role("row").filter(has_text="Orders")).to_contain_text("Own setting")

    await keeper.open(f"{SHOP}/settings/users")
    await page.get_by_role("button", name="Add user").click()
    await form.get_by_label("User name").fill("cleo")
    await form.get_by_label("Password", exact=True).fill("short")
    await _choose(page, "Roles", "Clerk")
    await form.get_by_role("button", name="Create").click()
    await expect(form.get_by_text(re.compile(r"^Needs at least \d+ characters\.$"))).to_be_visible()
    await form.get_by_label("Password", exact=True).fill(PASSWORD)
    await form.get_by_role("button", name="Create").click()
    await expect(page.get_by_text("cleo can sign in now.")).to_be_visible()

    cleo = await visit(browser, entry.address)
    await cleo.sign_in("cleo", PASSWORD, SHOP)
    await _sees_orders_only(cleo.page)
    await cleo.page.goto(f"{entry.address}{SHOP}/data/secrets")
    await expect(cleo.page.get_by_text("There is no such collection for you")).to_be_visible()
    await cleo.context.close()
    assert cleo.complaints == []

    await keeper.open(f"{SHOP}/settings/roles")
    await page.get_by_role("button", name="Actions for Clerk").click()
    await page.get_by_role("menuitem", name="See as this role").click()
    await expect(page.get_by_text("You see this application in the role")).to_be_visible()
    await _sees_orders_only(page)
    await page.get_by_role("button", name="Back to my role").click()
    sides = page.get_by_role("navigation")
    await expect(sides.get_by_role("link", name="Secrets")).to_be_visible()
    await expect(sides.get_by_role("link", name="Settings")).to_be_visible()


async def test_a_role_that_is_gone_leads_back_to_ones_own_rights(keeper: Visitor, entry: Instance) -> None:
    page = keeper.page
    api = f"{entry.address}/api/__app/shop"
    with entry.sign_in_to("shop") as client:
        role = {"name": "guest", "title": "Guest", "snippets": []}
        client.post(f"{api}/roles:create", json=role).raise_for_status()
        await keeper.open(f"{SHOP}/settings/roles")
        await page.get_by_role("button", name="Actions for Guest").click()
        await page.get_by_role("menuitem", name="See as this role").click()
        await expect(page.get_by_text("You see this application in the role guest.")).to_be_visible()
        client.post(f"{api}/roles:destroy/guest").raise_for_status()
    await page.reload()
    told = page.get_by_text("You do not see through the role guest any more")
    await expect(told).to_be_visible()
    sides = page.get_by_role("navigation")
    await expect(sides.get_by_role("link", name="Settings")).to_be_visible()
    await page.reload()
    await expect(sides.get_by_role("link", name="Settings")).to_be_visible()
    await expect(told).to_have_count(0)


async def test_theme_and_language_of_the_menu_are_found_in_another_browser(
    keeper: Visitor, browser: Browser, entry: Instance
) -> None:
    page = keeper.page
    for name, choice in (("Theme", "Dark"), ("Language", "Français")):
        await page.get_by_role("button", name="Account of").click()
        await page.get_by_role("menuitem", name=name).hover()
        async with page.expect_response("**/users:updateProfile") as kept:
            await page.get_by_role("menuitem", name=choice, exact=True).click()
        assert (await kept.value).ok
    await expect(page.locator("html")).to_have_attribute("lang", "fr-FR")
    other = await visit(browser, entry.address)
    await other.page.goto(f"{entry.address}{SHOP}/signin")
    await other.page.get_by_label("E-mail or user name").fill(ROOT_EMAIL)
    await other.page.get_by_label("Password", exact=True).fill(ROOT_PASSWORD)
    await other.page.get_by_role("button", name="Sign in").click()
    await expect(other.page.get_by_role("button", name="Compte de")).to_be_visible()
    await expect(other.page.locator("html")).to_have_attribute("lang", "fr-FR")
    assert await other.page.evaluate("localStorage.getItem('insula:shop:theme')") == '"dark"'
    await other.context.close()
    assert other.complaints == []


@pytest.mark.parametrize("width", [390, 1440])
async def test_many_collections_are_searched_in_the_navigation(
    keeper: Visitor, entry: Instance, width: int
) -> None:
    page = keeper.page
    with entry.sign_in_to("shop") as client:
        for number in range(30):
            body = {"name": f"c{number}", "title": f"Shelf {number}"}
            client.post(f"{entry.address}/api/__app/shop/collections:create", json=body).raise_for_status()
    await page.set_viewport_size({"width": width, "height": 700})
    await page.reload()
    if width < 768:
        await page.get_by_role("button", name="Open the menu").click()
    sides = page.get_by_role("navigation")
    settings = sides.get_by_role("link", name="Settings")
    await expect(settings).to_be_in_viewport()
    await expect(sides.get_by_role("link", name="Shelf 29")).not_to_be_in_viewport()
    await sides.get_by_role("searchbox", name="Search the menu").fill("shelf 29")
    await expect(sides.get_by_role("link", name="Shelf", exact=False)).to_have_count(1)
    await expect(settings).to_be_in_viewport()
    await sides.get_by_role("link", name="Shelf 29").click()
    await expect(page).to_have_url(re.compile("/data/c29"))


async def _sees_orders_only(page: Page) -> None:
    """The records of orders, with no way to change them, to the secrets or to any settings."""
    sides = page.get_by_role("navigation")
    await expect(page.get_by_text("One of orders")).to_be_visible()
    await expect(sides.get_by_role("link", name="Orders")).to_be_visible()
    for name in ("Secrets", "Settings"):
        await expect(sides.get_by_role("link", name=name)).to_have_count(0)
    for name in ("New record", "Import", "Export"):
        await expect(page.get_by_role("button", name=name)).to_have_count(0)


async def test_a_key_is_shown_once_and_a_plugin_is_switched_off_and_on(
    keeper: Visitor, entry: Instance
) -> None:
    page = keeper.page
    form = page.get_by_role("dialog")
    await keeper.open(f"{SHOP}/settings/api-keys")
    await page.get_by_role("button", name="Add key").click()
    await form.get_by_label("Name").fill("Nightly")
    await form.get_by_role("button", name="Create").click()
    await expect(form.get_by_text("It is not shown again.")).to_be_visible()
    key = (await form.locator("code").inner_text()).strip()
    await form.get_by_role("button", name="I have kept it").click()
    await page.reload()
    await expect(page.get_by_role("row").filter(has_text="Nightly")).to_be_visible()
    await expect(page.get_by_text(key)).to_have_count(0)

    def orders() -> httpx.Response:
        address = f"{entry.address}/api/__app/shop/orders:list"
        return httpx.get(address, headers={"Authorization": f"Bearer {key}"}, timeout=30)

    assert orders().raise_for_status().json()["data"][0]["title"] == "One of orders"

    await keeper.open(f"{SHOP}/settings/plugins")
    switch = page.get_by_role("switch", name="API documentation")
    await expect(switch).to_be_checked()
    for on, told in ((False, "is off. Its data stay."), (True, "API documentation is on.")):
        await switch.click()
        await expect(page.get_by_text(told)).to_be_visible()
        await page.reload()
        await expect(switch).to_be_checked(checked=on)

    await keeper.open(f"{SHOP}/settings/api-keys")
    await page.get_by_role("button", name="Delete the key Nightly").click()
    await form.get_by_role("button", name="Delete").click()
    await expect(page.get_by_text("No keys yet")).to_be_visible()
    assert orders().status_code == httpx.codes.UNAUTHORIZED


async def test_title_colour_and_logo_are_seen_at_once(keeper: Visitor) -> None:
    page = keeper.page
    await keeper.open(f"{SHOP}/settings/system")
    await page.get_by_label("Title").fill("Green grocer")
    await page.get_by_label("Logo").fill("/assets/none.svg")
    await page.get_by_role("button", name="#15803d").click()
    await page.get_by_role("button", name="Save").click()
    switcher = page.get_by_role("button", name="Green grocer: switch application")
    for _ in range(2):
        await expect(switcher).to_be_visible()
        await expect(page).to_have_title(re.compile("Green grocer"))
        await expect(switcher.locator("img").first).to_have_attribute("src", "/assets/none.svg")
        await page.get_by_role("heading", level=1).hover()
        await expect(page.get_by_role("button", name="Save")).to_have_css(
            "background-color", "rgb(21, 128, 61)"
        )
        await page.reload()


async def test_the_menu_is_arranged_for_a_role_and_the_palette_goes_anywhere(keeper: Visitor) -> None:
    page = keeper.page
    form = page.get_by_role("dialog")
    await keeper.open(f"{SHOP}/settings/menu")
    for kind, given in (
        ("Group", {"Title": "Daily work"}),
        ("Collection", {"Collection": "Orders", "In the group": "Daily work"}),
        ("Link", {"Title": "Handbook", "Address": "https://example.com/book", "Shown to": "Admin"}),
    ):
        await page.get_by_role("button", name="Add entry").click()
        await page.locator(".ant-dropdown").get_by_role("menuitem", name=kind).click()
        for label, value in given.items():
            if label in ("Title", "Address"):
                await form.get_by_label(label).fill(value)
            else:
                await _choose(page, label, value)
        await form.get_by_role("button", name="Save").click()
        await expect(form).to_be_hidden()
    await expect(page.get_by_role("tree").get_by_text("1 role")).to_be_visible()

    await page.keyboard.press("Control+k")
    await page.get_by_role("combobox", name="Go anywhere").fill("secr")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", level=1, name="Secrets")).to_be_visible()

    # who arranges the menu sees what is not in it, too; the link is there for administrators alone
    sides = page.get_by_role("navigation")
    handbook = sides.get_by_role("link", name="Handbook")
    await expect(sides.get_by_text("Daily work")).to_be_visible()
    await expect(sides.get_by_text("All collections")).to_be_visible()
    await keeper.open(f"{SHOP}/settings/roles")
    for role, shown in (("Admin", 1), ("Member", 0)):
        await page.get_by_role("button", name=f"Actions for {role}").click()
        await page.get_by_role("menuitem", name="See as this role").click()
        await expect(page.get_by_text("You see this application in the role")).to_be_visible()
        await expect(sides.get_by_role("link", name="Home")).to_be_visible()
        await expect(handbook).to_have_count(shown)
        if shown:
            await expect(handbook).to_have_attribute("href", "https://example.com/book")
        await page.get_by_role("button", name="Back to my role").click()
        await keeper.open(f"{SHOP}/settings/roles")


async def test_each_application_knows_its_own_people(browser: Browser, entry: Instance) -> None:
    _make(entry, "shop", "blog")
    person = await visit(browser, entry.address)
    page = person.page
    await person.sign_in()
    await person.sign_in(base=SHOP)
    await page.goto(f"{entry.address}/apps/blog/admin/")
    await expect(page.get_by_role("heading", level=1, name="Sign in to Blog")).to_be_visible()
    await person.open(f"{SHOP}/profile")
    await page.get_by_role("button", name="Account of").click()
    await page.get_by_role("menuitem", name="Sign out").click()
    await expect(page.get_by_role("heading", level=1, name="Sign in to Shop")).to_be_visible()
    await page.goto(f"{entry.address}{SHOP}/profile")
    await expect(page.get_by_role("button", name="Sign in")).to_be_visible()
    await person.open("/admin/profile")
    await expect(page.get_by_role("button", name="Account of")).to_be_visible()
    await person.context.close()
    assert person.complaints == []
