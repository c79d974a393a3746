"""Columns on MariaDB and MySQL.

Moments are DATETIME(3) in UTC: TIMESTAMP ends in 2038 and follows the session's zone. JSON is text, as MariaDB keeps
it, compared as text; written the same where it is the same (``fields.json_text``).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

import sqlalchemy as sa
from sqlalchemy.dialects import mysql
from sqlalchemy.types import TypeEngine

from insula.data.fields.json_text import json_text, parsed_json
from insula.data.words import Expression, Storage

if TYPE_CHECKING:
    from insula.data.fields.columns import DecimalColumn

INDEXED_CHARACTERS: Final = 768
"""Of up to four bytes each: an index of InnoDB takes 3,072 bytes."""


def _decimal(column: DecimalColumn) -> Storage:
    return Storage(sa.Numeric(column.precision, column.scale), encode=Decimal)


def _text(value: dt.datetime) -> str:
    return value.isoformat(" ", timespec="milliseconds")


def _utc_text(value: dt.datetime) -> str:
    return _text(value.astimezone(dt.UTC).replace(tzinfo=None))


def _moment(value: dt.datetime | str) -> dt.datetime:
    return _wall(value).replace(tzinfo=dt.UTC)


def _wall(value: dt.datetime | str) -> dt.datetime:
    """Drivers give years before 1000, for which they are not made, as text."""
    return value if isinstance(value, dt.datetime) else dt.datetime.fromisoformat(value)


def _date(value: dt.date | str) -> dt.date:
    return value if isinstance(value, dt.date) else dt.date.fromisoformat(value)


def _time_text(value: dt.time) -> str:
    return value.isoformat(timespec="seconds")


def _protocol_text(column: Expression) -> Expression:
    """``2026-01-02 03:04:05.678`` → ``2026-01-02T03:04:05.678Z``."""
    text = sa.func.replace(column, sa.literal_column("' '"), sa.literal_column("'T'"))
    return sa.type_coerce(sa.func.concat(text, sa.literal_column("'Z'")), sa.Text())


STORAGES: Final[Mapping[str, Callable[[Any], Storage]]] = {
    "double": lambda column: Storage(sa.Double()),
    "decimal": _decimal,
    "sum": lambda column: Storage(sa.Numeric(), encode=Decimal, decode=int),
    "boolean": lambda column: Storage(mysql.TINYINT(1), encode=int, decode=bool),
    "datetimeTz": lambda column: Storage(
        mysql.DATETIME(fsp=3), encode=_utc_text, decode=_moment, render=_protocol_text
    ),
    "datetimeNoTz": lambda column: Storage(mysql.DATETIME(fsp=3), encode=_text, decode=_wall),
    "date": lambda column: Storage(sa.Date(), encode=dt.date.isoformat, decode=_date),
    "time": lambda column: Storage(mysql.TIME(), encode=_time_text),
    "json": lambda column: Storage(mysql.LONGTEXT(), encode=json_text, decode=parsed_json),
    "uuid": lambda column: Storage(sa.CHAR(36)),
}
"""As in ``Words.storages``."""


def stored_type(type_: TypeEngine[Any]) -> TypeEngine[Any]:
    """Text that no index could take stands outside of the row: TEXT ends at 64 kB, and a row of VARCHARs too."""
    if isinstance(type_, sa.String) and not isinstance(type_, sa.Enum):
        long = type_.length is None or type_.length > INDEXED_CHARACTERS
        return mysql.LONGTEXT() if long else type_
    return type_
