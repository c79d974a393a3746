"""Making sure that a database of MariaDB or MySQL exists, can be written to, and compares text as Insula does."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from asyncmy import errors as my

from insula.database.dialects.mysql_errors import number_of
from insula.database.errors import DatabaseMissing, PermissionDenied, UnsuitableDatabase
from insula.database.options import DatabaseOptions

if TYPE_CHECKING:
    from insula.database.dialects.mysql import Mysql
    from insula.database.dialects.mysql_connection import MysqlConnection

_LACKS_RIGHT: Final = (1044, 1142, 1227)
_COLLATION: Final = (
    "SELECT DEFAULT_COLLATION_NAME AS name, @@collation_connection AS wanted,"
    " EXISTS (SELECT 1 FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE()) AS used"
    " FROM information_schema.SCHEMATA WHERE SCHEMA_NAME = DATABASE()"
)


async def ensure(dialect: Mysql, options: DatabaseOptions) -> None:
    """See ``Dialect.ensure``."""
    try:
        connection = await dialect.connect(options)
    except (DatabaseMissing, PermissionDenied) as missing:
        await _create_database(dialect, options, missing)
        connection = await dialect.connect(options)
    try:
        await _check_collation(dialect, connection, options)
    except my.MySQLError as error:
        raise dialect.translate(error) from error
    finally:
        await connection.close()


async def _create_database(
    dialect: Mysql, options: DatabaseOptions, missing: DatabaseMissing | PermissionDenied
) -> None:
    connection = await dialect.connect(options, database=False)
    try:
        await connection.script(dialect.create_database(options))
    except my.MySQLError as error:
        if number_of(error) in _LACKS_RIGHT:
            raise missing from error
        raise dialect.translate(error) from error
    finally:
        await connection.close()


async def _check_collation(dialect: Mysql, connection: MysqlConnection, options: DatabaseOptions) -> None:
    """An empty database gets the collation; one with tables must have it."""
    (row,) = await connection.fetch(_COLLATION, ())
    if row["name"] == row["wanted"]:
        return
    change = f"ALTER DATABASE {dialect.quote(options.database)} CHARACTER SET utf8mb4 COLLATE {row['wanted']}"
    try:
        if not row["used"]:
            await connection.script(change)
            return
    except my.MySQLError as error:
        if number_of(error) not in _LACKS_RIGHT:
            raise
    reason = f"its collation is {row['name']}; an administrator can mend that: {change}"
    raise UnsuitableDatabase(database=options.database, reason=reason)
