"""``double``: a number with a floating point, 64 bits."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from sqlalchemy.types import TypeEngine

from insula.data.fields.base import FieldType
from insula.data.fields.checks import allowed_choice, check_choices, choices_schema, finite_float
from insula.data.fields.columns import DoubleColumn

if TYPE_CHECKING:
    from insula.data.collection import Field


class Double(FieldType):
    name = "double"
    family = "number"
    widens_to = frozenset({"float"})

    def column_type(self, field: Field) -> TypeEngine[Any]:
        return DoubleColumn()

    def prepare(self, value: Any, field: Field) -> float:
        number = finite_float(value)
        return number if field.choices is None else float(allowed_choice(number, field))

    def check_options(self, options: Mapping[str, Any]) -> dict[str, Any]:
        check_choices(options)
        return dict(options)

    def openapi(self, field: Field) -> dict[str, Any]:
        return choices_schema(field, {"type": "number", "format": "double"})
