"""``belongsTo hasOne hasMany belongsToMany``: no column of their own, but keys elsewhere (``Relation``)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn

from sqlalchemy.types import NullType, TypeEngine

from insula.data.fields.base import FieldType

if TYPE_CHECKING:
    from insula.data.collection import Field


class RelationType(FieldType):
    """What all four share: values are written by the repository, through the keys."""

    family = "relation"
    stored = False

    def column_type(self, field: Field) -> TypeEngine[Any]:
        return NullType()

    def prepare(self, value: Any, field: Field) -> NoReturn:
        raise ValueError("is a relation and takes records, not a value")


class BelongsTo(RelationType):
    name = "belongsTo"

    def openapi(self, field: Field) -> dict[str, Any]:
        return {"type": ["object", "null"]}


class HasOne(RelationType):
    name = "hasOne"

    def openapi(self, field: Field) -> dict[str, Any]:
        return {"type": ["object", "null"]}


class HasMany(RelationType):
    name = "hasMany"

    def openapi(self, field: Field) -> dict[str, Any]:
        return {"type": "array", "items": {"type": "object"}}


class BelongsToMany(RelationType):
    name = "belongsToMany"

    def openapi(self, field: Field) -> dict[str, Any]:
        return {"type": "array", "items": {"type": "object"}}
