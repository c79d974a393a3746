"""Dates as text, to group by: ``YYYY-MM`` and the like, on the clocks of a time zone."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from insula.data.errors import InvalidQuery
from insula.data.fields import date_pattern
from insula.data.fields.columns import EpochColumn

_POSTGRES = {
    "YYYY": "YYYY",
    "MM": "MM",
    "DD": "DD",
    "HH": "HH24",
    "hh": "HH24",
    "mm": "MI",
    "ss": "SS",
    "Q": "Q",
}
_SQLITE_PARTS = {
    "YYYY": (1, 4),
    "MM": (6, 2),
    "DD": (9, 2),
    "HH": (12, 2),
    "hh": (12, 2),
    "mm": (15, 2),
    "ss": (18, 2),
}
"""Where each part stands in ``2026-01-02 03:04:05`` (first character, length)."""


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
    return _WRITERS[dialect](column, kind, tokens, zone if zoned else None)


def _moment_of_epoch(dialect: str, column: sa.ColumnElement[Any], per_second: int) -> sa.ColumnElement[Any]:
    """A moment, from its number of seconds (or parts of them) since 1970."""
    seconds = sa.type_coerce(column, sa.BigInteger()) // sa.literal_column(str(per_second), sa.BigInteger())
    return _MOMENTS[dialect](seconds)


def _sqlite_moment(seconds: sa.ColumnElement[Any]) -> sa.ColumnElement[Any]:
    pattern: sa.ColumnElement[Any] = sa.literal_column("'%Y-%m-%dT%H:%M:%SZ'")
    return sa.func.strftime(pattern, seconds, sa.literal_column("'unixepoch'"))


def _postgres(
    column: sa.ColumnElement[Any], kind: str, tokens: list[tuple[bool, str]], zone: str | None
) -> sa.ColumnElement[Any]:
    if zone is not None:
        where: sa.ColumnElement[Any] = sa.literal(zone, sa.Text())
        if zone[0] in "+-":
            # As an interval: a zone of that name would be of POSIX, whose signs are the other way round.
            where = sa.cast(sa.literal(zone, sa.Text()), postgresql.INTERVAL())
        column = sa.func.timezone(where, column)
    parts = (_POSTGRES[text] if part else _quoted(text) for part, text in tokens)
    return sa.type_coerce(sa.func.to_char(column, sa.literal_column("'" + "".join(parts) + "'")), sa.Text())


def _quoted(text: str) -> str:
    """Literal text within ``to_char``'s pattern, itself within an SQL literal."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("'", "''")
    return f'"{escaped}"'


def _sqlite(
    column: sa.ColumnElement[Any], kind: str, tokens: list[tuple[bool, str]], zone: str | None
) -> sa.ColumnElement[Any]:
    moment: sa.ColumnElement[Any] = sa.type_coerce(column, sa.Text())
    if zone is not None:
        moment = sa.func.insula_local(moment, sa.literal(zone, sa.Text()))
    elif kind == "dateOnly":
        moment = moment.op("||")(sa.literal_column("' 00:00:00'"))
    pieces: list[sa.ColumnElement[Any]] = []
    for part, text in tokens:
        if text == "Q" and part:
            month = sa.cast(sa.func.substr(moment, 6, 2), sa.Integer())
            pieces.append(sa.cast((month + sa.literal_column("2")) // sa.literal_column("3"), sa.Text()))
        elif part:
            first, length = _SQLITE_PARTS[text]
            pieces.append(
                sa.func.substr(moment, sa.literal_column(str(first)), sa.literal_column(str(length)))
            )
        else:
            pieces.append(sa.literal(text, sa.Text()))
    whole = pieces[0]
    for piece in pieces[1:]:
        whole = whole.op("||")(piece)
    return sa.type_coerce(whole, sa.Text())


_WRITERS = {"sqlite": _sqlite, "postgres": _postgres}
_MOMENTS: Mapping[str, Callable[[sa.ColumnElement[Any]], sa.ColumnElement[Any]]] = {
    "sqlite": _sqlite_moment,
    "postgres": sa.func.to_timestamp,
}
