"""Modelling in the browser, step by step, as people do it."""

from __future__ import annotations

from playwright.async_api import Page, expect


async def new_collection(page: Page, title: str, name: str) -> None:
    """On the page of all collections; afterwards on that of the new one."""
    await page.get_by_role("button", name="New collection").first.click()
    form = page.get_by_role("dialog")
    await form.get_by_label("Title").fill(title)
    await expect(form.get_by_label("Identifier")).to_have_value(name)
    await form.get_by_role("button", name="Create").click()
    await expect(page.get_by_role("heading", level=1, name=title)).to_be_visible()


async def new_field(page: Page, title: str, kind: str, **more: str) -> None:
    """``choice``: one to choose from; ``target`` and ``reverse``: where a link leads, and what the way back is called."""
    await page.get_by_role("button", name="Add field").first.click()
    form = page.get_by_role("dialog")
    await form.get_by_label("Title", exact=True).fill(title)
    await choose(page, "Kind", kind)
    if "choice" in more:
        await form.get_by_role("button", name="Add choice").click()
        await form.get_by_label("Label").fill(more["choice"])
    if "target" in more:
        await choose(page, "Leads to", more["target"])
        await form.get_by_label("Also make the way back").check()
        await form.get_by_label("Title of the field there").fill(more["reverse"])
    await form.get_by_role("button", name="Add field").click()
    await expect(form).to_be_hidden()


async def choose(page: Page, label: str, option: str) -> None:
    """Choose in the list of a box of the form that is open."""
    box = page.get_by_role("dialog").get_by_role("combobox", name=label)
    await box.click()
    await box.fill(option)
    await page.locator(".ant-select-item-option").get_by_text(option, exact=True).first.click()
