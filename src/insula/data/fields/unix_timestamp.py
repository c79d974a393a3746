"""``unixTimestamp``: a moment, stored as a whole number of seconds (or milliseconds) since 1970."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from sqlalchemy.types import TypeEngine

from insula.data.fields.base import FieldType
from insula.data.fields.columns import EpochColumn
from insula.data.fields.moments import utc_moment

if TYPE_CHECKING:
    from insula.data.collection import Field

_PER_SECOND = {"second": 1, "millisecond": 1000}


class UnixTimestamp(FieldType):
    name = "unixTimestamp"
    family = "date"

    def column_type(self, field: Field) -> TypeEngine[Any]:
        return EpochColumn(_PER_SECOND[_accuracy(field.options)])

    def prepare(self, value: Any, field: Field) -> dt.datetime:
        """Numbers count in the field's own accuracy."""
        per_second = _PER_SECOND[_accuracy(field.options)]
        if per_second == 1 and isinstance(value, int | float) and not isinstance(value, bool):
            value = value * 1000
        moment = utc_moment(value)
        return moment if per_second == 1000 else utc_moment(moment.replace(microsecond=0))

    def check_options(self, options: Mapping[str, Any]) -> dict[str, Any]:
        accuracy = _accuracy(options)
        if not isinstance(accuracy, str) or accuracy not in _PER_SECOND:
            raise ValueError("needs second or millisecond for accuracy")
        return {**options, "accuracy": accuracy}

    def refuse_change(self, old: Mapping[str, Any], new: Mapping[str, Any]) -> str | None:
        before = _accuracy(old)
        return None if _accuracy(new) == before else f"its accuracy can not be changed (it is {before})"

    def openapi(self, field: Field) -> dict[str, Any]:
        return {"type": "string", "format": "date-time"}


def _accuracy(options: Mapping[str, Any]) -> Any:
    """The protocol's pages keep it among the settings of the input; a setting of its own goes first."""
    schema = options.get("uiSchema")
    props = schema.get("x-component-props") if isinstance(schema, Mapping) else None
    shown = props.get("accuracy") if isinstance(props, Mapping) else None
    return options.get("accuracy") or shown or "second"
