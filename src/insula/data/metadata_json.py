"""Collections and fields in the shape in which the protocol answers them."""

from __future__ import annotations

from typing import Any

from insula.data.collection import Collection, Field

_PRIVATE = ("guarded", "snippet", "public")
"""Settings of built-in collections that only Insula itself reads."""


def collection_to_json(collection: Collection, *, fields: bool = False) -> dict[str, Any]:
    """As in ``collections:list`` and ``collections:get``; with ``fields`` as in ``collections:listMeta``."""
    options = {name: value for name, value in collection.options.items() if name not in _PRIVATE}
    key = collection.primary_key
    answer: dict[str, Any] = {
        "key": collection.name,
        "name": collection.name,
        "title": collection.title or collection.name,
        "description": None,
        "inherit": False,
        "hidden": False,
        "template": "general",
        "filterTargetKey": key.name if key else None,
        "from": "code" if collection.builtin else "db",
        **options,
    }
    if fields:
        answer["fields"] = fields_to_json(collection)
    return answer


def fields_to_json(collection: Collection) -> list[dict[str, Any]]:
    """All fields of a collection, in order."""
    return [field_to_json(collection, field) for field in collection.fields.values()]


def field_to_json(collection: Collection, field: Field) -> dict[str, Any]:
    """As in ``fields:list`` and ``fields:get``."""
    answer: dict[str, Any] = {
        "key": field.key or field.name,
        "name": field.name,
        "type": field.type.name,
        "interface": field.interface,
        "collectionName": collection.name,
        "description": None,
        "parentKey": None,
        "reverseKey": None,
        "uiSchema": {"title": field.name},
    }
    return answer | (_stated(field) if field.builtin else {}) | dict(field.options)


def _stated(field: Field) -> dict[str, Any]:
    """What fields of plugins say in attributes, as settings."""
    settings: dict[str, Any] = {
        "primaryKey": field.primary_key or None,
        "autoIncrement": field.auto_increment or None,
        "allowNull": False if field.required or field.primary_key else None,
        "unique": field.unique or None,
        "index": field.index or None,
        "hidden": (field.hidden or field.type.hidden) or None,
        "defaultValue": field.default,
    }
    if relation := field.relation:
        settings |= {
            "target": relation.target,
            "foreignKey": relation.foreign_key,
            "sourceKey": relation.source_key,
            "targetKey": relation.target_key,
            "through": relation.through,
            "otherKey": relation.other_key,
            "onDelete": relation.on_delete,
        }
    return {name: value for name, value in settings.items() if value is not None}
