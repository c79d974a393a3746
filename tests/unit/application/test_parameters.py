"""The query string → nested parameters."""

import pytest

from insula.application.api.parameters import parse_query
from insula.application.errors import InvalidParameter


@pytest.mark.parametrize(
    ("raw", "wanted"),
    [
        (b"", {}),
        (b"a=1", {"a": "1"}),
        (b"a=1&b=2", {"a": "1", "b": "2"}),
        (b"a=", {"a": ""}),
        (b"a", {"a": ""}),
        (b"&&a=1&", {"a": "1"}),
        (b"a=1&a=2", {"a": ["1", "2"]}),
        (b"a=1&a=2&a=3", {"a": ["1", "2", "3"]}),
        (b"a[]=1", {"a": ["1"]}),
        (b"a[]=1&a[]=2", {"a": ["1", "2"]}),
        (b"a%5B%5D=1&a%5B%5D=2", {"a": ["1", "2"]}),
        (b"a[0]=x&a[1]=y", {"a": ["x", "y"]}),
        (b"a[1]=y&a[0]=x", {"a": ["x", "y"]}),
        (b"filter[qty][$gt]=1", {"filter": {"qty": {"$gt": "1"}}}),
        (b"f[$and][0][a]=1&f[$and][1][b]=2", {"f": {"$and": [{"a": "1"}, {"b": "2"}]}}),
        (b"a=x+y%2Bz", {"a": "x y+z"}),
        (b"n=%C3%A9", {"n": "é"}),
        (b"a=b=c", {"a": "b=c"}),
        (b"filter=%7B%22a%22%3A1%7D", {"filter": '{"a":1}'}),
    ],
)
def test_nesting(raw: bytes, wanted: object) -> None:
    assert dict(parse_query(raw)) == wanted


@pytest.mark.parametrize(
    "raw",
    [
        b"a[b=1",
        b"a[" + b"9" * 5000 + b"]=1",
        b"a[b]c=1",
        b"[a]=1",
        b"a[[b]]=1",
        b"a=1&a[b]=2",
        b"a[b]=1&a=2&a[b][c]=3",
        b"n=%FF",
        b"%FF=1",
        b"n=%00",
        b"a" + b"[a]" * 51 + b"=1",
        b"&".join(b"a=1" for _ in range(5_001)),
    ],
)
def test_what_can_not_be_understood_is_refused(raw: bytes) -> None:
    with pytest.raises(InvalidParameter):
        parse_query(raw)


def test_the_same_text_is_parsed_once() -> None:
    assert parse_query(b"page=7") is parse_query(b"page=7")
    long = b"a=" + b"x" * 600
    assert parse_query(long) is not parse_query(long)
