"""Reading names out of what the databases say."""

import pytest

from insula.database.dialects.postgresql_errors import detail_columns
from insula.database.dialects.sqlite import split_columns


@pytest.mark.parametrize(
    ("detail", "quoted", "columns"),
    [
        ("Key (a)=(1) already exists.", True, ("a",)),
        ('Key (a, "B c", "q""u")=(1, (x)=(y), 2) already exists.', True, ("a", "B c", 'q"u')),
        ("Schlüssel »(a, b)=(1, 2)« existiert bereits.", True, ("a", "b")),
        ("Key (lower(a))=(x) already exists.", True, ()),
        ("Key (A b, c)=(1, 2) is not present.", False, ("A b", "c")),
        (None, True, ()),
    ],
)
def test_columns_of_a_detail(detail: str | None, quoted: bool, columns: tuple[str, ...]) -> None:
    assert detail_columns(detail, quoted=quoted) == columns


@pytest.mark.parametrize(
    ("what", "table", "columns"),
    [
        ("t.a", "t", ("a",)),
        ("my t.First, name, my t.b", "my t", ("First, name", "b")),
        ('"t".a', '"t"', ("a",)),
        ("a.b.c, a.b.d", "a.b", ("c", "d")),
        ("", None, ()),
    ],
)
def test_columns_of_sqlite(what: str, table: str | None, columns: tuple[str, ...]) -> None:
    assert split_columns(what) == (table, columns)
