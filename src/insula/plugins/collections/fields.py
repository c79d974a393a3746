"""The actions of ``collections/<name>/fields``, and of ``fields``, where a field is named by its key."""

from __future__ import annotations

from typing import Any, Final

from insula.application.api.action import Action, Answer, Context, Resource
from insula.application.api.bodies import as_object, record
from insula.application.api.queries import keys_of, one_key
from insula.application.errors import InvalidParameter, NotAnAddress
from insula.data.collection import Collection, Field
from insula.data.errors import FilterRequired, UnknownField
from insula.data.metadata_json import field_to_json, fields_to_json
from insula.plugins.collections import openapi
from insula.plugins.collections.actions import SNIPPET, visible
from insula.plugins.collections.described import listed

_NAMES: Final = frozenset(
    [
        "key",
        "name",
        "type",
        "interface",
        "collectionName",
        "description",
        "target",
        "foreignKey",
        "primaryKey",
    ]
)


async def list_fields(context: Context) -> Answer:
    """The fields of a collection; of all collections at ``fields:list``."""
    if context.parent is not None:
        return listed(context, fields_to_json(_collection(context)), _NAMES)
    collections = (c for c in context.application.metadata if not c.internal)
    return listed(context, [item for c in collections for item in fields_to_json(c)], _NAMES)


async def get_field(context: Context) -> Answer:
    """One field, or ``null``."""
    found = _find(context, _one(context))
    return Answer(None if found is None else field_to_json(*found))


async def create_field(context: Context) -> Answer:
    """A new field with its column."""
    collection = _collection(context)
    _, values = record(context.params, context.body, plain=False)
    field = await context.application.metadata.create_field(collection.name, as_object(values))
    return Answer(field_to_json(visible(context, collection.name), field))


async def update_field(context: Context) -> Answer:
    """The changed field, as a list."""
    _, values = record(context.params, context.body, plain=False)
    collection, field = _addressed(context, _one(context))
    changed = await context.application.metadata.update_field(collection.name, field.name, as_object(values))
    return Answer([field_to_json(visible(context, collection.name), changed)])


async def destroy_fields(context: Context) -> Answer:
    """The number of dropped fields; all that are named, or none."""
    keys = keys_of(context.key, {**context.params, **as_object(context.body)})
    if not keys:
        raise FilterRequired(action="destroy", collection="fields")
    found = [_addressed(context, str(key)) for key in keys]
    addresses = [(collection.name, field.name) for collection, field in found]
    await context.application.metadata.destroy_fields(addresses)
    return Answer(len(set(addresses)))


async def move_field(context: Context) -> Answer:
    """Put a field to the place of another of its collection."""
    params = {**context.params, **as_object(context.body)}
    source, target = context.key or params.get("sourceId"), params.get("targetId")
    if not isinstance(source, str) or not isinstance(target, str):
        raise InvalidParameter(parameter="sourceId", reason="and targetId must name fields")
    (collection, moved), (_, place) = _addressed(context, source), _addressed(context, target)
    field = await context.application.metadata.move_field(collection.name, moved.name, place.name)
    return Answer(field_to_json(visible(context, collection.name), field))


def _collection(context: Context) -> Collection:
    if context.parent is None:
        raise NotAnAddress(path=context.request.path[:200])
    found: Collection = visible(context, context.parent[1])
    return found


def _one(context: Context) -> str:
    body = context.body if isinstance(context.body, dict) else {}
    key: Any = one_key(context.key, {**context.params, **body})
    if not isinstance(key, str):
        raise FilterRequired(action=context.action, collection="fields")
    return key


def _find(context: Context, key: str) -> tuple[Collection, Field] | None:
    """A field by name or key within its collection, by key among all."""
    if context.parent is not None:
        collection = _collection(context)
        for field in collection.fields.values():
            if key in (field.name, field.key):
                return collection, field
        return None
    for collection in context.application.metadata:
        for field in collection.fields.values():
            if not collection.internal and not field.builtin and field.key == key:
                return collection, field
    return None


def _addressed(context: Context, key: str) -> tuple[Collection, Field]:
    found = _find(context, key)
    if found is None:
        collection = context.parent[1] if context.parent is not None else "fields"
        raise UnknownField(collection=collection[:100], field=key[:100], place="filterByTk")
    return found


_READS: Final = (
    Action("list", list_fields, "signed_in", "List fields."),
    Action("get", get_field, "signed_in", "Get a field."),
)
_CHANGES: Final = (
    Action("update", update_field, "snippet", "Change a field.", snippet=SNIPPET, writes=True, slow=True),
    Action("destroy", destroy_fields, "snippet", "Drop fields.", snippet=SNIPPET, writes=True, slow=True),
)
_IN_COLLECTION: Final = (
    Action("create", create_field, "snippet", "Create a field.", snippet=SNIPPET, writes=True, slow=True),
    Action("move", move_field, "snippet", "Change the order.", snippet=SNIPPET, writes=True, slow=True),
)

FIELDS_OF_COLLECTION: Final = Resource(
    "collections.fields", (*_READS, *_IN_COLLECTION, *_CHANGES), "Fields", openapi.FIELDS, openapi.SCHEMAS
)
FIELDS: Final = Resource(
    "fields", (*_READS, *_CHANGES), "Fields of all collections", openapi.FIELDS, openapi.SCHEMAS
)
