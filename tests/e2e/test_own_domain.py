"""An application at a domain of its own in the browser: made with it, visited, signed in to and woken there, and led to another."""

import json

from playwright.async_api import expect

from insula.testing.instance import Instance
from insula.testing.visitors import DOMAIN, Visitor

LIST = "/admin/settings/applications"


async def test_an_application_is_visited_at_its_own_domain(person: Visitor, entry: Instance) -> None:
    page = person.page
    await person.open(f"{LIST}/new")
    await page.get_by_label("Name", exact=True).fill("Corner shop")
    await page.get_by_label("Id", exact=True).fill("shop")
    await page.get_by_role("button", name="Access and language").click()
    await page.get_by_label("Custom domain").fill(f"shop.{DOMAIN}")
    await page.get_by_role("button", name="Check").click()
    found = page.get_by_role("region", name="What the check found")
    await expect(found.get_by_role("heading", name="It can be made; 1 thing to know")).to_be_visible()
    await expect(found.get_by_text(f"The domain shop.{DOMAIN} has no address yet")).to_be_visible()
    await page.get_by_role("button", name="Create", exact=True).click()
    own = f"http://shop.{DOMAIN}:{entry.port}"
    ready = page.get_by_role("link", name="Open Corner shop")
    await expect(ready).to_have_attribute("href", f"{own.removeprefix('http:')}/admin/")

    # its pages, its API and what it tells come from there, and the browser finds nothing wrong with them
    await person.open(LIST)
    there = await person.follow(page.get_by_role("link", name="Visit Corner shop"))
    assert there.address == own
    asked: list[str] = []
    there.page.on("request", lambda request: asked.append(request.url))
    await there.sign_in_here()
    async with there.page.expect_websocket() as opened:
        await there.open("/admin/settings/users")
    assert (await opened.value).url == f"{own.replace('http', 'ws')}/api/ws"
    assert {"/".join(url.split("/")[:3]) for url in asked if url.startswith("http")} == {own}
    shell = json.loads(await there.page.locator("#insula").inner_text())
    assert (shell["app"], shell["base"], shell["api"]) == ("shop", "/admin", "/api/")
    held = await person.context.cookies(own)
    assert all(cookie["domain"] == f"shop.{DOMAIN}" for cookie in held), held
    await expect(there.page.get_by_role("row").filter(has_text="root@example.com")).to_be_visible()
    assert not any("listMeta" in url for url in asked), "fields are read by pages that show them"
    with entry.sign_in_to("shop") as client:
        body = {"username": "cleo", "email": "cleo@example.com"}
        client.post(f"{entry.address}/api/__app/shop/users:create", json=body).raise_for_status()
    await expect(there.page.get_by_role("row").filter(has_text="cleo@example.com")).to_be_visible()

    # a visit there wakes it
    await page.bring_to_front()
    await page.get_by_role("button", name="More actions for Corner shop").click()
    await page.get_by_role("menuitem", name="Sleep").click()
    await expect(page.get_by_text("Asleep", exact=True)).to_be_visible()
    await there.page.reload()
    await expect(there.page.get_by_role("row").filter(has_text="cleo@example.com")).to_be_visible()

    # another domain counts at once, and is another place to the browser: one signs in anew
    await page.bring_to_front()
    await person.open(f"{LIST}/shop?tab=settings")
    await page.get_by_label("Custom domain").fill(f"market.{DOMAIN}")
    await page.get_by_role("button", name="Save changes").click()
    await expect(page.get_by_text("Saved", exact=True)).to_be_visible()
    moved = await person.follow(page.get_by_role("link", name="Visit Corner shop"))
    assert moved.address == f"http://market.{DOMAIN}:{entry.port}"
    await moved.sign_in_here()
    await page.bring_to_front()
    await person.open("/admin/")
    card = page.get_by_role("main").get_by_role("link", name="Corner shop")
    await expect(card).to_have_attribute("href", f"//market.{DOMAIN}:{entry.port}/admin/")
