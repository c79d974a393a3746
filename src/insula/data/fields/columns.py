"""Columns whose storage differs between dialects. The conversions here are the only ones.

SQLite has no types for dates, decimals and JSON: dates are text of a fixed width (so that text order is
time order), decimals are whole numbers scaled by ``10 ** scale`` (so that sums are exact), JSON is text.
PostgreSQL's own types take and give the Python values as they are.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

import orjson
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.engine.interfaces import Dialect
from sqlalchemy.types import TypeDecorator, TypeEngine

MAX_EXACT = 2**53
"""The greatest whole number up to which a double holds all."""

Converter = Callable[[Any], Any]


def none_or(convert: Converter | None) -> Converter | None:
    """``convert`` for everything but ``None``."""
    if convert is None:
        return None

    def converted(value: Any) -> Any:
        return None if value is None else convert(value)

    return converted


class Column(TypeDecorator[Any]):
    """A storage and two conversions per dialect; SQLAlchemy's own conversions for the storage are not used."""

    impl: TypeEngine[Any] | type[TypeEngine[Any]] = sa.Text
    cache_ok = True

    def storage(self, dialect: str) -> TypeEngine[Any]:
        """The type in DDL: ``dialect`` is ``sqlite`` or ``postgresql``."""
        raise NotImplementedError

    def encoder(self, dialect: str) -> Converter | None:
        """Python value → driver value; ``None`` where the driver takes it as it is."""
        return None

    def decoder(self, dialect: str) -> Converter | None:
        """Driver value → Python value; ``None`` where the driver gives it as it is."""
        return None

    def rendered(self, column: sa.ColumnElement[Any], dialect: str) -> sa.ColumnElement[Any]:
        """The column as the HTTP protocol writes its values, where the database can; else as it is."""
        return column

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return dialect.type_descriptor(self.storage(dialect.name))

    def bind_processor(self, dialect: Dialect) -> Converter | None:
        return none_or(self.encoder(dialect.name))

    def result_processor(self, dialect: Dialect, coltype: object) -> Converter | None:
        return none_or(self.decoder(dialect.name))


def rendered(column: sa.ColumnElement[Any], dialect: str) -> sa.ColumnElement[Any]:
    """``column`` as the HTTP protocol writes its values, where the database can do that; else as it is."""
    return column.type.rendered(column, dialect) if isinstance(column.type, Column) else column


class DoubleColumn(Column):
    """``float``, 64 bits."""

    impl = sa.Double

    def storage(self, dialect: str) -> TypeEngine[Any]:
        return sa.Double()


class DecimalColumn(Column):
    """``Decimal`` with exactly ``scale`` digits behind the point."""

    impl = sa.Numeric

    def __init__(self, precision: int, scale: int) -> None:
        super().__init__(precision, scale)
        self.precision = precision
        self.scale = scale

    def storage(self, dialect: str) -> TypeEngine[Any]:
        return sa.BigInteger() if dialect == "sqlite" else sa.Numeric(self.precision, self.scale)

    def encoder(self, dialect: str) -> Converter | None:
        if dialect != "sqlite":
            return Decimal
        scale = self.scale
        return lambda value: int(Decimal(value).scaleb(scale).to_integral_value())

    def decoder(self, dialect: str) -> Converter | None:
        if dialect != "sqlite":
            return None
        scale = self.scale
        return lambda value: Decimal(value).scaleb(-scale)


class BooleanColumn(Column):
    """``bool``; 0 and 1 on SQLite."""

    impl = sa.Boolean

    def storage(self, dialect: str) -> TypeEngine[Any]:
        return sa.Boolean()

    def encoder(self, dialect: str) -> Converter | None:
        return int if dialect == "sqlite" else None

    def decoder(self, dialect: str) -> Converter | None:
        return bool if dialect == "sqlite" else None


class DatetimeTzColumn(Column):
    """Aware ``datetime`` in UTC, milliseconds."""

    impl = sa.DateTime

    def storage(self, dialect: str) -> TypeEngine[Any]:
        return sa.Text() if dialect == "sqlite" else postgresql.TIMESTAMP(timezone=True, precision=3)

    def encoder(self, dialect: str) -> Converter | None:
        return _utc_text if dialect == "sqlite" else None

    def decoder(self, dialect: str) -> Converter | None:
        return dt.datetime.fromisoformat if dialect == "sqlite" else None

    def rendered(self, column: sa.ColumnElement[Any], dialect: str) -> sa.ColumnElement[Any]:
        """On PostgreSQL a third of what the driver takes to make ``datetime`` and the encoder to write it."""
        if dialect == "sqlite":
            return sa.type_coerce(column, sa.Text())
        text = sa.func.to_char(sa.func.timezone(_UTC, column), _PROTOCOL_PATTERN)
        return sa.type_coerce(text, sa.Text())


_UTC: sa.ColumnClause[str] = sa.literal_column("'UTC'", sa.Text())
_PROTOCOL_PATTERN: sa.ColumnClause[str] = sa.literal_column('\'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"\'', sa.Text())


def _utc_text(value: dt.datetime) -> str:
    return value.astimezone(dt.UTC).replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"


class DatetimeNoTzColumn(Column):
    """Naive ``datetime``, milliseconds."""

    impl = sa.DateTime

    def storage(self, dialect: str) -> TypeEngine[Any]:
        return sa.Text() if dialect == "sqlite" else postgresql.TIMESTAMP(timezone=False, precision=3)

    def encoder(self, dialect: str) -> Converter | None:
        return _naive_text if dialect == "sqlite" else None

    def decoder(self, dialect: str) -> Converter | None:
        return dt.datetime.fromisoformat if dialect == "sqlite" else None


def _naive_text(value: dt.datetime) -> str:
    return value.isoformat(" ", timespec="milliseconds")


class DateColumn(Column):
    """``date``."""

    impl = sa.Date

    def storage(self, dialect: str) -> TypeEngine[Any]:
        return sa.Text() if dialect == "sqlite" else sa.Date()

    def encoder(self, dialect: str) -> Converter | None:
        return dt.date.isoformat if dialect == "sqlite" else None

    def decoder(self, dialect: str) -> Converter | None:
        return dt.date.fromisoformat if dialect == "sqlite" else None


class TimeColumn(Column):
    """``time`` of day, seconds, without zone."""

    impl = sa.Time

    def storage(self, dialect: str) -> TypeEngine[Any]:
        return sa.Text() if dialect == "sqlite" else postgresql.TIME(precision=0)

    def encoder(self, dialect: str) -> Converter | None:
        return _time_text if dialect == "sqlite" else None

    def decoder(self, dialect: str) -> Converter | None:
        return dt.time.fromisoformat if dialect == "sqlite" else None


def _time_text(value: dt.time) -> str:
    return value.isoformat(timespec="seconds")


class EpochColumn(Column):
    """Aware ``datetime`` in UTC, stored as a whole number of seconds or milliseconds since 1970."""

    impl = sa.BigInteger

    def __init__(self, per_second: int) -> None:
        super().__init__()
        self.per_second = per_second

    def storage(self, dialect: str) -> TypeEngine[Any]:
        return sa.BigInteger()

    def encoder(self, dialect: str) -> Converter | None:
        per_second = self.per_second
        return lambda value: (
            (value - _EPOCH) // dt.timedelta(seconds=1) * per_second
            + (value.microsecond * per_second // 1_000_000)
        )

    def decoder(self, dialect: str) -> Converter | None:
        unit = dt.timedelta(seconds=1) / self.per_second
        return lambda value: _EPOCH + value * unit


_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


class JsonColumn(Column):
    """Anything JSON. ``None`` is the database's NULL, never JSON's ``null``.

    What is the same is written the same (keys in order, 1.0 as 1), so that databases which compare JSON as text
    find it equal, as PostgreSQL does.
    """

    impl = sa.JSON

    def storage(self, dialect: str) -> TypeEngine[Any]:
        return sa.Text() if dialect == "sqlite" else postgresql.JSONB()

    def encoder(self, dialect: str) -> Converter | None:
        return _json_text

    def decoder(self, dialect: str) -> Converter | None:
        return orjson.loads


def _json_text(value: Any) -> str:
    text = orjson.dumps(value, option=orjson.OPT_SORT_KEYS)
    if b".0" in text:
        text = orjson.dumps(_whole(value), option=orjson.OPT_SORT_KEYS)
    return text.decode()


def _whole(value: Any) -> Any:
    """The same with floats that are whole as whole numbers, where JavaScript's numbers are exact."""
    if isinstance(value, float):
        return int(value) if value.is_integer() and abs(value) <= MAX_EXACT else value
    if isinstance(value, Mapping):
        return {key: _whole(item) for key, item in value.items()}
    return [_whole(item) for item in value] if isinstance(value, list | tuple) else value


class UuidColumn(Column):
    """A UUID as lower-case text with hyphens."""

    impl = sa.Uuid

    def storage(self, dialect: str) -> TypeEngine[Any]:
        return sa.Text() if dialect == "sqlite" else postgresql.UUID(as_uuid=False)

    def decoder(self, dialect: str) -> Converter | None:
        return None if dialect == "sqlite" else str
