"""The parts of the OpenAPI document that speak of API keys."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from insula.application.api.openapi_parts import READ_MANY, Schema, answer, json_body, ref

_MOMENT: Final[Schema] = {"type": ["string", "null"], "format": "date-time"}
_SHOWN: Final[Schema] = {
    "id": {"type": "integer"},
    "name": {"type": "string"},
    "userId": {"type": "integer"},
    "roleName": {"type": "string"},
    "expiresAt": {**_MOMENT, "description": "null: never."},
    "createdAt": _MOMENT,
}
SCHEMAS: Final[Mapping[str, Schema]] = {
    "insula.ApiKey": {"type": "object", "properties": _SHOWN},
    "insula.NewApiKey": {
        "type": "object",
        "required": ["id", "name", "roleName", "token"],
        "properties": {
            **_SHOWN,
            "token": {"type": "string", "description": "Answered here and never again."},
        },
    },
}
_BODY: Final[Schema] = {
    "type": "object",
    "required": ["name"],
    "properties": {
        "name": {"type": "string", "minLength": 1},
        "role": {"type": "string", "description": "One of the caller's roles; else the one in force."},
        "expiresIn": {"type": "string", "description": "Days, such as 30d, or never.", "default": "30d"},
    },
}
PARTS: Final[Mapping[str, Mapping[str, Any]]] = {
    "create": {"requestBody": json_body(_BODY), "responses": answer(ref("schemas", "insula.NewApiKey"))},
    "list": {
        "parameters": [ref("parameters", name) for name in READ_MANY],
        "responses": answer({"type": "array", "items": ref("schemas", "insula.ApiKey")}, listed=True),
    },
    "destroy": {
        "parameters": [ref("parameters", "filterByTk")],
        "responses": answer({"type": "integer"}),
    },
}
"""Action of ``apiKeys`` → its parts."""
