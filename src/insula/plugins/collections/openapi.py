"""The parts of the OpenAPI document that speak of collections and fields."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from insula.application.api.openapi_parts import Schema, answer, json_body, ref

_TEXT: Final[Schema] = {"type": "string"}
_WORD: Final[Schema] = {"type": ["string", "null"]}
_FLAG: Final[Schema] = {"type": ["boolean", "null"]}
_FIELD: Final[Schema] = {
    "type": "object",
    "required": ["key", "name", "type", "interface", "collectionName"],
    "properties": {
        "key": _TEXT,
        "name": _TEXT,
        "type": {**_TEXT, "description": "What is stored, such as string or belongsTo."},
        "interface": {**_WORD, "description": "What it looks like to people, such as input or m2o."},
        "collectionName": _TEXT,
        "description": _WORD,
        "uiSchema": {"type": ["object", "null"], "description": "Its title, its choices."},
        **dict.fromkeys(("primaryKey", "autoIncrement", "allowNull", "unique", "hidden"), _FLAG),
        "defaultValue": {},
        **dict.fromkeys(("target", "foreignKey", "otherKey", "through", "sourceKey", "targetKey"), _WORD),
        "onDelete": _WORD,
    },
}
_COLLECTION: Final[Schema] = {
    "type": "object",
    "required": ["key", "name", "title", "template", "filterTargetKey", "from"],
    "properties": {
        "key": _TEXT,
        "name": _TEXT,
        "title": _WORD,
        "description": _WORD,
        "hidden": _FLAG,
        "template": _WORD,
        "filterTargetKey": {**_WORD, "description": "The field that addresses a record."},
        "from": {"enum": ["code", "db"], "description": "code: it comes with a plugin."},
        "fields": {"type": "array", "items": ref("schemas", "insula.Field")},
    },
}
SCHEMAS: Final[Mapping[str, Schema]] = {"insula.Collection": _COLLECTION, "insula.Field": _FIELD}

_KEY: Final = ref("parameters", "filterByTk")
_PAGED: Final = [ref("parameters", name) for name in ("filter", "sort", "page", "pageSize", "paginate")]
_BODY: Final = json_body({"type": "object"}, required=False)


def _parts(name: str) -> dict[str, Mapping[str, Any]]:
    """What collections and fields have in common."""
    one = ref("schemas", name)
    several: Schema = {"type": "array", "items": one}
    return {
        "list": {
            "parameters": [*_PAGED, ref("parameters", "appends")],
            "responses": answer(several, listed=True),
        },
        "get": {
            "parameters": [_KEY, ref("parameters", "appends")],
            "responses": answer({"anyOf": [one, {"type": "null"}]}),
        },
        "create": {"requestBody": _BODY, "responses": answer(one)},
        "update": {"parameters": [_KEY], "requestBody": _BODY, "responses": answer(several)},
        "destroy": {"parameters": [_KEY], "requestBody": _BODY, "responses": answer({"type": "integer"})},
        "move": {"requestBody": _BODY, "responses": answer(one)},
    }


FIELDS: Final[Mapping[str, Mapping[str, Any]]] = _parts("insula.Field")
"""Action of ``fields`` and ``collections.fields`` → its parts."""
COLLECTIONS: Final[Mapping[str, Mapping[str, Any]]] = {
    **_parts("insula.Collection"),
    "listMeta": {"responses": answer({"type": "array", "items": ref("schemas", "insula.Collection")})},
    "setFields": {
        "parameters": [_KEY],
        "requestBody": _BODY,
        "responses": answer({"type": "array", "items": ref("schemas", "insula.Field")}),
    },
}
"""Action of ``collections`` → its parts."""
