"""``boolean``: true or false."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy.types import TypeEngine

from insula.data.fields.base import FieldType
from insula.data.fields.columns import BooleanColumn

if TYPE_CHECKING:
    from insula.data.collection import Field

_WORDS = {"true": True, "false": False, "1": True, "0": False}


class Boolean(FieldType):
    name = "boolean"
    family = "boolean"

    def column_type(self, field: Field) -> TypeEngine[Any]:
        return BooleanColumn()

    def prepare(self, value: Any, field: Field) -> bool:
        if isinstance(value, bool):
            return value
        if isinstance(value, int) and value in (0, 1):
            return bool(value)
        if isinstance(value, str) and value.lower() in _WORDS:
            return _WORDS[value.lower()]
        raise ValueError("must be true or false")

    def openapi(self, field: Field) -> dict[str, Any]:
        return {"type": "boolean"}
