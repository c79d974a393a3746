"""Records as CSV or JSON lines, written batch by batch as they are read."""

import codecs
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

from insula.application.api.encode import encode, moment

Row = dict[str, Any]
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""Also as full-width forms, which some programs read as the others."""


def _cell(value: Any) -> str:
    """A value as text that the import reads back to the same value."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return value
    if isinstance(value, datetime):
        return moment(value)
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, list | dict):
        return encode(value).decode()
    return str(value)


def _harmless(text: str, value: Any) -> str:
    """Text that a spreadsheet would run as a formula, with an apostrophe in front (OWASP, CSV injection)."""
    return f"'{text}" if isinstance(value, str) and text.startswith(_FORMULA_STARTS) else text


async def as_csv(
    batches: AsyncIterator[list[Row]], names: Sequence[str], *, for_spreadsheets: bool
) -> AsyncIterator[bytes]:
    """A header, then a line for each row; for spreadsheets behind a mark, without which some take UTF-8 for another encoding."""
    render: Callable[[Any], str] = (
        (lambda value: _harmless(_cell(value), value)) if for_spreadsheets else _cell
    )
    yield (codecs.BOM_UTF8 if for_spreadsheets else b"") + _lines([names])
    async for rows in batches:
        yield _lines([render(row.get(name)) for name in names] for row in rows)


def _lines(rows: Iterable[Sequence[str]]) -> bytes:
    """As ``csv.writer`` writes them, which looks at each character by itself: ten times as long for long texts."""
    lines = [",".join(map(_quoted, row)) or '""' for row in rows]
    return "\r\n".join((*lines, "")).encode()


def _quoted(text: str) -> str:
    if '"' in text or "," in text or "\n" in text or "\r" in text:
        return '"' + text.replace('"', '""') + '"'
    return text


async def as_json_lines(batches: AsyncIterator[list[Row]], names: Sequence[str]) -> AsyncIterator[bytes]:
    """One JSON object for each row, in the values of the HTTP protocol."""
    async for rows in batches:
        yield b"".join(encode({name: row.get(name) for name in names}) + b"\n" for row in rows)
