"""An application's page in the browser: what is changed is seen elsewhere at once; history, jobs, plugins, figures tell the truth."""

import pytest
from playwright.async_api import expect

from insula.testing.instance import Instance
from insula.testing.visitors import Visitor

SHOP = "/admin/settings/applications/shop"


@pytest.fixture(autouse=True)
def shop(entry: Instance) -> None:
    """An application that runs."""
    with entry.sign_in() as client:
        made = client.post("/applications:create", json={"name": "shop", "displayName": "Corner shop"})
        assert (
            entry.wait_for_job(client, made.raise_for_status().json()["data"]["jobId"])["status"]
            == "succeeded"
        )


async def test_what_is_changed_is_in_force_everywhere(person: Visitor) -> None:
    launcher = await person.another()
    await launcher.open("/admin/")
    await expect(launcher.page.get_by_role("link", name="Corner shop")).to_be_visible()

    page = person.page
    await page.bring_to_front()
    await person.open(SHOP)
    await page.get_by_role("tab", name="Settings").click()
    await expect(page.get_by_role("button", name="Save changes")).to_be_disabled()
    await page.get_by_label("Name", exact=True).fill("Green grocer")
    await page.get_by_role("switch", name="In the switcher").click()
    await expect(page.get_by_text("2 changes")).to_be_visible()
    await page.get_by_role("button", name="Save changes").click()
    await expect(page.get_by_role("heading", level=1, name="Green grocer")).to_be_visible()
    await expect(launcher.page.get_by_role("link", name="Green grocer")).to_be_visible()
    await launcher.page.get_by_role("button", name="switch application").click()
    await expect(launcher.page.get_by_role("listbox")).to_be_visible()
    await expect(launcher.page.get_by_role("option", name="Green grocer")).to_have_count(0)

    await page.get_by_role("switch", name="In the launcher").click()
    await page.get_by_role("button", name="Save changes").click()
    await expect(launcher.page.get_by_role("link", name="Green grocer")).to_have_count(0)


async def test_jobs_are_narrowed_to_what_became_of_them(person: Visitor) -> None:
    page = person.page
    await person.open("/admin/settings/jobs")
    made = page.get_by_role("row").filter(has_text="shop")
    await expect(made).to_be_visible()
    await page.get_by_text("Failed", exact=True).click()
    await expect(made).to_have_count(0)
    await expect(page.get_by_role("alert")).to_have_count(0)


async def test_what_has_happened_is_told(person: Visitor, entry: Instance) -> None:
    with entry.sign_in_to("shop") as inside:
        for _ in range(3):
            inside.get(f"{entry.address}/api/__app/shop/auth:check").raise_for_status()
    page = person.page
    await person.open(f"{SHOP}?tab=history")
    history = page.get_by_role("table", name="History").get_by_role("row")
    await expect(history.filter(has_text="Running").first).to_be_visible()
    await page.get_by_role("tab", name="Jobs").click()
    await expect(page.get_by_text("Start it", exact=True)).to_be_visible()
    await page.get_by_role("tab", name="Plugins").click()
    await expect(page.get_by_role("row").filter(has_text="API keys")).to_contain_text("Enabled")
    await page.get_by_role("tab", name="Figures").click()
    await expect(page.get_by_role("img", name="Requests per minute")).to_be_visible()
    await page.get_by_text("Show as a table").click()
    await expect(page.get_by_role("table", name="The last hour").get_by_role("row").nth(1)).to_be_visible()

    await page.get_by_role("tab", name="History").click()
    await page.get_by_role("button", name="Stop Corner shop").click()
    await expect(history.filter(has_text="should be: Stopped")).to_contain_text("root")
    await expect(history.filter(has_text="Stopped").first).to_be_visible()


async def test_what_was_written_is_not_left_by_mistake(person: Visitor) -> None:
    page = person.page
    await person.open(f"{SHOP}?tab=settings")
    name = page.get_by_role("textbox", name="Name", exact=True)
    await name.fill("Half a na")
    await page.get_by_role("tab", name="History").click()
    asked = page.get_by_role("dialog").filter(has_text="Leave without saving?")
    await asked.get_by_role("button", name="Stay").click()
    await expect(asked).to_have_count(0)
    await expect(name).to_have_value("Half a na")
    await page.get_by_role("tab", name="History").click()
    await asked.get_by_role("button", name="Leave").click()
    await expect(page.get_by_role("table", name="History")).to_be_visible()
    await page.get_by_role("tab", name="Settings").click()
    await expect(name).not_to_have_value("Half a na")
    await name.fill("Corner 👩\u200d🍳")
    await page.get_by_role("button", name="Save changes").click()
    await expect(page.get_by_role("heading", level=1, name="Corner 👩\u200d🍳")).to_be_visible()
    await page.get_by_role("tab", name="History").click()
    await expect(page.get_by_role("table", name="History")).to_be_visible()
    await expect(asked).to_have_count(0)
