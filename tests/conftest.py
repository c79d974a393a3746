"""Fixtures for all tests: real servers, fresh databases."""

import itertools
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from insula.database.budget import ConnectionBudget
from insula.database.dialects import dialect
from insula.database.engine import open_database
from insula.database.executor import Database
from insula.database.options import DatabaseOptions
from insula.testing import servers

_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def postgresql() -> Iterator[servers.Server]:
    """A PostgreSQL server for the whole run; make databases of your own in it."""
    with servers.postgresql() as server:
        yield server


@pytest.fixture(params=["sqlite", "postgres"])
def database_options(request: pytest.FixtureRequest, tmp_path: Path) -> DatabaseOptions:
    """Where an empty database is, once per dialect: a file, or a schema that nobody else has."""
    if request.param == "sqlite":
        return DatabaseOptions("sqlite", storage=tmp_path / "test.sqlite")
    server: servers.Server = request.getfixturevalue("postgresql")
    return DatabaseOptions(
        "postgres",
        host=server.host,
        port=server.port,
        user=server.user,
        password=server.password,
        database="insula_test",
        schema=f"test {next(_numbers)}",
    )


@pytest.fixture
async def database(database_options: DatabaseOptions) -> AsyncIterator[Database]:
    """An empty database, once per dialect."""
    await dialect(database_options.dialect).ensure(database_options)
    opened = open_database(database_options, ConnectionBudget())
    yield opened
    await opened.close()
