"""The parts of the OpenAPI document that speak of the launcher, and of who enters which applications."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from insula.application.api.openapi_parts import Schema, answer, json_body, ref
from insula.fleet.lifecycle import Wanted
from insula.supervisor.names import LONGEST_NAME
from insula.supervisor.openapi_words import FLAG, NAME, NAMES, STATUS, TEXT, query, shape

_PINNED: Final = shape(
    {"name": NAME, "displayName": TEXT, "icon": {"type": ["string", "null"]}, "url": {"type": "string"}}
)
_CARD: Final = shape(
    {
        "name": NAME,
        "displayName": TEXT,
        "icon": {"type": ["string", "null"]},
        "status": STATUS,
        "wanted": {"enum": [Wanted.RUNNING.value, Wanted.ASLEEP.value, Wanted.STOPPED.value]},
        "pinned": FLAG,
        "labels": NAMES,
        "url": {"type": "string", "description": "Where a page of the main application leads."},
        "inLauncher": FLAG,
        "inSwitcher": FLAG,
        "environments": NAMES,
    },
    *(
        "name",
        "displayName",
        "status",
        "wanted",
        "pinned",
        "labels",
        "url",
        "inLauncher",
        "inSwitcher",
        "environments",
    ),
)
_ENTERED: Final[Schema] = {
    "type": "array",
    "items": {"type": "string", "maxLength": LONGEST_NAME},
    "description": "Names of applications; * for all of them.",
}
_ROLE: Final = shape(
    {
        "role": {"type": "string"},
        "title": {"type": ["string", "null"]},
        "applications": _ENTERED,
        "fixed": {**FLAG, "description": "It looks after applications, and so enters all of them."},
    },
    *("role", "title", "applications", "fixed"),
)
_SEARCH: Final = query("search", "Text within the name, the display name or a label.", {"type": "string"})
_SHOWN_IN: Final = query(
    "shownIn", "Without those that are left out there.", {"enum": ["launcher", "switcher"]}
)

LAUNCHER_SCHEMAS: Final[Mapping[str, Schema]] = {"insula.Card": _CARD}
LAUNCHER: Final[Mapping[str, Mapping[str, Any]]] = {
    "listPinned": {"responses": answer({"type": "array", "items": _PINNED})},
    "listMine": {
        "parameters": [_SEARCH, _SHOWN_IN, ref("parameters", "page"), ref("parameters", "pageSize")],
        "responses": answer({"type": "array", "items": ref("schemas", "insula.Card")}, listed=True),
    },
    "listRoles": {"responses": answer({"type": "array", "items": _ROLE})},
}
"""Action of ``applications`` → its parts."""
_ENTER: Final[Mapping[str, Any]] = {"requestBody": json_body(_ENTERED), "responses": answer(_ENTERED)}
ENTRANCES: Final[Mapping[str, Mapping[str, Any]]] = {
    "list": {"responses": answer(_ENTERED)},
    **dict.fromkeys(("set", "add", "remove"), _ENTER),
}
"""Action of ``roles.applications`` → its parts."""
