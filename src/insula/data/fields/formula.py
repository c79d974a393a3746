"""``formula``: a value worked out from other fields of the record, whenever one of them is written."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy.types import TypeEngine

from insula.data.fields.base import FieldType
from insula.data.fields.big_int import BigInt
from insula.data.fields.boolean import Boolean
from insula.data.fields.checks import WrongSetting
from insula.data.fields.date import Date
from insula.data.fields.date_only import DateOnly
from insula.data.fields.decimal import DecimalNumber
from insula.data.fields.double import Double
from insula.data.fields.expressions import Expression, as_text, parsed, worked_out
from insula.data.fields.integer import Integer
from insula.data.fields.string import String
from insula.data.fields.text import Text

if TYPE_CHECKING:
    from insula.data.collection import Field

RESULTS: Final[Mapping[str, FieldType]] = {
    type_.name: type_()
    for type_ in (Double, Integer, BigInt, DecimalNumber, Boolean, String, Text, Date, DateOnly)
}
"""What ``dataType`` may say."""
DEFAULT_RESULT: Final = "double"
MAX_DIGITS: Final = 400
"""Before the point of a decimal: more than any other number holds."""


class Formula(FieldType):
    """Stored, filtered and sorted as ``dataType`` says."""

    name = "formula"
    computed = True

    def __init__(self, result: str = DEFAULT_RESULT) -> None:
        self.result = RESULTS[result]
        self.family = self.result.family

    def resolved(self, options: Mapping[str, Any]) -> FieldType:
        kind = options.get("dataType") or DEFAULT_RESULT
        return _BY_RESULT.get(kind, self) if isinstance(kind, str) else self  # which refuses these options

    def accepts(self, field: Field) -> bool:
        return False

    def column_type(self, field: Field) -> TypeEngine[Any]:
        return self.result.column_type(field)

    def prepare(self, value: Any, field: Field) -> Any:
        return self.result.prepare(value, field)

    def expression(self, options: Mapping[str, Any]) -> Expression:
        """Raises ``ValueError``."""
        text = options.get("expression")
        if not isinstance(text, str) or not text.strip():
            raise WrongSetting("needs an expression", "expression")
        try:
            return parsed(text)
        except ValueError as error:
            raise WrongSetting(f"has an expression that {error}", "expression") from None

    def compute(self, values: Mapping[str, Any], field: Field) -> Any:
        """The value for a record. Raises ``ValueError`` with the reason."""
        try:
            value = worked_out(self.expression(field.options), values)
        except ValueError as error:
            raise ValueError(f"can not be computed: its expression {error}") from None
        if value is None:
            return None
        try:
            return self.result.prepare(self._fitting(value), field)
        except (ValueError, TypeError, ArithmeticError) as error:
            raise ValueError(f"can not be computed: its value {error}") from None

    def _fitting(self, value: Any) -> Any:
        """A result in the form in which values of its type are given. Raises ``ValueError``."""
        if self.family == "text":
            return as_text(value)
        if isinstance(value, Decimal) and not isinstance(self.result, DecimalNumber):
            if not value.is_finite() or value.adjusted() > MAX_DIGITS:
                raise ValueError("is too great")
            return int(value) if value == value.to_integral_value() else float(value)
        return value

    def check_options(self, options: Mapping[str, Any]) -> dict[str, Any]:
        kind = options.get("dataType", DEFAULT_RESULT)
        if not isinstance(kind, str) or kind not in RESULTS:
            raise WrongSetting(f"needs one of {', '.join(RESULTS)} for dataType", "dataType")
        self.expression(options)
        return {**RESULTS[kind].check_options(options), "dataType": kind}

    def refuse_change(self, old: Mapping[str, Any], new: Mapping[str, Any]) -> str | None:
        before = old.get("dataType") or DEFAULT_RESULT
        if (new.get("dataType") or DEFAULT_RESULT) != before:
            return f"its dataType can not be changed (it is {before})"
        return RESULTS[before].refuse_change(old, new)

    def openapi(self, field: Field) -> dict[str, Any]:
        return {**self.result.openapi(field), "readOnly": True}


_BY_RESULT: Final[Mapping[str, Formula]] = {name: Formula(name) for name in RESULTS}


def read_by(field: Field) -> frozenset[str]:
    """The fields that a formula reads; none for fields of other types."""
    if not isinstance(field.type, Formula):
        return frozenset()
    return field.type.expression(field.options).fields
