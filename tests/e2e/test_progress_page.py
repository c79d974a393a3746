"""What a person sees who opens an application that sleeps: how far it is, then the application, without a script."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, ConsoleMessage, Route, expect

from insula.testing import shelf
from insula.testing.accessible import grave
from insula.testing.instance import Instance
from insula.testing.visitors import visit


@pytest.fixture
def held(tmp_path: Path) -> Path:
    """While this file exists, no application wakes."""
    return tmp_path / "held"


@pytest.fixture
def asleep(tmp_path: Path, held: Path) -> Iterator[Instance]:
    """An installation whose application ``shop`` sleeps."""
    made = shelf.installation_with_shop(tmp_path, shelf.HELD_WHILE.format(flag=str(held)), "The <Shop>")
    with made.sign_in() as client:
        client.post("/applications:sleep/shop").raise_for_status()
    yield made
    assert made.stop() == 0


@pytest.mark.parametrize(
    ("path", "place"),
    [
        ("/apps/shop/admin", "/apps/shop/admin"),
        ("/apps/shop/admin/", "/apps/shop/admin/"),
        ("/apps/shop", "/apps/shop/admin/"),
    ],
)
async def test_the_page_becomes_the_application(
    browser: Browser, asleep: Instance, held: Path, path: str, place: str
) -> None:
    held.touch()
    context = await browser.new_context(java_script_enabled=False)
    page = await context.new_page()
    complaints: list[str] = []

    def complained(message: ConsoleMessage) -> None:
        # That the page itself is 503 until the application is there is no complaint about the page.
        if message.type in ("error", "warning") and "503" not in message.text:
            complaints.append(message.text)

    page.on("console", complained)
    answer = await page.goto(asleep.address + path)
    assert answer is not None
    assert answer.status == 503
    heading = page.get_by_role("heading", level=1)
    await expect(heading).to_have_text("The <Shop> is on its way")
    await expect(page.get_by_text("The application shop is starting.")).to_be_visible()
    await expect(page.get_by_role("progressbar")).to_be_visible()
    held.unlink()
    await expect(heading).to_have_text("The <Shop>")
    assert page.url == asleep.address + place
    assert complaints == []
    await context.close()


async def test_with_scripts_it_is_brought_up_to_date_in_place(
    browser: Browser, asleep: Instance, held: Path
) -> None:
    """Whoever has it read to them is not thrown back to its beginning every second."""
    held.touch()
    person = await visit(browser, asleep.address)
    page = person.page
    await page.goto(f"{asleep.address}/apps/shop/admin/")
    heading = page.get_by_role("heading", level=1)
    await expect(heading).to_have_text("The <Shop> is on its way")
    assert await grave(page) == []
    await page.evaluate("window.stillHere = true")
    so_far = page.locator("dd").last
    await expect(so_far).not_to_have_text(await so_far.inner_text())
    await expect(page.get_by_role("status")).to_contain_text("The application shop is starting.")
    assert await page.evaluate("window.stillHere") is True
    held.unlink()
    await expect(heading).to_have_text("Sign in to The <Shop>")
    await person.context.close()
    assert person.complaints == []


async def test_what_leads_elsewhere_meanwhile_is_followed(
    browser: Browser, asleep: Instance, held: Path
) -> None:
    """Such as to the sign-in of a proxy in front, which no script may read."""
    held.touch()
    context = await browser.new_context()
    page = await context.new_page()
    await page.goto(f"{asleep.address}/apps/shop/admin/")
    heading = page.get_by_role("heading", level=1)
    await expect(heading).to_have_text("The <Shop> is on its way")
    so_far = page.locator("dd").last
    await expect(so_far).not_to_have_text(await so_far.inner_text())

    async def elsewhere(route: Route) -> None:
        if route.request.is_navigation_request():
            await route.fulfill(body="<h1>Who are you?</h1>", content_type="text/html")
        else:
            await route.fulfill(status=302, headers={"location": "http://sign-in.example/"})

    await page.route("**/apps/shop/admin/", elsewhere)
    await expect(heading).to_have_text("Who are you?")
    await context.close()
    held.unlink()


async def test_what_is_not_there_is_for_everyone_too(browser: Browser, asleep: Instance) -> None:
    with asleep.sign_in() as client:
        client.post("/applications:stop/shop").raise_for_status()
    for size in ({"width": 1440, "height": 900}, {"width": 390, "height": 844}):
        for scheme in ("light", "dark"):
            person = await visit(browser, asleep.address, viewport=size, color_scheme=scheme)
            for path, told in (
                ("/apps/shop/admin/", "The <Shop> is not available"),
                ("/apps/nosuch/admin/", "Nothing here"),
            ):
                await person.page.goto(asleep.address + path)
                await expect(person.page.get_by_role("heading", level=1)).to_have_text(told)
                assert await grave(person.page) == [], path
            await person.context.close()
            assert person.complaints == []


async def test_a_name_of_any_length_fits_a_phone(browser: Browser, asleep: Instance) -> None:
    context = await browser.new_context(viewport={"width": 390, "height": 844})
    page = await context.new_page()
    await page.goto(f"{asleep.address}/apps/{'x' * 63}/admin/")
    await expect(page.get_by_role("heading", level=1)).to_have_text("Nothing here")
    assert await page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    await context.close()
