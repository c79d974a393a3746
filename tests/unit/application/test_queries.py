"""Parameters → queries, keys and names."""

from typing import Any

import pytest

from insula.application.api.parameters import parse_query
from insula.application.api.queries import (
    check_names,
    keys_of,
    names,
    number_of,
    one_key,
    read_query,
    timezone,
)
from insula.application.errors import InvalidParameter
from insula.data.errors import InvalidFilter
from insula.data.filters.tree import Condition
from insula.data.query import MAX_PAGE_SIZE, Query


def read(raw: bytes) -> Query:
    return read_query(raw, parse_query(raw), "UTC", "exact")


def test_everything_at_once() -> None:
    query = read(
        b"filter[qty][$gt]=1&fields=a,b&appends[]=c&appends[]=d.e&except=f&sort=-g,h&page=3&pageSize=50&tree=true"
    )
    assert query == Query(
        filter=Condition(("qty",), "$gt", "1"),
        fields=("a", "b"),
        appends=("c", "d.e"),
        excepts=("f",),
        sort=("-g", "h"),
        page=3,
        page_size=50,
        tree=True,
        rendered=True,
    )


def test_defaults() -> None:
    assert read(b"") == Query(rendered=True)
    assert read(b"fields=&sort=&page=&filter=") == Query(rendered=True)
    assert read(b"paginate=false").page_size is None
    assert read(b"fields=%5B%22a%22%2C%22b%22%5D").fields == ("a", "b")
    assert read(b"_=123&__appName=x&triggerWorkflows=a") == Query(rendered=True)


@pytest.mark.parametrize(
    "raw",
    [
        b"page=0",
        b"page=-1",
        b"page=x",
        b"page=1.5",
        b"page=99999999999999999999",
        b"page[]=1",
        b"pageSize=%d" % (MAX_PAGE_SIZE + 1),
        b"pageSize=0",
        b"paginate=maybe",
        b"tree[]=1",
        b"pagesize=1",
        b"pagesize=1",
        b"fields[a]=1",
        b"fields=[1]",
        b"fields=[",
        "page=\u0664".encode(),
    ],
)
def test_malformed_parameters_are_refused(raw: bytes) -> None:
    with pytest.raises(InvalidParameter):
        read(raw)


def test_a_broken_filter_says_where() -> None:
    with pytest.raises(InvalidFilter, match="position"):
        read(b"filter={")


@pytest.mark.parametrize(
    ("key", "raw", "wanted"),
    [
        (None, b"", None),
        ("5", b"", ["5"]),
        ("5", b"filterByTk=6", ["5"]),
        (None, b"filterByTk=6", ["6"]),
        (None, b"filterByTk=", None),
        (None, b"filterByTk=1,2", ["1", "2"]),
        (None, b"filterByTk=a,b", ["a,b"]),
        (None, b"filterByTk=[1,2]", [1, 2]),
        (None, b'filterByTk=["a"]', ["a"]),
        (None, b"filterByTk[]=1&filterByTk[]=2", ["1", "2"]),
        (None, b'filterByTk={"a":1,"b":2}', [{"a": 1, "b": 2}]),
        ("[1,2]", b"", [1, 2]),
        (None, b"filterByTk[a]=1", [{"a": "1"}]),
    ],
)
def test_keys(key: str | None, raw: bytes, wanted: Any) -> None:
    assert keys_of(key, parse_query(raw)) == wanted


@pytest.mark.parametrize(
    "raw", [b"filterByTk=[", b"filterByTk=[null]", b"filterByTk=[[1]]", b"filterByTk=[true]"]
)
def test_keys_that_are_none(raw: bytes) -> None:
    with pytest.raises(InvalidParameter):
        keys_of(None, parse_query(raw))


def test_one_key() -> None:
    assert one_key("7", {}) == "7"
    assert one_key(None, {}) is None
    with pytest.raises(InvalidParameter):
        one_key(None, {"filterByTk": [1, 2]})


def test_names() -> None:
    assert names({"a": ["x,y", "z"]}, "a") == ("x", "y", "z")
    assert names({"a": " x , "}, "a") == ("x",)


@pytest.mark.parametrize("zone", ["Europe/Berlin", "+08:00", "-03:30", "UTC"])
def test_zones(zone: str) -> None:
    assert timezone(zone, "UTC") == zone


@pytest.mark.parametrize("zone", ["Nowhere/Else", "+25:00", "../../etc/passwd", "Europe", "+8", "x" * 500])
def test_zones_that_do_not_exist(zone: str) -> None:
    with pytest.raises(InvalidParameter):
        timezone(zone, "UTC")


KNOWN = frozenset(("filterByTk", "filter", "fields", "sort", "page", "pageSize"))

SLIPS = {
    "Filter": "filter", "filters": "filter", "filte": "filter", "fliter": "filter", "filtre": "filter",
    "fikter": "filter", "filterByTK": "filterByTk", "filter_by_tk": "filterByTk", "filter-by-tk": "filterByTk",
    "field": "fields", "page_size": "pageSize", "pagesize": "pageSize", "pages": "page", "srot": "sort",
}  # fmt: skip


@pytest.mark.parametrize(("name", "meant"), SLIPS.items())
def test_a_slip_of_the_pen_is_named(name: str, meant: str) -> None:
    with pytest.raises(InvalidParameter, match=f'"{name}" is not known here, but {meant} is'):
        check_names({name: "x"}, KNOWN)


@pytest.mark.parametrize(
    "name",
    [
        *("_", "__appName", "showAnonymous", "tree", "context", "manual", "timestamp", "token", "refresh"),
        *("triggerWorkflows", "where", "limit", "", "x" * 5000, "fliters", "ä"),
    ],
)
def test_what_others_send_is_passed_over(name: str) -> None:
    check_names({name: "x", "filter": "{}"}, KNOWN)


@pytest.mark.parametrize(
    ("key", "number"),
    [
        ("7", 7),
        (7, 7),
        ("9" * 18, 10**18 - 1),
        ("9" * 19, None),
        ("²", None),
        ("٣", None),
        ("-1", None),
        ("", None),
        (True, None),
        (None, None),
        (1.0, None),
        ({"id": 1}, None),
    ],
)
def test_a_key_that_is_a_number(key: Any, number: int | None) -> None:
    assert number_of(key) == number
