"""Making sure that a PostgreSQL database and schema exist, can be written to, and speak UTF-8."""

from __future__ import annotations

from typing import TYPE_CHECKING

import asyncpg  # type: ignore[import-untyped]

from insula.database.errors import DatabaseMissing, PermissionDenied, SchemaMissing, UnsuitableDatabase
from insula.database.options import DatabaseOptions

if TYPE_CHECKING:
    from insula.database.dialects.postgresql import Postgresql, PostgresqlConnection

MAINTENANCE_DATABASES = ("postgres", "template1")
"""Where to connect to create a database that does not exist yet."""
_LACKS_RIGHT = asyncpg.InsufficientPrivilegeError
_EXISTS = (asyncpg.DuplicateDatabaseError, asyncpg.DuplicateSchemaError, asyncpg.UniqueViolationError)
"""Another process created it in the same moment."""


async def ensure(dialect: Postgresql, options: DatabaseOptions) -> None:
    """See ``Dialect.ensure``."""
    try:
        connection = await dialect.connect(options)
    except DatabaseMissing as missing:
        await _create_database(dialect, options, missing)
        connection = await dialect.connect(options)
    try:
        await _check_encoding(connection, options)
        await _ensure_schema(dialect, connection, options)
    except asyncpg.PostgresError as error:
        raise dialect.translate(error) from error
    finally:
        await connection.close()


async def _create_database(dialect: Postgresql, options: DatabaseOptions, missing: DatabaseMissing) -> None:
    connection = await _connect_elsewhere(dialect, options, missing)
    try:
        await connection.script(dialect.create_database(options))
    except _EXISTS:
        return
    except _LACKS_RIGHT as error:
        raise missing from error
    except asyncpg.PostgresError as error:
        raise dialect.translate(error) from error
    finally:
        await connection.close()


async def _connect_elsewhere(
    dialect: Postgresql, options: DatabaseOptions, missing: DatabaseMissing
) -> PostgresqlConnection:
    for name in MAINTENANCE_DATABASES:
        try:
            return await dialect.connect(options.on_database(name))
        except (DatabaseMissing, PermissionDenied):
            continue
    raise missing


async def _check_encoding(connection: PostgresqlConnection, options: DatabaseOptions) -> None:
    encoding = dict((await connection.fetch("SHOW server_encoding", ()))[0])["server_encoding"]
    if encoding != "UTF8":
        raise UnsuitableDatabase(
            database=options.database, reason=f"its encoding is {encoding}, it must be UTF8"
        )


async def _ensure_schema(
    dialect: Postgresql, connection: PostgresqlConnection, options: DatabaseOptions
) -> None:
    user = dialect.quote(options.user)
    if options.schema is None:
        if not await _may_create(connection, "public"):
            statement = f"GRANT CREATE, USAGE ON SCHEMA public TO {user}"
            raise SchemaMissing(schema="public", statement=statement)
        return
    schema = dialect.quote(options.schema)
    may = await _may_create(connection, options.schema)
    if may is None:
        try:
            await connection.script(f"CREATE SCHEMA {schema}")
        except _EXISTS:
            return
        except _LACKS_RIGHT as error:
            statement = f"CREATE SCHEMA {schema} AUTHORIZATION {user}"
            raise SchemaMissing(schema=options.schema, statement=statement) from error
    elif not may:
        statement = f"GRANT CREATE, USAGE ON SCHEMA {schema} TO {user}"
        raise SchemaMissing(schema=options.schema, statement=statement)


async def _may_create(connection: PostgresqlConnection, schema: str) -> bool | None:
    """Whether the role may create tables in the schema; ``None`` where there is no such schema."""
    found = await connection.fetch(
        "SELECT has_schema_privilege(oid, 'CREATE') AND has_schema_privilege(oid, 'USAGE') AS may"
        " FROM pg_namespace WHERE nspname = $1",
        (schema,),
    )
    return bool(dict(found[0])["may"]) if found else None
