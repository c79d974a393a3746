"""The parts of the OpenAPI document that speak of signing in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from insula.application.api.openapi_parts import Schema, answer, json_body, ref

_TEXT: Final[Schema] = {"type": "string"}
_USER: Final = ref("schemas", "users")
_ROLE: Final[Schema] = {
    "type": "object",
    "required": ["name", "title"],
    "properties": {"name": _TEXT, "title": {"type": ["string", "null"]}},
}
_NAMED: Final[Schema] = dict.fromkeys(("account", "email", "username"), _TEXT)
_SIGNED_IN: Final = answer(
    {"type": "object", "required": ["user", "token"], "properties": {"user": _USER, "token": _TEXT}}
)


def _body(properties: Mapping[str, Any], *required: str) -> Schema:
    return json_body({"type": "object", "properties": dict(properties), "required": list(required)})


PARTS: Final[Mapping[str, Mapping[str, Any]]] = {
    "signIn": {"requestBody": _body({**_NAMED, "password": _TEXT}, "password"), "responses": _SIGNED_IN},
    "signUp": {
        "requestBody": _body(
            dict.fromkeys(("username", "email", "phone", "nickname", "password", "confirm_password"), _TEXT),
            "password",
        ),
        "responses": _SIGNED_IN,
    },
    "check": {
        "responses": answer(
            {
                "allOf": [
                    _USER,
                    {
                        "type": "object",
                        "required": ["roles"],
                        "properties": {"roles": {"type": "array", "items": _ROLE}},
                    },
                ]
            }
        )
    },
    "changePassword": {
        "requestBody": _body(
            dict.fromkeys(("oldPassword", "newPassword", "confirmPassword"), _TEXT),
            *("oldPassword", "newPassword"),
        )
    },
}
"""Action of ``auth`` → its parts."""
