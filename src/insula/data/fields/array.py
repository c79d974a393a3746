"""``array``: a list, above all of select options (multi-select)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from sqlalchemy.types import TypeEngine

from insula.data.fields.base import FieldType
from insula.data.fields.checks import allowed_choice, check_choices, json_value
from insula.data.fields.columns import JsonColumn

if TYPE_CHECKING:
    from insula.data.collection import Field

MAX_ELEMENTS = 10_000


class Array(FieldType):
    name = "array"
    family = "array"

    def column_type(self, field: Field) -> TypeEngine[Any]:
        return JsonColumn()

    def prepare(self, value: Any, field: Field) -> list[Any]:
        if not isinstance(value, list | tuple):
            raise ValueError("must be a list")
        if len(value) > MAX_ELEMENTS:
            raise ValueError(f"must not have more than {MAX_ELEMENTS} elements")
        elements = list(json_value(value))
        if field.choices is not None:
            for element in elements:
                allowed_choice(element, field)
        return elements

    def check_options(self, options: Mapping[str, Any]) -> dict[str, Any]:
        check_choices(options)
        return dict(options)

    def openapi(self, field: Field) -> dict[str, Any]:
        items = {} if field.choices is None else {"enum": list(field.choices)}
        return {"type": "array", "items": items}
