"""Changes of a table for which SQLite has no ALTER TABLE: NOT NULL, types, foreign keys.

SQLite's usual recipe (make a new table, copy, drop the old one) can not be followed here: inside a transaction
foreign keys stay on, and dropping the old table would carry out ON DELETE on every table that points to it.
So this follows the other recipe of https://www.sqlite.org/lang_altertable.html, for changes that leave the
stored rows as they are: the definition itself is replaced. It is part of the transaction like any other change.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.schema import ExecutableDDLElement
from sqlalchemy.sql.compiler import DDLCompiler

from insula.data.schema_ddl import Ddl
from insula.data.schema_steps import Column, CreateTable
from insula.database.executor import Transaction

_COLUMNS = sa.text('SELECT "name" FROM pragma_table_info(:v_table) ORDER BY "cid"').columns(
    sa.column("name", sa.Text)
)
_VERSION = sa.text("PRAGMA schema_version").columns(sa.column("schema_version", sa.Integer))
_OPEN = sa.text("PRAGMA writable_schema = ON")
_CLOSE = sa.text("PRAGMA writable_schema = RESET")
_SCHEMA = sa.table("sqlite_master", sa.column("type"), sa.column("name"), sa.column("sql"))
_DEFINE = (
    _SCHEMA.update()
    .values(sql=sa.bindparam("v_sql", type_=sa.Text()))
    .where(_SCHEMA.c.type == "table", _SCHEMA.c.name == sa.bindparam("v_table", type_=sa.Text()))
)


class _SetVersion(ExecutableDDLElement):
    """Tells other connections to read the schema again."""

    inherit_cache = False

    def __init__(self, version: int) -> None:
        self.version = version


@compiles(_SetVersion)
def _compile(element: _SetVersion, compiler: DDLCompiler, **_: Any) -> str:
    return f"PRAGMA schema_version = {element.version:d}"


async def rewrite(transaction: Transaction, table: str, columns: Iterable[Column]) -> None:
    """Give ``table`` the definition of ``columns``, which must name the columns that it has.

    The stored rows must already be what the new definition demands.
    """
    wanted = {column.name: column for column in columns}
    # columns stand in the rows in the order in which they were added, whatever the order in metadata
    present = [row["name"] for row in await transaction.run(_COLUMNS, {"v_table": table})]
    if set(present) != wanted.keys():
        raise RuntimeError(f"the table {table} has other columns than its collection: {present}")
    create = transaction.dialect.compile(Ddl(CreateTable(table, tuple(wanted[name] for name in present))))
    version = (await transaction.run(_VERSION))[0]["schema_version"]
    await transaction.run(_OPEN)
    await transaction.run(_DEFINE, {"v_table": table, "v_sql": create.text("")})
    await transaction.run(_SetVersion(version + 1))
    await transaction.run(_CLOSE)
