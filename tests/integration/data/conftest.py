"""The data layer's tests run on every dialect."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from insula.database.options import DatabaseOptions
from insula.testing.databases import own_database, own_schema


@pytest.fixture(params=["sqlite", "postgres", "mariadb"])
async def database_options(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[DatabaseOptions]:
    """Where an empty database may be made, once per dialect: a file, a schema or a database that nobody else has."""
    if request.param == "sqlite":
        yield DatabaseOptions("sqlite", storage=tmp_path / "test.sqlite")
    elif request.param == "postgres":
        async with own_schema(request.getfixturevalue("postgresql")) as options:
            yield options
    else:
        async with own_database(request.getfixturevalue("mariadb")) as options:
            yield options
