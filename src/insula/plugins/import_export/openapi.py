"""What the OpenAPI document says of imports and exports."""

from typing import Any, Final

from insula.application.api.openapi_parts import ref

Schema = dict[str, Any]


def _query(name: str, description: str, schema: Schema, *, required: bool = False) -> Schema:
    return {"name": name, "in": "query", "required": required, "description": description, "schema": schema}


_COLLECTION: Final = _query(
    "collection", "Where to; it is made when there is none of this name.", {"type": "string"}, required=True
)
_LAYOUT: Final = (
    _query(
        "encoding",
        "The file's encoding, such as windows-1252; UTF-8, or what its mark says, when left out.",
        {"type": "string"},
    ),
    _query(
        "delimiter",
        "What stands between cells; found from the data when left out.",
        {"type": "string", "minLength": 1, "maxLength": 1},
    ),
    _query(
        "dateOrder",
        "What comes first in days such as 01/02/2026; needed where the values do not tell.",
        {"enum": ["dmy", "mdy"]},
    ),
)
_COLUMNS: Final = {
    "name": "columns",
    "in": "query",
    "description": 'Column → field, null for none, such as {"Year": "year", "Note": null}; by name when left out.',
    "content": {
        "application/json": {"schema": {"type": "object", "additionalProperties": {"type": ["string", "null"]}}}
    },
}  # fmt: skip
_MATCHING: Final = (
    _query(
        "matchOn",
        "A unique field that tells whether a row's record is there already.",
        {"type": "string"},
    ),
    _query(
        "existing",
        "What becomes of rows whose record is there already, beside matchOn.",
        {"enum": ["skip", "update"], "default": "skip"},
    ),
)
_FILE: Final = {
    "required": True,
    "description": "The file as it is: CSV with a line of names first. Any Content-Type will do.",
    "content": {"text/csv": {"schema": {"type": "string"}}},
}
_COLUMN: Final = {
    "type": "object",
    "description": "A column of the file and what becomes of it.",
}
_FOUND: Final = {
    "encoding": {"type": "string"},
    "delimiter": {"type": "string"},
    "columns": {"type": "array", "items": _COLUMN},
}


def _answer(description: str, properties: Schema) -> Schema:
    data = {"type": "object", "required": sorted(properties), "properties": properties}
    schema = {"type": "object", "required": ["data"], "properties": {"data": data}}
    return {"200": {"description": description, "content": {"application/json": {"schema": schema}}}}


_STARTED: Final = _answer(
    "The job that imports; jobs:get tells how far it is.",
    {"jobId": {"type": "integer"}, "collection": {"type": "string"}, **_FOUND},
)

IMPORT: Final = {"parameters": [*_LAYOUT, _COLUMNS, *_MATCHING], "requestBody": _FILE, "responses": _STARTED}
"""Into the collection that is addressed."""
IMPORT_ANYWHERE: Final = {
    "parameters": [_COLLECTION, *_LAYOUT, _COLUMNS, *_MATCHING],
    "requestBody": _FILE,
    "responses": _STARTED,
}
"""Into a collection that may not be there yet."""
PREVIEW: Final = {
    "parameters": [*_LAYOUT],
    "requestBody": _FILE,
    "responses": _answer(
        "What the file would become, and its first rows.",
        {**_FOUND, "rows": {"type": "array", "items": {"type": "array"}}},
    ),
}
PREVIEW_RECORDS: Final = {
    "parameters": [
        *_LAYOUT,
        _COLUMNS,
        *_MATCHING,
        _query(
            "partial",
            "Whether the file goes on behind what is sent, so that the last row may be cut off.",
            {"enum": ["true", "false"], "default": "false"},
        ),
    ],
    "requestBody": _FILE,
    "responses": _answer(
        "Where the columns go, and which of the first rows are bad.",
        {
            **_FOUND,
            "rows": {"type": "array", "items": {"type": "array"}},
            "taken": {"type": "integer"},
            "rejected": {"type": "integer"},
            "errors": {"type": "array", "items": {"type": "object"}},
            "refusal": {"type": ["string", "null"]},
        },
    ),
}
EXPORT: Final = {
    "parameters": [
        _query("format", "CSV, or one JSON object a line.", {"enum": ["csv", "jsonl"], "default": "csv"}),
        _query(
            "spreadsheet",
            "Whether cells that a spreadsheet would take for formulas are made text; of CSV alone.",
            {"enum": ["true", "false"], "default": "false"},
        ),
        *(ref("parameters", name) for name in ("filter", "fields", "appends", "except", "sort")),
    ],
    "responses": {
        "200": {
            "description": "The file.",
            "content": {
                "text/csv": {"schema": {"type": "string"}},
                "application/jsonl": {"schema": {"type": "string"}},
            },
        }
    },
}
