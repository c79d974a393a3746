"""A fresh, empty database of each dialect for the suites that run on all of them."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from insula.core.ids import random_id
from insula.database.budget import ConnectionBudget
from insula.database.dialects.mysql import Mysql
from insula.database.engine import open_database
from insula.database.executor import Database
from insula.database.options import DatabaseOptions
from insula.database.provision.ensure import ensure_database
from insula.testing.servers import Server


def server_options(server: Server, **changes: Any) -> DatabaseOptions:
    """Options for a database of its own on a test server."""
    values: dict[str, Any] = {
        "dialect": "postgres",
        "host": server.host,
        "port": server.port,
        "user": server.user,
        "password": server.password,
        "database": f"test_{random_id(8)}",
    }
    return DatabaseOptions(**{**values, **changes})


@pytest.fixture
def budget() -> ConnectionBudget:
    return ConnectionBudget(5, wait_s=10)


@pytest.fixture(params=["sqlite", "postgres", "postgres schema", "mariadb", "mysql"])
def database_options(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> DatabaseOptions:
    """Where an empty database may be made; in schema mode, with a name that needs its quotes."""
    if request.param == "sqlite":
        return DatabaseOptions(dialect="sqlite", storage=tmp_path / "own folder" / "main.sqlite")
    if request.param in ("mariadb", "mysql"):
        if request.param == "mysql":
            # No MySQL is at hand: a MariaDB stands in for it, which takes all that the dialect says.
            monkeypatch.setattr(Mysql, "_unfit", lambda self, kind: kind.problem)
        return server_options(request.getfixturevalue("mariadb"), dialect=request.param)
    schema = 'An "app" of its own' if request.param == "postgres schema" else None
    return server_options(request.getfixturevalue("postgresql"), schema=schema)


@pytest.fixture
async def database(database_options: DatabaseOptions, budget: ConnectionBudget) -> AsyncIterator[Database]:
    await ensure_database(database_options, ConnectionBudget())
    database = open_database(database_options, budget)
    try:
        yield database
    finally:
        await database.close()
        assert budget.used == 0
        assert budget.waiting == 0
