"""The parts of the OpenAPI document that speak of the menu."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from insula.application.api.openapi_parts import READ_MANY, READ_ONE, Schema, answer, json_body, ref
from insula.plugins.menu.collection import KINDS, LONGEST_ADDRESS, LONGEST_WORD, MOST_ROLES

_NUMBER: Final[Schema] = {"type": "integer"}
_WORD: Final[Schema] = {"type": ["string", "null"], "maxLength": LONGEST_WORD}
_MOMENT: Final[Schema] = {"type": ["string", "null"], "format": "date-time"}
_PARENT: Final[Schema] = {"type": ["integer", "null"], "description": "The group that it is in."}
_SAID: Final[Schema] = {
    "parentId": _PARENT,
    "kind": {"enum": list(KINDS)},
    "title": _WORD,
    "icon": _WORD,
    "collection": _WORD,
    "url": {"type": ["string", "null"], "maxLength": LONGEST_ADDRESS},
    "roles": {
        "type": ["array", "null"],
        "items": {"type": "string"},
        "maxItems": MOST_ROLES,
        "description": "Those that see it; null: all.",
    },
}
_ITEM: Final[Schema] = {
    "type": "object",
    "required": ["id", "parentId", "sort", "kind"],
    "properties": {"id": _NUMBER, "sort": _NUMBER, **_SAID, "createdAt": _MOMENT, "updatedAt": _MOMENT},
}
_BODY: Final[Schema] = {"type": "object", "properties": _SAID, "additionalProperties": False}
_KEY: Final = ref("parameters", "filterByTk")
_MOVE: Final[Schema] = {
    "type": "object",
    "required": ["sourceId"],
    "properties": {
        "sourceId": {"type": ["integer", "string"]},
        "targetId": {"type": ["integer", "string", "null"], "description": "The item whose place it takes."},
        "parentId": {**_PARENT, "description": "Without a target: the group to go to; null: none."},
        "method": {"enum": ["insertAfter", "prepend", None]},
    },
}


def _tree() -> Schema:
    """An item of the tree; one in a group is described no further than this."""
    shown: Schema = {
        "id": _NUMBER,
        "kind": {"enum": list(KINDS)},
        "title": {"type": "string"},
        "icon": _WORD,
        "collection": {"type": "string"},
        "url": {"type": "string"},
        "children": {"type": "array", "items": {"type": "object"}, "description": "Items of the same shape."},
    }
    return {"type": "object", "required": ["id", "kind", "title", "icon"], "properties": shown}


MINE: Final[Mapping[str, Any]] = {"responses": answer({"type": "array", "items": _tree()})}
PARTS: Final[Mapping[str, Mapping[str, Any]]] = {
    "list": {
        "parameters": [ref("parameters", name) for name in READ_MANY if name not in ("appends", "tree")],
        "responses": answer({"type": "array", "items": _ITEM}, listed=True),
    },
    "get": {
        "parameters": [_KEY, *(ref("parameters", name) for name in READ_ONE if name != "appends")],
        "responses": answer({"anyOf": [_ITEM, {"type": "null"}]}),
    },
    "create": {"requestBody": json_body({**_BODY, "required": ["kind"]}), "responses": answer(_ITEM)},
    "update": {
        "parameters": [_KEY],
        "requestBody": json_body(_BODY),
        "responses": answer({"type": "array", "items": _ITEM}),
    },
    "destroy": {"parameters": [_KEY], "responses": answer(_NUMBER)},
    "move": {"requestBody": json_body(_MOVE), "responses": answer(_ITEM)},
}
"""Action of ``menuItems`` → its parts."""
