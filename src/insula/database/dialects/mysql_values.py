"""Values → text of SQL, for servers that are sent whole statements.

The session's ``sql_mode`` has NO_BACKSLASH_ESCAPES, so that a quote doubled is all that a text needs; it is what
makes these literals safe, and ``mysql_connection`` sets it before anything else.
"""

from __future__ import annotations

import datetime as dt
import decimal
import math
import re
import uuid
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any, Final

import orjson

from insula.database.errors import ValueOutOfRange

TEXTS_KEPT: Final = 1024
"""Statements whose places for values are remembered."""
_PLACE: Final = re.compile(
    r"""  '(?:[^']|'')*' | "(?:[^"]|"")*" | `(?:[^`]|``)*`     # literals and names: skipped, whatever they say
        | /\*.*?\*/ | (?:--\s|\#)[^\n]*                        # comments: likewise
        | (?P<place>\?)
    """,
    re.VERBOSE | re.DOTALL,
)
_OF_ANOTHER_TYPE: Final = "a value is not of its column's type"


def bound(text: str, arguments: Sequence[Any]) -> str:
    """The statement with a literal in the place of each ``?``.

    Raises ValueOutOfRange for a value that has no literal, or where their number is wrong.
    """
    if not arguments:
        return text
    parts = places(text)
    if len(parts) != len(arguments) + 1:
        raise ValueOutOfRange(reason=f"{len(arguments)} values for {len(parts) - 1} places")
    pieces = [parts[0]]
    for value, part in zip(arguments, parts[1:], strict=True):
        pieces.append(literal(value))
        pieces.append(part)
    return "".join(pieces)


@lru_cache(maxsize=TEXTS_KEPT)
def places(text: str) -> tuple[str, ...]:
    """The text, cut at each ``?`` that stands for a value."""
    parts, start = [], 0
    for match in _PLACE.finditer(text):
        if match["place"]:
            parts.append(text[start : match.start()])
            start = match.end()
    parts.append(text[start:])
    return tuple(parts)


def literal(value: Any) -> str:
    """A value as a literal. Raises ValueOutOfRange."""
    write = _BY_TYPE.get(type(value)) or _of_kind(value)
    return write(value)


def _of_kind(value: Any) -> Callable[[Any], str]:
    """How a value is written whose type only derives from a known one (an enum's, a numpy's)."""
    for kind, write in _BY_TYPE.items():
        if isinstance(value, kind):
            return write
    raise ValueOutOfRange(reason=_OF_ANOTHER_TYPE)


def _text(value: str) -> str:
    if "\0" in value:
        raise ValueOutOfRange(reason="a text has a NUL character")
    return "'" + value.replace("'", "''") + "'"


def _float(value: float) -> str:
    if not math.isfinite(value):
        raise ValueOutOfRange(reason="a number is not finite")
    written = repr(value)
    return written if "e" in written else f"{written}e0"  # without the exponent it is a decimal


def _decimal(value: decimal.Decimal) -> str:
    if not value.is_finite():
        raise ValueOutOfRange(reason="a number is not finite")
    return format(value, "f")


def _datetime(value: dt.datetime) -> str:
    """What bears a zone is told in UTC, which is the session's."""
    plain = value if value.tzinfo is None else value.astimezone(dt.UTC).replace(tzinfo=None)
    return f"'{plain.isoformat(' ')}'"


def _duration(value: dt.timedelta) -> str:
    minutes, rest = divmod(abs(value), dt.timedelta(minutes=1))
    sign = "-" if value < dt.timedelta(0) else ""
    return f"'{sign}{minutes // 60:02}:{minutes % 60:02}:{rest.total_seconds():09.6f}'"


def _json(value: Any) -> str:
    return _text(orjson.dumps(value).decode())


class Several(tuple[Any, ...]):
    """Values for the one place behind ``IN``."""

    __slots__ = ()


def _several(values: Several) -> str:
    """Of nothing a list that has nothing, for which SQL else has no words."""
    return f"({', '.join(map(literal, values))})" if values else "(SELECT NULL FROM DUAL WHERE FALSE)"


_BY_TYPE: Final[dict[type, Callable[[Any], str]]] = {
    type(None): lambda value: "NULL",
    str: _text,
    bool: lambda value: "TRUE" if value else "FALSE",
    int: int.__repr__,
    float: _float,
    decimal.Decimal: _decimal,
    dt.datetime: _datetime,
    dt.date: lambda value: f"'{value.isoformat()}'",
    dt.time: lambda value: f"'{value.isoformat()}'",
    dt.timedelta: _duration,
    bytes: lambda value: f"X'{value.hex()}'",
    Several: _several,
    uuid.UUID: lambda value: f"'{value}'",
}
"""How a value of each type is written; of types that derive from one another the narrower first."""


def constant(value: Any) -> str:
    """A literal for DDL, where objects and lists stand for JSON too. Raises ValueOutOfRange."""
    return _json(value) if isinstance(value, dict | list | tuple) else literal(value)
