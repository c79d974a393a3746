"""``text``: text of any length."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.types import TypeEngine

from insula.data.fields.base import FieldType
from insula.data.fields.checks import allowed_choice, check_choices, choices_schema, plain_text

if TYPE_CHECKING:
    from insula.data.collection import Field


class Text(FieldType):
    name = "text"
    family = "text"

    def column_type(self, field: Field) -> TypeEngine[Any]:
        return sa.Text()

    def prepare(self, value: Any, field: Field) -> str:
        text = plain_text(value)
        return text if field.choices is None else str(allowed_choice(text, field))

    def check_options(self, options: Mapping[str, Any]) -> dict[str, Any]:
        check_choices(options)
        return dict(options)

    def openapi(self, field: Field) -> dict[str, Any]:
        return choices_schema(field, {"type": "string"})
