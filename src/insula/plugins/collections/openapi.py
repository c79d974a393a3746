"""The parts of the OpenAPI document that speak of collections and fields."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from insula.application.api.openapi_parts import Schema, answer, json_body, ref

_TEXT: Final[Schema] = {"type": "string"}
_WORD: Final[Schema] = {"type": ["string", "null"]}
_FLAG: Final[Schema] = {"type": "boolean"}
_WHOLE: Final[Schema] = {"type": "integer"}
_SCALAR: Final[Schema] = {"type": ["string", "number", "boolean"]}
_OTHERS: Final[Schema] = {}
"""Settings that only clients give a meaning are kept and answered as they are."""
_CHOICE: Final[Schema] = {
    "type": "object",
    "required": ["value"],
    "properties": {"value": _SCALAR, "label": _WORD, "color": _WORD},
    "additionalProperties": _OTHERS,
}
_UI_SCHEMA: Final[Schema] = {
    "type": "object",
    "description": "What people see of it.",
    "properties": {
        "title": _WORD,
        "enum": {
            "type": ["array", "string"],
            "description": "What it may hold; as text, a variable of the client.",
            "items": {"anyOf": [ref("schemas", "insula.Choice"), _SCALAR]},
        },
    },
    "additionalProperties": _OTHERS,
}
_FIELD: Final[Schema] = {
    "type": "object",
    "required": ["key", "name", "type", "interface", "collectionName"],
    "properties": {
        "key": _TEXT,
        "name": _TEXT,
        "type": {**_TEXT, "description": "What is stored, such as string or belongsTo; operators go by it."},
        "interface": {
            **_WORD,
            "description": "What it looks like to people, such as input or m2o; null where only the type says so.",
        },
        "collectionName": _TEXT,
        "description": _WORD,
        "uiSchema": _UI_SCHEMA,
        **dict.fromkeys(
            ("primaryKey", "autoIncrement", "allowNull", "required", "unique", "index", "hidden"), _FLAG
        ),
        "defaultValue": {},
        "isForeignKey": {**_FLAG, "description": "It holds the key of a relation."},
        **dict.fromkeys(
            ("target", "foreignKey", "otherKey", "through", "sourceKey", "targetKey", "onDelete"), _TEXT
        ),
        "length": {**_WHOLE, "description": "Of text: the most characters."},
        "precision": {**_WHOLE, "description": "Of decimals: digits in all."},
        "scale": {**_WHOLE, "description": "Of decimals: digits behind the point."},
        "dataType": {**_TEXT, "description": "Of formulas: the type of what is worked out."},
        "expression": {**_TEXT, "description": "Of formulas."},
        "inputable": {**_FLAG, "description": "Of sequences: people may write it."},
        "autoFill": {**_FLAG, "description": "Of uuid and nanoid: false where new records get no value."},
    },
    "additionalProperties": _OTHERS,
}
_COLLECTION: Final[Schema] = {
    "type": "object",
    "required": ["key", "name", "title", "description", "hidden", "template", "filterTargetKey", "from"],
    "properties": {
        "key": _TEXT,
        "name": _TEXT,
        "title": _TEXT,
        "description": _WORD,
        "hidden": _FLAG,
        "template": _TEXT,
        "filterTargetKey": {
            **_WORD,
            "description": "The field that addresses a record; null where none does.",
        },
        "from": {**_TEXT, "enum": ["code", "db"], "description": "code: it comes with a plugin."},
        "titleField": {**_TEXT, "description": "The field by which relations show its records."},
        "simplePaginate": {**_FLAG, "description": "Lists say hasNext in place of a count."},
        "fields": {
            "type": "array",
            "description": "Of listMeta, and of others where fields is among appends.",
            "items": ref("schemas", "insula.Field"),
        },
    },
    "additionalProperties": _OTHERS,
}
SCHEMAS: Final[Mapping[str, Schema]] = {
    "insula.Choice": _CHOICE,
    "insula.Collection": _COLLECTION,
    "insula.Field": _FIELD,
}

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
