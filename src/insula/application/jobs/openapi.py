"""The parts of the OpenAPI document that speak of jobs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, get_args

from insula.application.api.openapi_parts import Schema, answer, ref
from insula.application.jobs.kinds import JobStatus, StepStatus

_WORD: Final[Schema] = {"type": ["string", "null"]}
_MOMENT: Final[Schema] = {"type": ["string", "null"], "format": "date-time"}
_NUMBER: Final[Schema] = {"type": ["integer", "null"]}
_STEP: Final[Schema] = {
    "type": "object",
    "required": ["name", "status", "progress", "log"],
    "properties": {
        "name": {"type": "string"},
        "status": {"enum": list(get_args(StepStatus))},
        "progress": {"type": "number", "description": "From 0 to 1."},
        "result": {},
        "log": {"type": "array", "items": {"type": "string"}},
        "error": _WORD,
        "attempts": {"type": "integer"},
    },
}
_JOB: Final[Schema] = {
    "type": "object",
    "properties": {
        "id": {"type": "integer"},
        "kind": {"type": "string", "description": "What is done, such as records.import."},
        "title": _WORD,
        "status": {"enum": list(get_args(JobStatus))},
        "progress": {"type": ["number", "null"], "description": "From 0 to 1."},
        "input": {},
        "steps": {"type": ["array", "null"], "items": ref("schemas", "insula.JobStep")},
        "error": _WORD,
        "createdById": _NUMBER,
        "environment": _WORD,
        "process": _WORD,
        **dict.fromkeys(("createdAt", "startedAt", "finishedAt"), _MOMENT),
        "undoable": {"type": "boolean", "description": "Of one job: whether what it does can be taken back."},
    },
}
SCHEMAS: Final[Mapping[str, Schema]] = {"insula.Job": _JOB, "insula.JobStep": _STEP}

_ADDRESSED: Final[Mapping[str, Any]] = {
    "parameters": [
        {
            "name": "filterByTk",
            "in": "query",
            "required": True,
            "description": "The number of the job; it may stand in the path instead, as in jobs:get/1.",
            "schema": {"type": "integer", "minimum": 1},
        }
    ],
    "responses": answer(ref("schemas", "insula.Job")),
}
PARTS: Final[Mapping[str, Mapping[str, Any]]] = {
    "list": {
        "parameters": [ref("parameters", name) for name in ("filter", "fields", "sort", "page", "pageSize")],
        "responses": answer({"type": "array", "items": ref("schemas", "insula.Job")}, listed=True),
    },
    **dict.fromkeys(("get", "retry", "cancel", "undo"), _ADDRESSED),
}
"""Action of ``jobs`` → its parts."""
