"""The whole of shared-memory mode without its sockets: main on each dialect, applications on each kind of place."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from insula.core.errors import InsulaError
from insula.core.ids import random_id
from insula.database.budget import ConnectionBudget
from insula.database.dialects import dialect
from insula.database.options import DatabaseOptions
from insula.server.declared import Settings
from insula.server.host import Host
from insula.server.roles.single import Single
from insula.testing.databases import SHARED_DATABASE
from insula.testing.servers import Server

Running = Callable[[], AbstractAsyncContextManager[Single]]


@pytest.fixture
def settings(database_options: DatabaseOptions, tmp_path: Path) -> Settings:
    """Main on SQLite, in a schema of PostgreSQL, or in a database of MariaDB."""
    given: dict[str, Any] = {}
    if database_options.storage is None:
        given = {
            "db_dialect": database_options.dialect,
            "db_host": database_options.host,
            "db_port": database_options.port,
            "db_database": database_options.database,
            "db_user": database_options.user,
            "db_password": database_options.password,
            "db_schema": database_options.schema,
        }
    return Settings(
        storage_path=str(tmp_path),
        init_root_email="root@example.com",
        init_root_password="correct horse battery",
        insula_stop_timeout_s=2.0,
        **given,
    )


@pytest.fixture
def running(settings: Settings, tmp_path: Path) -> Running:
    """Starts it, as often as a test likes, one after the other, and stops it at the end of the block."""

    @asynccontextmanager
    async def start() -> AsyncIterator[Single]:
        lost: list[InsulaError] = []
        host = Host(settings, tmp_path, makes=True)
        fleet = Single(host, lost.append)
        try:
            await fleet.start()
            yield fleet
        finally:
            await fleet.stop()
        assert lost == []
        assert host.connections_used() == 0

    return start


@pytest.fixture
async def fleet(running: Running) -> AsyncIterator[Single]:
    """One that runs."""
    async with running() as found:
        yield found


@pytest.fixture(params=["file", "database", "schema", "mariadb"])
async def options(request: pytest.FixtureRequest) -> dict[str, Any]:
    """Where the application of the test is: options as the HTTP API takes them."""
    if request.param == "file":
        return {"dbConnType": "new_database", "database": {"dialect": "sqlite"}}
    on_mariadb = request.param == "mariadb"
    server: Server = request.getfixturevalue("mariadb" if on_mariadb else "postgresql")
    service = {
        "dialect": "mariadb" if on_mariadb else "postgres",
        "host": server.host,
        "port": server.port,
        "username": server.user,
        "password": server.password,
    }
    name = f"test_{random_id(8)}"
    if request.param in ("database", "mariadb"):
        return {"dbConnType": "new_database", "database": {**service, "database": name}}
    shared = DatabaseOptions(
        "postgres",
        host=server.host,
        port=server.port,
        user=server.user,
        password=server.password,
        database=SHARED_DATABASE,
    )
    await dialect("postgres").ensure(shared, ConnectionBudget())
    return {
        "dbConnType": "new_schema",
        "database": {**service, "database": SHARED_DATABASE, "schema": name},
    }
