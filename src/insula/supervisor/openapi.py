"""The parts of the OpenAPI document that speak of applications and environments."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from insula.application.api.openapi_parts import Schema, answer, json_body, ref
from insula.database.dialects import NAMES as DIALECTS
from insula.fleet.configuration import CONNECTIONS
from insula.fleet.lifecycle import Observed, Wanted
from insula.supervisor.names import LONGEST_DOMAIN, LONGEST_NAME
from insula.supervisor.wishes import (
    LONGEST_SLEEP_AFTER_S,
    LONGEST_TEXT,
    MOST_LABELS,
    START_MODES,
)

_TEXT: Final[Schema] = {"type": "string", "maxLength": LONGEST_TEXT}
_MOMENT: Final[Schema] = {"type": ["string", "null"], "format": "date-time"}
_COUNT: Final[Schema] = {"type": "integer", "minimum": 0}
_NAMES: Final[Schema] = {"type": "array", "items": {"type": "string"}}
_FLAG: Final[Schema] = {"type": "boolean"}


def _object(properties: Mapping[str, Any], *required: str, closed: bool = False) -> Schema:
    schema: Schema = {"type": "object", "properties": dict(properties)}
    if required:
        schema["required"] = list(required)
    if closed:
        schema["additionalProperties"] = False
    return schema


def _or_null(schema: Schema) -> Schema:
    return {"anyOf": [schema, {"type": "null"}]}


_DATABASE: Final[Schema] = {
    "dialect": {"enum": list(DIALECTS)},
    "host": _TEXT,
    "port": {"type": "integer", "minimum": 1, "maximum": 65_535},
    "username": _TEXT,
    "database": _TEXT,
    "schema": _TEXT,
    "storage": {**_TEXT, "description": "The file, on SQLite."},
}
_OPTIONS: Final[Schema] = {
    "startMode": {"enum": list(START_MODES)},
    "dbConnType": {"enum": list(CONNECTIONS), "description": "What is made for it."},
    "autoUpgrade": {**_FLAG, "description": "Bring an older database up to date when it starts."},
    "shareSession": {**_FLAG, "description": "Let in who is signed in to the main application."},
    "lang": _TEXT,
    "timezone": _TEXT,
    "sleepAfter": {
        "type": ["integer", "null"],
        "minimum": 1,
        "maximum": LONGEST_SLEEP_AFTER_S,
        "description": "Seconds without a visit after which it is put to sleep.",
    },
}
_VALUES: Final[Schema] = {
    "displayName": {**_TEXT, "minLength": 1},
    "cname": {"type": ["string", "null"], "maxLength": LONGEST_DOMAIN, "description": "Custom domain."},
    "pinned": _FLAG,
    "icon": {"type": ["string", "null"], "maxLength": LONGEST_TEXT},
    "labels": {"type": "array", "items": _TEXT, "maxItems": MOST_LABELS},
    "environments": _NAMES,
    "options": _object(
        {
            **_OPTIONS,
            "autoStart": {**_FLAG, "description": "true: as startMode withMain."},
            "database": _object({**_DATABASE, "password": {**_TEXT, "writeOnly": True}}, closed=True),
        },
        closed=True,
    ),
}
_NAME: Final[Schema] = {
    "type": "string",
    "maxLength": LONGEST_NAME,
    "pattern": "^[a-z][a-z0-9_-]*$",
    "description": "Its id; made where it is left out.",
}
_STATUS: Final[Schema] = {"enum": [observed.value for observed in Observed]}
_FAILURE: Final[Schema] = _object(
    {"environment": _TEXT, "step": _TEXT, "message": {"type": "string"}, "since": _MOMENT}
)
_MILLISECONDS: Final[Schema] = {"type": ["number", "null"]}
APPLICATION: Final[Schema] = _object(
    {
        "name": _NAME,
        **_VALUES,
        "options": _object({**_OPTIONS, "database": _object(_DATABASE)}),
        "status": _STATUS,
        "statuses": {"type": "object", "additionalProperties": _STATUS},
        "failure": _or_null(_FAILURE),
        "wanted": {"enum": [wanted.value for wanted in Wanted]},
        "version": {"type": ["string", "null"]},
        "lastVisitAt": _MOMENT,
        "url": {"type": "string", "description": "The first of the addresses."},
        "addresses": {
            "type": "array",
            "items": {"type": "string"},
            "description": "The pages that people visit it at.",
        },
        "jobId": {"type": ["integer", "null"], "description": "The job that makes it, until it is made."},
        "requests": _COUNT,
        "errors": _COUNT,
        "latency": _object({"mean": _MILLISECONDS, "p50": _MILLISECONDS, "p95": _MILLISECONDS}),
        "createdAt": _MOMENT,
        "createdById": {"type": ["integer", "null"]},
        "updatedAt": _MOMENT,
        "deletedAt": _MOMENT,
    },
    "name",
    "status",
)
_FINDING: Final[Schema] = _object(
    {
        "level": {"enum": ["ok", "warning", "error"]},
        "code": {"type": "string"},
        "message": {"type": "string"},
        "remedy": {"type": "string"},
    }
)
_FINDINGS: Final[Schema] = {"type": "array", "items": _FINDING}
_REFUSED: Final[Schema] = _object({"name": {"type": "string"}, "errors": {"type": "array"}}, "name", "errors")
_SOME: Final[Schema] = {"type": "array", "items": {"anyOf": [APPLICATION, _REFUSED]}}


def _query(name: str, description: str, schema: Schema, *, required: bool = False) -> Schema:
    found: Schema = {"name": name, "in": "query", "description": description, "schema": schema}
    return {**found, "required": True} if required else found


_KEY: Final = _query(
    "filterByTk",
    "Name of the application; several as a JSON list, and each is answered for itself.",
    {"type": "string"},
)
_CONFIRM: Final = _query(
    "confirm", "The name of the application once more; of several, all of them.", {"type": "string"}
)
_KEEP: Final = _query(
    "keepData", "Forget it even where its data can not be reached.", {"enum": ["true", "false"]}
)
_ADOPT: Final = _query(
    "adopt", "Stamp of an application that is there already and is taken over.", {"type": "string"}
)
_NEW: Final = json_body(_object({"name": {**_NAME, "type": ["string", "null"]}, **_VALUES}, closed=True))
_MADE: Final[Schema] = {
    **APPLICATION,
    "properties": {**APPLICATION["properties"], "jobId": {"type": "integer"}, "warnings": _FINDINGS},
}
_VERB: Final = {
    "parameters": [_KEY],
    "requestBody": json_body(_object({"filterByTk": {}}), required=False),
    "responses": answer({"anyOf": [APPLICATION, _SOME]}),
}
_CONFIRMED: Final = json_body(_object({"filterByTk": {}, "confirm": {}}), required=False)
_PINNED: Final = _object(
    {"name": _NAME, "displayName": _TEXT, "icon": {"type": ["string", "null"]}, "url": {"type": "string"}}
)
_PURGED: Final = _object({"name": _NAME, "left": {"type": ["string", "null"]}})

_WORD: Final[Schema] = {"type": ["string", "null"]}
_EVENT: Final = _object(
    {
        "id": {"type": "integer"},
        "application": _NAME,
        "at": _MOMENT,
        **dict.fromkeys(("environment", "observed", "wanted", "reason", "requestId", "actor"), _WORD),
    }
)

PARTS: Final[Mapping[str, Mapping[str, Any]]] = {
    "list": {
        "parameters": [
            ref("parameters", name)
            for name in ("filter", "fields", "except", "sort", "page", "pageSize", "paginate")
        ],
        "responses": answer({"type": "array", "items": APPLICATION}, listed=True),
    },
    "get": {
        "parameters": [_KEY, ref("parameters", "fields"), ref("parameters", "except")],
        "responses": answer(_or_null(APPLICATION)),
    },
    "history": {
        "parameters": [_KEY, *(ref("parameters", name) for name in ("filter", "fields", "page", "pageSize"))],
        "responses": answer({"type": "array", "items": _EVENT}, listed=True),
    },
    "check": {
        "parameters": [_ADOPT],
        "requestBody": _NEW,
        "responses": answer(_object({"ok": _FLAG, "findings": _FINDINGS}, "ok", "findings")),
    },
    "create": {"parameters": [_ADOPT], "requestBody": _NEW, "responses": answer(_MADE)},
    "update": {
        "parameters": [_KEY],
        "requestBody": json_body(_object(_VALUES, closed=True)),
        "responses": answer(_SOME),
    },
    "destroy": {
        "parameters": [_KEY, _CONFIRM],
        "requestBody": _CONFIRMED,
        "responses": answer({"anyOf": [{"type": "integer"}, _SOME]}),
    },
    "purge": {
        "parameters": [_KEY, _CONFIRM, _KEEP],
        "requestBody": _CONFIRMED,
        "responses": answer({"anyOf": [_PURGED, {"type": "array"}]}),
    },
    **dict.fromkeys(("restore", "start", "stop", "sleep", "restart", "upgrade"), _VERB),
    "listPinned": {"responses": answer({"type": "array", "items": _PINNED})},
}
"""Action of ``applications`` → its parts."""

_ENVIRONMENT: Final = _object(
    {
        "name": {"type": "string"},
        "url": {"type": "string"},
        "proxyUrl": {"type": "string"},
        "available": _FLAG,
        "state": {"type": "string"},
        "appVersion": {"type": "string"},
        "lastHeartbeatAt": _MOMENT,
        "secured": _FLAG,
        "applications": _COUNT,
        "capacity": {"type": ["integer", "null"]},
        "load": {"type": "object", "additionalProperties": {"type": "number"}},
        "failure": {"type": ["string", "null"]},
        "warning": {"type": ["string", "null"]},
    },
    "name",
)
ENVIRONMENTS: Final[Mapping[str, Any]] = {
    "responses": answer({"type": "array", "items": _ENVIRONMENT}, listed=True)
}
ENVIRONMENT: Final[Mapping[str, Any]] = {
    "parameters": [_query("filterByTk", "Name of the environment.", {"type": "string"}, required=True)],
    "responses": answer(_or_null(_ENVIRONMENT)),
}
