"""One application that imports and exports, on each dialect."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from insula.application.application import Application
from insula.application.options import Options
from insula.application.registry import Registry
from insula.application.secrets import MasterKey
from insula.database.budget import ConnectionBudget
from insula.database.engine import open_database
from insula.database.executor import Database
from insula.database.options import DatabaseOptions
from insula.plugins.collections.plugin import CollectionsPlugin
from insula.plugins.import_export.plugin import ImportExportPlugin
from insula.testing.applications import APP_KEY, client_of
from insula.testing.importing import Importing


@pytest.fixture
async def application(
    database_options: DatabaseOptions, database: Database, tmp_path: Path
) -> AsyncIterator[Application]:
    registry = Registry([CollectionsPlugin(), ImportExportPlugin()])
    options = Options(storage=tmp_path / "files")
    made = Application(
        "main", open_database(database_options, ConnectionBudget()), registry, MasterKey(APP_KEY), options
    )
    await made.install()
    await made.start()
    yield made
    await made.stop()


@pytest.fixture
async def client(application: Application) -> AsyncIterator[httpx.AsyncClient]:
    async with client_of(application) as found:
        yield found


@pytest.fixture
def importing(application: Application, client: httpx.AsyncClient) -> Importing:
    return Importing(application, client)
