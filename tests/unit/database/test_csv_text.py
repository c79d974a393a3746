"""Cells of CSV text for the database."""

import datetime as dt
from decimal import Decimal

import pytest

from insula.database.csv_text import cell, cells


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, ""),
        ("", '""'),
        ('say "hi"', '"say ""hi"""'),
        (True, "True"),
        (-7, "-7"),
        (Decimal("1.10"), "1.10"),
        (dt.date(2026, 1, 2), "2026-01-02"),
        (dt.datetime(2026, 1, 2, 3, 4, 5, tzinfo=dt.UTC), "2026-01-02T03:04:05+00:00"),
    ],
)
def test_a_value_becomes_a_cell(value: object, text: str) -> None:
    assert cell(value) == text


@pytest.mark.parametrize("special", ["a,b", "a\nb", "a\rb", "\\."])
def test_special_characters_put_the_column_in_quotes(special: str) -> None:
    assert cells(["plain", special, ""]) == ['"plain"', f'"{special}"', ""]


def test_quotes_are_doubled() -> None:
    assert cells(['say "hi"', ""]) == ['"say ""hi"""', ""]


def test_a_plain_column_is_not_touched() -> None:
    column = ("a", "", "ü")
    assert cells(column) is column
