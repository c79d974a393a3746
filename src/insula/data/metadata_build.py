"""Rows of metadata → collections and fields."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, cast

from insula.data.collection import Collection, Field, Reference, Relation, RelationKind
from insula.data.fields import TYPES, field_type
from insula.data.metadata_rows import CollectionRow, FieldRow

RELATION_TYPES: Final = frozenset(name for name, type_ in TYPES.items() if type_.family == "relation")


def build_collection(row: CollectionRow, fields: Mapping[str, FieldRow]) -> Collection:
    """A collection that people made."""
    return Collection(
        row.name,
        {name: build_field(field) for name, field in fields.items()},
        title=row.title,
        options=row.options,
        builtin=False,
    )


def extend_collection(collection: Collection, fields: Mapping[str, FieldRow]) -> Collection:
    """A built-in collection with the fields that people added. A field that a plugin now states itself wins."""
    added = {name: build_field(row) for name, row in fields.items() if name not in collection.fields}
    return Collection(
        collection.name,
        {**collection.fields, **added},
        title=collection.title,
        options=collection.options,
        builtin=True,
        internal=collection.internal,
    )


def build_field(row: FieldRow) -> Field:
    """A field that people made; its settings were checked when it was made."""
    options = row.options
    return Field(
        row.name,
        field_type(row.type).resolved(options),
        key=row.key,
        interface=row.interface,
        required=options.get("allowNull") is False or options.get("required") is True,
        unique=bool(options.get("unique")),
        index=bool(options.get("index")),
        primary_key=bool(options.get("primaryKey")),
        auto_increment=bool(options.get("autoIncrement")),
        default=options.get("defaultValue"),
        hidden=bool(options.get("hidden")),
        relation=relation_of(row),
        options=options,
        builtin=False,
        reference=_reference(options.get("reference")),
    )


def relation_of(row: FieldRow) -> Relation | None:
    """The relation that a field is, if it is one."""
    if row.type not in RELATION_TYPES:
        return None
    options = row.options
    between = options if row.type == "belongsToMany" else {}  # what others say of it means nothing
    return Relation(
        cast("RelationKind", row.type),
        options["target"],
        options["foreignKey"],
        source_key=options.get("sourceKey", "id"),
        target_key=options.get("targetKey", "id"),
        through=between.get("through"),
        other_key=between.get("otherKey"),
        on_delete=options["onDelete"],
        constraints=options.get("constraints", True),
    )


def _reference(stored: Mapping[str, Any] | None) -> Reference | None:
    return Reference(stored["collection"], stored["field"], stored["onDelete"]) if stored else None
