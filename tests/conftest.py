"""Fixtures for all tests: real servers, fresh databases, and a look at what each test leaves behind."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from insula.database.budget import ConnectionBudget
from insula.database.dialects import dialect
from insula.database.engine import open_database
from insula.database.executor import Database
from insula.database.options import DatabaseOptions
from insula.testing import servers
from insula.testing.databases import own_database, own_schema
from insula.testing.leaks import outlives_a_test

pytest_plugins = ["pytester"]


@pytest.fixture(scope="session")
def postgresql() -> Iterator[servers.Server]:
    """A PostgreSQL server for the whole run; make databases of your own in it."""
    with servers.postgresql() as server:
        outlives_a_test(server.process.pid)
        yield server


@pytest.fixture(scope="session")
def mariadb() -> Iterator[servers.Server]:
    """A MariaDB server for the whole run; make databases of your own in it."""
    with servers.mariadb() as server:
        outlives_a_test(server.process.pid)
        yield server


@pytest.fixture(scope="session")
def redis() -> Iterator[servers.Server]:
    """A Redis server for the whole run; use keys of your own in it."""
    with servers.redis() as server:
        outlives_a_test(server.process.pid)
        yield server


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


@pytest.fixture
async def database(database_options: DatabaseOptions) -> AsyncIterator[Database]:
    """An empty database, once per dialect."""
    await dialect(database_options.dialect).ensure(database_options, ConnectionBudget())
    budget = ConnectionBudget()
    opened = open_database(database_options, budget)
    yield opened
    await opened.close()
    assert (budget.used, budget.waiting) == (0, 0)
