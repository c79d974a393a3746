"""A main application on SQLite, and a fleet that plays its part."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from insula.application.application import Application
from insula.application.options import Options
from insula.application.registry import Registry
from insula.application.secrets import MasterKey
from insula.database.budget import ConnectionBudget
from insula.database.dialects import dialect
from insula.database.engine import open_database
from insula.database.options import DatabaseOptions
from insula.testing.applications import APP_KEY
from insula.testing.fleet import PlayedFleet, SupervisorTables, played_fleet


@pytest.fixture
async def main(tmp_path: Path) -> AsyncIterator[Application]:
    options = DatabaseOptions("sqlite", storage=tmp_path / "main.sqlite")
    await dialect("sqlite").ensure(options, ConnectionBudget())
    database = open_database(options, ConnectionBudget())
    made = Application(
        "main", database, Registry([SupervisorTables()]), MasterKey(APP_KEY), Options(main=True)
    )
    await made.install()
    await made.start()
    yield made
    await made.stop()


@pytest.fixture
async def fleet(main: Application) -> AsyncIterator[PlayedFleet]:
    async with played_fleet(main) as played:
        yield played
