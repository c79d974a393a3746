"""``datetimeTz``: a moment, the same everywhere; kept in UTC with milliseconds."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from sqlalchemy.types import TypeEngine

from insula.data.fields.base import FieldType
from insula.data.fields.columns import DatetimeTzColumn
from insula.data.fields.moments import utc_moment

if TYPE_CHECKING:
    from insula.data.collection import Field


class DatetimeTz(FieldType):
    name = "datetimeTz"
    family = "date"
    widens_to = frozenset({"date"})

    def column_type(self, field: Field) -> TypeEngine[Any]:
        return DatetimeTzColumn()

    def prepare(self, value: Any, field: Field) -> dt.datetime:
        return utc_moment(value)

    def openapi(self, field: Field) -> dict[str, Any]:
        return {"type": "string", "format": "date-time"}
