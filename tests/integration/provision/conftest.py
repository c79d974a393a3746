"""A provisioner as the server has it, and orders as configurations, for a server with roles of all kinds."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any
from uuid import uuid4

import asyncpg
import pytest

from insula.core.ids import random_id
from insula.database.budget import ConnectionBudget
from insula.database.dialects import dialect
from insula.database.options import DatabaseOptions
from insula.fleet.configuration import Configuration
from insula.server.provisioner import LocalProvisioner
from insula.testing.databases import connected
from insula.testing.provisioning import TABLES, template
from insula.testing.servers import Server

Configure = Callable[..., Configuration]


def options_of(configuration: Configuration) -> DatabaseOptions:
    """Where the application is, or will be."""
    given = dict(configuration.database)
    storage = given.get("storage")
    return DatabaseOptions(
        given["dialect"],
        host=given.get("host", "localhost"),
        port=given.get("port"),
        database=given.get("database", ""),
        user=given.get("username", ""),
        password=given.get("password", ""),
        schema=given.get("schema"),
        storage=Path(storage) if storage else None,
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where files may be made."""
    made = tmp_path / "storage"
    made.mkdir()
    return made


@pytest.fixture
async def admin(postgresql: Server) -> AsyncIterator[asyncpg.Connection]:
    """The administrator's connection."""
    async with connected(postgresql) as connection:
        yield connection


@pytest.fixture
async def role(admin: asyncpg.Connection) -> str:
    """A role that may sign in (password ``x``) and nothing else, with a name that needs its quotes."""
    name = f'poor "one" {random_id(6)}'
    await admin.execute(f"CREATE ROLE {dialect('postgres').quote(name)} LOGIN PASSWORD 'x'")
    return name


@pytest.fixture
def configure(postgresql: Server) -> Configure:
    """Configurations of new applications on the server, as the role that is given or its administrator."""

    def make(connection: str, role: str = "", **database: Any) -> Configuration:
        name = f"a_{random_id(11)}"
        values = {
            "dialect": "postgres",
            "host": postgresql.host,
            "port": postgresql.port,
            "username": role or postgresql.user,
            "password": "x" if role else postgresql.password,
            "database": name,
        }
        return Configuration(name, str(uuid4()), connection=connection, database={**values, **database})  # type: ignore[arg-type]

    return make


@pytest.fixture
async def provisioner(folder: Path, postgresql: Server) -> AsyncIterator[LocalProvisioner]:
    """Leaves no connection behind."""
    budgets: list[ConnectionBudget] = []

    def budget(options: DatabaseOptions) -> ConnectionBudget:
        if not budgets:
            budgets.append(ConnectionBudget(20))
        return budgets[0]

    main = DatabaseOptions(
        "postgres",
        host=postgresql.host,
        port=postgresql.port,
        user=postgresql.user,
        password=postgresql.password,
        database="main of all",
    )
    yield LocalProvisioner(
        place=options_of,
        main=main,
        budget=budget,
        folder=folder,
        template=lambda kind: template(kind.name),
        first_tables=lambda: TABLES,
        installation=lambda: "ours",
    )
    assert all((each.used, each.waiting) == (0, 0) for each in budgets)
