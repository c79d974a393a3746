"""What is written for MariaDB and MySQL, and read out of what they say."""

import datetime as dt
import decimal
import enum
import re
import uuid
from typing import Any

import pytest
from asyncmy import errors as my
from hypothesis import given
from hypothesis import strategies as st

from insula.database import errors
from insula.database.dialects.mysql_batches import BATCH_CHARACTERS, batches, inserts
from insula.database.dialects.mysql_errors import translate, written_table
from insula.database.dialects.mysql_session import Flavor, flavor, limit
from insula.database.dialects.mysql_values import bound, literal, places

CHILD = "Cannot add or update a child row: a foreign key constraint fails (`d`.`books`"
PARENT = "Cannot delete or update a parent row: a foreign key constraint fails"


class Colour(enum.StrEnum):
    RED = "red"


class Level(enum.IntEnum):
    HIGH = 3


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (None, "NULL"),
        (True, "TRUE"),
        (-5, "-5"),
        (1.5, "1.5e0"),
        (1e300, "1e+300"),
        (decimal.Decimal("1E+3"), "1000"),
        ('it\'s \\ "q"', "'it''s \\ \"q\"'"),
        (b"\x00'", "X'0027'"),
        (dt.datetime(2020, 1, 2, 3, 4, 5, 6), "'2020-01-02 03:04:05.000006'"),
        (dt.datetime(2020, 1, 1, 1, tzinfo=dt.timezone(dt.timedelta(hours=2))), "'2019-12-31 23:00:00'"),
        (dt.date(2020, 1, 2), "'2020-01-02'"),
        (dt.time(3, 4), "'03:04:00'"),
        (dt.timedelta(hours=-30, seconds=-1.5), "'-30:00:01.500000'"),
        (uuid.UUID(int=1), "'00000000-0000-0000-0000-000000000001'"),
        (Colour.RED, "'red'"),
        (Level.HIGH, "3"),
    ],
)
def test_literals(value: Any, written: str) -> None:
    assert literal(value) == written


@pytest.mark.parametrize(
    "value", ["a\0b", float("nan"), float("inf"), decimal.Decimal("NaN"), object(), [1], {"a": 1}]
)
def test_what_has_no_literal(value: Any) -> None:
    with pytest.raises(errors.ValueOutOfRange):
        literal(value)


def test_places_are_found_outside_of_texts_names_and_comments() -> None:
    text = "SELECT '?''?', \"?\", `?``?` /* ? */ -- ?\n, ? # ?\n WHERE a = ?"
    assert len(places(text)) == 3
    assert bound(text, (1, "?")).endswith("WHERE a = '?'")
    with pytest.raises(errors.ValueOutOfRange, match="1 values for 2 places"):
        bound(text, (1,))


@given(st.lists(st.text(st.characters(exclude_characters="\0"))))
def test_no_text_ends_its_literal(values: list[str]) -> None:
    """What a server reads as literals is what was to be written, whatever it says."""
    statement = bound("SELECT " + ", ".join("?" * len(values)), values)
    read = [text.replace("''", "'") for text in re.findall(r"'((?:[^']|'')*)'", statement)]
    assert read == values


def test_rows_are_sent_together_but_not_endlessly() -> None:
    rows = [(i, "x" * 1000) for i in range(600)]
    insert = "INSERT INTO `t` (`a`, `b`) VALUES (?, ?)"
    for statements in (
        list(batches(insert, rows)),
        list(batches(f"{insert} /*7*/", rows)),
        list(inserts("t", "ab", rows)),
    ):
        assert len(statements) == 3
        assert all(len(statement) < BATCH_CHARACTERS + 2000 for statement in statements)
        assert all(statement.startswith(insert.removesuffix("(?, ?)")) for statement in statements)
        assert sum(statement.count("(") - 1 for statement in statements) == 600
    assert list(batches("UPDATE `t` SET `a` = ?", [(1,), (2,)])) == [
        "UPDATE `t` SET `a` = 1; UPDATE `t` SET `a` = 2"
    ]
    assert list(batches(insert, [])) == []
    assert next(inserts("a`b", ["c`"], [(1,)])) == "INSERT INTO `a``b` (`c```) VALUES (1)"


@pytest.mark.parametrize(
    ("said", "found", "problem"),
    [
        ("10.11.6-MariaDB-0+deb12u1", Flavor(True, (10, 11, 6)), None),
        ("5.5.5-10.6.12-MariaDB-log", Flavor(True, (10, 6, 12)), None),
        ("11.8.2-MariaDB", Flavor(True, (11, 8, 2)), None),
        ("8.0.36", Flavor(False, (8, 0, 36)), None),
        ("9.1.0-commercial", Flavor(False, (9, 1, 0)), None),
        (
            "5.5.5-10.3.39-MariaDB",
            Flavor(True, (10, 3, 39)),
            "its server is MariaDB 10.3.39; 10.6.0 is the oldest",
        ),
        ("5.7.44-log", Flavor(False, (5, 7, 44)), "its server is MySQL 5.7.44; 8.0.17 is the oldest"),
        ("nonsense", Flavor(False, ()), "its server is MySQL of an unknown version; 8.0.17 is the oldest"),
    ],
)
def test_what_servers_say_that_they_are(said: str, found: Flavor, problem: str | None) -> None:
    assert flavor(said) == found
    assert (found.problem or "").startswith(problem or "")
    assert (found.problem is None) == (problem is None)


def test_each_has_its_own_time_limit() -> None:
    maria, mysql = Flavor(True, (10, 6, 0)), Flavor(False, (8, 0, 17))
    assert [limit(maria, 1.5), limit(maria, None)] == ["max_statement_time = 1.500", "max_statement_time = 0"]
    assert [limit(mysql, 1.5), limit(mysql, None)] == ["max_execution_time = 1500", "max_execution_time = 0"]


@pytest.mark.parametrize(
    ("number", "words", "expected"),
    [
        (1062, "Duplicate entry 'a for key 'b'' for key 't.names'", {"constraint": "names"}),
        (1062, "Duplicate entry '1' for key 'PRIMARY'", {"constraint": "PRIMARY"}),
        (
            1452,
            CHILD + ", CONSTRAINT `written by` FOREIGN KEY (`Author Id`, `b``c`) REFERENCES `The \"A\"` (`id`, `x`))",
            {
                "in_use": False, "table": "books", "columns": ("Author Id", "b`c"),
                "referenced": 'The "A"', "constraint": "written by",
            },
        ),
        (
            1451,
            PARENT + " (`d`.`books`, CONSTRAINT `c` FOREIGN KEY (`a`) REFERENCES `authors` (`id`))",
            {"in_use": True, "table": "books", "columns": (), "referenced": "authors"},
        ),
        (
            1451,
            PARENT + ' ("d"."books", CONSTRAINT "c""d" FOREIGN KEY ("a") REFERENCES "e"."authors" ("id"))',
            {"in_use": True, "table": "books", "constraint": 'c"d', "referenced": "authors"},
        ),
        (1217, PARENT, {"in_use": True}),
        (1048, "Column 'First Name' cannot be null", {"columns": ("First Name",)}),
        (1364, "Field 'it's' doesn't have a default value", {"columns": ("it's",)}),
        (4025, "CONSTRAINT `not below zero` failed for `d`.`a``b`", {"constraint": "not below zero", "table": "a`b"}),
        (3819, "Check constraint 'small' is violated.", {"constraint": "small"}),
        (1146, "Table 'db.Nowhere' doesn't exist", {"name": "Nowhere"}),
        (1054, "Unknown column 't.Not There' in 'field list'", {"name": "t.Not There"}),
    ],
)  # fmt: skip
def test_names_in_errors(number: int, words: str, expected: dict[str, object]) -> None:
    told = translate(my.DatabaseError(number, words))
    assert {name: getattr(told, name) for name in expected} == expected


@pytest.mark.parametrize(
    ("number", "kind"),
    [
        (1205, errors.Contention),
        (1213, errors.Contention),
        (1040, errors.TooManyConnections),
        (2006, errors.DatabaseGone),
        (2013, errors.DatabaseGone),
        (1927, errors.DatabaseGone),
        (1317, errors.StatementTimeout),
        (1969, errors.StatementTimeout),
        (3024, errors.StatementTimeout),
        (1406, errors.ValueOutOfRange),
        (1264, errors.ValueOutOfRange),
        (1290, errors.ReadOnly),
        (1142, errors.PermissionDenied),
        (1049, errors.TableMissing),
        (1050, errors.ObjectExists),
        (1139, errors.InvalidPattern),
        (1153, errors.StatementTooComplex),
        (1114, errors.DiskFull),
        (9999, errors.DatabaseError),
    ],
)
def test_numbers_of_errors(number: int, kind: type[errors.DatabaseError]) -> None:
    assert type(translate(my.OperationalError(number, "words"))) is kind


def test_other_errors() -> None:
    assert (
        type(translate(my.OperationalError(3, 'Error writing file (Errcode: 28 "No space")')))
        is errors.DiskFull
    )
    assert (
        type(translate(my.OperationalError(1005, 'Can\'t create table (errno: 121 "x")')))
        is errors.ObjectExists
    )
    assert type(translate(my.InterfaceError(0, "Not connected"))) is errors.DatabaseGone
    assert type(translate(my.InternalError("Packet sequence number wrong"))) is errors.DatabaseGone
    other = KeyError("x")
    assert translate(other) is other


@pytest.mark.parametrize(
    ("text", "table"),
    [
        ("INSERT INTO `a``b` (`c`) VALUES (1)", "a`b"),
        ("UPDATE `d`.`t` SET x = 1", "t"),
        ("ALTER TABLE `t` ADD UNIQUE (`x`)", "t"),
        ("CREATE UNIQUE INDEX `i` ON `t` (`x`)", "t"),
        ("SELECT 1", None),
    ],
)
def test_the_table_that_is_written(text: str, table: str | None) -> None:
    assert written_table(text) == table
