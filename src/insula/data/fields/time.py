"""``time``: a time of day, without zone."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from sqlalchemy.types import TypeEngine

from insula.data.fields.base import FieldType
from insula.data.fields.columns import TimeColumn
from insula.data.fields.moments import time_of_day

if TYPE_CHECKING:
    from insula.data.collection import Field


class Time(FieldType):
    name = "time"
    family = "date"

    def column_type(self, field: Field) -> TypeEngine[Any]:
        return TimeColumn()

    def prepare(self, value: Any, field: Field) -> dt.time:
        return time_of_day(value)

    def openapi(self, field: Field) -> dict[str, Any]:
        return {"type": "string", "format": "time"}
