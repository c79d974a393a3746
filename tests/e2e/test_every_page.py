"""Every page, in both themes and on a telephone: nobody is kept out (WCAG 2.2 AA by axe), nothing needs scrolling sideways, and
the browser complains about nothing."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, Page, expect

from insula.testing.instance import Instance
from insula.testing.showcase import PAGES, SALES, Shown, showcase
from insula.testing.visitors import Visitor, visit

pytestmark = pytest.mark.timeout(600)
AXE = Path(__file__).parents[2] / "ui/node_modules/axe-core/axe.min.js"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
GRAVE = ("serious", "critical")
OF_THE_LIBRARY = {("aria-required-children", ".ant-tabs-nav")}
"""Rule and part: the button for tabs that have no room stands among the tabs, and is reached by keyboard as they are."""
MEASURES = ".ant-table-measure-row"
"""A row without height by which the library measures columns: it repeats headings, and nobody reaches it."""
ENGLISH = ["Close", "Clear", "Increase Value", "Decrease Value", "Clear the field", "Increase", "Decrease"]
"""What parts of the library are called, or begin with, where nobody has told them the language of the page."""
NAMES = """english => [...document.querySelectorAll("button, [role=button], [aria-label], [title]")]
    .flatMap(part => [part.ariaLabel, part.title, part.textContent])
    .filter(name => english.includes(name))"""
DRAWER = ".ant-drawer-open"
"""What is open above the page: what lies below its shade is out of reach."""
WIDEST = {"width": 2560, "height": 1440}
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


async def _grave(page: Page) -> list[str]:
    """What axe finds serious, in words."""
    await page.evaluate(AXE.read_text())
    found: Any = await page.evaluate(
        "([rules, exclude, include]) => axe.run({include: [include], exclude: [exclude]}, {runOnly: rules})",
        [RULES, MEASURES, DRAWER if await page.locator(DRAWER).count() else "html"],
    )
    return [
        f"{wrong['id']}: {wrong['help']}: {node['target']} {node['html'][:160]}"
        for wrong in found["violations"]
        if wrong["impact"] in GRAVE
        for node in wrong["nodes"][:4]
        if (wrong["id"], node["target"][0]) not in OF_THE_LIBRARY
    ]


async def test_every_page_is_for_everyone(signed_in: Visitor) -> None:
    faults: list[str] = []
    page = signed_in.page
    for shown in (Shown("sign-in", "/admin/signin"), *PAGES):
        await page.goto(signed_in.address + shown.path)
        await at_rest(page)
        wrong = await _grave(page)
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
    assert not faults, "\n".join(faults)


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
