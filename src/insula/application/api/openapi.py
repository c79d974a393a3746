"""The OpenAPI 3.1 document of one application: all of its resources, and its collections as they are now."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Final

from insula import __version__
from insula.application.api.action import Action
from insula.application.api.openapi_parts import (
    READ_MANY,
    READ_ONE,
    Schema,
    answer,
    components,
    json_body,
    ref,
)
from insula.data.attaching import MORE
from insula.data.collection import Collection, Field
from insula.data.validate import stamps

if TYPE_CHECKING:
    from insula.application.application import Application

_KEYS: Final[Schema] = {
    "oneOf": [
        {"type": ["string", "integer"]},
        {"type": "array", "items": {"type": ["string", "integer"]}},
    ]
}
_ANYTHING: Final[Schema] = {}
_NUMBER: Final[Schema] = {"type": "integer"}
_COUNT: Final[Schema] = {"type": "object", "properties": {"count": _NUMBER}, "required": ["count"]}
_ROWS: Final[Schema] = {"type": "array", "items": {"type": "object"}}


async def document(application: Application, prefix: str) -> dict[str, Any]:
    """``prefix`` is where the API is (``/api``). Made in pieces, so that others are answered meanwhile."""
    table = application.plugin_manager.table
    paths: dict[str, Schema] = {}
    schemas: dict[str, Schema] = {}
    tags: list[Schema] = []
    for resource in table.resources.values():
        tags.append({"name": resource.name, "description": resource.title or resource.name})
        schemas |= resource.schemas
        for action in resource.actions:
            parts = {**resource.openapi.get(action.name, {}), **action.openapi}
            path = f"/{_path(resource.name)}:{action.name}"
            _add(paths, path, resource.name, action, _stated(action, parts))
        await asyncio.sleep(0)
    for collection in application.metadata:
        if collection.internal or collection.name in application.plugin_manager.refused:
            continue
        if collection.name not in table.resources:
            tags.append({"name": collection.name, "description": collection.title or collection.name})
        schemas |= _schemas(collection, application)
        _record_paths(paths, collection, table.records.values(), table.actions)
        for field in collection.relations.values():
            _relation_paths(paths, collection, field, application)
        await asyncio.sleep(0)
    found = {
        "openapi": "3.1.0",
        "info": {
            "title": application.options.display_name or application.name,
            "version": __version__,
            "description": "Addresses are /<resource>:<action>; answers are {data} or {errors}.",
        },
        "servers": [{"url": prefix or "/"}],
        "security": [{"bearer": []}],
        "tags": tags,
        "paths": paths,
        "components": components(schemas),
    }
    application.call("openapi_document", document=found)
    return found


def _path(resource: str) -> str:
    """``collections.fields`` is addressed as ``collections/{parent}/fields``."""
    parent, dot, nested = resource.partition(".")
    return f"{parent}/{{parent}}/{nested}" if dot else resource


def _stated(action: Action, parts: Mapping[str, Any]) -> Schema:
    """The operation of a resource's action, by the parts that are stated of it."""
    operation: Schema = {"parameters": list(parts.get("parameters", ()))}
    if action.writes and not parts:
        operation["parameters"].append(ref("parameters", "filterByTk"))
    if "requestBody" in parts:
        operation["requestBody"] = parts["requestBody"]
    elif action.writes:
        operation["requestBody"] = json_body({"type": "object"}, required=False)
    operation["responses"] = {**answer(_ANYTHING), **parts.get("responses", {})}
    return operation


def _add(paths: dict[str, Schema], path: str, tag: str, action: Action, operation: Schema) -> None:
    method = "post" if action.writes else "get"
    names = [part.split("}")[0] for part in path.split("{")[1:]]
    stated = [ref("parameters", "key" if name == "filterByTk" else name) for name in names] + operation.pop(
        "parameters", []
    )
    complete: Schema = {
        "tags": [tag],
        "summary": action.summary,
        "operationId": f"{method}{path}",
        "parameters": [parameter for i, parameter in enumerate(stated) if parameter not in stated[:i]],
        **operation,
    }
    if action.gate == "public":
        complete["security"] = []
    paths.setdefault(path, {})[method] = complete


def _record_paths(
    paths: dict[str, Schema],
    collection: Collection,
    actions: Iterable[Action],
    stated: Mapping[tuple[str, str], Action],
) -> None:
    name = collection.name
    for action in actions:
        closed = action.writes and collection.options.get("guarded")
        if closed or (name, action.name) in stated:
            continue
        operation = _operation(action, name)
        _add(paths, f"/{name}:{action.name}", name, action, dict(operation))
        if action.name in ("get", "update", "destroy"):
            keyed = {
                **operation,
                "parameters": [p for p in operation["parameters"] if p != ref("parameters", "filterByTk")],
            }
            _add(paths, f"/{name}:{action.name}/{{filterByTk}}", name, action, keyed)


def _relation_paths(
    paths: dict[str, Schema], collection: Collection, field: Field, application: Application
) -> None:
    if field.relation is None:
        return
    target = application.metadata.find(field.relation.target)
    if target is None or target.internal:
        return
    table = application.plugin_manager.table
    closed = collection.options.get("guarded") or target.options.get("guarded")
    base = f"/{collection.name}/{{parent}}/{field.name}"
    for action in (*table.related.values(), *table.links.values()):
        if not (closed and action.writes):
            _add(paths, f"{base}:{action.name}", collection.name, action, _operation(action, target.name))


def _operation(action: Action, collection: str) -> Schema:
    """Parameters, body and answer of an action of records."""
    record = ref("schemas", collection)
    values = ref("schemas", f"{collection}.values")
    records = {"type": "array", "items": record}
    nullable = {"anyOf": [record, {"type": "null"}]}
    parameters, body, data = _SHAPES.get(action.name, ((), None, "anything"))
    answers: Mapping[str, Schema] = {
        "records": records,
        "record": record,
        "record or null": nullable,
        "number": _NUMBER,
        "count": _COUNT,
        "rows": _ROWS,
        "null": {"type": "null"},
        "anything": _ANYTHING,
    }
    bodies: Mapping[str, Schema] = {"values": values, "keys": _KEYS, "query": _QUERY, "move": _MOVE}
    operation: Schema = {
        "parameters": [ref("parameters", name) for name in parameters],
        "responses": answer(answers[data], listed=action.name == "list"),
    }
    if body is not None and action.writes:
        operation["requestBody"] = json_body(bodies[body], required=body != "keys")
    for name in ("parameters", "requestBody"):
        if name in action.openapi:
            operation[name] = action.openapi[name]
    operation["responses"] |= action.openapi.get("responses", {})
    return operation


_MOVE: Final[Schema] = {
    "type": "object",
    "required": ["sourceId"],
    "properties": {
        "sourceId": {"type": ["string", "integer"]},
        "targetId": {"type": ["string", "integer", "null"]},
        "targetScope": {},
        "sortField": {"type": "string"},
        "method": {"enum": ["insertAfter", "prepend"]},
        "sticky": {"type": "boolean"},
    },
    "additionalProperties": False,
}
_QUERY: Final[Schema] = {"type": "object"}

_CHOICE: Final = ("whitelist", "blacklist", "updateAssociationValues")
_CUT: Final[Schema] = {
    "type": "array",
    "items": {"type": "string"},
    "description": "Appended relations that hold more than is answered; list them to see it all.",
}

_SHAPES: Final[Mapping[str, tuple[tuple[str, ...], str | None, str]]] = {
    "list": (READ_MANY, None, "records"),
    "get": (("filterByTk", *READ_ONE), None, "record or null"),
    "count": (("filter",), None, "count"),
    "query": (("filter", "having"), "query", "rows"),
    "create": (_CHOICE, "values", "record"),
    "update": (("filterByTk", "filter", *_CHOICE), "values", "records"),
    "destroy": (("filterByTk", "filter"), None, "number"),
    "firstOrCreate": (("filterKeys", *_CHOICE), "values", "record"),
    "updateOrCreate": (("filterKeys", *_CHOICE), "values", "record"),
    "move": ((), "move", "record"),
    "add": ((), "keys", "null"),
    "set": ((), "keys", "null"),
    "remove": ((), "keys", "null"),
    "toggle": ((), "keys", "null"),
}
"""Action → parameters, body, answer."""


def _schemas(collection: Collection, application: Application) -> dict[str, Schema]:
    """What is answered of a record, and what may be written of it."""
    filled = stamps(collection)
    answered: dict[str, Schema] = {}
    written: dict[str, Schema] = {}
    for field in collection.fields.values():
        if field.relation is not None:
            related = _related(field, application)
            if related is not None:
                answered[field.name] = related
                written[field.name] = _ANYTHING
        elif field.stored:
            schema = _field_schema(field)
            if not (field.hidden or field.type.hidden):
                answered[field.name] = schema
            if field.name not in filled:
                written[field.name] = schema
    if any(field.relation is not None and field.relation.to_many for field in collection.fields.values()):
        answered[MORE] = _CUT
    record: Schema = {"type": "object", "properties": answered}
    if collection.title:
        record["title"] = collection.title
    return {
        collection.name: record,
        f"{collection.name}.values": {
            "type": "object",
            "properties": written,
            "additionalProperties": False,
        },
    }


def _related(field: Field, application: Application) -> Schema | None:
    relation = field.relation
    target = application.metadata.find(relation.target) if relation is not None else None
    if relation is None or target is None:
        return None
    record = {"type": "object"} if target.internal else ref("schemas", target.name)
    return {"type": "array", "items": record} if relation.to_many else {"anyOf": [record, {"type": "null"}]}


def _field_schema(field: Field) -> Schema:
    schema = dict(field.type.openapi(field))
    described = field.options.get("description") or (field.options.get("uiSchema") or {}).get("title")
    if isinstance(described, str) and described:
        schema["description"] = described
    return schema if field.required else _nullable(schema)


def _nullable(schema: Schema) -> Schema:
    """The same, or ``null``."""
    if "enum" in schema:
        schema = {**schema, "enum": [*schema["enum"], None]}
    kind = schema.get("type")
    if isinstance(kind, str):
        return {**schema, "type": [kind, "null"]}
    if isinstance(kind, list) and "null" not in kind:
        return {**schema, "type": [*kind, "null"]}
    return schema
