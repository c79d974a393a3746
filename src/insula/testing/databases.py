"""A place for the tables of one test on a shared server: named once, dropped at the end, nobody left connected."""

import asyncio
import itertools
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import asyncpg  # type: ignore[import-untyped]
import sqlalchemy as sa

from insula.database.budget import ConnectionBudget
from insula.database.dialects import dialect
from insula.database.engine import open_database
from insula.database.options import DatabaseOptions
from insula.database.statement import plain
from insula.testing.servers import Server

SHARED_DATABASE = "insula_shared"
"""Of PostgreSQL, where tests have schemas of their own; all others are dropped with the tests that made them."""
TWO_DIALECTS = ("sqlite", "postgres")
"""For modules of what is decided before any SQL (forms of requests, cookies, tokens); all others run on each dialect:
``pytestmark = pytest.mark.parametrize("database_options", TWO_DIALECTS, indirect=True)``."""
PATIENCE_S = 20.0
"""A backend ends a moment after its client has hung up."""
_POLL_S = 0.005
_numbers = itertools.count(1)
_CLIENTS = sa.text(
    "SELECT ID, STATE, INFO FROM information_schema.PROCESSLIST WHERE DB = :v_database"
).columns(sa.column("ID"), sa.column("STATE"), sa.column("INFO"))

_MARIADB_DATABASES = sa.text(
    "SELECT SCHEMA_NAME FROM information_schema.SCHEMATA"
    " WHERE SCHEMA_NAME NOT IN ('information_schema', 'mysql', 'performance_schema', 'sys')"
).columns(sa.column("SCHEMA_NAME"))


@asynccontextmanager
async def connected(server: Server, database: str = "postgres") -> AsyncIterator[asyncpg.Connection]:
    """A connection of the administrator to a database of PostgreSQL, beside all pools."""
    connection = await asyncpg.connect(
        host=server.host, port=server.port, user=server.user, password=server.password, database=database
    )
    try:
        yield connection
    finally:
        await connection.close()


@asynccontextmanager
async def own_schema(server: Server) -> AsyncIterator[DatabaseOptions]:
    """Options for a schema that nobody else has, with a name that needs its quotes; not made yet.

    A schema takes a tenth of the time of a database, and tells tables that are named without it.
    Raises RuntimeError at the end where a connection with these options is still open.
    """
    name = f"test {next(_numbers)}"
    options = DatabaseOptions(
        "postgres",
        host=server.host,
        port=server.port,
        user=server.user,
        password=server.password,
        database=SHARED_DATABASE,
        schema=name,
        application_name=f"insula {name}",
    )
    try:
        yield options
    finally:
        await _take_away(options)


async def _take_away(options: DatabaseOptions) -> None:
    """Drop the schema. Raises RuntimeError, naming them, where clients are still connected."""
    try:
        administrator = await asyncpg.connect(
            host=options.host,
            port=options.port,
            user=options.user,
            password=options.password,
            database=options.database,
        )
    except asyncpg.InvalidCatalogNameError:
        return  # no test has made a schema yet
    try:
        if left := await _clients(administrator, options.application_name):
            raise RuntimeError(f"connections left behind: {', '.join(left)}")
        await administrator.execute(f'DROP SCHEMA IF EXISTS "{options.schema}" CASCADE')
    finally:
        await administrator.close()


async def _clients(administrator: asyncpg.Connection, application_name: str) -> list[str]:
    """What is still connected under this name after ``PATIENCE_S``: state and last statement of each."""
    deadline = time.monotonic() + PATIENCE_S
    while True:
        rows = await administrator.fetch(
            "SELECT pid, state, query FROM pg_stat_activity WHERE application_name = $1", application_name
        )
        if not rows or time.monotonic() > deadline:
            return [f"{row['pid']} ({row['state']}: {row['query']})" for row in rows]
        await asyncio.sleep(_POLL_S)


async def databases(server: Server) -> set[str]:
    """The names of all databases of a PostgreSQL server."""
    async with connected(server) as administrator:
        return {row["datname"] for row in await administrator.fetch("SELECT datname FROM pg_database")}


async def drop_databases(server: Server) -> None:
    """Drop what tests made in a PostgreSQL server: applications get databases under names that others use, too."""
    made = await databases(server) - {"postgres", "template0", "template1", SHARED_DATABASE}
    quote = dialect("postgres").quote
    await administer(server, *(f"DROP DATABASE {quote(name)} WITH (FORCE)" for name in made))


async def drop_mariadb_databases(server: Server) -> None:
    """Drop what tests made in a server of MariaDB."""
    quote = dialect("mariadb").quote
    options = DatabaseOptions(
        "mariadb",
        host=server.host,
        port=server.port,
        user=server.user,
        password=server.password,
        database="mysql",
    )
    database = open_database(options, ConnectionBudget())
    try:
        for row in await database.run(_MARIADB_DATABASES):
            await database.run(sa.text(f"DROP DATABASE {quote(row['SCHEMA_NAME'])}"))
    finally:
        await database.close()


async def administer(server: Server, *statements: str) -> None:
    """Run statements on a PostgreSQL server, each by itself."""
    async with connected(server) as administrator:
        for statement in statements:
            await administrator.execute(statement)


async def run_on(options: DatabaseOptions, statement: str) -> int:
    """Run a statement on a connection of its own; gives the number of rows that it touched."""
    opened = open_database(options, ConnectionBudget())
    try:
        return await opened.execute(plain(statement), {})
    finally:
        await opened.close()


@asynccontextmanager
async def own_database(server: Server) -> AsyncIterator[DatabaseOptions]:
    """Options for a database of MariaDB that nobody else has, with a name that needs its quotes; not made yet.

    Raises RuntimeError at the end where a connection to it is still open.
    """
    options = DatabaseOptions(
        "mariadb",
        host=server.host,
        port=server.port,
        user=server.user,
        password=server.password,
        database=f"test {next(_numbers)}",
    )
    try:
        yield options
    finally:
        known = dialect(options.dialect)
        database = open_database(replace(options, database="mysql"), ConnectionBudget())
        try:
            deadline = time.monotonic() + PATIENCE_S
            while left := await database.run(_CLIENTS, {"v_database": options.database}):
                if time.monotonic() > deadline:
                    raise RuntimeError(f"connections left behind: {left}")
                await asyncio.sleep(_POLL_S)
            await database.run(sa.text(f"DROP DATABASE IF EXISTS {known.quote(options.database)}"))
        finally:
            await database.close()
