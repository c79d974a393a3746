"""Columns on SQLite, which has no types for dates, decimals and JSON.

Dates are text of a fixed width (so that text order is time order), decimals are whole numbers scaled by
``10 ** scale`` (so that sums are exact), JSON is text.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

import sqlalchemy as sa

from insula.data.fields.json_text import json_text, parsed_json
from insula.data.words import Storage

if TYPE_CHECKING:
    from insula.data.fields.columns import DecimalColumn


def _decimal(column: DecimalColumn) -> Storage:
    scale = column.scale
    return Storage(
        sa.BigInteger(),
        encode=lambda value: int(Decimal(value).scaleb(scale).to_integral_value()),
        decode=lambda value: Decimal(value).scaleb(-scale),
    )


def _utc_text(value: dt.datetime) -> str:
    return value.astimezone(dt.UTC).replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"


def _naive_text(value: dt.datetime) -> str:
    return value.isoformat(" ", timespec="milliseconds")


def _time_text(value: dt.time) -> str:
    return value.isoformat(timespec="seconds")


_DATETIME_TZ: Final = Storage(
    sa.Text(),
    encode=_utc_text,
    decode=dt.datetime.fromisoformat,
    render=lambda column: sa.type_coerce(column, sa.Text()),
)
_DATETIME_NO_TZ: Final = Storage(sa.Text(), encode=_naive_text, decode=dt.datetime.fromisoformat)
_DATE: Final = Storage(sa.Text(), encode=dt.date.isoformat, decode=dt.date.fromisoformat)
_TIME: Final = Storage(sa.Text(), encode=_time_text, decode=dt.time.fromisoformat)
_JSON: Final = Storage(sa.Text(), encode=json_text, decode=parsed_json)

STORAGES: Final[Mapping[str, Callable[[Any], Storage]]] = {
    "double": lambda column: Storage(sa.Double()),
    "decimal": _decimal,
    "sum": lambda column: Storage(sa.BigInteger(), decode=int),
    "boolean": lambda column: Storage(sa.Boolean(), encode=int, decode=bool),
    "datetimeTz": lambda column: _DATETIME_TZ,
    "datetimeNoTz": lambda column: _DATETIME_NO_TZ,
    "date": lambda column: _DATE,
    "time": lambda column: _TIME,
    "json": lambda column: _JSON,
    "uuid": lambda column: Storage(sa.Text()),
}
"""As in ``Words.storages``."""
