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
    """At most one record, whose key this record holds."""

    name = "belongsTo"

    def openapi(self, field: Field) -> dict[str, Any]:
        return {"type": ["object", "null"]}


class HasOne(RelationType):
    """At most one record, which holds the key of this one."""

    name = "hasOne"

    def openapi(self, field: Field) -> dict[str, Any]:
        return {"type": ["object", "null"]}


class HasMany(RelationType):
    """Records that hold the key of this one."""

    name = "hasMany"

    def openapi(self, field: Field) -> dict[str, Any]:
        return {"type": "array", "items": {"type": "object"}}


class BelongsToMany(RelationType):
    """Records that a table between the two joins with this one."""

    name = "belongsToMany"

    def openapi(self, field: Field) -> dict[str, Any]:
        return {"type": "array", "items": {"type": "object"}}
