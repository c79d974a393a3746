"""Dates as text, to group by: ``YYYY-MM`` and the like, on the clocks of a time zone."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from insula.data.errors import InvalidQuery
from insula.data.fields import date_pattern
from insula.data.fields.columns import EpochColumn
from insula.data.words import words


def date_text(
    dialect: str, column: sa.ColumnElement[Any], kind: str, format: str, zone: str
) -> sa.ColumnElement[Any]:
    """The expression. ``kind`` is the name of the field type. Raises ``InvalidQuery`` for a bad format.

    Its parts are those of ``date_pattern``.
    """
    try:
        tokens = date_pattern.tokens(format)
    except ValueError as error:
        raise InvalidQuery(parameter="format", reason=str(error)) from None
    zoned = kind not in ("dateOnly", "datetimeNoTz")
    if isinstance(column.type, EpochColumn):
        column = _moment_of_epoch(dialect, column, column.type.per_second)
    return words(dialect).date_text(column, kind, tokens, zone if zoned else None)


def _moment_of_epoch(dialect: str, column: sa.ColumnElement[Any], per_second: int) -> sa.ColumnElement[Any]:
    """A moment, from its number of seconds (or parts of them) since 1970."""
    seconds = sa.type_coerce(column, sa.BigInteger()) // sa.literal_column(str(per_second), sa.BigInteger())
    return words(dialect).moment(seconds)
