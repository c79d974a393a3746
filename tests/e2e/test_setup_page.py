"""The set-up page as a person meets it: on a phone and on a desk, by day and by night, without scripts."""

import asyncio
import os
import re
from pathlib import Path

import pytest
from playwright.async_api import Browser, ConsoleMessage, Page, Request, ViewportSize, expect

from insula.testing.accessible import grave
from insula.testing.instance import Instance

PATIENCE_S = 60.0
PHONE: ViewportSize = {"width": 390, "height": 844}
DESK: ViewportSize = {"width": 1440, "height": 900}
PICTURES = os.environ.get("PICTURES")
"""A folder to keep pictures of the pages in, for a look at them."""
SMALLEST_TARGET_PX = 44


async def link_of(instance: Instance) -> str:
    """The one-time link, which is printed just after the first answer."""
    deadline = asyncio.get_running_loop().time() + PATIENCE_S
    while asyncio.get_running_loop().time() < deadline:
        if found := re.search(r"http://\S+/setup\?token=\S+", instance.log):
            return found[0].replace("localhost", "127.0.0.1")
        await asyncio.sleep(0.02)
    raise AssertionError(instance.log)


async def picture(page: Page, name: str) -> None:
    if PICTURES:
        await page.screenshot(path=Path(PICTURES) / f"{name}.png", full_page=True)


async def fits(page: Page) -> None:
    """Nothing stands out at the side, and every field is large enough for a thumb."""
    assert await page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    for control in await page.locator("input:not([type=hidden]), button").all():
        box = await control.bounding_box()
        assert box is not None
        assert box["height"] >= SMALLEST_TARGET_PX


async def fill(page: Page, **values: str) -> None:
    for name, value in values.items():
        await page.fill(f"#{name}", value)


@pytest.mark.parametrize("viewport", [PHONE, DESK], ids=["phone", "desk"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_from_the_link_to_an_administrator(
    browser: Browser, bare: Instance, viewport: ViewportSize, scheme: str
) -> None:
    context = await browser.new_context(
        viewport=viewport,
        color_scheme="dark" if scheme == "dark" else "light",
    )
    page = await context.new_page()
    complaints: list[str] = []
    asked: list[str] = []

    def on_console(message: ConsoleMessage) -> None:
        complaints.append(message.text)

    def on_request(request: Request) -> None:
        asked.append(request.url)

    page.on("console", on_console)
    page.on("request", on_request)
    name = f"{viewport['width']}-{scheme}"
    link = await link_of(bare)
    await page.goto(link)
    await fits(page)
    assert await grave(page) == []
    await picture(page, f"{name}-form")
    assert await page.evaluate("getComputedStyle(document.querySelector('main')).borderRadius") != "0px"

    await fill(page, email="ada", username="ada lovelace", nickname="Ada", password="short", again="x")
    await page.click("button")
    await expect(page.locator(".wrong")).to_have_count(3)
    assert await page.locator("#email").get_attribute("aria-describedby") == "email-wrong"
    await expect(page.locator("#email")).to_be_focused()
    assert await page.locator("#nickname").input_value() == "Ada"
    assert await page.locator("#password").input_value() == ""
    await fits(page)
    assert await grave(page) == []
    await picture(page, f"{name}-wrong")

    password = "analytical engine 1"
    await fill(page, email="ada@example.com", username="ada", password=password, again=password)
    await page.click("button")
    # Signed in, on the first page: nobody is asked for the password that they have just typed.
    await expect(page.get_by_role("button", name="Account of")).to_be_visible()
    assert page.url == f"{bare.address}/admin/"
    await picture(page, f"{name}-ready")

    # Elsewhere: a page that is left on its way may complain of what it could not finish.
    later = await context.new_page()
    await later.goto(link)
    await expect(later.locator("h1")).to_have_text("Already set up")
    assert await grave(later) == []
    bare.sign_in("ada", password).close()

    assert all(url.startswith((bare.address, "data:")) for url in asked)
    # Chromium tells of the answer 400 itself; nothing else may be said, of the policy least of all.
    assert [text for text in complaints if "the server responded with a status of 4" not in text] == []
    await context.close()


async def test_without_scripts_and_with_the_keyboard_alone(browser: Browser, bare: Instance) -> None:
    context = await browser.new_context(viewport=DESK, java_script_enabled=False)
    page = await context.new_page()
    await page.goto(await link_of(bare))
    await page.locator("#email").focus()
    for value in ("ada@example.com", "ada", "Ada", "analytical engine 1", "analytical engine 1"):
        await page.keyboard.type(value)
        await page.keyboard.press("Tab")
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/admin/")
    kept = {cookie.get("name"): cookie.get("httpOnly") for cookie in await context.cookies()}
    assert kept["nb_auth_token_main"] is True
    await context.close()


async def test_a_wrong_link_and_a_wrong_address_explain_themselves(browser: Browser, bare: Instance) -> None:
    context = await browser.new_context(viewport=PHONE)
    page = await context.new_page()
    answer = await page.goto(f"{bare.address}/setup?token=wrong")
    assert answer is not None
    assert answer.status == 403
    assert await page.locator("h1").inner_text() == "This link is not valid"
    await fits(page)
    assert await grave(page) == []
    answer = await page.goto(f"{bare.address}/apps/nosuch/admin/")
    assert answer is not None
    assert answer.status == 404
    assert "nosuch" in await page.locator("main").inner_text()
    await picture(page, "not-found")
    await context.close()


@pytest.mark.parametrize("viewport", [PHONE, DESK], ids=["phone", "desk"])
@pytest.mark.parametrize(
    ("locale", "welcome", "wrong", "title"),
    [
        ("en-GB", "Welcome", "The two passwords are not the same.", "Sign in to Insula"),
        ("es-MX", "Le damos la bienvenida", "Las dos contraseñas no coinciden.", "Iniciar sesión en Insula"),
        ("fr-CA", "Bienvenue", "Les deux mots de passe ne sont pas identiques.", "Connexion à Insula"),
        ("zh-CN", "欢迎", "两次输入的密码不一致。", "登录 Insula"),
    ],
    ids=["en", "es", "fr", "zh"],
)
async def test_people_are_spoken_to_in_the_language_of_their_browser(
    browser: Browser,
    bare: Instance,
    viewport: ViewportSize,
    locale: str,
    welcome: str,
    wrong: str,
    title: str,
) -> None:
    context = await browser.new_context(viewport=viewport, locale=locale)
    page = await context.new_page()
    name = f"{viewport['width']}-{locale}"
    await page.goto(await link_of(bare))
    await expect(page.locator("h1")).to_have_text(welcome)
    await expect(page.locator("html")).to_have_attribute("lang", re.compile(f"^{locale[:2]}-"))
    await picture(page, f"{name}-form")
    password = "analytical engine 1"
    await fill(page, email="ada@example.com", username="ada", nickname="Ada", password=password, again="x")
    await page.click("button")
    await expect(page.locator("#again-wrong")).to_have_text(wrong)
    await fits(page)
    await picture(page, f"{name}-wrong")
    await page.goto(f"{bare.address}/setup?token=wrong")
    await fits(page)
    await picture(page, f"{name}-wrong-link")
    await page.goto(f"{bare.address}/apps/nosuch/admin/")
    await fits(page)
    await picture(page, f"{name}-not-found")
    await page.goto(f"{bare.address}/admin/signin")
    await expect(page.locator("h1")).to_have_text(title)
    await picture(page, f"{name}-signin")
    await context.close()
