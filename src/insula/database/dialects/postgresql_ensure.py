"""Making sure that a PostgreSQL database and schema exist, can be written to, and speak UTF-8."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import sqlalchemy as sa

from insula.database.errors import (
    DatabaseMissing,
    ObjectExists,
    PermissionDenied,
    SchemaMissing,
    UniqueViolation,
    UnsuitableDatabase,
)
from insula.database.options import DatabaseOptions
from insula.database.statement import plain

if TYPE_CHECKING:
    from insula.database.budget import ConnectionBudget
    from insula.database.dialects.postgresql import Postgresql
    from insula.database.executor import Database

MAINTENANCE_DATABASES: Final = ("postgres", "template1")
"""Where to connect to create a database that does not exist yet."""
_EXISTS: Final = (ObjectExists, UniqueViolation)
"""Another process created it in the same moment."""
_ENCODING: Final = sa.text("SELECT current_setting('server_encoding') AS encoding")
_MAY_CREATE: Final = sa.text(
    "SELECT has_schema_privilege(oid, 'CREATE') AND has_schema_privilege(oid, 'USAGE') AS may"
    " FROM pg_namespace WHERE nspname = :name"
)


async def ensure(dialect: Postgresql, options: DatabaseOptions, budget: ConnectionBudget) -> None:
    """See ``Dialect.ensure``."""
    try:
        await _look_inside(dialect, options, budget)
    except DatabaseMissing as missing:
        await _create_database(dialect, options, budget, missing)
        await _look_inside(dialect, options, budget)


async def _create_database(
    dialect: Postgresql, options: DatabaseOptions, budget: ConnectionBudget, missing: DatabaseMissing
) -> None:
    for name in MAINTENANCE_DATABASES:
        try:
            async with dialect.opened(options.on_database(name), budget) as database:
                await database.execute(plain(dialect.create_database(options)), {})
        except _EXISTS:
            return
        except (DatabaseMissing, PermissionDenied):
            continue
        return
    raise missing


async def _look_inside(dialect: Postgresql, options: DatabaseOptions, budget: ConnectionBudget) -> None:
    async with dialect.opened(options, budget) as database:
        await _check_encoding(database, options)
        await _ensure_schema(database, options)


async def _check_encoding(database: Database, options: DatabaseOptions) -> None:
    ((encoding,),) = [row.values() for row in await database.run(_ENCODING)]
    if encoding != "UTF8":
        raise UnsuitableDatabase(
            database=options.database, reason=f"its encoding is {encoding}, it must be UTF8"
        )


async def _ensure_schema(database: Database, options: DatabaseOptions) -> None:
    name = options.schema or "public"
    user, schema = database.dialect.quote(options.user), database.dialect.quote(name)
    may = [row["may"] for row in await database.run(_MAY_CREATE, {"name": name})]
    if may == [True]:
        return
    if may or options.schema is None:
        raise SchemaMissing(schema=name, statement=f"GRANT CREATE, USAGE ON SCHEMA {schema} TO {user}")
    try:
        await database.execute(plain(f"CREATE SCHEMA {schema}"), {})
    except _EXISTS:
        return
    except PermissionDenied as error:
        statement = f"CREATE SCHEMA {schema} AUTHORIZATION {user}"
        raise SchemaMissing(schema=name, statement=statement) from error
