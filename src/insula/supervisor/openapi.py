"""The parts of the OpenAPI document that speak of applications and environments."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from insula.application.api.openapi_parts import Schema, answer, json_body, ref
from insula.database.dialects import NAMES as DIALECTS
from insula.fleet.configuration import CONNECTIONS
from insula.fleet.lifecycle import Wanted
from insula.supervisor.names import LONGEST_DOMAIN
from insula.supervisor.openapi_launcher import LAUNCHER, LAUNCHER_SCHEMAS
from insula.supervisor.openapi_words import (
    COUNT,
    FLAG,
    MOMENT,
    NAME,
    NAMES,
    STATUS,
    TEXT,
    WORD,
    or_null,
    query,
    shape,
)
from insula.supervisor.place import OFFLINE, ONLINE, SUSPECT
from insula.supervisor.wishes import (
    LONGEST_SLEEP_AFTER_S,
    LONGEST_TEXT,
    MOST_LABELS,
    START_MODES,
)

_DATABASE: Final[Schema] = {
    "dialect": {"enum": list(DIALECTS)},
    "host": TEXT,
    "port": {"type": "integer", "minimum": 1, "maximum": 65_535},
    "username": TEXT,
    "database": TEXT,
    "schema": TEXT,
    "storage": {**TEXT, "description": "The file, on SQLite."},
}
_OPTIONS: Final[Schema] = {
    "startMode": {"enum": list(START_MODES)},
    "dbConnType": {"enum": list(CONNECTIONS), "description": "What is made for it."},
    "autoUpgrade": {**FLAG, "description": "Bring an older database up to date when it starts."},
    "shareSession": {
        **FLAG,
        "description": "Let in who is signed in to the main application, in a role that may enter.",
    },
    "inLauncher": {**FLAG, "description": "Shown in the launcher, to those who may enter it."},
    "inSwitcher": {**FLAG, "description": "Shown in the switcher, to those who may enter it."},
    "lang": or_null(TEXT),
    "timezone": or_null(TEXT),
    "sleepAfter": {
        "type": ["integer", "null"],
        "minimum": 1,
        "maximum": LONGEST_SLEEP_AFTER_S,
        "description": "Seconds without a visit after which it is put to sleep.",
    },
}
_VALUES: Final[Schema] = {
    "displayName": {**TEXT, "minLength": 1},
    "cname": {"type": ["string", "null"], "maxLength": LONGEST_DOMAIN, "description": "Custom domain."},
    "pinned": FLAG,
    "icon": {"type": ["string", "null"], "maxLength": LONGEST_TEXT},
    "labels": {"type": "array", "items": TEXT, "maxItems": MOST_LABELS},
    "environments": NAMES,
    "options": shape(
        {
            **_OPTIONS,
            "autoStart": {**FLAG, "description": "true: as startMode withMain."},
            "database": shape({**_DATABASE, "password": {**TEXT, "writeOnly": True}}, closed=True),
        },
        closed=True,
    ),
}
_DOING: Final[Schema] = shape(
    {"environment": TEXT, "message": {"type": "string"}, "progress": {"type": ["number", "null"]}},
    *("environment", "message", "progress"),
)
_FAILURE: Final[Schema] = shape(
    {"environment": TEXT, "step": TEXT, "message": {"type": "string"}, "since": MOMENT},
    *("environment", "step", "message", "since"),
)
_MILLISECONDS: Final[Schema] = {"type": ["number", "null"]}
_LATENCIES: Final = ("mean", "p50", "p95")
_WANTED: Final = [wanted.value for wanted in Wanted]
_APPLICATION: Final[Schema] = shape(
    {
        "name": NAME,
        **_VALUES,
        "options": shape({**_OPTIONS, "database": shape(_DATABASE)}),
        "status": STATUS,
        "statuses": {"type": "object", "additionalProperties": STATUS},
        "doing": or_null(_DOING),
        "failure": or_null(_FAILURE),
        "degraded": {
            "type": "object",
            "additionalProperties": {"type": "array", "items": {"type": "string"}},
            "description": "By environment: the plugins that failed there, while all else of it runs; after an upgrade "
            "also of one that does not run.",
        },
        "waitsFor": {
            "type": ["string", "null"],
            "description": "Why a command that was given for it waits, such as for a Redis that does not answer.",
        },
        "wanted": {"enum": _WANTED},
        "version": {"type": ["string", "null"]},
        "lastVisitAt": MOMENT,
        "url": {"type": "string", "description": "The first of the addresses."},
        "addresses": {
            "type": "array",
            "items": {"type": "string"},
            "description": "The pages that people visit it at.",
        },
        "jobId": {"type": ["integer", "null"], "description": "The job that makes it, until it is made."},
        "requests": COUNT,
        "errors": COUNT,
        "latency": shape(dict.fromkeys(_LATENCIES, _MILLISECONDS), *_LATENCIES),
        "createdAt": MOMENT,
        "createdById": {"type": ["integer", "null"]},
        "updatedAt": MOMENT,
        "deletedAt": MOMENT,
    },
    "name",
    "status",
)
_FINDING: Final[Schema] = shape(
    {
        "level": {"enum": ["ok", "warning", "error"]},
        "code": {"type": "string"},
        "message": {"type": "string"},
        "remedy": {"type": "string"},
    }
)
APPLICATION: Final[Schema] = ref("schemas", "insula.Application")
_FINDINGS: Final[Schema] = {"type": "array", "items": ref("schemas", "insula.Finding")}
_REFUSED: Final[Schema] = shape({"name": {"type": "string"}, "errors": {"type": "array"}}, "name", "errors")
_SOME: Final[Schema] = {"type": "array", "items": {"anyOf": [APPLICATION, _REFUSED]}}


_KEY: Final = query(
    "filterByTk",
    "Name of the application; several as a JSON list, and each is answered for itself.",
    {"type": "string"},
)
_CONFIRM: Final = query(
    "confirm", "The name of the application once more; of several, all of them.", {"type": "string"}
)
_KEEP: Final = query(
    "keepData", "Forget it even where its data can not be reached.", {"enum": ["true", "false"]}
)
_ADOPT: Final = query(
    "adopt", "Stamp of an application that is there already and is taken over.", {"type": "string"}
)
_NEW: Final = json_body(shape({"name": {**NAME, "type": ["string", "null"]}, **_VALUES}, closed=True))
_MADE: Final[Schema] = {
    **_APPLICATION,
    "properties": {**_APPLICATION["properties"], "jobId": {"type": "integer"}, "warnings": _FINDINGS},
}
_VERB: Final = {
    "parameters": [_KEY],
    "requestBody": json_body(shape({"filterByTk": {}}), required=False),
    "responses": answer({"anyOf": [APPLICATION, _SOME]}),
}
_CONFIRMED: Final = json_body(shape({"filterByTk": {}, "confirm": {}}), required=False)
_PURGED: Final = shape({"name": NAME, "left": {"type": ["string", "null"]}})

_EVENT: Final = shape(
    {
        "id": {"type": "integer"},
        "application": NAME,
        "at": MOMENT,
        "observed": or_null(STATUS),
        "wanted": or_null({"enum": _WANTED}),
        **dict.fromkeys(("environment", "reason", "requestId", "actor"), WORD),
    }
)

_MINUTE: Final = shape(
    {"at": MOMENT, "requests": COUNT, "errors": COUNT, "p50Ms": _MILLISECONDS, "p95Ms": _MILLISECONDS},
    *("at", "requests", "errors", "p50Ms", "p95Ms"),
)

SCHEMAS: Final[Mapping[str, Schema]] = {
    "insula.Application": _APPLICATION,
    "insula.ApplicationEvent": _EVENT,
    "insula.Finding": _FINDING,
    "insula.Minute": _MINUTE,
    **LAUNCHER_SCHEMAS,
}
"""What the parts of ``applications`` refer to."""
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
        "responses": answer(or_null(APPLICATION)),
    },
    "history": {
        "parameters": [_KEY, *(ref("parameters", name) for name in ("filter", "fields", "page", "pageSize"))],
        "responses": answer(
            {"type": "array", "items": ref("schemas", "insula.ApplicationEvent")}, listed=True
        ),
    },
    "traffic": {
        "parameters": [_KEY],
        "responses": answer({"type": "array", "items": ref("schemas", "insula.Minute")}),
    },
    "plugins": {
        "parameters": [_KEY],
        "responses": answer({"type": "array", "items": ref("schemas", "insula.Plugin")}),
    },
    "check": {
        "parameters": [_ADOPT],
        "requestBody": _NEW,
        "responses": answer(shape({"ok": FLAG, "findings": _FINDINGS}, "ok", "findings")),
    },
    "create": {"parameters": [_ADOPT], "requestBody": _NEW, "responses": answer(_MADE)},
    "update": {
        "parameters": [_KEY],
        "requestBody": json_body(shape(_VALUES, closed=True)),
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
    **LAUNCHER,
}
"""Action of ``applications`` → its parts."""

_ENVIRONMENT: Final = shape(
    {
        "name": {"type": "string"},
        "url": {"type": "string"},
        "proxyUrl": {"type": "string"},
        "available": FLAG,
        "state": {"enum": [ONLINE, SUSPECT, OFFLINE]},
        "appVersion": {"type": "string"},
        "dialect": {"type": "string", "description": "Of the service on which databases are made there."},
        "lastHeartbeatAt": MOMENT,
        "secured": FLAG,
        "applications": COUNT,
        "placed": COUNT,
        "capacity": {"type": ["integer", "null"]},
        "load": shape({name: {"type": "number"} for name in ("cpu", "memoryMb", "connections")}),
        "failure": {"type": ["string", "null"]},
        "warning": {"type": ["string", "null"]},
    },
    "name",
)
ENVIRONMENTS: Final[Mapping[str, Any]] = {
    "responses": answer({"type": "array", "items": ref("schemas", "insula.Environment")}, listed=True)
}
_NAMED: Final = query("filterByTk", "Name of the environment.", {"type": "string"}, required=True)
ENVIRONMENT: Final[Mapping[str, Any]] = {
    "parameters": [_NAMED],
    "responses": answer(or_null(ref("schemas", "insula.Environment"))),
}
FORGOTTEN: Final[Mapping[str, Any]] = {"parameters": [_NAMED], "responses": answer({"type": "integer"})}
ENVIRONMENT_SCHEMAS: Final[Mapping[str, Schema]] = {"insula.Environment": _ENVIRONMENT}
