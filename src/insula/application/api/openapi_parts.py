"""Fixed parts of the OpenAPI document: what every application's API has in common."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from insula.data.query import MAX_PAGE, MAX_PAGE_SIZE

Schema = dict[str, Any]

_NAMES: Final[Schema] = {"type": "array", "items": {"type": "string"}}
_FLAG: Final[Schema] = {"type": "string", "enum": ["true", "false"]}
_JSON: Final[Schema] = {"type": "object"}


def ref(kind: str, name: str) -> Schema:
    """A reference into ``components``."""
    return {"$ref": f"#/components/{kind}/{name}"}


def _query(name: str, description: str, schema: Schema, *, exploded: bool | None = None) -> Schema:
    parameter: Schema = {"name": name, "in": "query", "description": description, "schema": schema}
    if exploded is not None:
        parameter |= {"style": "form", "explode": exploded}
    return parameter


def _json_query(name: str, description: str) -> Schema:
    return {
        "name": name,
        "in": "query",
        "description": description,
        "content": {"application/json": {"schema": _JSON}},
    }


PARAMETERS: Final[Mapping[str, Schema]] = {
    "key": {
        "name": "filterByTk",
        "in": "path",
        "required": True,
        "description": "Key of the record; several as JSON.",
        "schema": {"type": "string", "minLength": 1},
    },
    "filterByTk": _query("filterByTk", "Key of the record; several as JSON.", {"type": "string"}),
    "filter": _json_query("filter", 'Which records, such as {"qty": {"$gte": 10}}.'),
    "fields": _query("fields", "Fields to answer.", _NAMES, exploded=False),
    "appends": _query("appends", "Relations to append, nested with dots.", _NAMES, exploded=False),
    "except": _query("except", "Fields to leave out.", _NAMES, exploded=False),
    "sort": _query("sort", "Fields to sort by; - in front for descending.", _NAMES, exploded=False),
    "page": _query("page", "Which page.", {"type": "integer", "minimum": 1, "maximum": MAX_PAGE}),
    "pageSize": _query(
        "pageSize", "Records per page.", {"type": "integer", "minimum": 1, "maximum": MAX_PAGE_SIZE}
    ),
    "paginate": _query("paginate", "false gives all records, without meta.", _FLAG),
    "tree": _query("tree", "Answer records of a tree with their children.", _FLAG),
    "whitelist": _query("whitelist", "Fields that may be written.", _NAMES, exploded=False),
    "blacklist": _query("blacklist", "Fields that may not be written.", _NAMES, exploded=False),
    "updateAssociationValues": _query(
        "updateAssociationValues", "Relations whose records are updated too.", _NAMES, exploded=False
    ),
    "filterKeys": _query(
        "filterKeys", "Fields whose values name the record.", {**_NAMES, "minItems": 1}, exploded=False
    ),
    "having": _json_query("having", "Which groups: alias → condition."),
    "parent": {
        "name": "parent",
        "in": "path",
        "required": True,
        "description": "Key of the record that has the relation.",
        "schema": {"type": "string", "minLength": 1},
    },
}

READ_ONE: Final = ("fields", "appends", "except")
READ_MANY: Final = ("filter", *READ_ONE, "sort", "page", "pageSize", "paginate", "tree")

COUNT_META: Final[Schema] = {
    "type": "object",
    "properties": {
        "count": {"type": "integer"},
        "page": {"type": "integer"},
        "pageSize": {"type": "integer"},
        "totalPage": {"type": "integer"},
        "hasNext": {"type": "boolean"},
    },
}

ERROR: Final[Schema] = {
    "type": "object",
    "required": ["errors"],
    "properties": {
        "errors": {
            "type": "array",
            "minItems": 1,
            "items": {
                "type": "object",
                "required": ["message", "code"],
                "properties": {
                    "message": {"type": "string", "description": "One sentence for a person."},
                    "code": {"type": "string", "description": "The stable part, for programs."},
                    "reason": {"type": "string", "description": "The sentence without what it is about."},
                    "collection": {"type": "string", "description": "The collection that it is about."},
                    "field": {"type": "string", "description": "The field that it is about."},
                    "path": {
                        "type": "string",
                        "description": "The setting that is wrong, as the body calls it.",
                    },
                },
            },
        }
    },
}

SECURITY_SCHEMES: Final[Mapping[str, Schema]] = {
    "bearer": {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "JWT",
        "description": "The token of auth:signIn, or an API key.",
    }
}


def components(schemas: Mapping[str, Schema]) -> Schema:
    """The ``components`` of the document."""
    return {
        "schemas": {"insula.Error": ERROR, "insula.Meta": COUNT_META, **schemas},
        "parameters": dict(PARAMETERS),
        "responses": {
            "insula.Error": {
                "description": "What is wrong.",
                "content": {"application/json": {"schema": ref("schemas", "insula.Error")}},
            }
        },
        "securitySchemes": dict(SECURITY_SCHEMES),
    }


def answer(data: Schema, *, listed: bool = False) -> Schema:
    """The ``responses`` of an operation that answers ``data``."""
    properties: Schema = {"data": data}
    if listed:
        properties["meta"] = ref("schemas", "insula.Meta")
    schema = {"type": "object", "required": ["data"], "properties": properties}
    return {
        "200": {"description": "Done.", "content": {"application/json": {"schema": schema}}},
        "default": ref("responses", "insula.Error"),
    }


def json_body(schema: Schema, *, required: bool = True) -> Schema:
    """A ``requestBody``."""
    return {"required": required, "content": {"application/json": {"schema": schema}}}
