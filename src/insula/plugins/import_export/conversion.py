"""Text of whole columns to values, at the speed of C where a column is clean.

``Field.type.prepare`` is the authority on what a value may be, and asks for each value by itself. A million
rows can not afford that, so each type that has a fast way converts a whole column at once; the fast way
accepts a part of what ``prepare`` accepts, with equal results (a test compares them), and gives up on
the column at the first doubt. What it gives up on is asked of ``prepare``, once for each different text, and
there bad cells are named.

Where the database takes CSV, most columns that pass the fast way go on as the text that they are.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

import orjson

from insula.data.collection import Field
from insula.database import csv_text
from insula.plugins.import_export.moments import Reading, reader

Cells = Sequence[str]
_INTEGER_LIMITS = {"integer": 2**31, "bigInt": 2**63}
_NOT_INTEGER = re.compile(r"[^0-9+\-]")
_LONGEST_INTEGER = 19
_NOT_WRITTEN_OUT = re.compile(r"[^0-9.+\-]")
_LONGEST_FLOAT = 64
_BOOLEANS = {"": None, "true": True, "false": False, "True": True, "False": False}
_NOT_DAY = re.compile(r"[^0-9\-]")
_ISO_DAY_LENGTH = 10
_MOMENTS = re.compile(
    r"(?:(?:[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{3})?Z?)?,)*+"
)
_FIRST_DAY = "0001-01-01"
_ENDS_OF_TIME = frozenset((_FIRST_DAY, "9999-12-31"))
"""Days that drivers send in ways of their own."""
_SURROGATE = re.compile("[\ud800-\udfff]")
DEFAULT_STRING_LENGTH = 255


class _Doubt(Exception):
    """The fast way does not fit this column."""


@dataclass(frozen=True, slots=True)
class BadCell:
    """A cell that its field does not take."""

    row: int
    """Position in the batch."""
    field: str
    reason: str


@dataclass(frozen=True, slots=True)
class Target:
    """The field that a column goes to, and how its text is read."""

    field: Field
    reading: Reading | None = None
    """For days and moments that are not written as ISO 8601 says."""


Convert = Callable[[Cells], tuple[Sequence[Any], list[BadCell]]]
"""One column: what becomes of its cells (nothing where one is empty or bad), and the bad ones."""


def to_values(target: Target) -> Convert:
    """Cells → the values that ``prepare`` gives, ``None`` for nothing."""
    field = target.field
    fast = _FAST.get(field.type.name) if _is_plain(target) else None
    read = _read(target)

    def convert(cells: Cells) -> tuple[Sequence[Any], list[BadCell]]:
        if fast is not None:
            try:
                return fast(cells, field), []
            except _DOUBTS:
                pass  # decided text by text below
        return _each(cells, field, read, None)

    return convert


def to_csv(target: Target, render: Callable[[Any], str]) -> Convert:
    """Cells → cells of CSV as the database takes it, empty for nothing. ``render`` is given prepared values."""
    field = target.field
    as_written = _AS_WRITTEN.get(field.type.name) if _is_plain(target) else None
    read = _read(target)

    def convert(cells: Cells) -> tuple[Sequence[str], list[BadCell]]:
        if as_written is not None:
            try:
                as_written(cells, field)
                return csv_text.cells(cells), []
            except _DOUBTS:
                pass  # decided text by text below
        return _each(cells, field, lambda cell: render(read(cell)), "")

    return convert


def _is_plain(target: Target) -> bool:
    return target.reading is None and target.field.choices is None


def _read(target: Target) -> Callable[[str], Any]:
    """The value of one cell. It raises ``ValueError`` with the reason."""
    field = target.field
    if target.reading:
        return reader(target.reading)
    if field.type.family in ("json", "array"):
        return lambda cell: field.type.prepare(_json(cell), field)
    return lambda cell: field.type.prepare(cell, field)


def _json(cell: str) -> Any:
    try:
        return orjson.loads(cell)
    except orjson.JSONDecodeError:
        raise ValueError("must be JSON") from None


def _each(
    cells: Cells, field: Field, read: Callable[[str], Any], nothing: Any
) -> tuple[list[Any], list[BadCell]]:
    """Each different text read once; numbers without the spaces around them."""
    known: dict[str, Any] = {}
    wrong: dict[str, str] = {}
    for cell in set(cells):
        text = cell.strip() if field.type.family == "number" else cell
        try:
            known[cell] = read(text) if text else nothing
        except ValueError as error:
            known[cell], wrong[cell] = nothing, str(error)
    bad = [BadCell(row, field.name, wrong[cell]) for row, cell in enumerate(cells) if cell in wrong]
    return [known[cell] for cell in cells], bad


def _integers(cells: Cells, field: Field) -> list[Any]:
    if _NOT_INTEGER.search("".join(cells)) or max(map(len, cells)) > _LONGEST_INTEGER:
        raise _Doubt
    values = [int(cell) if cell else None for cell in cells]
    limit = _INTEGER_LIMITS[field.type.name]
    known = [value for value in values if value is not None]
    if known and not -limit <= min(known) <= max(known) < limit:
        raise _Doubt
    return values


def _floats(cells: Cells, field: Field) -> list[Any]:
    """Numbers that are written out: no database finds them too large, or too small to differ from zero."""
    del field
    if _NOT_WRITTEN_OUT.search("".join(cells)) or max(map(len, cells)) > _LONGEST_FLOAT:
        raise _Doubt
    return [float(cell) if cell else None for cell in cells]


def _booleans(cells: Cells, field: Field) -> list[Any]:
    del field
    return [_BOOLEANS[cell] for cell in cells]


def _days(cells: Cells, field: Field) -> list[Any]:
    del field
    if not {len(cell) for cell in cells} <= {0, _ISO_DAY_LENGTH} or _NOT_DAY.search("".join(cells)):
        raise _Doubt
    return [date.fromisoformat(cell) if cell else None for cell in cells]


def _moments(cells: Cells) -> list[Any]:
    """Moments written to the second or millisecond, with ``Z`` or no zone."""
    text = ",".join(cells) + ","
    if text.count(",") != len(cells) or _FIRST_DAY in text or not _MOMENTS.fullmatch(text):
        raise _Doubt
    return [datetime.fromisoformat(cell) if cell else None for cell in cells]


def _zoned(cells: Cells, field: Field) -> list[Any]:
    del field
    return [value and value.replace(tzinfo=UTC) for value in _moments(cells)]


def _written_days(cells: Cells, field: Field) -> None:
    _days(cells, field)
    if not _ENDS_OF_TIME.isdisjoint(cells):
        raise _Doubt


def _written_moments(cells: Cells, field: Field) -> None:
    """With a zone: what has none would be taken for the database's."""
    joined = "".join(cells)
    if joined.count("Z") != sum(map(bool, cells)):
        raise _Doubt
    _zoned(cells, field)


def _zoneless(cells: Cells, field: Field) -> list[Any]:
    del field
    return [value and value.replace(tzinfo=None) for value in _moments(cells)]


def _storable(cells: Cells, field: Field) -> None:
    """Texts that every database can store, and that are not too long."""
    joined = "".join(cells)
    if "\0" in joined or not (joined.isascii() or _SURROGATE.search(joined) is None):
        raise _Doubt
    if field.type.name == "string":
        length = field.options.get("length") or DEFAULT_STRING_LENGTH
        if max(map(len, cells)) > length:
            raise _Doubt


def _texts(cells: Cells, field: Field) -> list[Any]:
    _storable(cells, field)
    return [cell or None for cell in cells]


_DOUBTS = (_Doubt, ValueError, KeyError, OverflowError)

_FAST: dict[str, Callable[[Cells, Field], list[Any]]] = {
    "integer": _integers,
    "bigInt": _integers,
    "float": _floats,
    "double": _floats,
    "boolean": _booleans,
    "dateOnly": _days,
    "date": _zoned,
    "datetimeTz": _zoned,
    "datetimeNoTz": _zoneless,
    "string": _texts,
    "text": _texts,
}

_AS_WRITTEN: dict[str, Callable[[Cells, Field], object]] = {
    **_FAST,
    "dateOnly": _written_days,
    "date": _written_moments,
    "datetimeTz": _written_moments,
    "string": _storable,
    "text": _storable,
}
"""Checks of columns whose text the database reads to the values that ``_FAST`` gives."""
