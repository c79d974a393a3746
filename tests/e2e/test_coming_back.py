"""A server that restarts under an open page: the page says so, heals by itself, and shows what happened meanwhile."""

from playwright.async_api import expect

from insula.testing.instance import ROOT_PASSWORD, Instance
from insula.testing.visitors import Visitor

LOST = "Connection lost"


async def test_a_page_heals_once_the_server_is_back(person: Visitor, entry: Instance) -> None:
    page = person.page
    await person.open("/admin/settings/jobs")
    async with page.expect_websocket():
        await page.reload()
    await expect(page.get_by_role("heading", level=1, name="Jobs")).to_be_visible()
    entry.kill()
    await expect(page.get_by_text(LOST)).to_be_visible()
    entry.start()
    await expect(page.get_by_text(LOST)).to_have_count(0)
    with entry.sign_in() as client:
        client.post("/applications:create", json={"name": "shop", "displayName": "Shop"}).raise_for_status()
    # told over the WebSocket that was made anew; nobody reloads
    await expect(page.get_by_role("row").filter(has_text="shop").first).to_be_visible()


async def test_who_signs_in_while_the_server_is_away_is_told_and_tries_again(
    person: Visitor, entry: Instance
) -> None:
    page = person.page
    await person.open("/admin/profile")
    await page.get_by_role("button", name="Account of").click()
    await page.get_by_role("menuitem", name="Sign out").click()
    await expect(page.get_by_role("button", name="Sign in")).to_be_visible()
    entry.kill()
    await page.get_by_label("E-mail or user name").fill("root")
    await page.get_by_label("Password", exact=True).fill(ROOT_PASSWORD)
    await page.get_by_role("button", name="Sign in").click()
    await expect(page.get_by_role("alert")).to_contain_text("The server could not be reached")
    entry.start()
    await page.get_by_role("button", name="Sign in").click()
    await expect(page.get_by_role("button", name="Account of")).to_be_visible()


async def test_what_could_not_be_done_is_said_while_the_server_is_away(
    person: Visitor, entry: Instance
) -> None:
    with entry.sign_in() as client:
        job = (
            client.post("/applications:create", json={"name": "shop"})
            .raise_for_status()
            .json()["data"]["jobId"]
        )
        assert entry.wait_for_job(client, job)["status"] == "succeeded"
    page = person.page
    await person.open("/admin/settings/applications")
    stop = page.get_by_role("button", name="Stop shop")
    await expect(stop).to_be_enabled()
    entry.kill()
    await stop.click()
    await expect(page.get_by_role("alert").filter(has_text="The server could not be reached")).to_be_visible()
    await expect(page.get_by_text(LOST)).to_be_visible()
    entry.start()
    await expect(page.get_by_text(LOST)).to_have_count(0)
