"""Applications for tests, on both dialects."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from insula.application.application import Application
from insula.application.options import Options
from insula.application.plugin import Plugin
from insula.application.registry import Registry
from insula.application.secrets import MasterKey
from insula.database.budget import ConnectionBudget
from insula.database.engine import open_database
from insula.database.executor import Database
from insula.database.options import DatabaseOptions
from insula.testing.applications import APP_KEY, Library, MakeApplication, client_of


@pytest.fixture
def make(database_options: DatabaseOptions, database: Database) -> MakeApplication:
    """Make an application object over the test's database, by a handle of its own."""

    def made(*plugins: Plugin, name: str = "main", key: str = APP_KEY, **options: Any) -> Application:
        handle = open_database(database_options, ConnectionBudget())
        return Application(name, handle, Registry(plugins), MasterKey(key), Options(**options))

    return made


@pytest.fixture
async def application(make: MakeApplication) -> AsyncIterator[Application]:
    """An application with the library, running."""
    made = make(Library())
    await made.install()
    await made.start()
    yield made
    await made.stop()


@pytest.fixture
async def client(application: Application) -> AsyncIterator[httpx.AsyncClient]:
    async with client_of(application) as found:
        yield found
