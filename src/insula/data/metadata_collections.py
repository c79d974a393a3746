"""The built-in tables in which metadata is kept: what people made, never what plugins state."""

from __future__ import annotations

from typing import Final

from insula.core.names import MAX_NAME_LENGTH
from insula.data.builtin import builtin_collection, builtin_field

COLLECTIONS: Final = builtin_collection(
    "collections",
    "Collections",
    "The collections that people made.",
    builtin_field("name", "string", "Name, also of the table.", primary_key=True, length=MAX_NAME_LENGTH),
    builtin_field("title", "string", "What people see."),
    builtin_field("sort", "integer", "Place in lists.", required=True),
    builtin_field("options", "json", "All other settings, as the protocol names them.", required=True),
)

FIELDS: Final = builtin_collection(
    "fields",
    "Fields",
    "The fields that people made, also those of built-in collections.",
    builtin_field(
        "key", "string", "Stable id, by which changes are told from new fields.", primary_key=True, length=50
    ),
    builtin_field("collectionName", "string", "The collection.", required=True, length=MAX_NAME_LENGTH),
    builtin_field("name", "string", "Name, also of the column.", required=True, length=MAX_NAME_LENGTH),
    builtin_field("type", "string", "Storage type.", required=True, length=50),
    builtin_field("interface", "string", "How pages show it."),
    builtin_field("sort", "integer", "Place in the collection.", required=True),
    builtin_field("options", "json", "All other settings, as the protocol names them.", required=True),
    indexes=[{"fields": ["collectionName", "name"], "unique": True}],
)

SEQUENCES: Final = builtin_collection(
    "sequences",
    "Sequences",
    "The counters of fields of type sequence, one for each period of their cycle.",
    builtin_field("fieldKey", "string", "The field, by its stable id.", required=True, length=50),
    builtin_field("key", "string", "The part of its pattern that counts.", required=True, length=50),
    builtin_field("period", "string", "The period of its cycle; empty without one.", required=True),
    builtin_field("next", "bigInt", "The number that is given next.", required=True),
    indexes=[{"fields": ["fieldKey", "key", "period"], "unique": True}],
)

METADATA_COLLECTIONS: Final = (COLLECTIONS, FIELDS, SEQUENCES)
