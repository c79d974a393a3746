"""Text of whole columns to values, at the speed of C where a column is clean.

``Field.type.prepare`` is the authority on what a value may be, and asks for each value by itself. A million
rows can not afford that, so each type that has a fast way converts a whole column at once; the fast way
accepts a part of what ``prepare`` accepts, with equal results (a test compares them), and gives up on
the column at the first doubt. What it gives up on goes cell by cell, and there bad cells are named.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from insula.data.collection import Field
from insula.plugins.import_export.moments import Reading, reader

Cells = Sequence[str]
_INTEGER_LIMITS = {"integer": 2**31, "bigInt": 2**63}
_NOT_INTEGER = re.compile(r"[^0-9+\-]")
_NOT_FLOAT = re.compile(r"[^0-9eE.+\-]")
_BOOLEANS = {"": None, "true": True, "false": False, "True": True, "False": False}
_ISO_DAY_LENGTH = 10
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
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


def convert(target: Target, cells: Cells) -> tuple[list[Any], list[BadCell]]:
    """The values of one column; ``None`` where a cell is empty or bad."""
    fast = None if target.reading else _FAST.get(target.field.type.name)
    if fast and target.field.choices is None:
        try:
            return fast(cells, target.field), []
        except (_Doubt, ValueError, KeyError, OverflowError):
            pass  # decided cell by cell below
    return _one_by_one(target, cells)


def _one_by_one(target: Target, cells: Cells) -> tuple[list[Any], list[BadCell]]:
    field = target.field
    read = reader(target.reading) if target.reading else None
    values: list[Any] = []
    bad: list[BadCell] = []
    for row, cell in enumerate(cells):
        if not cell:
            values.append(None)
            continue
        try:
            values.append(read(cell) if read else field.type.prepare(cell, field))
        except ValueError as error:
            values.append(None)
            bad.append(BadCell(row, field.name, str(error)))
    return values, bad


def _integers(cells: Cells, field: Field) -> list[Any]:
    if _NOT_INTEGER.search("".join(cells)):
        raise _Doubt
    values = [int(cell) if cell else None for cell in cells]
    limit = _INTEGER_LIMITS[field.type.name]
    known = [value for value in values if value is not None]
    if known and not -limit <= min(known) <= max(known) < limit:
        raise _Doubt
    return values


def _floats(cells: Cells, field: Field) -> list[Any]:
    del field
    if _NOT_FLOAT.search("".join(cells)):
        raise _Doubt
    values = [float(cell) if cell else None for cell in cells]
    if any(value in (float("inf"), float("-inf")) for value in values):
        raise _Doubt
    return values


def _booleans(cells: Cells, field: Field) -> list[Any]:
    del field
    return [_BOOLEANS[cell] for cell in cells]


def _days(cells: Cells, field: Field) -> list[Any]:
    del field
    if not {len(cell) for cell in cells} <= {0, _ISO_DAY_LENGTH}:
        raise _Doubt
    return [date.fromisoformat(cell) if cell else None for cell in cells]


def _texts(cells: Cells, field: Field) -> list[Any]:
    if _UNSTORABLE.search("".join(cells)):
        raise _Doubt
    if field.type.name == "string":
        length = field.options.get("length") or DEFAULT_STRING_LENGTH
        if max(map(len, cells)) > length:
            raise _Doubt
    return [cell or None for cell in cells]


_FAST: dict[str, Callable[[Cells, Field], list[Any]]] = {
    "integer": _integers,
    "bigInt": _integers,
    "float": _floats,
    "double": _floats,
    "boolean": _booleans,
    "dateOnly": _days,
    "string": _texts,
    "text": _texts,
}
