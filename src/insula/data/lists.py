"""A list of values as one bound parameter, so that a statement's text does not depend on their number."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import orjson
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.engine.interfaces import Dialect as SqlAlchemyDialect
from sqlalchemy.types import TypeDecorator, TypeEngine

from insula.database import dialects
from insula.database.dialects.base import own


class ListOf(TypeDecorator[list[Any]]):
    """Values of one column type: a PostgreSQL array, or JSON text that SQLite's ``json_each`` unfolds."""

    impl = sa.Text
    cache_ok = True

    def __init__(self, item: TypeEngine[Any]) -> None:
        super().__init__()
        self.item = item

    def load_dialect_impl(self, dialect: SqlAlchemyDialect) -> TypeEngine[Any]:
        kind: TypeEngine[Any] = postgresql.ARRAY(self.item) if own(dialect).has_arrays else sa.Text()
        return dialect.type_descriptor(kind)

    def bind_processor(self, dialect: SqlAlchemyDialect) -> Callable[[Any], Any]:
        encode = self.item.dialect_impl(dialect).bind_processor(dialect)
        unfolded = not own(dialect).has_arrays

        def encoded(values: Any) -> Any:
            items = list(values) if encode is None else [encode(value) for value in values]
            return orjson.dumps(items).decode() if unfolded else items

        return encoded


def among(dialect: str, column: sa.ColumnElement[Any], name: str) -> sa.ColumnElement[bool]:
    """``column`` holds one of the values of the list bound as ``name``; ``dialect`` as in ``DB_DIALECT``."""
    values = sa.bindparam(name, type_=ListOf(column.type))
    if not dialects.dialect(dialect).has_arrays:
        each = sa.func.json_each(values).table_valued("value")
        return column.in_(sa.select(each.c.value))
    return column == sa.any_(values)
