"""``datetimeNoTz``: a date and time of day as on a wall clock, without zone."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from sqlalchemy.types import TypeEngine

from insula.data.fields.base import FieldType
from insula.data.fields.columns import DatetimeNoTzColumn
from insula.data.fields.moments import moment

if TYPE_CHECKING:
    from insula.data.collection import Field


class DatetimeNoTz(FieldType):
    name = "datetimeNoTz"
    family = "date"

    def column_type(self, field: Field) -> TypeEngine[Any]:
        return DatetimeNoTzColumn()

    def prepare(self, value: Any, field: Field) -> dt.datetime:
        """What is written on the clock; a zone, if one is written, is dropped."""
        return moment(value, "2026-01-02 03:04:05").replace(tzinfo=None)

    def openapi(self, field: Field) -> dict[str, Any]:
        return {"type": "string"}
