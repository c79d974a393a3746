"""Columns whose storage differs between dialects: the storages themselves are in ``insula.data.dialects``."""

from __future__ import annotations

import datetime as dt
from typing import Any, ClassVar

import sqlalchemy as sa
from sqlalchemy.engine.interfaces import Dialect
from sqlalchemy.types import TypeDecorator, TypeEngine

from insula.data.words import Converter, Storage, words
from insula.database.dialects.base import own


def none_or(convert: Converter | None) -> Converter | None:
    """``convert`` for everything but ``None``."""
    if convert is None:
        return None

    def converted(value: Any) -> Any:
        return None if value is None else convert(value)

    return converted


class Column(TypeDecorator[Any]):
    """A storage per dialect; SQLAlchemy's own conversions for it are not used."""

    impl: TypeEngine[Any] | type[TypeEngine[Any]] = sa.Text
    cache_ok = True
    kind: ClassVar[str]
    """The name under which dialects state its storage."""

    def storage(self, dialect: str) -> Storage:
        """How it is kept; ``dialect`` as in ``DB_DIALECT``."""
        return words(dialect).storages[self.kind](self)

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return dialect.type_descriptor(self.storage(own(dialect).name).type)

    def bind_processor(self, dialect: Dialect) -> Converter | None:
        return none_or(self.storage(own(dialect).name).encode)

    def result_processor(self, dialect: Dialect, coltype: object) -> Converter | None:
        return none_or(self.storage(own(dialect).name).decode)


def rendered(column: sa.ColumnElement[Any], dialect: str) -> sa.ColumnElement[Any]:
    """``column`` as the HTTP protocol writes its values, where the database can do that; else as it is."""
    render = column.type.storage(dialect).render if isinstance(column.type, Column) else None
    return column if render is None else render(column)


class DoubleColumn(Column):
    """``float``, 64 bits."""

    impl = sa.Double
    kind = "double"


class DecimalColumn(Column):
    """``Decimal`` with exactly ``scale`` digits behind the point."""

    impl = sa.Numeric
    kind = "decimal"

    def __init__(self, precision: int, scale: int) -> None:
        super().__init__(precision, scale)
        self.precision = precision
        self.scale = scale


class SumColumn(Column):
    """A sum of whole numbers, which servers give as a decimal."""

    impl = sa.Numeric
    kind = "sum"


class BooleanColumn(Column):
    """``bool``."""

    impl = sa.Boolean
    kind = "boolean"


class DatetimeTzColumn(Column):
    """Aware ``datetime`` in UTC, milliseconds."""

    impl = sa.DateTime
    kind = "datetimeTz"


class DatetimeNoTzColumn(Column):
    """Naive ``datetime``, milliseconds."""

    impl = sa.DateTime
    kind = "datetimeNoTz"


class DateColumn(Column):
    """``date``."""

    impl = sa.Date
    kind = "date"


class TimeColumn(Column):
    """``time`` of day, seconds, without zone."""

    impl = sa.Time
    kind = "time"


class EpochColumn(Column):
    """Aware ``datetime`` in UTC, stored as a whole number of seconds or milliseconds since 1970 everywhere."""

    impl = sa.BigInteger

    def __init__(self, per_second: int) -> None:
        super().__init__()
        self.per_second = per_second

    def storage(self, dialect: str) -> Storage:
        per_second = self.per_second
        unit = dt.timedelta(seconds=1) / per_second
        return Storage(
            sa.BigInteger(),
            encode=lambda value: (
                (value - _EPOCH) // dt.timedelta(seconds=1) * per_second
                + (value.microsecond * per_second // 1_000_000)
            ),
            decode=lambda value: _EPOCH + value * unit,
        )


_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


class JsonColumn(Column):
    """Anything JSON. ``None`` is the database's NULL, never JSON's ``null``."""

    impl = sa.JSON
    kind = "json"


class UuidColumn(Column):
    """A UUID as lower-case text with hyphens."""

    impl = sa.Uuid
    kind = "uuid"
