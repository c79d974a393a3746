"""Making sure that a database of MariaDB or MySQL exists, can be written to, and compares text as Insula does."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import sqlalchemy as sa

from insula.database.errors import DatabaseMissing, PermissionDenied, UnsuitableDatabase
from insula.database.options import DatabaseOptions
from insula.database.statement import plain

if TYPE_CHECKING:
    from insula.database.budget import ConnectionBudget
    from insula.database.dialects.mysql import Mysql
    from insula.database.executor import Database

EVERYWHERE: Final = "information_schema"
"""The database that everybody may use, whatever else they may."""
_COLLATION: Final = sa.text(
    "SELECT DEFAULT_COLLATION_NAME AS name, @@collation_connection AS wanted,"
    " EXISTS (SELECT 1 FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE()) AS used"
    " FROM information_schema.SCHEMATA WHERE SCHEMA_NAME = DATABASE()"
)


async def ensure(dialect: Mysql, options: DatabaseOptions, budget: ConnectionBudget) -> None:
    """See ``Dialect.ensure``."""
    try:
        await _look_inside(dialect, options, budget)
    except (DatabaseMissing, PermissionDenied) as missing:
        await _create_database(dialect, options, budget, missing)
        await _look_inside(dialect, options, budget)


async def _create_database(
    dialect: Mysql,
    options: DatabaseOptions,
    budget: ConnectionBudget,
    missing: DatabaseMissing | PermissionDenied,
) -> None:
    try:
        async with dialect.opened(options.on_database(EVERYWHERE), budget) as database:
            await database.execute(plain(dialect.create_database(options)), {})
    except PermissionDenied as error:
        raise missing from error


async def _look_inside(dialect: Mysql, options: DatabaseOptions, budget: ConnectionBudget) -> None:
    async with dialect.opened(options, budget) as database:
        await _check_collation(database, options)


async def _check_collation(database: Database, options: DatabaseOptions) -> None:
    """An empty database gets the collation; one with tables must have it."""
    (row,) = await database.run(_COLLATION)
    if row["name"] == row["wanted"]:
        return
    name = database.dialect.quote(options.database)
    change = f"ALTER DATABASE {name} CHARACTER SET utf8mb4 COLLATE {row['wanted']}"
    try:
        if not row["used"]:
            await database.execute(plain(change), {})
            return
    except PermissionDenied:
        pass
    reason = f"its collation is {row['name']}; an administrator can mend that: {change}"
    raise UnsuitableDatabase(database=options.database, reason=reason)
