"""``string``: text of a limited length."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.types import TypeEngine

from insula.data.fields.base import FieldType
from insula.data.fields.checks import (
    allowed_choice,
    check_choices,
    choices_schema,
    plain_text,
    whole_option,
)

if TYPE_CHECKING:
    from insula.data.collection import Field

DEFAULT_LENGTH = 255
MAX_LENGTH = 10_000
"""Characters; longer text is a ``text`` field's."""


class String(FieldType):
    name = "string"
    family = "text"
    widens_to = frozenset({"text"})

    def length(self, field: Field) -> int:
        """The most characters that a value may have."""
        return int(field.options.get("length") or DEFAULT_LENGTH)

    def column_type(self, field: Field) -> TypeEngine[Any]:
        return sa.String(self.length(field))

    def prepare(self, value: Any, field: Field) -> str:
        text = plain_text(value)
        limit = self.length(field)
        if len(text) > limit:
            raise ValueError(f"must not be longer than {limit} characters")
        return text if field.choices is None else str(allowed_choice(text, field))

    def check_options(self, options: Mapping[str, Any]) -> dict[str, Any]:
        whole_option(options, "length", (1, MAX_LENGTH))
        check_choices(options)
        return dict(options)

    def refuse_change(self, old: Mapping[str, Any], new: Mapping[str, Any]) -> str | None:
        before, after = old.get("length") or DEFAULT_LENGTH, new.get("length") or DEFAULT_LENGTH
        return None if after >= before else f"its length can only grow (it is {before})"

    def openapi(self, field: Field) -> dict[str, Any]:
        return choices_schema(field, {"type": "string", "maxLength": self.length(field)})
