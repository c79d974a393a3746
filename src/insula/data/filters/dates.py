"""Operators on dates: a value names a period (a moment, a minute, a day, a month, last week …).

Periods are understood in the zone of the request, and compared as half-open intervals in the field's own kind:
moments in UTC, wall times without zone, or days.
"""

from __future__ import annotations

import datetime as dt
import re
from functools import lru_cache
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from insula.core import clock
from insula.data.errors import InvalidFilter
from insula.data.fields.moments import moment
from insula.data.filters.base import Operand, Prepared, Subject

MAX_RELATIVE_UNITS = 100_000
"""Days, weeks … in ``{"type": "past", "number": 7, "unit": "day"}``."""

_YEAR = re.compile(r"(\d{4})", re.ASCII)
_QUARTER = re.compile(r"(\d{4})-?Q([1-4])", re.ASCII)
_MONTH = re.compile(r"(\d{4})-(\d{2})", re.ASCII)
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_CLOCK = re.compile(r"[Tt ]\d{2}:\d{2}(:\d{2}([.,]\d+)?)?")
_RANGE = re.compile(r"\s*([\[(])\s*([^,]*?)\s*,\s*([^,]*?)\s*([\])])\s*([+-]\d{2}:\d{2})?\s*")
_BRACKETS = frozenset(("[]", "[)", "(]", "()"))
_OFFSET = re.compile(r"[+-]\d{2}:\d{2}", re.ASCII)

Wall = dt.datetime
"""A naive time on the clocks of the request's zone, or an aware moment."""


class Period(NamedTuple):
    """From ``start`` (included) to ``end`` (excluded); ``None`` is open."""

    start: Wall | None
    end: Wall | None


@lru_cache(maxsize=256)
def timezone(name: str) -> dt.tzinfo:
    """An IANA name or an offset such as ``+08:00``. Raises ``ValueError``."""
    if name in ("UTC", "Z"):
        return dt.UTC
    if _OFFSET.fullmatch(name):
        minutes = int(name[1:3]) * 60 + int(name[4:])
        if minutes >= 24 * 60 or int(name[4:]) >= 60:
            raise ValueError(f'there is no time zone "{name[:40]}"')
        return dt.timezone(dt.timedelta(minutes=-minutes if name[0] == "-" else minutes))
    try:
        return ZoneInfo(name)
    except (OSError, ValueError, KeyError):
        raise ValueError(f'there is no time zone "{name[:40]}"') from None


def prepare_date(value: Any, subject: Subject) -> Prepared:
    """A period; a pair is the period from the first to the last."""
    if isinstance(value, list | tuple):
        return prepare_date_between(value, subject)
    return _bounds(_period(value, subject), subject)


def prepare_day(value: Any, subject: Subject) -> Prepared:
    """As ``prepare_date``, but a moment names the day in which it lies."""
    if isinstance(value, list | tuple):
        return prepare_date_between(value, subject)
    period = _period(value, subject)
    if isinstance(value, str) and _CLOCK.search(value) and period.start is not None:
        start = _local(period.start, _zone(subject)).replace(hour=0, minute=0, second=0, microsecond=0)
        period = Period(start, _later(start, days=1))
    return _bounds(period, subject)


def prepare_date_between(value: Any, subject: Subject) -> Prepared:
    """``[from, to]``, ``[from, to, "[)"]``, ``[from, to, "[)", "+08:00"]``, ``"[from, to)"``, or a period."""
    if isinstance(value, str) and (written := _RANGE.fullmatch(value)):
        value = [written[2], written[3], written[1] + written[4], written[5]]
    if not isinstance(value, list | tuple):
        return _bounds(_period(value, subject), subject)
    if not 2 <= len(value) <= 4:
        raise subject.wrong("must be a list of two dates: from and to")
    parts: list[Any] = [*list(value), None, None]
    first, last, brackets, zone = parts[:4]
    brackets = "[]" if brackets is None else brackets
    if brackets not in _BRACKETS:
        raise subject.wrong("must have its brackets as one of [] [) (] ()")
    if zone is not None:
        subject.zone = str(zone)
    low = Period(None, None) if first in (None, "") else _period(first, subject)
    high = Period(None, None) if last in (None, "") else _period(last, subject)
    start = low.start if brackets[0] == "[" else low.end
    end = high.end if brackets[1] == "]" else high.start
    if start is None and end is None:
        raise subject.wrong("must have at least one of from and to")
    return _bounds(Period(start, end), subject)


def build_on(operand: Operand, variant: str) -> sa.ColumnElement[bool]:
    """Within the day, month or year meant; ``variant`` says which ends it has."""
    if variant == "from":
        return operand.column >= operand.bind()
    if variant == "to":
        return operand.column < operand.bind()
    return sa.and_(operand.column >= operand.bind(), operand.column < operand.bind())


def prepare_start(value: Any, subject: Subject) -> Prepared:
    """Where the period begins."""
    variant, bounds = prepare_date(value, subject)
    if variant == "to":
        raise subject.wrong("must have a beginning")
    return "value", bounds[:1]


def prepare_end(value: Any, subject: Subject) -> Prepared:
    """Where the period has ended; the last period of all time does not end."""
    variant, bounds = prepare_date(value, subject)
    return ("never", ()) if variant == "from" else ("value", bounds[-1:])


def build_before(operand: Operand, variant: str) -> sa.ColumnElement[bool]:
    """Before its begin; ``never`` where the calendar has nothing after it."""
    return operand.column.is_not(None) if variant == "never" else operand.column < operand.bind()


def build_from(operand: Operand, variant: str) -> sa.ColumnElement[bool]:
    """From its begin on; ``never`` where the calendar has nothing that late."""
    return sa.false() if variant == "never" else operand.column >= operand.bind()


def _bounds(period: Period, subject: Subject) -> Prepared:
    """The variant and the bound values, converted to what the field stores."""
    start, end = (_stored(bound, subject) for bound in period)
    if start is None and end is None:
        raise subject.wrong("must be a date between the years 1 and 9999")
    bounds = tuple(bound for bound in (start, end) if bound is not None)
    return ("both" if len(bounds) == 2 else "to" if start is None else "from"), bounds


def _stored(bound: Wall | None, subject: Subject) -> dt.datetime | dt.date | None:
    if bound is None:
        return None
    zone = _zone(subject)
    kind = subject.field.type.name
    try:
        if kind == "dateOnly":
            local = _local(bound, zone)
            whole = local.time() == dt.time()
            return local.date() if whole else local.date() + dt.timedelta(days=1)
        if kind == "datetimeNoTz":
            return _local(bound, zone)
        return (bound if bound.tzinfo else bound.replace(tzinfo=zone)).astimezone(dt.UTC)
    except OverflowError:
        raise subject.wrong("must be a date between the years 1 and 9999") from None


def _local(bound: Wall, zone: dt.tzinfo) -> dt.datetime:
    """On the clocks of the zone, naive."""
    return bound.astimezone(zone).replace(tzinfo=None) if bound.tzinfo else bound


def _zone(subject: Subject) -> dt.tzinfo:
    try:
        return timezone(subject.zone)
    except ValueError as error:
        raise InvalidFilter(reason=str(error)) from None


def _period(value: Any, subject: Subject) -> Period:
    if isinstance(value, dict):
        return _relative(value, subject)
    try:
        period = _written(value)
    except ValueError as error:
        raise subject.wrong(str(error)) from None
    if subject.field.type.name == "dateOnly":
        zone = _zone(subject)
        days = [None if bound is None else _local(bound, zone) for bound in period]
        if days[0] is not None and (days[1] is None or days[1] - days[0] < dt.timedelta(days=1)):
            day = days[0].replace(hour=0, minute=0, second=0, microsecond=0)
            return Period(day, _later(day, days=1))
    return period


def _written(value: Any) -> Period:
    """A date as text (or milliseconds since 1970), as long as its precision. Raises ``ValueError``."""
    text = value.strip() if isinstance(value, str) else ""
    if year := _YEAR.fullmatch(text):
        return _months(int(year[1]), 1, 12)
    if quarter := _QUARTER.fullmatch(text):
        return _months(int(quarter[1]), int(quarter[2]) * 3 - 2, 3)
    if month := _MONTH.fullmatch(text):
        return _months(int(month[1]), int(month[2]), 1)
    start = moment(value.strip() if isinstance(value, str) else value)
    if _DAY.fullmatch(text):
        return Period(start, _later(start, days=1))
    precision = _CLOCK.search(text)
    if precision is None or precision[2]:
        return Period(start, _later(start, milliseconds=1))
    return Period(start, _later(start, seconds=1) if precision[1] else _later(start, minutes=1))


def _months(year: int, month: int, count: int) -> Period:
    start = _month(year * 12 + month - 1)
    if start is None or not 1 <= month <= 12:
        raise ValueError("must be a date such as 2026-01-02, with a year between 1 and 9999")
    return Period(start, _month(year * 12 + month - 1 + count))


def _month(number: int) -> dt.datetime | None:
    """The beginning of a month, counted from year 0; ``None`` outside the years 1 to 9999."""
    year, month = divmod(number, 12)
    return dt.datetime(year, month + 1, 1) if 1 <= year <= 9999 else None  # noqa: DTZ001 - the column has no zone


def _later(start: Wall, **by: int) -> Wall | None:
    try:
        return start + dt.timedelta(**by)
    except OverflowError:
        return None


_SHIFTS = {"last": -1, "this": 0, "next": 1}
_DAYS = {"yesterday": -1, "today": 0, "tomorrow": 1}
_MONTHS_IN = {"month": 1, "quarter": 3, "year": 12}
_NAMED = re.compile(r"(last|this|next)(?:Iso)?(Week|Month|Quarter|Year)")


def _relative(value: dict[str, Any], subject: Subject) -> Period:
    """``{"type": "today"}`` and others: see the reference of filters."""
    kind = str(value.get("type"))
    now = _local(clock.now(), _zone(subject))
    try:
        if kind in _DAYS:
            return _units(now, "day", _DAYS[kind], 1)
        if named := _NAMED.fullmatch(kind):
            return _units(now, named[2].lower(), _SHIFTS[named[1]], 1)
        if kind in ("past", "next"):
            number, unit = value.get("number", 1), str(value.get("unit", "day")).lower()
            if not isinstance(number, int) or not 1 <= number <= MAX_RELATIVE_UNITS:
                raise ValueError(f"must have a number from 1 to {MAX_RELATIVE_UNITS}")
            return _units(now, unit, -number if kind == "past" else 1, number)
    except (ValueError, OverflowError) as error:
        reason = str(error) if isinstance(error, ValueError) else "must be between the years 1 and 9999"
        raise subject.wrong(reason) from None
    raise subject.wrong("must be a date or a known period such as today, lastWeek, thisMonth, past")


def _units(now: dt.datetime, unit: str, shift: int, count: int) -> Period:
    """``count`` whole units, the first of them ``shift`` units after the one that holds ``now``."""
    day = now.replace(hour=0, minute=0, second=0, microsecond=0)
    if unit in ("day", "week"):
        length = dt.timedelta(days=7 if unit == "week" else 1)
        start = day - dt.timedelta(days=day.weekday()) if unit == "week" else day
        return Period(start + shift * length, start + (shift + count) * length)
    if unit in _MONTHS_IN:
        months = _MONTHS_IN[unit]
        current = now.year * 12 + (now.month - 1) // months * months
        return Period(_month(current + shift * months), _month(current + (shift + count) * months))
    raise ValueError("must have a unit of day, week, month, quarter or year")
