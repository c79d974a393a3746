"""``uuid``: a UUID, made for each new record unless ``autoFill`` is false."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from sqlalchemy.types import TypeEngine

from insula.data.fields.base import FieldType
from insula.data.fields.checks import boolean_option
from insula.data.fields.columns import UuidColumn

if TYPE_CHECKING:
    from insula.data.collection import Field


class Uuid(FieldType):
    name = "uuid"
    family = "text"

    def column_type(self, field: Field) -> TypeEngine[Any]:
        return UuidColumn()

    def prepare(self, value: Any, field: Field) -> str:
        """Lower-case text with hyphens, however it was written."""
        if isinstance(value, uuid.UUID):
            return str(value)
        if not isinstance(value, str) or not value.isascii() or len(value) > 45:
            raise ValueError("must be a UUID")
        try:
            return str(uuid.UUID(value))
        except ValueError:
            raise ValueError("must be a UUID") from None

    def check_options(self, options: Mapping[str, Any]) -> dict[str, Any]:
        boolean_option(options, "autoFill")
        return dict(options)

    def fill(self, field: Field) -> str | None:
        return None if field.options.get("autoFill") is False else str(uuid.uuid4())

    def openapi(self, field: Field) -> dict[str, Any]:
        return {"type": "string", "format": "uuid"}
