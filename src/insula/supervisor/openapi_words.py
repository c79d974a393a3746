"""Schemas that the parts of the OpenAPI document about the fleet are made of."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from insula.application.api.openapi_parts import Schema
from insula.fleet.lifecycle import Observed
from insula.supervisor.names import LONGEST_NAME
from insula.supervisor.wishes import LONGEST_TEXT

TEXT: Final[Schema] = {"type": "string", "maxLength": LONGEST_TEXT}
MOMENT: Final[Schema] = {"type": ["string", "null"], "format": "date-time"}
COUNT: Final[Schema] = {"type": "integer", "minimum": 0}
NAMES: Final[Schema] = {"type": "array", "items": {"type": "string"}}
FLAG: Final[Schema] = {"type": "boolean"}


def shape(properties: Mapping[str, Any], *required: str, closed: bool = False) -> Schema:
    """An object of these properties; ``closed``: of no others."""
    schema: Schema = {"type": "object", "properties": dict(properties)}
    if required:
        schema["required"] = list(required)
    if closed:
        schema["additionalProperties"] = False
    return schema


def or_null(schema: Schema) -> Schema:
    """The same, or nothing."""
    return {"anyOf": [schema, {"type": "null"}]}


NAME: Final[Schema] = {
    "type": "string",
    "maxLength": LONGEST_NAME,
    "pattern": "^[a-z][a-z0-9_-]*$",
    "description": "Its id; made where it is left out.",
}
STATUS: Final[Schema] = {"enum": [observed.value for observed in Observed]}
WORD: Final[Schema] = {"type": ["string", "null"]}


def query(name: str, description: str, schema: Schema, *, required: bool = False) -> Schema:
    """A parameter of the query string."""
    found: Schema = {"name": name, "in": "query", "description": description, "schema": schema}
    return {**found, "required": True} if required else found
