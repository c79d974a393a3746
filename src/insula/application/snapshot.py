"""Built-in collections as JSON: what the tables of a database were made from.

Kept with the application, so that a later version finds what it has to add without asking the database.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from insula.data.collection import Collection, Field, Reference
from insula.data.fields import field_type

_FLAGS: Final = ("required", "unique", "index", "primary_key", "auto_increment")


def describe(collections: Iterable[Collection]) -> dict[str, Any]:
    """Name → description of the table. Knows columns, indexes and references, not titles or relations."""
    return {collection.name: _collection(collection) for collection in collections}


def restore(name: str, description: Mapping[str, Any]) -> Collection:
    """The collection as it was when described."""
    fields = {item["name"]: _restored(item) for item in description["fields"]}
    return Collection(name, fields, options={"indexes": description.get("indexes") or ()}, internal=True)


def _collection(collection: Collection) -> dict[str, Any]:
    fields = [_field(collection, item) for item in collection.columns if item.builtin]
    described: dict[str, Any] = {"fields": fields}
    if indexes := collection.options.get("indexes"):
        described["indexes"] = [dict(index) for index in indexes]
    return described


def _field(collection: Collection, item: Field) -> dict[str, Any]:
    described: dict[str, Any] = {"name": item.name, "type": item.type.name}
    if item.key and item.key != item.name:
        described["key"] = item.key
    described |= {flag: True for flag in _FLAGS if getattr(item, flag)}
    if item.default is not None:
        described["default"] = item.default
    if options := {name: value for name, value in item.options.items() if name != "description"}:
        described["options"] = options
    reference = collection.references.get(item.name)
    if reference is not None:
        described["reference"] = [reference.collection, reference.field, reference.on_delete]
    return described


def _restored(described: Mapping[str, Any]) -> Field:
    reference = described.get("reference")
    return Field(
        described["name"],
        field_type(described["type"]),
        key=described.get("key", described["name"]),
        default=described.get("default"),
        options=described.get("options", {}),
        reference=Reference(*reference) if reference else None,
        required=described.get("required", False),
        unique=described.get("unique", False),
        index=described.get("index", False),
        primary_key=described.get("primary_key", False),
        auto_increment=described.get("auto_increment", False),
    )
