"""A list of values as one bound parameter, so that a statement's text does not depend on their number."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine.interfaces import Dialect as SqlAlchemyDialect
from sqlalchemy.types import TypeDecorator, TypeEngine

from insula.data.words import words
from insula.database.dialects.base import own


class ListOf(TypeDecorator[list[Any]]):
    """Values of one column type: an array, or JSON text that the dialect's words unfold."""

    impl = sa.Text
    cache_ok = True

    def __init__(self, item: TypeEngine[Any]) -> None:
        super().__init__()
        self.item = item

    def load_dialect_impl(self, dialect: SqlAlchemyDialect) -> TypeEngine[Any]:
        return dialect.type_descriptor(words(own(dialect).name).list_type(self.item))

    def bind_processor(self, dialect: SqlAlchemyDialect) -> Callable[[Any], Any]:
        encode = self.item.dialect_impl(dialect).bind_processor(dialect)
        encode_list = words(own(dialect).name).encode_list

        def encoded(values: Any) -> Any:
            return encode_list(list(values) if encode is None else [encode(value) for value in values])

        return encoded


def among(dialect: str, column: sa.ColumnElement[Any], name: str) -> sa.ColumnElement[bool]:
    """``column`` holds one of the values of the list bound as ``name``; ``dialect`` as in ``DB_DIALECT``."""
    return words(dialect).among(column, sa.bindparam(name, type_=ListOf(column.type)))
