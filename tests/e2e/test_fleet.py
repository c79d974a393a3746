"""The fleet in the browser: found, stopped, deleted, brought back; entered from the launcher and by the switcher."""

import re

from playwright.async_api import expect

from insula.testing.instance import Instance
from insula.testing.visitors import Visitor

APPLICATIONS = "/admin/settings/applications"


def _make(entry: Instance, **names: str) -> None:
    with entry.sign_in() as client:
        for name, shown in names.items():
            made = client.post("/applications:create", json={"name": name, "displayName": shown})
            made.raise_for_status()


async def test_applications_are_found_stopped_deleted_and_brought_back(
    person: Visitor, entry: Instance
) -> None:
    _make(entry, shop="Corner shop", blog="Company blog")
    page = person.page
    await person.open(APPLICATIONS)
    shop, blog = (page.get_by_role("row").filter(has_text=name) for name in ("Corner shop", "Company blog"))
    await expect(shop.get_by_text("Running")).to_be_visible()
    await expect(blog.get_by_text("Running")).to_be_visible()

    await page.get_by_role("searchbox").press_sequentially("corner")
    await expect(blog).to_have_count(0)
    await expect(page).to_have_url(f"{entry.address}{APPLICATIONS}?q=corner")
    await page.reload()
    await expect(shop).to_be_visible()
    await expect(blog).to_have_count(0)
    await page.get_by_role("button", name="Clear", exact=True).click()

    await page.get_by_label("Select Corner shop", exact=True).check()
    await page.get_by_label("Select Company blog", exact=True).check()
    await page.get_by_role("toolbar").get_by_role("button", name="Stop").click()
    await expect(page.get_by_text("2 of 2 done")).to_be_visible()
    await expect(shop.get_by_text("Stopped")).to_be_visible()

    await shop.get_by_role("button", name="More actions for Corner shop").click()
    await page.get_by_role("menuitem", name="Delete").click()
    asked = page.get_by_role("dialog")
    await expect(asked.get_by_role("button", name="Delete")).to_be_disabled()
    await asked.get_by_role("textbox").fill("shop")
    await asked.get_by_role("button", name="Delete").click()
    await expect(shop).to_have_count(0)

    await page.get_by_text("Deleted", exact=True).click()
    await shop.get_by_role("button", name="Restore").click()
    await expect(shop).to_have_count(0)
    await page.get_by_text("Applications", exact=True).click()
    await expect(shop.get_by_text("Stopped")).to_be_visible()


async def test_many_are_turned_over_sorted_narrowed_and_restarted(person: Visitor, entry: Instance) -> None:
    with entry.sign_in() as client:
        jobs = []
        for number in range(1, 22):
            body = {"name": f"shop{number:02}", "displayName": f"Shop {number:02}"}
            made = client.post("/applications:create", json=body).raise_for_status()
            jobs.append(made.json()["data"]["jobId"])
        assert {entry.wait_for_job(client, job)["status"] for job in jobs} == {"succeeded"}
        client.post("/applications:stop/shop07").raise_for_status()
    page = person.page
    await person.open(APPLICATIONS)
    rows = page.get_by_role("row").filter(has_text=re.compile(r"Shop \d\d"))
    await expect(rows).to_have_count(20)
    await expect(page.get_by_text("21 in total")).to_be_visible()
    await page.get_by_title("2", exact=True).click()
    await expect(rows).to_have_count(1)
    await expect(rows).to_contain_text("Shop 21")
    await expect(page).to_have_url(f"{entry.address}{APPLICATIONS}?page=2")

    # what is sorted or narrowed is seen from its first page on
    await page.get_by_role("columnheader", name="Name").click()
    await expect(page).to_have_url(f"{entry.address}{APPLICATIONS}?sort=-displayName")
    await expect(rows).to_have_count(20)
    await expect(rows.first).to_contain_text("Shop 21")
    await expect(rows.last).to_contain_text("Shop 02")

    await page.get_by_role("combobox", name="Status").click()
    await page.locator(".ant-select-item-option").get_by_text("Stopped", exact=True).click()
    await expect(rows).to_have_count(1)
    await expect(rows).to_contain_text("Shop 07")
    await page.reload()
    await expect(rows).to_have_count(1)
    await expect(rows).to_contain_text("Shop 07")
    await page.get_by_role("button", name="Clear", exact=True).click()
    await expect(rows).to_have_count(20)

    newest = rows.first
    await expect(newest.get_by_text("Running")).to_be_visible()
    await newest.get_by_role("button", name="More actions for Shop 21").click()
    await page.get_by_role("menuitem", name="Restart").click()
    await expect(page.get_by_text("Shop 21 was restarted.")).to_be_visible()
    await expect(newest.get_by_text("Running")).to_be_visible()


async def test_what_others_do_is_seen_without_a_reload(person: Visitor, entry: Instance) -> None:
    _make(entry, shop="Corner shop")
    await person.open(APPLICATIONS)
    shop = person.page.get_by_role("row").filter(has_text="Corner shop")
    await expect(shop.get_by_text("Running")).to_be_visible()
    with entry.sign_in() as client:
        client.post("/applications:sleep/shop").raise_for_status()
        await expect(shop.get_by_text("Asleep")).to_be_visible()


async def test_applications_are_entered_from_the_launcher_and_by_the_switcher(
    person: Visitor, entry: Instance
) -> None:
    _make(entry, shop="Corner shop", blog="Company blog")
    page = person.page
    await person.open("/admin/")
    card = page.get_by_role("link", name="Corner shop")
    await expect(card).to_have_attribute("target", "_blank")
    await page.keyboard.press("/")
    await page.keyboard.type("blog")
    await expect(card).to_have_count(0)

    await page.get_by_role("button", name="switch application").click()
    await expect(page.get_by_role("option", name="Corner shop")).to_be_visible()
    await page.keyboard.type("corner")
    await expect(page.get_by_role("option")).to_have_count(1)
    async with person.context.expect_page() as opened:
        await page.keyboard.press("Enter")
    there = await opened.value
    await there.wait_for_url(f"{entry.address}/apps/shop/admin**", wait_until="commit")

    # from one application another is entered in the same tab
    await person.sign_in(base="/apps/shop/admin")
    tabs = len(person.context.pages)
    await page.get_by_role("button", name="switch application").click()
    await page.keyboard.type("company")
    await expect(page.get_by_role("option")).to_have_count(1)
    await page.keyboard.press("Enter")
    await page.wait_for_url(f"{entry.address}/apps/blog/admin**", wait_until="commit")
    assert len(person.context.pages) == tabs
