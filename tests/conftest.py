"""Fixtures for all tests: real servers, fresh databases, and a look at what each test leaves behind."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from redis import Redis

from insula.database.budget import ConnectionBudget
from insula.database.dialects import dialect
from insula.database.engine import open_database
from insula.database.executor import Database
from insula.database.options import DatabaseOptions
from insula.testing import servers
from insula.testing.databases import drop_databases, drop_mariadb_databases, own_database, own_schema
from insula.testing.leaks import outlives_a_test

pytest_plugins = ["pytester"]


@pytest.fixture(scope="session")
def postgresql_of_all() -> Iterator[servers.Server]:
    """A PostgreSQL server for the whole run: ask for ``postgresql``."""
    with servers.postgresql() as server:
        outlives_a_test(server.process.pid)
        yield server


@pytest.fixture(scope="session")
def mariadb_of_all() -> Iterator[servers.Server]:
    """A MariaDB server for the whole run: ask for ``mariadb``."""
    with servers.mariadb() as server:
        outlives_a_test(server.process.pid)
        yield server


@pytest.fixture(scope="module")
def postgresql(postgresql_of_all: servers.Server) -> Iterator[servers.Server]:
    """A PostgreSQL server without databases of other modules."""
    yield postgresql_of_all
    asyncio.run(drop_databases(postgresql_of_all))


@pytest.fixture(scope="module")
def mariadb(mariadb_of_all: servers.Server) -> Iterator[servers.Server]:
    """A MariaDB server without databases of other modules."""
    yield mariadb_of_all
    asyncio.run(drop_mariadb_databases(mariadb_of_all))


@pytest.fixture(scope="session")
def redis_of_all() -> Iterator[servers.Server]:
    """A Redis server for the whole run: ask for ``redis``."""
    with servers.redis() as server:
        outlives_a_test(server.process.pid)
        yield server


@pytest.fixture(scope="module")
def redis(redis_of_all: servers.Server) -> Iterator[servers.Server]:
    """A Redis server without keys of other modules."""
    yield redis_of_all
    with Redis(host=redis_of_all.host, port=redis_of_all.port) as client:
        client.flushall()


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
