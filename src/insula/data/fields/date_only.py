"""``dateOnly``: a day of the calendar."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from sqlalchemy.types import TypeEngine

from insula.data.fields.base import FieldType
from insula.data.fields.columns import DateColumn
from insula.data.fields.moments import moment

if TYPE_CHECKING:
    from insula.data.collection import Field


class DateOnly(FieldType):
    name = "dateOnly"
    family = "date"

    def column_type(self, field: Field) -> TypeEngine[Any]:
        return DateColumn()

    def prepare(self, value: Any, field: Field) -> dt.date:
        """The day as written; a time of day, if one is written, is dropped."""
        return moment(value, "2026-01-02").date()

    def openapi(self, field: Field) -> dict[str, Any]:
        return {"type": "string", "format": "date"}
