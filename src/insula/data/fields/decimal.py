"""``decimal``: an exact number with a fixed count of digits behind the point."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Context, Decimal
from typing import TYPE_CHECKING, Any

from sqlalchemy.types import TypeEngine

from insula.data.fields.base import FieldType
from insula.data.fields.checks import WrongSetting, number_text, whole_option
from insula.data.fields.columns import DecimalColumn

if TYPE_CHECKING:
    from insula.data.collection import Field

DEFAULT_PRECISION = 18
DEFAULT_SCALE = 6
MAX_PRECISION = 18
"""Digits in all that fit the 64 bits in which SQLite keeps a decimal; the same on every dialect."""

_ROUNDING = Context(prec=60, rounding=ROUND_HALF_UP)


class DecimalNumber(FieldType):
    name = "decimal"
    family = "number"

    def digits(self, field: Field) -> tuple[int, int]:
        """Digits in all, and behind the point."""
        return _digits(field.options)

    def column_type(self, field: Field) -> TypeEngine[Any]:
        return DecimalColumn(*self.digits(field))

    def prepare(self, value: Any, field: Field) -> Decimal:
        """Digits beyond the scale are rounded, half away from zero, as PostgreSQL does."""
        precision, scale = self.digits(field)
        written = _exactly(value)
        room = precision - scale
        if not written.is_finite() or (written and written.adjusted() >= room):
            raise ValueError(f"must be a number with at most {room} digits before the point")
        if written.adjusted() < -scale - 1:
            return Decimal(0).scaleb(-scale)
        number = written.quantize(Decimal(1).scaleb(-scale), context=_ROUNDING)
        if number and number.adjusted() >= room:
            raise ValueError(f"must be a number with at most {room} digits before the point")
        return number if number else abs(number)

    def check_options(self, options: Mapping[str, Any]) -> dict[str, Any]:
        whole_option(options, "precision", (1, MAX_PRECISION))
        whole_option(options, "scale", (0, MAX_PRECISION))
        precision, scale = _digits(options)
        if scale > precision:
            raise WrongSetting(f"needs a scale of at most its precision ({precision})", "scale")
        return {**options, "precision": precision, "scale": scale}

    def refuse_change(self, old: Mapping[str, Any], new: Mapping[str, Any]) -> str | None:
        before, after = _digits(old), _digits(new)
        if after[1] != before[1]:
            return f"its scale can not be changed (it is {before[1]})"
        return None if after[0] >= before[0] else f"its precision can only grow (it is {before[0]})"

    def openapi(self, field: Field) -> dict[str, Any]:
        return {"type": ["string", "number"], "format": "decimal"}


def _exactly(value: Any) -> Decimal:
    """The number as it was written: of a float the shortest text that means it."""
    if isinstance(value, Decimal):
        return value
    number = number_text(value)
    return Decimal(repr(number) if isinstance(number, float) else number)


def _digits(options: Mapping[str, Any]) -> tuple[int, int]:
    precision, scale = options.get("precision"), options.get("scale")
    total = DEFAULT_PRECISION if precision is None else int(precision)
    return total, min(DEFAULT_SCALE, total) if scale is None else int(scale)
