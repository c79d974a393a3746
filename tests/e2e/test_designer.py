"""Modelling in the browser: two collections, fields of several kinds, a relation, a conversion, and what is lost by dropping."""

from playwright.async_api import expect

from insula.testing.designing import choose, new_collection, new_field
from insula.testing.instance import Instance
from insula.testing.visitors import Visitor


async def test_collections_are_modelled_changed_and_dropped(person: Visitor, entry: Instance) -> None:
    page = person.page
    await person.open("/admin/settings/collections")
    await new_collection(page, "Customers", "customers")
    await new_field(page, "Full name", "Text")
    await new_field(page, "Level", "One choice", choice="Gold")
    await person.open("/admin/settings/collections")
    await new_collection(page, "Orders", "orders")
    await new_field(page, "Number", "Text")
    await new_field(page, "Customer", "Link to one record", target="Customers (customers)", reverse="Orders")

    with entry.sign_in() as client:
        made = {c["name"]: c for c in client.get("/collections:listMeta").raise_for_status().json()["data"]}
        fields = {field["name"]: field for field in made["customers"]["fields"]}
        assert fields["level"]["uiSchema"]["enum"][0]["label"] == "Gold"
        assert fields["orders"]["type"] == "hasMany"
        client.post("/orders:create", json={"number": "12"}).raise_for_status()

    # a foreign key is told by its relation
    key = page.get_by_role("row").filter(has_text="customerId")
    await expect(key).to_contain_text("Whole number")
    await expect(key).to_contain_text("Key of the relation “Customer”")

    # what the server refuses stands at its item, and goes once it is mended
    await page.get_by_role("button", name="Add field").first.click()
    form = page.get_by_role("dialog")
    await form.get_by_label("Title", exact=True).fill("Number")
    await form.get_by_role("button", name="Add field").click()
    identifier = form.locator(".ant-form-item").filter(has=page.get_by_label("Identifier"))
    await expect(identifier).to_contain_text('already has a field "number"')
    await form.get_by_label("Identifier").fill("numbers")
    await expect(identifier).not_to_contain_text("already has a field")
    await form.get_by_role("button", name="Cancel").click()
    await expect(form).to_be_hidden()

    # text that holds numbers becomes numbers
    await page.get_by_role("button", name="Change Number").click()
    await choose(page, "Kind", "Whole number")
    await expect(page.get_by_text("Values that are there are converted, without loss.")).to_be_visible()
    await page.get_by_role("dialog").get_by_role("button", name="Save").click()
    await expect(page.get_by_role("dialog")).to_be_hidden()
    with entry.sign_in() as client:
        assert client.get("/orders:list").json()["data"][0]["number"] == 12

    # what is lost is said first, and the name has to be typed
    await page.get_by_role("button", name="Drop field Number").click()
    dialog = page.get_by_role("dialog")
    await expect(dialog.get_by_text("1 record has a value here")).to_be_visible()
    await expect(dialog.get_by_role("button", name="Drop")).to_be_disabled()
    await dialog.get_by_label("Type number to confirm").fill("number")
    await dialog.get_by_role("button", name="Drop").click()
    await expect(page.get_by_role("button", name="Drop field Number")).to_have_count(0)

    await person.open("/admin/settings/collections/customers")
    await page.get_by_role("button", name="Drop", exact=True).click()
    await expect(dialog.get_by_text("1 relation leads here")).to_be_visible()
    await dialog.get_by_label("Drop these relations, too").check()
    await dialog.get_by_label("Type customers to confirm").fill("customers")
    await dialog.get_by_role("button", name="Drop", exact=True).click()
    await expect(page.get_by_role("heading", level=1, name="Collections")).to_be_visible()
    await expect(page.get_by_role("link", name="Customers")).to_have_count(0)
