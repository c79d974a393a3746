"""An installation on PostgreSQL in the browser: applications in a database and in a schema of their own, checked first."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.async_api import expect

from insula.testing.databases import connected, databases
from insula.testing.instance import Instance, database_settings
from insula.testing.servers import Server
from insula.testing.visitors import Visitor

MAIN = "insula_seen"
"""The database of the main application."""


@pytest.fixture
def entry(tmp_path: Path, postgresql: Server) -> Iterator[Instance]:
    """A running installation whose own database is on PostgreSQL."""
    made = Instance(tmp_path / "entry", database_settings(postgresql, MAIN))
    made.start()
    yield made
    assert made.stop() == 0


async def schemas(server: Server) -> set[str]:
    """Those of the database of main."""
    async with connected(server, MAIN) as administrator:
        return {row["nspname"] for row in await administrator.fetch("SELECT nspname FROM pg_namespace")}


async def add(person: Visitor, name: str, kind: str, right: str) -> Visitor:
    """By the form, on main's own service; ``right`` is what the check says. Gives the person, signed in there."""
    page = person.page
    await page.bring_to_front()
    await person.open("/admin/settings/applications/new")
    await page.get_by_label("Name", exact=True).fill(name)
    await page.get_by_role("button", name="Database connection").click()
    await expect(page.get_by_text("This installation’s (PostgreSQL)")).to_be_visible()
    await page.get_by_role("radio", name=kind).check()
    await page.get_by_role("button", name="Check").click()
    found = page.get_by_role("region", name="What the check found")
    await expect(found.get_by_role("heading", name="Nothing speaks against it")).to_be_visible()
    await expect(found.get_by_role("alert")).to_have_text([right])
    await page.get_by_role("button", name="Create", exact=True).click()
    await page.get_by_role("link", name="Show its page").click()
    there = await person.follow(page.get_by_role("link", name=f"Visit {name}"))
    await there.sign_in_here()
    await expect(there.page.get_by_text("Nothing here yet")).to_be_visible()
    return there


async def test_applications_on_mains_own_service(person: Visitor, postgresql: Server) -> None:
    before, others = await databases(postgresql), await schemas(postgresql)
    may = 'The user "insula" may make the'
    await add(person, "Ledger", "New database", f'{may} database "ledger".')
    assert "ledger" in await databases(postgresql) - before
    assert await schemas(postgresql) == others

    await add(
        person, "Corner bakery", "New schema", f'{may} schema "corner_bakery" of the database "{MAIN}".'
    )
    assert "corner_bakery" in await schemas(postgresql) - others
    assert "corner_bakery" not in await databases(postgresql)
