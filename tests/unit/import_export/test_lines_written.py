"""CSV is written as the standard library writes it, and quickly."""

import csv
import io
from collections.abc import AsyncIterator
from typing import Any

from hypothesis import given
from hypothesis import strategies as some

from insula.plugins.import_export.export import as_csv

CELLS = some.one_of(
    some.text(some.sampled_from("ab ,;\"'\r\n\t\0é€")), some.text(), some.none(), some.integers()
)


async def written(rows: list[dict[str, Any]], names: list[str]) -> bytes:
    async def batches() -> AsyncIterator[list[dict[str, Any]]]:
        yield rows[:1]
        yield rows[1:]

    return b"".join([piece async for piece in as_csv(batches(), names, for_spreadsheets=False)])


@given(some.lists(some.tuples(CELLS, CELLS), max_size=5), some.booleans())
async def test_lines_are_those_of_the_standard_library(rows: list[tuple[Any, Any]], one: bool) -> None:
    names = ["a"] if one else ["a", "b,c"]
    given = [dict(zip(names, row, strict=False)) for row in rows]
    sink = io.StringIO()
    texts = [["" if row[name] is None else str(row[name]) for name in names] for row in given]
    csv.writer(sink, lineterminator="\r\n").writerows([names, *texts])
    assert await written(given, names) == sink.getvalue().encode()
