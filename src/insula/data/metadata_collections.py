"""The built-in tables in which metadata is kept: what people made, never what plugins state."""

from __future__ import annotations

from typing import Any, Final

from insula.core.names import MAX_NAME_LENGTH
from insula.data.collection import Collection, Field
from insula.data.fields import field_type


def _field(name: str, kind: str, description: str, **settings: Any) -> Field:
    options: dict[str, Any] = {"description": description}
    if "length" in settings:
        options["length"] = settings.pop("length")
    return Field(name, field_type(kind), key=name, options=options, **settings)


def _collection(name: str, title: str, description: str, *fields: Field, **options: Any) -> Collection:
    return Collection(
        name,
        {field.name: field for field in fields},
        title=title,
        options={"description": description, "guarded": True, "snippet": "", **options},
        internal=True,
    )


COLLECTIONS: Final = _collection(
    "collections",
    "Collections",
    "The collections that people made.",
    _field("name", "string", "Name, also of the table.", primary_key=True, length=MAX_NAME_LENGTH),
    _field("title", "string", "What people see."),
    _field("sort", "integer", "Place in lists.", required=True),
    _field("options", "json", "All other settings, as the protocol names them.", required=True),
)

FIELDS: Final = _collection(
    "fields",
    "Fields",
    "The fields that people made, also those of built-in collections.",
    _field(
        "key", "string", "Stable id, by which changes are told from new fields.", primary_key=True, length=50
    ),
    _field("collectionName", "string", "The collection.", required=True, length=MAX_NAME_LENGTH),
    _field("name", "string", "Name, also of the column.", required=True, length=MAX_NAME_LENGTH),
    _field("type", "string", "Storage type.", required=True, length=50),
    _field("interface", "string", "How pages show it."),
    _field("sort", "integer", "Place in the collection.", required=True),
    _field("options", "json", "All other settings, as the protocol names them.", required=True),
    indexes=[{"fields": ["collectionName", "name"], "unique": True}],
)

SEQUENCES: Final = _collection(
    "sequences",
    "Sequences",
    "The counters of fields of type sequence, one for each period of their cycle.",
    _field("fieldKey", "string", "The field, by its stable id.", required=True, length=50),
    _field("key", "string", "The part of its pattern that counts.", required=True, length=50),
    _field("period", "string", "The period of its cycle; empty without one.", required=True),
    _field("next", "bigInt", "The number that is given next.", required=True),
    indexes=[{"fields": ["fieldKey", "key", "period"], "unique": True}],
)

METADATA_COLLECTIONS: Final = (COLLECTIONS, FIELDS, SEQUENCES)
