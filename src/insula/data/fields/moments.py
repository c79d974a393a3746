"""Reading dates and times. Strict: a form that is not listed here is refused, never guessed."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

_DATE = r"(?P<date>\d{4}-\d{2}-\d{2})"
_CLOCK = r"(?P<hour>\d{2}):(?P<minute>\d{2})(?::(?P<second>\d{2})(?:[.,](?P<fraction>\d{1,9}))?)?"
_ZONE = r"(?P<zone>[Zz]|[+-]\d{2}(?::?\d{2})?)"
_MOMENT = re.compile(rf"{_DATE}(?:[Tt ]{_CLOCK}(?: ?{_ZONE})?)?", re.ASCII)
_TIME = re.compile(_CLOCK, re.ASCII)

MIN_MS = -62_135_596_800_000
"""Year 1 in milliseconds since 1970."""
MAX_MS = 253_402_300_799_999
"""The end of year 9999 in milliseconds since 1970."""

_FIRST = dt.datetime.min.replace(tzinfo=dt.UTC)
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


def moment(value: Any, example: str = "2026-01-02T03:04:05.000Z") -> dt.datetime:
    """ISO 8601 text, a number of milliseconds since 1970, or a ``datetime`` → as written, cut to milliseconds.

    Naive when no zone is written. Raises ``ValueError``, which shows the ``example`` for what is no date.
    """
    if isinstance(value, dt.datetime):
        return value.replace(microsecond=value.microsecond // 1000 * 1000)
    if isinstance(value, dt.date):
        return dt.datetime.combine(value, dt.time())
    if isinstance(value, int | float) and not isinstance(value, bool):
        if not MIN_MS <= value <= MAX_MS:
            raise ValueError("must be a date between the years 1 and 9999")
        return _EPOCH + dt.timedelta(milliseconds=int(value))
    match = _MOMENT.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        raise ValueError(f"must be a date such as {example}")
    try:
        return dt.datetime.combine(dt.date.fromisoformat(match["date"]), _clock(match), _zone(match["zone"]))
    except ValueError as error:
        raise ValueError(f"must be a date that exists ({error})") from None


def _clock(match: re.Match[str]) -> dt.time:
    if match["hour"] is None:
        return dt.time()
    milliseconds = int((match["fraction"] or "0").ljust(3, "0")[:3])
    return dt.time(int(match["hour"]), int(match["minute"]), int(match["second"] or 0), milliseconds * 1000)


def _zone(text: str | None) -> dt.tzinfo | None:
    if text is None:
        return None
    if text in "Zz":
        return dt.UTC
    digits = text[1:].replace(":", "").ljust(4, "0")
    offset = dt.timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
    return dt.timezone(-offset if text[0] == "-" else offset)


def utc_moment(value: Any) -> dt.datetime:
    """As ``moment``, moved to UTC; what has no zone is taken for UTC."""
    written = moment(value)
    try:
        found = written.replace(tzinfo=dt.UTC) if written.tzinfo is None else written.astimezone(dt.UTC)
    except OverflowError:
        raise ValueError("must be a date between the years 1 and 9999") from None
    if found == _FIRST:  # means "before all others" to the driver of PostgreSQL
        raise ValueError("must be later than the first moment of the year 1")
    return found


def time_of_day(value: Any) -> dt.time:
    """``HH:MM`` or ``HH:MM:SS`` (fractions are cut), or a ``time`` → without fraction and zone."""
    if isinstance(value, dt.time):
        return value.replace(microsecond=0, tzinfo=None)
    match = _TIME.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        raise ValueError("must be a time such as 03:04:05")
    try:
        return _clock(match).replace(microsecond=0)
    except ValueError as error:
        raise ValueError(f"must be a time that exists ({error})") from None
