"""What a database says of its own tables, to compare with what collections say of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import sqlalchemy as sa

from insula.data.collection import Collection
from insula.data.schema_plan import columns, indexes
from insula.data.words import words
from insula.database.dialects.base import Dialect
from insula.database.executor import Executor
from insula.database.options import DatabaseOptions


@dataclass(frozen=True, slots=True)
class Shape:
    """A table. Types are as the database writes them, in capitals."""

    columns: frozenset[tuple[str, str, bool]]
    """(name, type, required), the primary key too."""
    primary_key: str | None
    indexes: frozenset[tuple[str, tuple[str, ...], bool]]
    """(name, columns, unique), without the primary key's."""
    references: frozenset[tuple[str, str, str, str]]
    """(column, table, column there, ON DELETE)."""


def _text(query: str, *names: str) -> sa.TextualSelect:
    return sa.text(query).columns(*(sa.column(name) for name in names))


_SQLITE_COLUMNS: Final = _text(
    """SELECT "name", upper("type") AS "type", "notnull", "pk" FROM pragma_table_info(:v_table)""",
    *("name", "type", "notnull", "pk"),
)
_SQLITE_INDEXES: Final = _text(
    """SELECT i."name", i."unique", c."name" AS "column" FROM pragma_index_list(:v_table) AS i
       JOIN pragma_index_info(i."name") AS c WHERE i."origin" = 'c' ORDER BY i."name", c."seqno" """,
    *("name", "unique", "column"),
)
_SQLITE_REFERENCES: Final = _text(
    'SELECT "from", "table", "to", "on_delete" FROM pragma_foreign_key_list(:v_table)',
    *("from", "table", "to", "on_delete"),
)
_MYSQL_COLUMNS: Final = _text(
    """SELECT COLUMN_NAME AS name, upper(COLUMN_TYPE) AS type, IS_NULLABLE = 'NO' AS required,
       EXISTS (SELECT 1 FROM information_schema.STATISTICS s WHERE s.TABLE_SCHEMA = c.TABLE_SCHEMA
       AND s.TABLE_NAME = c.TABLE_NAME AND s.COLUMN_NAME = c.COLUMN_NAME AND s.INDEX_NAME = 'PRIMARY') AS pk
       FROM information_schema.COLUMNS c WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = :v_table""",
    *("name", "type", "required", "pk"),
)
_MYSQL_INDEXES: Final = _text(
    """SELECT INDEX_NAME AS name, NON_UNIQUE = 0 AS "unique", COLUMN_NAME AS "column"
       FROM information_schema.STATISTICS WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = :v_table
       AND INDEX_NAME <> 'PRIMARY' AND INDEX_NAME NOT LIKE 'fk|_%' ESCAPE '|' ORDER BY INDEX_NAME, SEQ_IN_INDEX""",
    *("name", "unique", "column"),
)
_MYSQL_REFERENCES: Final = _text(
    """SELECT k.COLUMN_NAME AS source, k.REFERENCED_TABLE_NAME AS target, k.REFERENCED_COLUMN_NAME AS field,
       r.DELETE_RULE AS rule FROM information_schema.KEY_COLUMN_USAGE k
       JOIN information_schema.REFERENTIAL_CONSTRAINTS r ON r.CONSTRAINT_SCHEMA = k.CONSTRAINT_SCHEMA
       AND r.CONSTRAINT_NAME = k.CONSTRAINT_NAME AND r.TABLE_NAME = k.TABLE_NAME
       WHERE k.TABLE_SCHEMA = DATABASE() AND k.TABLE_NAME = :v_table AND k.REFERENCED_TABLE_NAME IS NOT NULL""",
    *("source", "target", "field", "rule"),
)
_MYSQL_SPELLED: Final = {"INTEGER": "INT(11)", "BIGINT": "BIGINT(20)", "BOOL": "TINYINT(1)"}
_RELATION: Final = """(SELECT c.oid FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname = :v_schema AND c.relname = :v_table AND c.relkind = 'r')"""
_COLUMNS: Final = _text(
    f"""SELECT attname AS name, upper(format_type(atttypid, atttypmod)) AS type, attnotnull AS required,
        EXISTS (SELECT 1 FROM pg_index WHERE indrelid = attrelid AND indisprimary AND attnum = ANY(indkey)) AS key
        FROM pg_attribute WHERE attrelid = {_RELATION} AND attnum > 0 AND NOT attisdropped""",
    *("name", "type", "required", "key"),
)
_INDEXES: Final = _text(
    f"""SELECT i.relname AS name, x.indisunique AS unique,
        ARRAY(SELECT a.attname::text FROM unnest(x.indkey::int2[]) WITH ORDINALITY AS k(number, place)
              JOIN pg_attribute a ON a.attrelid = x.indrelid AND a.attnum = k.number ORDER BY place) AS columns
        FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid
        WHERE x.indrelid = {_RELATION} AND NOT x.indisprimary""".replace("::", r"\:\:"),
    *("name", "unique", "columns"),
)
_REFERENCES: Final = _text(
    f"""SELECT a.attname AS source, t.relname AS target, b.attname AS field,
        CASE c.confdeltype WHEN 'n' THEN 'SET NULL' WHEN 'c' THEN 'CASCADE' WHEN 'r' THEN 'RESTRICT'
        ELSE 'NO ACTION' END AS rule FROM pg_constraint c
        JOIN pg_class t ON t.oid = c.confrelid
        JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = c.conkey[1]
        JOIN pg_attribute b ON b.attrelid = c.confrelid AND b.attnum = c.confkey[1]
        WHERE c.contype = 'f' AND c.conrelid = {_RELATION}""",
    *("source", "target", "field", "rule"),
)


async def actual(executor: Executor, options: DatabaseOptions, table: str) -> Shape | None:
    """The table as it is, ``None`` when there is none."""
    if executor.dialect.name == "sqlite":
        return await _sqlite(executor, table)
    if executor.dialect.name in ("mariadb", "mysql"):
        return await _mysql(executor, table)
    values = {"v_table": table, "v_schema": options.schema or "public"}
    found = await executor.run(_COLUMNS, values)
    if not found:
        return None
    made = await executor.run(_INDEXES, values)
    pointing = await executor.run(_REFERENCES, values)
    return Shape(
        frozenset((row["name"], row["type"], row["required"]) for row in found),
        next((row["name"] for row in found if row["key"]), None),
        frozenset((row["name"], tuple(row["columns"]), row["unique"]) for row in made),
        frozenset((row["source"], row["target"], row["field"], row["rule"]) for row in pointing),
    )


async def _sqlite(executor: Executor, table: str) -> Shape | None:
    values = {"v_table": table}
    found = await executor.run(_SQLITE_COLUMNS, values)
    if not found:
        return None
    made: dict[str, tuple[tuple[str, ...], bool]] = {}
    for row in await executor.run(_SQLITE_INDEXES, values):
        known = made.get(row["name"], ((), False))[0]
        made[row["name"]] = ((*known, row["column"]), bool(row["unique"]))
    pointing = await executor.run(_SQLITE_REFERENCES, values)
    return Shape(
        frozenset((row["name"], row["type"], bool(row["notnull"] or row["pk"])) for row in found),
        next((row["name"] for row in found if row["pk"]), None),
        frozenset((name, *index) for name, index in made.items()),
        frozenset((row["from"], row["table"], row["to"], row["on_delete"]) for row in pointing),
    )


async def _mysql(executor: Executor, table: str) -> Shape | None:
    """Indexes of foreign keys, which have names of their own, are left out."""
    values = {"v_table": table}
    found = await executor.run(_MYSQL_COLUMNS, values)
    if not found:
        return None
    made: dict[str, tuple[tuple[str, ...], bool]] = {}
    for row in await executor.run(_MYSQL_INDEXES, values):
        known = made.get(row["name"], ((), False))[0]
        made[row["name"]] = ((*known, row["column"]), bool(row["unique"]))
    pointing = await executor.run(_MYSQL_REFERENCES, values)
    return Shape(
        frozenset((row["name"], row["type"], bool(row["required"])) for row in found),
        next((row["name"] for row in found if row["pk"]), None),
        frozenset((name, *index) for name, index in made.items()),
        frozenset((row["source"], row["target"], row["field"], row["rule"]) for row in pointing),
    )


def expected(dialect: Dialect, collection: Collection) -> Shape:
    """The table as the collection wants it."""
    wanted = columns(collection)
    types = dialect.sqlalchemy.type_compiler_instance
    key = collection.primary_key
    return Shape(
        frozenset(
            (
                c.name,
                _spelled(dialect, types.process(words(dialect.name).ddl_type(c.type)), c.auto_increment),
                c.required or c.primary_key,
            )
            for c in wanted
        ),
        key.name if key else None,
        frozenset((i.name, i.columns, i.unique) for i in indexes(collection).values()),
        frozenset((name, r.collection, r.field, r.on_delete) for name, r in collection.references.items()),
    )


def _spelled(dialect: Dialect, type_: str, counted: bool) -> str:
    """PostgreSQL's own spelling of a type, or SQLite's of a key that is counted."""
    if dialect.name == "sqlite":
        return "INTEGER" if counted else type_
    if dialect.name in ("mariadb", "mysql"):
        return _MYSQL_SPELLED.get(type_) or type_.replace("NUMERIC", "DECIMAL").replace(", ", ",")
    spelled = type_.replace("VARCHAR", "CHARACTER VARYING").replace(", ", ",")
    return spelled if "TIME" not in spelled or "ZONE" in spelled else f"{spelled} WITHOUT TIME ZONE"
