"""``bigInt``: a whole number of 64 bits; answered as text where JavaScript could not hold it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.types import TypeEngine

from insula.data.fields.base import FieldType
from insula.data.fields.checks import INT64, allowed_choice, check_choices, choices_schema, whole_number

if TYPE_CHECKING:
    from insula.data.collection import Field


class BigInt(FieldType):
    name = "bigInt"
    family = "number"

    def column_type(self, field: Field) -> TypeEngine[Any]:
        return sa.BigInteger()

    def prepare(self, value: Any, field: Field) -> int:
        number = whole_number(value, INT64)
        return number if field.choices is None else int(allowed_choice(number, field))

    def check_options(self, options: Mapping[str, Any]) -> dict[str, Any]:
        check_choices(options)
        return dict(options)

    def openapi(self, field: Field) -> dict[str, Any]:
        return choices_schema(field, {"type": ["integer", "string"], "format": "int64"})
