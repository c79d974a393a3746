"""What is said to MariaDB and MySQL: clocks of time zones, patterns, indexes over long texts."""

import datetime as dt
from bisect import bisect
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from insula.data.dialects.mysql_zones import FIRST_YEAR, LAST_YEAR, clock_changes
from insula.data.filters.patterns import for_pcre
from insula.data.lists import among
from insula.data.schema_ddl import Ddl
from insula.data.schema_steps import CreateIndex
from insula.data.words import words
from insula.database.dialects import dialect
from insula.database.dialects.mysql_values import bound

ZONES = (
    "Europe/Berlin",
    "America/New_York",
    "Asia/Shanghai",
    "Australia/Lord_Howe",
    "Africa/Casablanca",
    "UTC",
)


@given(
    st.sampled_from(ZONES),
    st.datetimes(dt.datetime(FIRST_YEAR, 1, 1), dt.datetime(LAST_YEAR, 12, 1), timezones=st.just(dt.UTC)),
)
def test_clocks_are_those_of_the_zone(zone: str, moment: dt.datetime) -> None:
    first, changes = clock_changes(zone)
    place = bisect([at for at, _ in changes], moment)
    offset = changes[place - 1][1] if place else first
    assert dt.timedelta(seconds=offset) == moment.astimezone(ZoneInfo(zone)).utcoffset()


@pytest.mark.parametrize(
    ("pattern", "written"),
    [
        ("^a.b$", "(?s)^a.b\\z"),
        ("[$]x\\z", "(?s)[$]x\\z"),
        ("\\bw\\B", "(?s)\\bw\\B"),
        ("\\s[\\s\\v]\\S\\v", "(?s)[\\t\\n\\f\\r ][\\t\\n\\f\\r \\x0b][^\\t\\n\\f\\r ]\\x0b"),
        ("[]a[]", "(?s)[]a\\[]"),
        ("[^]a]$", "(?s)[^]a]\\z"),
        ("[[:alpha:]$]", "(?s)[[:alpha:]$]"),
        ("\\x41\\x{1F600}", "(?s)\\x{41}\\x{1f600}"),
        ("(?P<n>a){2,3}{", "(?s)(a){2,3}\\{"),
    ],
)
def test_patterns_as_pcre_reads_them(pattern: str, written: str) -> None:
    assert for_pcre(pattern) == written


def index(*characters: int | None, unique: bool = False) -> CreateIndex:
    names = tuple("abc"[: len(characters)])
    return CreateIndex("things", "ix", names, unique, characters)


def columns_of(step: CreateIndex) -> str:
    return dialect("mariadb").compile(Ddl(step)).text("").partition("`things` ")[2]


def test_of_long_texts_an_index_holds_the_beginning() -> None:
    assert columns_of(index(255, None)) == "(`a`, `b`)"
    assert columns_of(index(0)) == "(`a`(768))"
    assert columns_of(index(0, None, 255)) == "(`a`(366), `b`, `c`)"
    assert columns_of(index(768, 768)) == "(`a`(384), `b`(384))"


def test_what_is_unique_is_compared_whole() -> None:
    problem = words("mariadb").index_problem
    assert problem(index(768, unique=True)) is None
    assert problem(index(255, 255, None, unique=True)) is None
    assert problem(index(0)) is None
    for wrong in (index(0, unique=True), index(769, unique=True), index(400, 400, unique=True)):
        assert "768 characters" in str(problem(wrong))


@pytest.mark.parametrize(
    ("values", "text"), [([1, 2], "(1, 2)"), ([], "(SELECT NULL FROM DUAL WHERE FALSE)")]
)
def test_lists_are_written_out(values: list[int], text: str) -> None:
    condition = among("mariadb", sa.column("id", sa.BigInteger()), "ids")
    statement = dialect("mariadb").compile(sa.select(sa.literal_column("1")).where(condition))
    assert bound(statement.text(""), statement.arguments({"ids": values})).endswith(f"WHERE `id` IN {text}")
