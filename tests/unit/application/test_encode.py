"""Python values → JSON."""

import json
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest

from insula.application.api.encode import are_many, encode, encode_batches, encode_list


@pytest.mark.parametrize(
    ("value", "wanted"),
    [
        (datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC), "2026-01-02T03:04:05.000Z"),
        (datetime(2026, 1, 2, 3, 4, 5, 678000, tzinfo=UTC), "2026-01-02T03:04:05.678Z"),
        (datetime(2026, 1, 2, 3, 4, 5, tzinfo=timezone(timedelta(hours=1))), "2026-01-02T02:04:05.000Z"),
        (datetime(2026, 1, 2, 3, 4, 5), "2026-01-02 03:04:05"),
        (date(2026, 1, 2), "2026-01-02"),
        (time(3, 4, 5), "03:04:05"),
        (Decimal("1.50"), "1.50"),
        (Decimal("1E+3"), "1000"),
        (2**53 - 1, 2**53 - 1),
        (-(2**53) + 1, -(2**53) + 1),
        (2**53, "9007199254740992"),
        (-(2**53), "-9007199254740992"),
        (2**100, str(2**100)),
        (True, True),
        (None, None),
        (float("nan"), None),
        ("\ud800", "?"),
        ({"a": [2**60, datetime(2026, 1, 2, tzinfo=UTC)]}, {"a": [str(2**60), "2026-01-02T00:00:00.000Z"]}),
        ({1: 2}, {"1": 2}),
    ],
)
def test_values(value: Any, wanted: Any) -> None:
    assert json.loads(encode({"data": value})) == {"data": wanted}


def test_what_has_no_json_is_a_defect() -> None:
    with pytest.raises(TypeError):
        encode(object())


@pytest.mark.parametrize("number", [0, 1, 249, 250, 251, 1000])
async def test_lists_in_pieces_are_the_same_as_whole(number: int) -> None:
    rows = [{"id": index, "name": f"n{index}"} for index in range(number)]

    async def batches() -> AsyncIterator[list[dict[str, Any]]]:
        for start in range(0, number, 100):
            yield rows[start : start + 100]

    assert json.loads(b"".join([piece async for piece in encode_batches(batches())])) == {"data": rows}
    pieces = [piece async for piece in encode_list(rows, {"count": number})]
    assert json.loads(b"".join(pieces)) == {"data": rows, "meta": {"count": number}}


async def test_records_inside_others_count() -> None:
    """What is too much for one piece is not only a matter of the rows themselves."""
    inner = [{"n": n, "tags": [1, 2, 3]} for n in range(100)]
    rows = [{"id": number, "comments": inner, "owner": {"id": 1}} for number in range(5)]
    assert are_many(rows)
    assert not are_many(rows[:0])
    assert not are_many([{"id": number, "tags": []} for number in range(250)])
    pieces = [piece async for piece in encode_list(rows, {"count": 5})]
    assert json.loads(b"".join(pieces)) == {"data": rows, "meta": {"count": 5}}
    assert len(pieces) == len(rows) + 1

    async def batches() -> AsyncIterator[list[dict[str, Any]]]:
        yield rows
        yield []

    pieces = [piece async for piece in encode_batches(batches())]
    assert json.loads(b"".join(pieces)) == {"data": rows}
    assert len(pieces) == len(rows) + 1
