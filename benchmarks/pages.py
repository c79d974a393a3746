"""Pages in a real browser: a table of 100,000 records with nothing cached, and a search among ten thousand applications."""

import asyncio
import csv
import random
import shutil
import tempfile
from pathlib import Path

import harness
from fleet import fleet
from fleet_large import EACH, WORKERS, register
from playwright.sync_api import Browser, Page, StorageState, ViewportSize, sync_playwright

from insula.testing.instance import ROOT_EMAIL, ROOT_PASSWORD

RECORDS, SHOWN = 100_000, 20
OPENED = 9
"""How often the table is opened, each time by a browser that has seen nothing yet."""
SEARCHED = tuple(f"app{place}x" for place in range(11, 88, 7))
"""Each is searched for, then narrowed by one key stroke more."""
TABLE_GOAL_MS, SEARCH_GOAL_MS = 1500.0, 150.0
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
WINDOW: ViewportSize = {"width": 1440, "height": 900}
ROWS = "document.querySelectorAll('tbody tr[data-row-key]')"
PAINTED = f"""(least) => new Promise((done) => {{
  const look = () => requestAnimationFrame(() => {ROWS}.length >= least ? requestAnimationFrame(done) : look());
  look();
}})"""
"""Milliseconds from the navigation to the frame after the one in which so many rows were there."""
ANSWERED = f"""(word) => new Promise((done) => {{
  let pressed = null;
  document.addEventListener("keydown", (event) => {{ pressed ??= event.timeStamp; }}, {{ once: true }});
  const fits = () => {{
    const rows = [...{ROWS}];
    return rows.length > 0 && rows.every((row) => row.dataset.rowKey.includes(word));
  }};
  const look = () => requestAnimationFrame((at) => {{
    if (fits()) requestAnimationFrame((painted) => done(pressed === null ? 0 : painted - pressed));
    else look();
  }});
  look();
}})"""
"""Milliseconds from the next key stroke to the frame after the one in which all rows fit the word; 0 where they do already."""


def main() -> None:
    with harness.postgresql() as server, harness.insula(server) as running:
        fill(running)
        with fleet(running) as many:
            many.made("first")
            many.call("stop", "first")
        running.instance.stop()
        asyncio.run(
            register(
                server,
                harness.DATABASE,
                {
                    '"name"': "'app' || worker || 'x' || number",
                    '"stamp"': "gen_random_uuid()::text",
                    '"cname"': "NULL",
                },
            )
        )
        again = harness.launch(running.instance)
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(
                executable_path=next(filter(None, map(shutil.which, BROWSERS)), None),
                args=["--no-sandbox", "--disable-gpu"],
            )
            signed_in = sign_in(browser, again.address)
            table(browser, again.address, signed_in)
            search(browser, again.address, signed_in)
            browser.close()


def fill(running: harness.Running) -> None:
    """The collection of the other benchmarks, by an import. Raises where not all rows are taken."""
    chance = random.Random(7)
    with running.client() as client, tempfile.TemporaryDirectory() as folder:
        client.post(
            "/collections:create", json={"name": "items", "fields": harness.FIELDS}
        ).raise_for_status()
        path = Path(folder) / "items.csv"
        with path.open("w", newline="") as file:
            writer = csv.DictWriter(file, [field["name"] for field in harness.FIELDS])
            writer.writeheader()
            writer.writerows(harness.record(number, chance) for number in range(RECORDS))
        with path.open("rb") as data:
            answer = client.post("/items:import", content=data, headers={"Content-Type": "text/csv"})
        job = running.instance.wait_for_job(client, answer.raise_for_status().json()["data"]["jobId"])
        if job["steps"][0]["result"]["imported"] != RECORDS:
            raise RuntimeError(str(job))


def sign_in(browser: Browser, address: str) -> StorageState:
    """What a browser keeps of somebody who is signed in; nothing of the pages themselves."""
    context = browser.new_context(viewport=WINDOW)
    page = context.new_page()
    page.goto(f"{address}/admin/signin")
    page.get_by_label("E-mail or user name").fill(ROOT_EMAIL)
    page.get_by_label("Password", exact=True).fill(ROOT_PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("button", name="Account of").wait_for()
    kept = context.storage_state()
    context.close()
    return kept


def table(browser: Browser, address: str, signed_in: StorageState) -> None:
    """A page of the table in the middle of the records, each time in a new browser."""
    times = []
    for _ in range(OPENED):
        context = browser.new_context(viewport=WINDOW, storage_state=signed_in)
        page = context.new_page()
        page.goto(f"{address}/admin/data/items", wait_until="commit")
        times.append(float(page.evaluate(PAINTED, SHOWN)))
        context.close()
    figure = harness.median(times)
    harness.report(
        f"page of {SHOWN} of {RECORDS:,} records, nothing cached",
        figure,
        "ms",
        peer="-",
        goal=f"< {TABLE_GOAL_MS:g} ms",
        met=figure < TABLE_GOAL_MS,
        least=min(times),
        most=max(times),
    )


def search(browser: Browser, address: str, signed_in: StorageState) -> None:
    """One key stroke more in the search of the applications."""
    context = browser.new_context(viewport=WINDOW, storage_state=signed_in)
    page = context.new_page()
    page.goto(f"{address}/admin/settings/applications")
    times = [narrow(page, word, str(at % 10)) for at, word in enumerate(SEARCHED)]
    context.close()
    figure = harness.median(times)
    harness.report(
        f"key stroke in the search of {WORKERS * EACH:,} applications",
        figure,
        "ms",
        peer="-",
        goal=f"<= {SEARCH_GOAL_MS:g} ms",
        met=figure <= SEARCH_GOAL_MS,
        least=min(times),
        most=max(times),
    )


def narrow(page: Page, word: str, letter: str) -> float:
    """Milliseconds until what one letter more finds is shown. Raises where it was shown before."""
    page.get_by_role("searchbox", name="Search").fill(word)
    page.evaluate(ANSWERED, word)
    # Begun before the key is pressed: it is what listens for it.
    with page.expect_console_message(lambda message: message.text.startswith("answered ")) as told:
        page.evaluate(
            f"(word) => void ({ANSWERED})(word).then((ms) => console.log('answered ' + ms))", word + letter
        )
        page.keyboard.press(letter)
    took = float(told.value.text.removeprefix("answered "))
    if took <= 0:
        raise RuntimeError(f"{word}{letter} was there already")
    return took


if __name__ == "__main__":
    main()
