"""Steps of a plan as DDL. SQLAlchemy's compiler of the dialect quotes every identifier and writes every type."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.schema import ExecutableDDLElement
from sqlalchemy.sql.compiler import DDLCompiler

from insula.data import schema_steps as plan
from insula.data.words import words
from insula.database.dialects.base import own
from insula.database.statement import SCHEMA_TOKEN


class Ddl(ExecutableDDLElement):
    """One step, to be run by an executor whose dialect quotes every identifier."""

    inherit_cache = False

    def __init__(self, step: plan.Step) -> None:
        self.step = step


@compiles(Ddl)
def _compile(element: Ddl, compiler: DDLCompiler, **_: Any) -> str:
    kind, other = type(element.step), words(own(compiler.dialect).name).ddl
    return (other.get(kind) or _WRITERS[kind])(compiler, element.step)


def table_name(compiler: DDLCompiler, table: str) -> str:
    """A table, quoted, behind the schema token."""
    return str(compiler.preparer.format_table(sa.table(table, schema=SCHEMA_TOKEN)))


def name_text(compiler: DDLCompiler, name: str) -> str:
    """A name, quoted."""
    return str(compiler.preparer.quote(name))


def type_text(compiler: DDLCompiler, column: plan.Column) -> str:
    """The type of a column."""
    type_ = words(own(compiler.dialect).name).ddl_type(column.type)
    return str(compiler.dialect.type_compiler_instance.process(type_))


def column_definition(compiler: DDLCompiler, table: str, column: plan.Column, *, plain: bool = False) -> str:
    """A column as it stands in CREATE TABLE and ADD COLUMN, its foreign key included unless ``plain``."""
    type_ = type_text(compiler, column)
    parts = [name_text(compiler, column.name)]
    if column.primary_key and column.auto_increment:
        parts.append(own(compiler.dialect).automatic_key.format(type=type_))
    else:
        parts.append(type_)
        if column.primary_key:
            parts.append("PRIMARY KEY NOT NULL")
        elif column.required:
            parts.append("NOT NULL")
    if column.reference is not None and not plain:
        constraint = name_text(compiler, plan.stable_name("fk", table, [column.name]))
        parts.append(f"CONSTRAINT {constraint} {references(compiler, column)}")
    return " ".join(parts)


def references(compiler: DDLCompiler, column: plan.Column) -> str:
    """What a foreign key says of what it refers to."""
    reference = column.reference
    if reference is None:
        raise ValueError(f"the column {column.name} refers to nothing")
    target = table_name(compiler, reference.collection)
    return f"REFERENCES {target} ({name_text(compiler, reference.field)}) ON DELETE {reference.on_delete}"


def create_table(compiler: DDLCompiler, table: str, columns: tuple[plan.Column, ...]) -> str:
    """CREATE TABLE with every constraint at its column, where SQLite can drop it together with the column."""
    lines = ",\n  ".join(column_definition(compiler, table, column) for column in columns)
    return f"CREATE TABLE {table_name(compiler, table)} (\n  {lines}\n)"


def _create_table(compiler: DDLCompiler, step: plan.CreateTable) -> str:
    return create_table(compiler, step.table, step.columns)


def _drop_table(compiler: DDLCompiler, step: plan.DropTable) -> str:
    # what is gone already, by other hands, is no reason to keep a collection for ever
    return f"DROP TABLE IF EXISTS {table_name(compiler, step.table)}"


def _rename_table(compiler: DDLCompiler, step: plan.RenameTable) -> str:
    return f"ALTER TABLE {table_name(compiler, step.table)} RENAME TO {table_name(compiler, step.name)}"


def _add_column(compiler: DDLCompiler, step: plan.AddColumn) -> str:
    definition = column_definition(compiler, step.table, step.column)
    return f"ALTER TABLE {table_name(compiler, step.table)} ADD COLUMN {definition}"


def _drop_column(compiler: DDLCompiler, step: plan.DropColumn) -> str:
    return f"ALTER TABLE {table_name(compiler, step.table)} DROP COLUMN {name_text(compiler, step.column)}"


def _rename_column(compiler: DDLCompiler, step: plan.RenameColumn) -> str:
    old, new = name_text(compiler, step.column), name_text(compiler, step.name)
    return f"ALTER TABLE {table_name(compiler, step.table)} RENAME COLUMN {old} TO {new}"


def _alter(
    compiler: DDLCompiler, step: plan.SetType | plan.SetRequired | plan.DropRequired, what: str
) -> str:
    return f"ALTER TABLE {table_name(compiler, step.table)} ALTER COLUMN {name_text(compiler, step.column.name)} {what}"


def _set_type(compiler: DDLCompiler, step: plan.SetType) -> str:
    return _alter(compiler, step, f"TYPE {type_text(compiler, step.column)}")


def _set_required(compiler: DDLCompiler, step: plan.SetRequired) -> str:
    return _alter(compiler, step, "SET NOT NULL")


def _drop_required(compiler: DDLCompiler, step: plan.DropRequired) -> str:
    return _alter(compiler, step, "DROP NOT NULL")


def _add_reference(compiler: DDLCompiler, step: plan.AddReference) -> str:
    constraint = name_text(compiler, plan.stable_name("fk", step.table, [step.column.name]))
    key = f"FOREIGN KEY ({name_text(compiler, step.column.name)}) {references(compiler, step.column)}"
    return f"ALTER TABLE {table_name(compiler, step.table)} ADD CONSTRAINT {constraint} {key}"


def _drop_reference(compiler: DDLCompiler, step: plan.DropReference) -> str:
    constraint = name_text(compiler, plan.stable_name("fk", step.table, [step.column]))
    return f"ALTER TABLE {table_name(compiler, step.table)} DROP CONSTRAINT {constraint}"


def _create_index(compiler: DDLCompiler, step: plan.CreateIndex) -> str:
    # in the order of ``sorting.directed``, which one index serves in both directions
    order = "" if own(compiler.dialect).nulls_are_least else " NULLS FIRST"
    columns = ", ".join(name_text(compiler, column) + order for column in step.columns)
    kind = "UNIQUE INDEX" if step.unique else "INDEX"
    return f"CREATE {kind} {name_text(compiler, step.name)} ON {table_name(compiler, step.table)} ({columns})"


def _drop_index(compiler: DDLCompiler, step: plan.DropIndex) -> str:
    return f"DROP INDEX IF EXISTS {table_name(compiler, step.name)}"


_WRITERS: dict[type, Callable[[DDLCompiler, Any], str]] = {
    plan.CreateTable: _create_table,
    plan.DropTable: _drop_table,
    plan.RenameTable: _rename_table,
    plan.AddColumn: _add_column,
    plan.DropColumn: _drop_column,
    plan.RenameColumn: _rename_column,
    plan.SetType: _set_type,
    plan.SetRequired: _set_required,
    plan.DropRequired: _drop_required,
    plan.AddReference: _add_reference,
    plan.DropReference: _drop_reference,
    plan.CreateIndex: _create_index,
    plan.DropIndex: _drop_index,
}
