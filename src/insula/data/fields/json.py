"""``json``: anything that JSON can say."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy.types import TypeEngine

from insula.data.fields.base import FieldType
from insula.data.fields.checks import json_value
from insula.data.fields.columns import JsonColumn

if TYPE_CHECKING:
    from insula.data.collection import Field


class Json(FieldType):
    name = "json"
    family = "json"
    widens_to = frozenset({"jsonb"})

    def column_type(self, field: Field) -> TypeEngine[Any]:
        return JsonColumn()

    def prepare(self, value: Any, field: Field) -> Any:
        return json_value(value)
