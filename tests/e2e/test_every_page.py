"""Every page, in both themes and on a telephone: nobody is kept out (WCAG 2.2 AA by axe), nothing needs scrolling sideways, and
the browser complains about nothing."""

from collections.abc import AsyncIterator, Iterable, Iterator

import pytest
from playwright.async_api import Browser, Page, expect

from insula.testing.accessible import grave
from insula.testing.instance import Instance
from insula.testing.showcase import PAGES, SALES, TABS, Shown, showcase
from insula.testing.visitors import Visitor, visit

pytestmark = pytest.mark.timeout(600)
ENGLISH = ["Close", "Clear", "Increase Value", "Decrease Value", "Clear the field", "Increase", "Decrease"]
"""What parts of the library are called, or begin with, where nobody has told them the language of the page."""
NAMES = """english => [...document.querySelectorAll("button, [role=button], [aria-label], [title]")]
    .flatMap(part => [part.ariaLabel, part.title, part.textContent])
    .filter(name => english.includes(name))"""
WIDEST = {"width": 2560, "height": 1440}
MORE = (
    *TABS,
    Shown("deleted", "/admin/settings/applications?shown=deleted"),
    Shown("job", "/admin/settings/jobs?job=1"),
    Shown("nothing", f"/apps/{SALES}/admin/data/nosuch"),
    Shown("new-record", f"/apps/{SALES}/admin/data/orders?create=true"),
    Shown("filtered-away", f"/apps/{SALES}/admin/data/orders?q=nosuch"),
)
"""Pages that say what others of theirs say, with something else in them."""
HERE = f"/apps/{SALES}/admin"
OPENED = (
    ("/admin/settings/applications", "More actions for Sales"),
    ("/admin/settings/applications", "More actions for Sales", "Delete"),
    (f"{HERE}/data/orders", "Filter"),
    (f"{HERE}/data/orders", "Columns"),
    (f"{HERE}/data/orders", "Import"),
    (f"{HERE}/data/orders", "Export"),
    (f"{HERE}/settings/collections", "New collection"),
    (f"{HERE}/settings/collections/orders", "Add field"),
    (f"{HERE}/settings/collections/orders", "Change State"),
    (f"{HERE}/settings/collections/orders", "Drop field Note"),
    (f"{HERE}/settings/users", "Add user"),
    (f"{HERE}/settings/roles", "Add role"),
    (f"{HERE}/settings/roles/member", "Orders"),
    (f"{HERE}/settings/api-keys", "Add key"),
    (f"{HERE}/settings/menu", "Add entry", "Link"),
    (f"{HERE}/settings/plugins", "Settings"),
    (f"{HERE}/", "Sales: switch application"),
    (f"{HERE}/", "Account of Root"),
    (f"{HERE}/", "Go anywhere"),
)
"""A page, and what is pressed there until something is open above it."""
ABOVE = "[role=dialog]:visible, .ant-popover:visible, .ant-dropdown:visible"
STILL = """() => document.getAnimations().every(
    one => one.playState !== "running" || one.effect.getComputedTiming().endTime === Infinity)"""
"""Nothing moves or fades any more: colours are those that stay."""
SIZES = {"desktop": {"width": 1440, "height": 900}, "telephone": {"width": 390, "height": 844}}


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Instance]:
    with showcase(tmp_path_factory.mktemp("showcase")) as made:
        yield made


@pytest.fixture(params=[("desktop", "light"), ("desktop", "dark"), ("telephone", "light")], ids="-".join)
async def signed_in(
    browser: Browser, installation: Instance, request: pytest.FixtureRequest
) -> AsyncIterator[Visitor]:
    """The administrator, signed in to main and to the application."""
    size, theme = request.param
    made = await visit(
        browser, installation.address, viewport=SIZES[size], color_scheme=theme, bypass_csp=False
    )
    await made.sign_in()
    await made.sign_in(base=f"/apps/{SALES}/admin")
    yield made
    await made.context.close()


async def at_rest(page: Page) -> None:
    """The page once it has read what it shows."""
    await expect(page.get_by_role("heading", level=1).first).to_be_visible()
    await expect(page.locator(".ant-skeleton-active, .ant-spin-spinning")).to_have_count(0)


async def _faults(signed_in: Visitor, pages: Iterable[Shown]) -> list[str]:
    """What keeps somebody out of these pages, does not fit, or is complained about."""
    faults: list[str] = []
    page = signed_in.page
    for shown in pages:
        await page.goto(signed_in.address + shown.path)
        await at_rest(page)
        wrong = await grave(page)
        if await page.get_by_text("Nothing at this address").count():
            wrong.append("there is no such page")
        usual = page.viewport_size
        assert usual is not None
        # a telephone does not grow: only what stands on a desk is made as wide as a screen can be
        for size in (usual, WIDEST) if usual["width"] > SIZES["telephone"]["width"] else (usual,):
            await page.set_viewport_size(size)
            beyond = await page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
            if beyond > 0:
                wrong.append(f"scrolls sideways by {beyond} px in {size['width']}")
        await page.set_viewport_size(usual)
        wrong += signed_in.complaints
        signed_in.complaints.clear()
        faults += [f"{shown.name}: {fault}" for fault in wrong]
    return faults


async def test_every_page_is_for_everyone(signed_in: Visitor) -> None:
    faults = await _faults(signed_in, (Shown("sign-in", "/admin/signin"), *PAGES))
    assert not faults, "\n".join(faults)


async def test_what_else_pages_say_is_for_everyone(signed_in: Visitor) -> None:
    faults = await _faults(signed_in, MORE)
    assert not faults, "\n".join(faults)


@pytest.mark.parametrize(
    "signed_in", [("desktop", "light"), ("desktop", "dark")], ids="-".join, indirect=True
)
async def test_what_is_opened_above_a_page_is_for_everyone(signed_in: Visitor) -> None:
    faults: list[str] = []
    page = signed_in.page
    for path, *pressed in OPENED:
        await page.goto(signed_in.address + path)
        await at_rest(page)
        for name in pressed:
            button, item = (page.get_by_role(role, name=name, exact=True) for role in ("button", "menuitem"))
            await button.or_(item).first.click()
        await expect(page.locator(ABOVE).first).to_be_visible()
        await at_rest(page)
        await page.wait_for_function(STILL)
        faults += [f"{path} {pressed}: {fault}" for fault in await grave(page)]
    assert not faults, "\n".join(faults)
    assert signed_in.complaints == []


async def test_in_another_language_no_part_has_an_english_name(
    browser: Browser, installation: Instance
) -> None:
    made = await visit(browser, installation.address)
    await made.sign_in()
    await made.sign_in(base=f"/apps/{SALES}/admin")
    page = made.page
    for app in ("main", SALES):
        await made.context.add_init_script(f"localStorage.setItem('insula:{app}:language', '\"fr\"')")
    found: dict[str, list[str]] = {}
    for shown in PAGES:
        await page.goto(made.address + shown.path)
        await at_rest(page)
        await expect(page.locator("html")).to_have_attribute("lang", "fr-FR")
        found[shown.name] = await page.evaluate(NAMES, ENGLISH)

    await page.goto(made.address + f"/apps/{SALES}/admin/data/orders?record=1")
    drawer = page.get_by_role("dialog")
    await expect(drawer.get_by_role("button", name="Fermer").first).to_be_visible()
    await expect(drawer.get_by_role("button", name="Vider le champ").first).to_be_attached()
    await page.goto(made.address + f"/apps/{SALES}/admin/settings/plugins")
    await page.get_by_role("button", name="Réglages").first.click()
    settings = page.get_by_role("dialog")
    number = settings.get_by_role("spinbutton").first
    await expect(settings.get_by_role("button", name="Augmenter").first).to_be_attached()
    await expect(settings.get_by_role("button", name="Diminuer").first).to_be_attached()
    await page.route("**/pm:update/**", lambda route: route.abort())
    await number.fill("12345")
    await settings.get_by_role("button", name="Enregistrer").click()
    await expect(page.get_by_role("alert").get_by_role("button", name="Fermer")).to_be_visible()
    found["plugin"] = await page.evaluate(NAMES, ENGLISH)
    assert not any(found.values()), found
    assert made.complaints == []
    await made.context.close()
