"""The set-up page in a real Chromium: from the one-time link to an administrator who can sign in."""

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from insula.testing.instance import Instance

ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
NOBODY = dict.fromkeys(
    ("INIT_ROOT_EMAIL", "INIT_ROOT_USERNAME", "INIT_ROOT_PASSWORD", "INIT_ROOT_NICKNAME"), ""
)


@pytest.fixture
def browser() -> Iterator[Browser]:
    path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if path is None:
        pytest.fail("no Chromium on PATH: apt-get install chromium")
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield started
        started.close()


@pytest.fixture
def instance(tmp_path: Path) -> Iterator[Instance]:
    made = Instance(tmp_path / "storage", {"DB_DIALECT": "sqlite", **NOBODY})
    made.start()
    yield made
    made.stop()


def link_of(instance: Instance) -> str:
    found = re.search(r"http://\S+/setup\?token=\S+", instance.log)
    assert found, instance.log
    return found[0]


@pytest.mark.parametrize("width", [1440, 390])
def test_a_person_sets_up_the_first_administrator(
    instance: Instance, browser: Browser, width: int, tmp_path: Path
) -> None:
    page = browser.new_page(viewport={"width": width, "height": 900})
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.goto(f"{instance.address}/")
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    page.goto(link_of(instance))
    page.screenshot(path=tmp_path / "setup.png")
    page.locator("[name=email]").fill("ada@example.com")
    page.locator("[name=username]").fill("ada")
    page.locator("[name=nickname]").fill("Ada")
    page.locator("[name=password]").fill("analytical engine 1")
    page.locator("[name=again]").fill("something else")
    page.get_by_role("button").click()
    expect(page.get_by_text("not the same as above")).to_be_visible()
    expect(page.locator("[name=email]")).to_have_value("ada@example.com")
    page.locator("[name=password]").fill("analytical engine 1")
    page.locator("[name=again]").fill("analytical engine 1")
    page.get_by_role("button").click()
    expect(page.get_by_text("auth:signIn").first).to_be_visible()
    overflow = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
    assert overflow <= 0
    page.screenshot(path=tmp_path / "ready.png")
    page.goto(link_of(instance))
    expect(page.get_by_text("Already set up")).to_be_visible()
    unexpected = [
        text for text in complaints if "favicon" not in text and "400" not in text and "410" not in text
    ]
    assert unexpected == []
    instance.sign_in("ada@example.com", "analytical engine 1").close()
