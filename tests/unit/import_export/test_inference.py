"""From text to proposed fields."""

from datetime import UTC, date, datetime

import pytest

from insula.plugins.import_export import inference, moments


@pytest.mark.parametrize(
    ("values", "type_", "layout"),
    [
        (["1", "-2", "+3"], "integer", None),
        (["1", "3000000000"], "bigInt", None),
        (["1", "9" * 30], "string", None),
        (["007", "12"], "string", None),
        (["1.5", "2", "1e3", "-.5"], "double", None),
        (["nan", "1.5"], "string", None),
        (["true", "False"], "boolean", None),
        (["2026-01-31", "2026-02-01"], "dateOnly", None),
        (["2012/01/01", "2012/12/31"], "dateOnly", "%Y/%m/%d"),
        (["31/12/2020", "01/02/2020"], "dateOnly", "%d/%m/%Y"),
        (["12/31/2020", "01/02/2020"], "dateOnly", "%m/%d/%Y"),
        (["Jan 1 2000", "Feb 1 2000"], "dateOnly", "%b %d %Y"),
        (["2010/01/01 00:00", "2010/01/01 13:00"], "datetimeNoTz", "%Y/%m/%d %H:%M"),
        (["2010/01/01 00:00:00"], "datetimeNoTz", "%Y/%m/%d %H:%M:%S"),
        (["2026-01-02T03:04:05Z", "2026-01-02T03:04:05+02:00"], "datetimeTz", None),
        (["2026-01-02 03:04:05"], "datetimeNoTz", None),
        (["2026-01-02T03:04:05Z", "2026-01-02T03:04:05"], "string", None),
        (["2026-13-45"], "string", None),
        (["a" * 300], "text", None),
        (["", ""], "string", None),
    ],
)
def test_type_follows_from_all_values(values: list[str], type_: str, layout: str | None) -> None:
    (column,) = inference.propose(["x"], [[value] for value in values])
    assert (column.type, column.layout) == (type_, layout)


def test_names_are_valid_and_differ_case_folded() -> None:
    header = ["First Name", "first name", "2010", "Ünï", "%", "a" * 80, "größe", "Город", "pg_x", "名前"]
    names = [column.name for column in inference.propose(header, [])]
    assert names[:5] == ["First_Name", "first_name_2", "_2010", "Uni", "column"]
    assert len(names[5]) == 50
    assert names[6:] == ["grosse", "Gorod", "_pg_x", "MingQian"]
    assert len({name.lower() for name in names}) == len(names)


def test_rows_of_another_width_do_not_count() -> None:
    columns = inference.propose(["a", "b"], [["1", "2"], ["x"], ["3", "4", "5"]])
    assert [column.type for column in columns] == ["integer", "integer"]


@pytest.mark.parametrize(
    ("reading", "text", "value"),
    [
        (moments.Reading("dateOnly", "%b %d %Y"), "Mar 1 2000", date(2000, 3, 1)),
        (moments.Reading("datetimeNoTz", "%Y/%m/%d %H:%M"), "2010/01/01 13:00", datetime(2010, 1, 1, 13)),
        (
            moments.Reading("datetimeTz", "%Y/%m/%d %H:%M"),
            "2010/01/01 13:00",
            datetime(2010, 1, 1, 13, tzinfo=UTC),
        ),
        (
            moments.Reading("datetimeTz", moments.ISO),
            "2026-01-02T03:04:05.123456+02:00",
            datetime(2026, 1, 2, 1, 4, 5, 123000, tzinfo=UTC),
        ),
    ],
)
def test_reading_gives_the_value(reading: moments.Reading, text: str, value: date) -> None:
    assert moments.reader(reading)(text) == value


def test_reading_says_what_it_expects() -> None:
    with pytest.raises(ValueError, match="must be written as %Y/%m/%d"):
        moments.reader(moments.Reading("dateOnly", "%Y/%m/%d"))("yesterday")


@pytest.mark.parametrize(
    ("values", "order", "read"),
    [
        (["01/02/2026", "03/04/2026"], None, ("dateOnly", "%m/%d/%Y", True)),
        (["01/02/2026", "03/04/2026"], "dmy", ("dateOnly", "%d/%m/%Y", False)),
        (["01/02/2026", "03/04/2026"], "mdy", ("dateOnly", "%m/%d/%Y", False)),
        (["01/02/2026 10:00"], None, ("datetimeNoTz", "%m/%d/%Y %H:%M", True)),
        (["01/02/2026 10:00"], "dmy", ("datetimeNoTz", "%d/%m/%Y %H:%M", False)),
        (["31/02/2026"], None, ("string", None, False)),
        (["31/01/2026", "01/02/2026"], None, ("dateOnly", "%d/%m/%Y", False)),
        (["31/01/2026"], "mdy", ("string", None, False)),
        (["01/01/2026", "02/02/2026"], None, ("dateOnly", "%m/%d/%Y", False)),
        (["2026-01-02"], "dmy", ("dateOnly", None, False)),
    ],
)
def test_days_that_can_be_read_in_two_ways_say_so(
    values: list[str], order: str | None, read: tuple[str, str | None, bool]
) -> None:
    (column,) = inference.propose(["x"], [[value] for value in values], order)
    assert (column.type, column.layout, column.ambiguous) == read
