"""Main applications with the supervisor in them, on both dialects."""

from collections.abc import AsyncIterator

import pytest

from insula.database.executor import Database
from insula.database.options import DatabaseOptions
from insula.testing.supervised import Supervised


@pytest.fixture
async def api(database_options: DatabaseOptions, database: Database) -> AsyncIterator[Supervised]:
    """Installed with one administrator, running."""
    found = Supervised()
    async with found.running(database_options, install=True):
        yield found
