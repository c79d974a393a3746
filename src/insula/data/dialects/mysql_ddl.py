"""Changes of tables on MariaDB and MySQL, where they are not written as elsewhere.

A foreign key has an index of its own, under the name of its constraint: else the server would take any index that is
there, and keep it from being dropped. Column and table options are the database's defaults, its collation too.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.sql.compiler import DDLCompiler

from insula.data import schema_steps as plan
from insula.data.dialects.mysql_columns import INDEXED_CHARACTERS
from insula.data.schema_ddl import column_definition, name_text, references, table_name, type_text

_OTHER_CHARACTERS: Final = 36
"""What a column that is no text takes of an index, at most."""


def index_problem(step: plan.CreateIndex) -> str | None:
    """Unique values are compared whole, so that all of them have to fit the index."""
    if not step.unique:
        return None
    lengths = [_OTHER_CHARACTERS if length is None else length for length in step.characters]
    if 0 not in lengths and sum(lengths) <= INDEXED_CHARACTERS:
        return None
    return (
        f"would be unique over more than {INDEXED_CHARACTERS} characters, which MariaDB and MySQL can not be asked for:"
        " give its texts a shorter length"
    )


def _alter(compiler: DDLCompiler, table: str, *what: str) -> str:
    return f"ALTER TABLE {table_name(compiler, table)} {', '.join(what)}"


def _foreign_key(compiler: DDLCompiler, table: str, column: plan.Column) -> tuple[str, str]:
    """The index and the constraint. A column that needs a value can not be emptied when what it refers to goes:
    elsewhere that is refused then, here it would be when the key is made."""
    reference = column.reference
    if column.required and reference is not None and reference.on_delete == "SET NULL":
        column = replace(column, reference=replace(reference, on_delete="RESTRICT"))
    name, key = _key_name(compiler, table, column.name), name_text(compiler, column.name)
    return (
        f"INDEX {name} ({key})",
        f"CONSTRAINT {name} FOREIGN KEY ({key}) {references(compiler, column)}",
    )


def _key_name(compiler: DDLCompiler, table: str, column: str) -> str:
    return name_text(compiler, plan.stable_name("fk", table, [column]))


def _create_table(compiler: DDLCompiler, step: plan.CreateTable) -> str:
    lines = [column_definition(compiler, step.table, column, plain=True) for column in step.columns]
    for column in step.columns:
        if column.reference is not None:
            lines += _foreign_key(compiler, step.table, column)
    body = ",\n  ".join(lines)
    return f"CREATE TABLE {table_name(compiler, step.table)} (\n  {body}\n)"


def _add_column(compiler: DDLCompiler, step: plan.AddColumn) -> str:
    what = [f"ADD COLUMN {column_definition(compiler, step.table, step.column, plain=True)}"]
    if step.column.reference is not None:
        what += [f"ADD {part}" for part in _foreign_key(compiler, step.table, step.column)]
    return _alter(compiler, step.table, *what)


def _drop_column(compiler: DDLCompiler, step: plan.DropColumn) -> str:
    name = _key_name(compiler, step.table, step.column)
    what = (
        [f"DROP FOREIGN KEY {name}", f"DROP INDEX {name}"]
        if step.was is not None and step.was.reference is not None
        else []
    )
    return _alter(compiler, step.table, *what, f"DROP COLUMN {name_text(compiler, step.column)}")


def _modify(
    compiler: DDLCompiler, step: plan.SetType | plan.SetRequired | plan.DropRequired, *, required: bool
) -> str:
    rule = "NOT NULL" if required else "NULL"
    name = name_text(compiler, step.column.name)
    return _alter(compiler, step.table, f"MODIFY COLUMN {name} {type_text(compiler, step.column)} {rule}")


def _set_type(compiler: DDLCompiler, step: plan.SetType) -> str:
    return _modify(compiler, step, required=step.column.required or step.column.primary_key)


def _set_required(compiler: DDLCompiler, step: plan.SetRequired) -> str:
    return _modify(compiler, step, required=True)


def _drop_required(compiler: DDLCompiler, step: plan.DropRequired) -> str:
    return _modify(compiler, step, required=False)


def _add_reference(compiler: DDLCompiler, step: plan.AddReference) -> str:
    parts = _foreign_key(compiler, step.table, step.column)
    return _alter(compiler, step.table, *(f"ADD {part}" for part in parts))


def _drop_reference(compiler: DDLCompiler, step: plan.DropReference) -> str:
    name = _key_name(compiler, step.table, step.column)
    return _alter(compiler, step.table, f"DROP FOREIGN KEY {name}", f"DROP INDEX {name}")


def _create_index(compiler: DDLCompiler, step: plan.CreateIndex) -> str:
    """Of long texts their beginning, which is enough to find them."""
    texts = [length or INDEXED_CHARACTERS for length in step.characters if length is not None]
    others = (len(step.columns) - len(texts)) * _OTHER_CHARACTERS
    room = INDEXED_CHARACTERS - others
    fits = sum(texts) <= room and 0 not in step.characters
    share = room // max(1, len(texts))
    parts = []
    for name, length in zip(step.columns, step.characters, strict=True):
        cut = length is not None and not fits and (length == 0 or length > share)
        parts.append(name_text(compiler, name) + (f"({share})" if cut else ""))
    kind = "UNIQUE INDEX" if step.unique else "INDEX"
    table = table_name(compiler, step.table)
    return f"CREATE {kind} {name_text(compiler, step.name)} ON {table} ({', '.join(parts)})"


def _drop_index(compiler: DDLCompiler, step: plan.DropIndex) -> str:
    return f"DROP INDEX {name_text(compiler, step.name)} ON {table_name(compiler, step.table)}"


def _found(view: str, **names: str) -> sa.Select[Any]:
    """A row of a view of the server's own on this database's tables."""
    columns = ("TABLE_SCHEMA", *names)
    table = sa.table(view, *(sa.column(name, sa.String()) for name in columns), schema="information_schema")
    same = (table.c[name] == sa.literal(value, sa.String()) for name, value in names.items())
    return sa.select(table.c.TABLE_SCHEMA).where(sa.func.database() == table.c.TABLE_SCHEMA, *same).limit(1)


def there(step: plan.Step) -> sa.Select[Any] | None:
    """As ``Words.there``."""
    match step:
        case plan.CreateTable(table):
            return _found("TABLES", TABLE_NAME=table)
        case plan.AddColumn(table, column):
            return _found("COLUMNS", TABLE_NAME=table, COLUMN_NAME=column.name)
        case plan.CreateIndex(table, name):
            return _found("STATISTICS", TABLE_NAME=table, INDEX_NAME=name)
        case _:
            return None


DDL: Final[Mapping[type, Callable[[DDLCompiler, Any], str]]] = {
    plan.CreateTable: _create_table,
    plan.AddColumn: _add_column,
    plan.DropColumn: _drop_column,
    plan.SetType: _set_type,
    plan.SetRequired: _set_required,
    plan.DropRequired: _drop_required,
    plan.AddReference: _add_reference,
    plan.DropReference: _drop_reference,
    plan.CreateIndex: _create_index,
    plan.DropIndex: _drop_index,
}
"""As in ``Words.ddl``."""
