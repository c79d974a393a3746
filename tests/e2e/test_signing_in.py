"""From the one-time link to a signed-in person: set up, signed in at once, wrong words, another language and theme, out again."""

import re

from playwright.async_api import Browser, expect

from insula.testing.instance import ROOT_PASSWORD, Instance
from insula.testing.visitors import Visitor, visit

PASSWORD = "correct horse battery 2"


async def test_set_up_and_signed_in(browser: Browser, bare: Instance) -> None:
    link = re.search(r"http://\S+/setup\?token=\S+", bare.printed(r"/setup\?token=\S+"))
    assert link is not None
    person = await visit(browser, bare.address)
    page = person.page
    await page.goto(link.group().replace("localhost", "127.0.0.1"))
    for label, value in (("E-mail", "ada@example.com"), ("User name", "ada"), ("Shown name", "Ada")):
        await page.get_by_label(label).fill(value)
    await page.get_by_label("Password", exact=True).fill(PASSWORD)
    await page.get_by_label("Password again").fill(PASSWORD)
    await page.get_by_role("button").click()
    await expect(page.get_by_role("button", name="Account of")).to_be_visible()
    await page.get_by_role("button", name="Account of").click()
    await page.get_by_role("menuitem", name="Sign out").click()
    await expect(page.get_by_role("heading", level=1, name="Sign in to Insula")).to_be_visible()
    await page.get_by_label("E-mail or user name").fill("ada@example.com")
    await page.get_by_label("Password", exact=True).fill(PASSWORD)
    await page.get_by_role("button", name="Sign in").click()
    await expect(page.get_by_role("button", name="Account of")).to_be_visible()
    await person.context.close()
    assert person.complaints == []


async def test_who_is_not_signed_in_comes_back_to_where_they_wanted_to_go(
    browser: Browser, entry: Instance
) -> None:
    person = await visit(browser, entry.address)
    page = person.page
    await page.goto(f"{entry.address}/admin/settings/collections")
    await page.get_by_label("E-mail or user name").fill("root")
    await page.get_by_label("Password", exact=True).fill("wrong")
    await page.get_by_role("button", name="Sign in").click()
    await expect(page.get_by_role("alert")).to_be_visible()
    await page.get_by_label("Password", exact=True).fill(ROOT_PASSWORD)
    await page.get_by_role("button", name="Sign in").click()
    await expect(page.get_by_role("heading", level=1, name="Collections")).to_be_visible()
    await person.context.close()


async def test_who_signs_in_next_does_not_come_to_where_the_one_before_was(
    person: Visitor, entry: Instance
) -> None:
    with entry.sign_in() as client:
        ada = {"username": "ada", "password": PASSWORD, "roles": ["admin"]}
        client.post("/users:create", json=ada).raise_for_status()
    await person.open("/admin/settings/jobs")
    other = await person.page.context.new_page()
    await other.goto(f"{person.address}/admin/settings/collections")
    await expect(other.get_by_role("heading", level=1, name="Collections")).to_be_visible()
    await person.page.get_by_role("button", name="Account of").click()
    await person.page.get_by_role("menuitem", name="Sign out").click()
    await expect(person.page).to_have_url(f"{person.address}/admin/signin")
    # the other page hears that nobody is signed in any more, and keeps where it was for the same person
    await expect(other).to_have_url(f"{person.address}/admin/signin?redirect=%2Fsettings%2Fcollections")
    await other.get_by_label("E-mail or user name").fill("ada")
    await other.get_by_label("Password", exact=True).fill(PASSWORD)
    await other.get_by_role("button", name="Sign in").click()
    await expect(other.get_by_role("button", name="Account of")).to_be_visible()
    await expect(other).to_have_url(f"{person.address}/admin/")
    await expect(person.page).to_have_url(f"{person.address}/admin/signin")


async def test_language_and_theme_are_kept_and_signing_out_ends_the_session(person: Visitor) -> None:
    page = person.page
    await person.open("/admin/profile")
    await page.get_by_text("Français", exact=True).click()
    await expect(page.get_by_role("heading", level=1, name="Profil")).to_be_visible()
    # So that what the server renders itself speaks the same language. It is kept before it is shown as chosen.
    await expect(page.get_by_role("radio", name="Français")).to_be_checked()
    kept = [(c.get("name"), c.get("value"), c.get("path")) for c in await page.context.cookies()]
    assert ("insula_language", "fr", "/admin") in kept
    await page.get_by_text("Sombre", exact=True).click()
    await expect(page.locator(".ant-app")).to_have_css("background-color", "rgb(16, 16, 20)")
    await page.reload()
    await expect(page.get_by_role("heading", level=1, name="Profil")).to_be_visible()
    await expect(page.locator("html")).to_have_attribute("lang", "fr-FR")
    await page.get_by_role("button", name="Compte de").click()
    await page.get_by_role("menuitem", name="Se déconnecter").click()
    await expect(page.get_by_role("button", name="Se connecter")).to_be_visible()
    await page.goto(f"{person.address}/admin/profile")
    await expect(page.get_by_role("button", name="Se connecter")).to_be_visible()


async def test_a_new_password_counts_at_once(person: Visitor, browser: Browser) -> None:
    page = person.page
    await person.open("/admin/profile")
    await page.get_by_label("Current password").fill(ROOT_PASSWORD)
    await page.get_by_label("New password", exact=True).fill(PASSWORD)
    await page.get_by_label("New password again").fill(f"{PASSWORD}!")
    await page.get_by_role("button", name="Change password").click()
    await expect(page.get_by_text("The two are not the same.")).to_be_visible()
    await page.get_by_label("New password again").fill(PASSWORD)
    await page.get_by_role("button", name="Change password").click()
    await expect(page.get_by_text("Your password was changed.")).to_be_visible()
    other = await visit(browser, person.address)
    await other.sign_in(password=PASSWORD)
    await other.context.close()
