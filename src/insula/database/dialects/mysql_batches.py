"""Many rows in few statements."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final

from insula.database.dialects.mysql_values import bound, literal

BATCH_CHARACTERS: Final = 250_000
"""Rows are sent together until their text is about so long: in UTF-8 less than 1 MB, which every server takes."""
_ROW: Final = re.compile(r"\bVALUES (?P<row>\(\?(?:, \?)*\))(?: /\*\d+\*/)?$")


def batches(text: str, rows: Iterable[Sequence[Any]]) -> Iterator[str]:
    """One statement with all rows where it inserts plain values, else several statements in one text."""
    found = _ROW.search(text)
    if found is None:
        yield from _joined((bound(text, row) for row in rows), "", "; ")
        return
    yield from _joined((bound(found["row"], row) for row in rows), text[: found.start("row")], ", ")


def inserts(table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> Iterator[str]:
    """Statements that append the rows."""
    names = ", ".join(map(_quoted, columns))
    written = (f"({', '.join(map(literal, row))})" for row in rows)
    yield from _joined(written, " ".join(("INSERT INTO", _quoted(table), f"({names})", "VALUES ")), ", ")


def _joined(pieces: Iterable[str], head: str, between: str) -> Iterator[str]:
    batch: list[str] = []
    length = 0
    for piece in pieces:
        if batch and length + len(piece) > BATCH_CHARACTERS:
            yield head + between.join(batch)
            batch, length = [], 0
        batch.append(piece)
        length += len(piece) + len(between)
    if batch:
        yield head + between.join(batch)


def _quoted(name: str) -> str:
    return "`" + name.replace("`", "``") + "`"
