"""A test's own schema: gone at its end, and whoever is still connected is named."""

import asyncpg
import pytest

from insula.database.options import DatabaseOptions
from insula.testing import databases, servers
from insula.testing.databases import own_schema


async def connected(options: DatabaseOptions) -> asyncpg.Connection:
    return await asyncpg.connect(
        host=options.host,
        port=options.port,
        user=options.user,
        password=options.password,
        database="postgres",
        server_settings={"application_name": options.application_name},
    )


async def test_a_connection_that_stays_open_fails_its_test(
    postgresql: servers.Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(databases, "PATIENCE_S", 0.05)
    monkeypatch.setattr(databases, "SHARED_DATABASE", "postgres")
    with pytest.raises(RuntimeError, match=r"connections left behind: \d+ \(idle: SELECT 'forgotten'\)"):
        async with own_schema(postgresql) as options:
            connection = await connected(options)
            await connection.execute("SELECT 'forgotten'")
    await connection.close()


async def test_what_was_made_in_the_schema_is_gone_afterwards(
    postgresql: servers.Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(databases, "SHARED_DATABASE", "postgres")
    async with own_schema(postgresql) as options:
        connection = await connected(options)
        await connection.execute(f'CREATE SCHEMA "{options.schema}"')
        await connection.execute(f'CREATE TABLE "{options.schema}".t (a int)')
        await connection.close()
    connection = await connected(options)
    left = await connection.fetch("SELECT 1 FROM pg_namespace WHERE nspname = $1", options.schema)
    await connection.close()
    assert left == []
