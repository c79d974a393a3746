"""From the text in a file's columns to proposed fields: name, type, title."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from insula.core import names
from insula.plugins.import_export import moments

SAMPLE_ROWS = 20_000
"""Rows that a proposal looks at; a value further on that does not fit is reported with its line."""
STRING_LENGTH = 255
"""Text up to here proposes ``string``, longer text proposes ``text``."""
INTEGER_MAX = 2**31 - 1
BIG_INTEGER_MAX = 2**63 - 1

_INTEGER = re.compile(r"[+-]?(0|[1-9][0-9]*)")
INTEGER_DIGITS = 19
"""Longer ones are identifiers, not numbers."""
_FLOAT = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]{1,3})?")
_LEADING_ZERO = re.compile(r"[+-]?0[0-9]")
_BOOLEANS = {"true", "false"}

INTERFACES = {
    "boolean": "checkbox",
    "integer": "integer",
    "bigInt": "integer",
    "double": "number",
    "dateOnly": "date",
    "datetimeTz": "datetime",
    "datetimeNoTz": "datetimeNoTz",
    "string": "input",
    "text": "textarea",
}


@dataclass(frozen=True, slots=True)
class Column:
    """One column of the file, and the field it is proposed to become."""

    header: str
    name: str
    type: str
    layout: str | None = None
    """How days and moments are written, where they are not ISO 8601."""
    ambiguous: bool = False
    """Day and month could as well be exchanged: an import needs to be told their order."""

    def field(self) -> dict[str, Any]:
        """The body of ``fields:create``."""
        return {
            "name": self.name,
            "type": self.type,
            "interface": INTERFACES[self.type],
            "uiSchema": {"title": self.header},
        }

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def propose(header: Sequence[str], rows: Iterable[Sequence[str]], order: str | None = None) -> list[Column]:
    """A column for each of ``header``, its type from the values below it (rows of another width are left out).

    ``order`` of days with slashes: one of ``moments.ORDERS``, where it is known.
    """
    width = len(header)
    even = [row for row in rows if len(row) == width]
    taken: set[str] = set()
    columns = []
    for position, title in enumerate(header):
        name = _field_name(title, taken)
        columns.append(_column(title, name, [row[position] for row in even if row[position]], order))
    return columns


def _column(title: str, name: str, values: list[str], order: str | None) -> Column:
    if reading := moments.recognise(values, order):
        layout = None if reading.layout == moments.ISO else reading.layout
        return Column(title, name, reading.type, layout, reading.ambiguous)
    return Column(title, name, _plain_type(values))


def _plain_type(values: list[str]) -> str:
    if not values:
        return "string"
    if all(value.lower() in _BOOLEANS for value in values):
        return "boolean"
    if all(_INTEGER.fullmatch(value) for value in values):
        if max(map(len, values)) > INTEGER_DIGITS + 1:
            return "string"
        greatest = max(abs(int(value)) for value in values)
        if greatest <= INTEGER_MAX:
            return "integer"
        return "bigInt" if greatest <= BIG_INTEGER_MAX else "string"
    if all(_FLOAT.fullmatch(value) and not _LEADING_ZERO.match(value) for value in values):
        return "double"
    return "string" if max(map(len, values)) <= STRING_LENGTH else "text"


def _field_name(title: str, taken: set[str]) -> str:
    """A valid field name that resembles the title and differs, case folded, from those before it."""
    plain = re.sub(r"[^0-9A-Za-z_]+", "_", _in_ascii(title)).strip("_") or "column"
    if plain[0].isdigit() or plain.lower().startswith(names.RESERVED_PREFIXES):
        plain = f"_{plain}"
    plain = plain[: names.MAX_NAME_LENGTH]
    name, number = plain, 2
    while name.lower() in taken:
        suffix = f"_{number}"
        name, number = plain[: names.MAX_NAME_LENGTH - len(suffix)] + suffix, number + 1
    taken.add(name.lower())
    return name


def _in_ascii(title: str) -> str:
    """As it would be written without other letters: ``größe`` is ``grosse``."""
    if title.isascii():
        return title
    from anyascii import anyascii

    return anyascii(title)
