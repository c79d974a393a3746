"""The pages of records: a file is brought in, narrowed, changed in place and in the drawer, taken out, and seen by two."""

import csv
import re
from pathlib import Path
from typing import Any

import httpx
import pytest
import vega_datasets
from playwright.async_api import Browser, Locator, Page, expect

from insula.testing.instance import Instance
from insula.testing.visitors import Visitor, visit

WEATHER = Path(vega_datasets.__file__).parent / "_data" / "seattle-weather.csv"


def _field(name: str, kind: str, interface: str, title: str, **more: Any) -> dict[str, Any]:
    return {"name": name, "type": kind, "interface": interface, "uiSchema": {"title": title}, **more}


DAYS = {
    "name": "days",
    "title": "Days",
    "fields": [
        _field("date", "dateOnly", "date", "Date", unique=True),
        _field("weather", "string", "input", "Weather"),
        _field("precipitation", "double", "number", "Precipitation"),
        _field("temp_max", "double", "number", "Highest"),
        _field("temp_min", "double", "number", "Lowest"),
        _field("wind", "double", "number", "Wind"),
    ],
}
CUSTOMERS = {
    "name": "customers",
    "title": "Customers",
    "fields": [_field("name", "string", "input", "Name", unique=True)],
}
ORDERS = {
    "name": "orders",
    "title": "Orders",
    "fields": [
        _field("number", "string", "input", "Number", unique=True),
        _field("amount", "integer", "integer", "Amount"),
        _field("note", "string", "input", "Note"),
        _field("customer", "belongsTo", "m2o", "Customer", target="customers", foreignKey="customerId")
        | {"reverseField": {"name": "orders", "interface": "o2m", "uiSchema": {"title": "Orders"}}},
    ],
}


@pytest.fixture
def api(entry: Instance) -> Any:
    """The administrator's own way to what the pages show."""
    with entry.sign_in() as client:
        yield client


def _model(api: httpx.Client, *collections: dict[str, Any]) -> None:
    for collection in collections:
        api.post("/collections:create", json=collection).raise_for_status()


def _sold(api: httpx.Client) -> None:
    """Two customers; five orders of the first."""
    _model(api, CUSTOMERS, ORDERS)
    for name in ("Aster", "Bluebird"):
        api.post("/customers:create", json={"name": name}).raise_for_status()
    for number in range(1, 6):
        body = {"number": f"N{number}", "amount": number * 10, "customer": 1}
        api.post("/orders:create", json=body).raise_for_status()


def _read(api: httpx.Client, path: str, **params: Any) -> Any:
    return api.get(path, params=params).raise_for_status().json()["data"]


def _rows(page: Page, title: str) -> Locator:
    """The rows of records in the table, without its head."""
    return page.get_by_role("table", name=f"Records of {title}").locator("tbody tr[data-row-key]")


def _cell(page: Page, title: str, text: str, column: int) -> Locator:
    """A cell of the row that has a cell with this text; the box to choose by is the first one."""
    row = _rows(page, title).filter(has=page.get_by_role("cell", name=text, exact=True))
    return row.get_by_role("cell").nth(column)


async def _pick(page: Page, box: Locator, option: str) -> None:
    """Choose in a list that opens, with the mouse."""
    await box.click()
    offered = page.locator(".ant-select-dropdown:not(.ant-select-dropdown-hidden)")
    await offered.get_by_text(option, exact=True).first.click()


async def _condition(page: Page, place: int, field: str, operator: str, value: str) -> None:
    """Fill in one row of the filter builder."""
    await _pick(page, page.get_by_role("combobox", name="Field").nth(place), field)
    await _pick(page, page.get_by_role("combobox", name="Comparison").nth(place), operator)
    await page.get_by_label("Value").nth(place).fill(value)


async def test_a_file_is_imported_narrowed_and_shown_the_same_by_its_address(
    person: Visitor, api: httpx.Client
) -> None:
    _model(api, DAYS)
    page = person.page
    await person.open("/admin/data/days")
    await expect(page.get_by_text("Days has no records yet")).to_be_visible()

    await page.get_by_role("button", name="Import").click()
    drawer = page.get_by_role("dialog", name="Import into Days")
    async with page.expect_file_chooser() as chooser:
        await drawer.get_by_text("Drop a CSV file here, or click to choose one").click()
    await (await chooser.value).set_files(WEATHER)
    # its columns find their fields by name, or by hand
    await expect(drawer.get_by_text("2012/01/01 · 2012/01/02")).to_be_visible()
    await drawer.get_by_role("button", name="Start the import").click()
    await expect(drawer.get_by_text("Done", exact=True).first).to_be_visible()
    await expect(drawer.get_by_role("status").filter(has_text="Imported")).to_contain_text("1,461")
    await drawer.get_by_role("button", name="Close").last.click()
    await expect(page.get_by_text("1,461 records")).to_be_visible()

    await page.get_by_role("button", name="Filter").click()
    await _condition(page, 0, "Weather", "is", "rain")
    await page.get_by_role("button", name="Add condition").click()
    await _condition(page, 1, "Wind", "is at least", "8")
    await page.get_by_role("button", name="Done").click()
    with WEATHER.open() as file:
        fitting = [d for d in csv.DictReader(file) if d["weather"] == "rain" and float(d["wind"]) >= 8]
    await expect(page.get_by_text(f"{len(fitting)} records")).to_be_visible()

    table = page.get_by_role("table", name="Records of Days")
    head = table.get_by_role("columnheader", name="Precipitation")
    await head.get_by_title("Click to sort").click()
    await expect(head).to_have_attribute("aria-sort", "ascending")
    await head.get_by_title("Click to sort").click()
    await expect(head).to_have_attribute("aria-sort", "descending")
    await table.get_by_role("button", name="Date", exact=True).click(modifiers=["Shift"])
    await page.get_by_role("button", name="Columns").click()
    await page.get_by_role("checkbox", name="Lowest").uncheck()
    await page.keyboard.press("Escape")

    first = max(fitting, key=lambda day: float(day["precipitation"]))
    day, wet = first["date"].replace("/", "-"), float(first["precipitation"])
    assert _read(api, "/days:list", filter=f'{{"date":"{day}"}}')[0]["precipitation"] == wet
    seen: list[str] = []
    for again in (False, True):
        if again:
            await page.reload()
        await expect(page.get_by_text(f"{len(fitting)} records")).to_be_visible()
        await expect(_rows(page, "Days").first).to_contain_text(f"{wet:g}")
        await expect(table.get_by_role("columnheader", name="Lowest")).to_have_count(0)
        await expect(head).to_have_attribute("aria-sort", "descending")
        await expect(table.get_by_role("columnheader", name="Date")).to_have_attribute(
            "aria-sort", "ascending"
        )
        seen.append(await _rows(page, "Days").first.inner_text())
    assert seen[0] == seen[1]

    await page.get_by_role("button", name="Filter").click()
    await page.get_by_role("button", name="Clear the filter").click()
    await expect(page.get_by_text("1,461 records")).to_be_visible()
    await expect(page).not_to_have_url(re.compile("filter="))


async def test_records_are_changed_in_place_and_many_at_once(person: Visitor, api: httpx.Client) -> None:
    _sold(api)
    page = person.page
    await person.open("/admin/data/orders")
    await _cell(page, "Orders", "N1", 2).dblclick()
    await page.get_by_role("spinbutton", name="Amount").fill("11")
    await page.keyboard.press("Enter")
    await expect(_cell(page, "Orders", "N1", 2)).to_have_text("11")
    await expect(page.get_by_role("spinbutton", name="Amount")).to_have_count(0)

    # there is another of this number: told at the cell, which keeps what it had
    await _cell(page, "Orders", "N2", 1).dblclick()
    await page.get_by_role("textbox", name="Number").fill("N3")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("tooltip")).to_be_visible()
    refused = _cell(page, "Orders", "20", 1)
    await expect(refused.get_by_role("img")).to_be_visible()
    await expect(refused).to_contain_text("N2")
    await refused.dblclick()
    await expect(page.get_by_role("textbox", name="Number")).to_have_value("N3")
    await page.keyboard.press("Escape")
    await expect(page.get_by_role("tooltip")).to_have_count(0)

    for number in ("N4", "N5"):
        await _cell(page, "Orders", number, 0).get_by_role("checkbox").check()
    bar = page.get_by_role("region", name="2 records chosen")
    await bar.get_by_role("button", name="Set a field").click()
    dialog = page.get_by_role("dialog", name="Set a field of 2 records")
    await _pick(page, dialog.get_by_role("combobox", name="Field"), "Note")
    await dialog.get_by_label("New value").fill("x" * 300)
    await dialog.get_by_role("button", name="Save").click()
    value = dialog.locator(".ant-form-item").filter(has=page.get_by_label("New value"))
    await expect(value).to_contain_text("255")
    await dialog.get_by_label("New value").fill("late")
    await dialog.get_by_role("button", name="Save").click()
    for number in ("N4", "N5"):
        await expect(_cell(page, "Orders", number, 3)).to_have_text("late")

    for number in ("N4", "N5"):
        await _cell(page, "Orders", number, 0).get_by_role("checkbox").check()
    await bar.get_by_role("button", name="Delete").click()
    await page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    await expect(_rows(page, "Orders")).to_have_count(3)
    orders = _read(api, "/orders:list", sort="id")
    assert [(order["number"], order["amount"]) for order in orders] == [("N1", 11), ("N2", 20), ("N3", 30)]


async def test_the_drawer_of_a_record_changes_it_and_what_it_is_related_to(
    person: Visitor, api: httpx.Client
) -> None:
    _sold(api)
    page = person.page
    await person.open("/admin/data/orders")
    await _cell(page, "Orders", "N2", 1).click()
    drawer = page.get_by_role("dialog", name="N2")
    await drawer.get_by_label("Note").fill("by hand")
    await drawer.get_by_role("button", name="Save").click()
    await expect(_cell(page, "Orders", "N2", 3)).to_have_text("by hand")

    # another customer, one that is made on the way, and none
    await _pick(page, drawer.get_by_role("combobox", name="Customer"), "Bluebird")
    await drawer.get_by_role("button", name="Save").click()
    await expect(_cell(page, "Orders", "N2", 4)).to_have_text("Bluebird")
    await drawer.get_by_role("button", name="New record in Customers").click()
    made = page.get_by_role("dialog", name="New record in Customers")
    await made.get_by_label("Name").fill("Copper")
    await made.get_by_role("button", name="Create").click()
    await expect(made).to_be_hidden()
    await drawer.get_by_role("button", name="Save").click()
    await expect(_cell(page, "Orders", "N2", 4)).to_have_text("Copper")
    assert _read(api, "/orders:get/2", appends="customer")["customer"]["name"] == "Copper"

    await drawer.get_by_role("button", name="Next record").click()
    third = page.get_by_role("dialog", name="N3")
    await expect(third.get_by_label("Number")).to_have_value("N3")
    await third.get_by_role("button", name="Delete").click()
    await page.get_by_role("tooltip").get_by_role("button", name="Delete").click()
    await expect(_rows(page, "Orders")).to_have_count(4)
    await expect(page.get_by_role("dialog")).to_have_count(0)

    # from the other side: the orders of a customer
    await person.open("/admin/data/customers?record=1")
    orders = page.get_by_role("region", name="Orders")
    await orders.get_by_role("button", name="Unlink N1").click()
    await page.get_by_role("button", name="Unlink", exact=True).click()
    await expect(orders.get_by_text("N1")).to_have_count(0)
    await orders.get_by_role("button", name="Link", exact=True).click()
    choice = page.get_by_role("dialog", name="Link records of Orders")
    await choice.get_by_role("searchbox", name="Search").fill("N2")
    await expect(choice.get_by_role("cell", name="N1")).to_have_count(0)
    await choice.get_by_role("row").filter(has_text="N2").get_by_role("checkbox").check()
    await choice.get_by_role("button", name="Link 1 record").click()
    await expect(orders.get_by_text("N2")).to_be_visible()
    await orders.get_by_role("button", name="Create").click()
    made = page.get_by_role("dialog", name="New record in Orders")
    await made.get_by_label("Number").fill("N6")
    await made.get_by_role("button", name="Create").click()
    await expect(orders.get_by_text("N6")).to_be_visible()
    held = _read(api, "/customers/1/orders:list", sort="number")
    assert [order["number"] for order in held] == ["N2", "N4", "N5", "N6"]

    await person.open("/admin/data/customers?create=true")
    made = page.get_by_role("dialog", name="New record in Customers")
    await made.get_by_label("Name").fill("Eve")
    await made.get_by_role("button", name="Create").click()
    await expect(page.get_by_role("dialog", name="Eve")).to_be_visible()
    await expect(page).to_have_url(re.compile(r"record=\d+$"))


async def test_two_people_see_what_the_other_changes(
    person: Visitor, browser: Browser, entry: Instance, api: httpx.Client
) -> None:
    _sold(api)
    other = await visit(browser, entry.address)
    await other.sign_in()
    async with other.page.expect_websocket():
        await other.open("/admin/data/orders")
    await person.open("/admin/data/orders?record=1")
    drawer = person.page.get_by_role("dialog", name="N1")
    await drawer.get_by_label("Amount").fill("99")

    await _cell(other.page, "Orders", "N1", 3).dblclick()
    await other.page.get_by_role("textbox", name="Note").fill("urgent")
    await other.page.keyboard.press("Enter")
    await expect(_cell(person.page, "Orders", "N1", 3)).to_have_text("urgent")
    await expect(drawer.get_by_role("alert")).to_contain_text("Somebody else has changed this record")
    await expect(drawer.get_by_role("alert")).to_contain_text("Note")
    await drawer.get_by_role("button", name="Keep my changes").click()
    await expect(drawer.get_by_label("Note")).to_have_value("urgent")
    await drawer.get_by_role("button", name="Save").click()
    await expect(_cell(other.page, "Orders", "N1", 2)).to_have_text("99")
    row = _read(api, "/orders:get/1")
    assert (row["amount"], row["note"]) == (99, "urgent")

    # gone for one, gone for both
    api.post("/orders:destroy/1").raise_for_status()
    await expect(_rows(other.page, "Orders")).to_have_count(4)
    await expect(person.page.get_by_text("This record is not there any more")).to_be_visible()

    # what a third models meanwhile stands there without a reload, too
    colour = {"name": "colour", "type": "string", "interface": "input", "uiSchema": {"title": "Colour"}}
    api.post("/collections/orders/fields:create", json=colour).raise_for_status()
    await expect(other.page.get_by_role("columnheader", name="Colour")).to_be_visible()
    api.post("/collections:create", json={"name": "returns", "title": "Returns"}).raise_for_status()
    await expect(other.page.get_by_role("link", name="Returns")).to_be_visible()
    await other.context.close()
    assert other.complaints == []


async def test_a_page_that_is_not_there_leads_to_the_last_one(person: Visitor, api: httpx.Client) -> None:
    _sold(api)
    await person.open("/admin/data/orders?page=99999")
    await expect(_rows(person.page, "Orders")).to_have_count(5)
    await expect(person.page).to_have_url(re.compile(r"/orders$"))


async def test_a_file_that_is_taken_out_holds_what_is_narrowed_to(
    person: Visitor, api: httpx.Client, tmp_path: Path
) -> None:
    _sold(api)
    page = person.page
    await person.open('/admin/data/orders?filter={"amount":{"$gt":30}}&sort=-number')
    await expect(_rows(page, "Orders")).to_have_count(2)
    await page.get_by_role("button", name="Export").click()
    dialog = page.get_by_role("dialog", name="Export Orders")
    await expect(dialog.get_by_role("status")).to_have_text("2 records")
    async with page.expect_download() as download:
        await dialog.get_by_role("link", name="Download").click()
    taken = tmp_path / "orders.csv"
    await (await download.value).save_as(taken)
    with taken.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.reader(file))
    at = rows[0].index("number")
    assert [row[at] for row in rows[1:]] == ["N5", "N4"]
