"""``virtual``: a name without a column, for pages that compute it themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn

from sqlalchemy.types import NullType, TypeEngine

from insula.data.fields.base import FieldType

if TYPE_CHECKING:
    from insula.data.collection import Field


class Virtual(FieldType):
    name = "virtual"
    family = "other"
    stored = False

    def column_type(self, field: Field) -> TypeEngine[Any]:
        return NullType()

    def prepare(self, value: Any, field: Field) -> NoReturn:
        raise ValueError("has no value of its own and can not be written")
