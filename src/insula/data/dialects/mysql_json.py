"""JSON on MariaDB and MySQL: paths, and lists unfolded into rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.types import TypeEngine

from insula.data.dialects.base import Expression
from insula.data.dialects.mysql_columns import stored_type


class _Columns(sa.ColumnElement[Any]):
    """The second argument of ``JSON_TABLE``: one column ``value`` of a type."""

    inherit_cache = False

    def __init__(self, item: TypeEngine[Any]) -> None:
        self.item = item


@compiles(_Columns)
def _compile(element: _Columns, compiler: SQLCompiler, **_: Any) -> str:
    text = compiler.dialect.type_compiler_instance.process(stored_type(element.item))
    return f"'$[*]' COLUMNS (value {text} PATH '$')"


def value_table(values: Expression, item: TypeEngine[Any]) -> sa.TableValuedAlias:
    """The values of a list as rows, with the type of a column."""
    return sa.func.json_table(values, _Columns(item)).table_valued("value")


def count_table(values: Expression) -> sa.TableValuedAlias:
    """A row for each value of a list, with its place from 1 on as ``n``."""
    columns: Expression = sa.literal_column("'$[*]' COLUMNS (n FOR ORDINALITY)")
    return sa.func.json_table(values, columns).table_valued(sa.column("n", sa.BigInteger()))


def json_path(path: Sequence[str]) -> Expression:
    """A path into JSON as text: ``$."a"[0]``."""
    steps = "".join(f"[{part}]" if part.isascii() and part.isdigit() else f'."{part}"' for part in path)
    return sa.literal("$" + steps, sa.Text())
