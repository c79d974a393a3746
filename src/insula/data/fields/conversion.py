"""Values of one type as values of another, where a field with records changes its type.

Nothing is lost on the way: a value that would become another one (1.5 as a whole number, a time of day in a date)
is refused, and so is text that the new type can not read.
"""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from insula.data.collection import Field

_TEXTS: Final = frozenset({"string", "text"})
_NUMBERS: Final = frozenset({"integer", "bigInt", "float", "double", "decimal"})
_MOMENTS: Final = frozenset({"date", "datetimeTz", "datetimeNoTz", "dateOnly"})
_PLAIN: Final = _TEXTS | _NUMBERS | _MOMENTS | {"boolean", "time"}


def becomes(old: str) -> frozenset[str]:
    """The types that a field of type ``old`` may be changed to, if all its values allow it."""
    found: frozenset[str] = frozenset()
    if old in _TEXTS:
        found = _PLAIN | {"uuid"}
    elif old in _NUMBERS:
        found = _NUMBERS | _TEXTS | {"boolean"}
    elif old == "boolean":
        found = _NUMBERS | _TEXTS
    elif old in _MOMENTS:
        found = _MOMENTS | _TEXTS
    elif old in ("time", "uuid"):
        found = _TEXTS
    return found - {old}


def converted(value: Any, old: Field, new: Field) -> Any:
    """The value of the field ``old`` as one of ``new``. Raises ``ValueError`` with the reason."""
    if new.type.name in _TEXTS:
        return new.type.prepare(_text(value), new)
    if old.type.name in _TEXTS:
        return new.type.prepare(value.strip(), new)
    if new.type.name == "boolean":
        value = int(value) if value in (0, 1) else None
        if value is None:
            raise ValueError("must be 0 or 1")
        return new.type.prepare(value, new)
    if new.type.name in _NUMBERS:
        return _number(value, new)
    made = new.type.prepare(_text(value), new)
    if new.type.name == "dateOnly" and isinstance(value, dt.datetime) and value.time() != dt.time():
        raise ValueError("must be a date without a time of day")
    return made


def _number(value: Any, new: Field) -> Any:
    exact = (
        Decimal(repr(value)) if isinstance(value, float) else Decimal(int(value) if value is True else value)
    )
    made = new.type.prepare(_text(exact), new)
    if Decimal(repr(made) if isinstance(made, float) else made) != exact:
        raise ValueError("must be a number that stays what it is")
    return made


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float | Decimal):
        number = (Decimal(repr(value)) if isinstance(value, float) else value) or Decimal(0)  # no -0
        whole = number == number.to_integral_value()
        return format(
            number.quantize(Decimal(1)) if whole and abs(number) < 10**18 else number.normalize(), "f"
        )
    if isinstance(value, dt.datetime):
        if value.tzinfo is None:  # as on a clock
            return value.isoformat(" ", "milliseconds" if value.microsecond else "seconds")
        return value.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return value.isoformat() if isinstance(value, dt.date | dt.time) else str(value)
