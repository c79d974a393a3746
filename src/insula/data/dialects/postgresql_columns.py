"""Columns on PostgreSQL, whose own types take and give the Python values as they are."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from insula.data.fields.json_text import json_text, parsed_json
from insula.data.words import Expression, Storage

if TYPE_CHECKING:
    from insula.data.fields.columns import DecimalColumn

_UTC: sa.ColumnClause[str] = sa.literal_column("'UTC'", sa.Text())
_PROTOCOL_PATTERN: sa.ColumnClause[str] = sa.literal_column('\'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"\'', sa.Text())


def _decimal(column: DecimalColumn) -> Storage:
    return Storage(sa.Numeric(column.precision, column.scale), encode=Decimal)


def _protocol_text(column: Expression) -> Expression:
    """A third of what the driver takes to make ``datetime`` and the encoder to write it."""
    text = sa.func.to_char(sa.func.timezone(_UTC, column), _PROTOCOL_PATTERN)
    return sa.type_coerce(text, sa.Text())


STORAGES: Final[Mapping[str, Callable[[Any], Storage]]] = {
    "double": lambda column: Storage(sa.Double()),
    "decimal": _decimal,
    "sum": lambda column: Storage(sa.Numeric(), encode=Decimal, decode=int),
    "boolean": lambda column: Storage(sa.Boolean()),
    "datetimeTz": lambda column: Storage(
        postgresql.TIMESTAMP(timezone=True, precision=3), render=_protocol_text
    ),
    "datetimeNoTz": lambda column: Storage(postgresql.TIMESTAMP(timezone=False, precision=3)),
    "date": lambda column: Storage(sa.Date()),
    "time": lambda column: Storage(postgresql.TIME(precision=0)),
    "json": lambda column: Storage(postgresql.JSONB(), encode=json_text, decode=parsed_json),
    "uuid": lambda column: Storage(postgresql.UUID(as_uuid=False), decode=str),
}
"""As in ``Words.storages``."""
