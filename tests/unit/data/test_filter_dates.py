"""What dates in filters mean: periods in the request's zone."""

import datetime as dt
from typing import Any

import pytest

from insula.core import clock
from insula.data.collection import Field
from insula.data.errors import InvalidFilter
from insula.data.fields import field_type
from insula.data.filters.base import Subject
from insula.data.filters.dates import prepare_date, prepare_day, timezone

UTC = dt.UTC


def subject(kind: str = "datetimeTz", zone: str = "UTC") -> Subject:
    return Subject(Field("at", field_type(kind)), "at", zone)


def moment(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("written", "start", "end"),
    [
        ("2026", "2026-01-01", "2027-01-01"),
        ("2026-02", "2026-02-01", "2026-03-01"),
        ("2026-12", "2026-12-01", "2027-01-01"),
        ("2026Q4", "2026-10-01", "2027-01-01"),
        ("2026-02-03", "2026-02-03", "2026-02-04"),
        ("2026-02-03 04:05", "2026-02-03T04:05", "2026-02-03T04:06"),
        ("2026-02-03T04:05:06", "2026-02-03T04:05:06", "2026-02-03T04:05:07"),
        ("2026-02-03T04:05:06.007Z", "2026-02-03T04:05:06.007", "2026-02-03T04:05:06.008"),
        ("2026-02-03T04:05:06.007+08:00", "2026-02-02T20:05:06.007", "2026-02-02T20:05:06.008"),
        (0, "1970-01-01", "1970-01-01T00:00:00.001"),
    ],
)
def test_a_date_is_as_long_as_its_precision(written: Any, start: str, end: str) -> None:
    assert prepare_date(written, subject()) == ("both", (moment(start), moment(end)))


def test_the_end_of_time_is_open() -> None:
    assert prepare_date("9999", subject()) == ("from", (moment("9999-01-01"),))
    with pytest.raises(InvalidFilter):
        prepare_date("0001-01-01", subject(zone="+10:00"))


def test_zones() -> None:
    start = dt.datetime(2026, 3, 28, 23, tzinfo=UTC)
    # The day on which clocks go forward in Berlin has 23 hours.
    expected = ("both", (start, start + dt.timedelta(hours=23)))
    assert prepare_date("2026-03-29", subject(zone="Europe/Berlin")) == expected
    naive = ("both", (dt.datetime(2026, 3, 29), dt.datetime(2026, 3, 30)))
    assert prepare_date("2026-03-29", subject("datetimeNoTz", "Europe/Berlin")) == naive
    days = ("both", (dt.date(2026, 3, 29), dt.date(2026, 3, 30)))
    assert prepare_date("2026-03-29", subject("dateOnly", "Europe/Berlin")) == days
    assert prepare_date("2026-03-28T23:30:00Z", subject("dateOnly", "Europe/Berlin")) == days
    with pytest.raises(InvalidFilter, match="no time zone"):
        prepare_date("2026", subject(zone="Mars/Base"))


@pytest.mark.parametrize("name", ["../etc/passwd", "+99:00", "+08:99", "", "/", "x" * 500])
def test_zones_that_are_none(name: str) -> None:
    with pytest.raises(ValueError, match="no time zone"):
        timezone(name)


def test_a_moment_names_its_day_where_a_day_is_meant() -> None:
    start = moment("2026-02-02T16:00")
    written = "2026-02-03T04:05:06.007Z"
    assert prepare_day(written, subject(zone="+08:00")) == ("both", (start, start + dt.timedelta(days=1)))


@pytest.mark.parametrize(
    ("value", "start", "end"),
    [
        ({"type": "today"}, "2026-05-13", "2026-05-14"),
        ({"type": "yesterday"}, "2026-05-12", "2026-05-13"),
        ({"type": "tomorrow"}, "2026-05-14", "2026-05-15"),
        ({"type": "thisWeek"}, "2026-05-11", "2026-05-18"),
        ({"type": "lastIsoWeek"}, "2026-05-04", "2026-05-11"),
        ({"type": "nextMonth"}, "2026-06-01", "2026-07-01"),
        ({"type": "lastQuarter"}, "2026-01-01", "2026-04-01"),
        ({"type": "thisYear"}, "2026-01-01", "2027-01-01"),
        ({"type": "past", "number": 7, "unit": "day"}, "2026-05-06", "2026-05-13"),
        ({"type": "next", "number": 2, "unit": "month"}, "2026-06-01", "2026-08-01"),
        ({"type": "past"}, "2026-05-12", "2026-05-13"),
    ],
)
def test_relative_periods(monkeypatch: pytest.MonkeyPatch, value: Any, start: str, end: str) -> None:
    # In New York it is still the evening of the 13th.
    monkeypatch.setattr(clock, "now", lambda: moment("2026-05-14T02:00"))
    expected = ("both", (dt.datetime.fromisoformat(start), dt.datetime.fromisoformat(end)))
    assert prepare_date(value, subject("datetimeNoTz", "America/New_York")) == expected


@pytest.mark.parametrize(
    "value",
    [
        {"type": "someday"},
        {},
        {"type": "past", "number": 0},
        {"type": "past", "number": 10**9},
        {"type": "past", "unit": "century"},
        {"type": "past", "number": "7"},
        {"type": ["today"]},
        True,
        [],
        ["2026"],
        ["2026", "2027", "<>"],
        "2026-02-30",
        "10000",
        "",
    ],
    ids=str,
)
def test_refused(value: Any) -> None:
    with pytest.raises(InvalidFilter):
        prepare_date(value, subject())
