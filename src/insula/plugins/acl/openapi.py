"""The parts of the OpenAPI document that speak of roles."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from insula.application.api.openapi_parts import Schema, answer, ref

_NAMES: Final[Schema] = {"type": "array", "items": {"type": "string"}}
_FLAG: Final[Schema] = {"type": "boolean"}
_ROLE: Final[Schema] = ref("schemas", "roles")
_RIGHTS: Final[Schema] = {
    "type": "object",
    "required": ["role", "strategy", "actions", "resources", "snippets", "allowAll", "allowConfigure"],
    "properties": {
        "role": {"type": "string"},
        "strategy": {"type": "object", "properties": {"actions": {**_NAMES, "type": ["array", "null"]}}},
        "actions": {
            "type": "object",
            "description": "<collection>:<permission> → what is allowed.",
            "additionalProperties": {},
        },
        "resources": {**_NAMES, "description": "Collections with settings of their own."},
        "snippets": _NAMES,
        "allowAll": _FLAG,
        "allowConfigure": _FLAG,
    },
}
SCHEMAS: Final[Mapping[str, Schema]] = {"insula.Rights": _RIGHTS}
PARTS: Final[Mapping[str, Mapping[str, Any]]] = {
    "check": {"responses": answer(ref("schemas", "insula.Rights"))},
    "create": {"responses": answer(_ROLE)},
    "update": {
        "parameters": [ref("parameters", "filterByTk")],
        "responses": answer({"type": "array", "items": _ROLE}),
    },
    "destroy": {
        "parameters": [ref("parameters", "filterByTk")],
        "responses": answer({"type": "integer"}),
    },
}
"""Action of ``roles`` → its parts."""
