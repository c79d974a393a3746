"""The parts of the OpenAPI document that speak of the application itself and of its plugins."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from insula.application.api.openapi_parts import Schema, answer, ref

_TEXT: Final[Schema] = {"type": "string"}
_WORD: Final[Schema] = {"type": ["string", "null"]}
_FLAG: Final[Schema] = {"type": "boolean"}
_INFO: Final[Schema] = {
    "type": "object",
    "required": ["name", "displayName", "version", "lang", "theme", "database"],
    "properties": {
        **dict.fromkeys(("name", "displayName", "version", "lang", "theme"), _TEXT),
        "database": {"type": "object", "required": ["dialect"], "properties": {"dialect": _TEXT}},
    },
}
_LANG: Final[Schema] = {
    "type": "object",
    "required": ["lang", "resources"],
    "properties": {"lang": _TEXT, "resources": {"type": "object"}},
}
_PLUGIN: Final[Schema] = {
    "type": "object",
    "required": ["name", "enabled", "working"],
    "properties": {
        **dict.fromkeys(("name", "packageName", "displayName", "description", "version"), _TEXT),
        "builtIn": {**_FLAG, "description": "Every application needs it: it can not be disabled."},
        "requires": {"type": "array", "items": _TEXT},
        "enabled": _FLAG,
        "installed": _FLAG,
        "working": _FLAG,
        "error": {**_WORD, "description": "Why it does not work, though enabled."},
        "settings": {"type": "object", "description": "Of one plugin that is asked for."},
    },
}
_ENABLED: Final[Schema] = {
    "type": "object",
    "required": ["name", "enabled"],
    "properties": {"name": _TEXT, "enabled": _FLAG},
}
SCHEMAS: Final[Mapping[str, Schema]] = {"insula.Plugin": _PLUGIN}

_PLUGINS: Final = answer({"type": "array", "items": ref("schemas", "insula.Plugin")})
_LOADED: Final = answer(
    {
        "type": "array",
        "items": {
            "type": "object",
            "required": ["name", "packageName", "version", "displayName"],
            "properties": dict.fromkeys(("name", "packageName", "version", "displayName"), _TEXT),
        },
    }
)
_KEY: Final = ref("parameters", "filterByTk")
_SWITCH: Final[Mapping[str, Any]] = {"parameters": [_KEY], "responses": answer(_ENABLED)}

APP: Final[Mapping[str, Mapping[str, Any]]] = {
    "getInfo": {"responses": answer(_INFO)},
    "getLang": {"responses": answer(_LANG)},
}
"""Action of ``app`` → its parts."""
PM: Final[Mapping[str, Mapping[str, Any]]] = {
    "list": {"responses": _PLUGINS},
    "listEnabled": {"responses": _LOADED},
    "get": {"parameters": [_KEY], "responses": answer(ref("schemas", "insula.Plugin"))},
    **dict.fromkeys(("enable", "disable"), _SWITCH),
}
"""Action of ``pm`` → its parts."""
