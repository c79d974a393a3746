"""The actions of the resource ``collections``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from insula.application.api.action import Action, Answer, Context, Resource
from insula.application.api.bodies import as_object, record
from insula.application.api.queries import flag, keys_of, one_key
from insula.application.errors import InvalidBody, InvalidParameter
from insula.data.errors import FilterRequired, UnknownCollection
from insula.data.metadata_json import collection_to_json, fields_to_json
from insula.plugins.collections import openapi
from insula.plugins.collections.described import listed, query_of

SNIPPET: Final = "pm.collections"

_NAMES: Final = frozenset(
    ["key", "name", "title", "description", "hidden", "inherit", "template", "from", "sort", "category"]
)


async def list_collections(context: Context) -> Answer:
    """Collections, in their order; ``appends=fields`` brings their fields."""
    fields = "fields" in query_of(context).appends
    visible = (c for c in context.application.metadata if not c.internal)
    return listed(context, [collection_to_json(c, fields=fields) for c in visible], _NAMES)


async def list_meta(context: Context) -> Answer:
    """All collections with all of their fields: what clients load first."""
    return Answer(
        [collection_to_json(c, fields=True) for c in context.application.metadata if not c.internal]
    )


async def get_collection(context: Context) -> Answer:
    """One collection, or ``null``."""
    found = context.application.metadata.find(name_of(context))
    if found is None or found.internal:
        return Answer(None)
    return Answer(collection_to_json(found, fields="fields" in query_of(context).appends))


async def create_collection(context: Context) -> Answer:
    """A new collection with its table."""
    _, values = record(context.params, context.body, plain=False)
    created = await context.application.metadata.create_collection(as_object(values))
    return Answer(collection_to_json(created, fields=True))


async def update_collection(context: Context) -> Answer:
    """The changed collection, as a list."""
    params, values = record(context.params, context.body, plain=False)
    name = _name(context.key, params)
    changed = await context.application.metadata.update_collection(name, as_object(values))
    return Answer([collection_to_json(changed, fields=True)])


async def destroy_collections(context: Context) -> Answer:
    """The number of dropped collections; their records are gone with them."""
    params = {**context.params, **as_object(context.body)}
    keys = keys_of(context.key, params)
    if not keys:
        raise FilterRequired(action="destroy", collection="collections")
    names = [str(key) for key in keys]
    cascade = flag(params, "cascade", default=False)
    await context.application.metadata.destroy_collection(*names, cascade=cascade)
    return Answer(len(names))


async def move_collection(context: Context) -> Answer:
    """Put a collection to the place of another."""
    body = {**context.params, **as_object(context.body)}
    source, target = context.key or body.get("sourceId"), body.get("targetId")
    if not isinstance(source, str) or not isinstance(target, str):
        raise InvalidParameter(parameter="sourceId", reason="and targetId must name collections")
    moved = await context.application.metadata.move_collection(source, target)
    return Answer(collection_to_json(moved))


async def set_fields(context: Context) -> Answer:
    """Exactly these fields: new ones are created, others changed, and those left out are dropped."""
    body = as_object(context.body)
    wanted = body.get("fields", (body.get("values") or {}).get("fields"))
    if not isinstance(wanted, list) or not all(isinstance(item, dict) for item in wanted):
        raise InvalidBody(
            reason='must be an object such as {"fields": [{"name": "title", "type": "string"}]}'
        )
    changed = await context.application.metadata.set_fields(name_of(context), wanted)
    return Answer(fields_to_json(changed))


def name_of(context: Context) -> str:
    """The collection that is addressed by key."""
    body = context.body if isinstance(context.body, dict) else {}
    return _name(context.key, {**context.params, **body})


def _name(key: str | None, params: Mapping[str, Any]) -> str:
    name = one_key(key, params)
    if not isinstance(name, str):
        raise FilterRequired(action="get", collection="collections")
    return name


def visible(context: Context, name: str) -> Any:
    """The collection of this name. Raises ``UnknownCollection`` also for internal ones."""
    found = context.application.metadata.find(name)
    if found is None or found.internal:
        raise UnknownCollection(collection=name[:100])
    return found


COLLECTIONS: Final = Resource(
    "collections",
    (
        Action("list", list_collections, "signed_in", "List collections."),
        Action("listMeta", list_meta, "signed_in", "List all collections with all fields."),
        Action("get", get_collection, "signed_in", "Get a collection."),
        Action(
            "create",
            create_collection,
            "snippet",
            "Create a collection.",
            snippet=SNIPPET,
            writes=True,
            slow=True,
        ),
        Action(
            "update",
            update_collection,
            "snippet",
            "Change a collection.",
            snippet=SNIPPET,
            writes=True,
            slow=True,
        ),
        Action(
            "destroy",
            destroy_collections,
            "snippet",
            "Drop collections.",
            snippet=SNIPPET,
            writes=True,
            slow=True,
        ),
        Action(
            "move", move_collection, "snippet", "Change the order.", snippet=SNIPPET, writes=True, slow=True
        ),
        Action(
            "setFields", set_fields, "snippet", "Set all fields.", snippet=SNIPPET, writes=True, slow=True
        ),
    ),
    "Collections",
    openapi.COLLECTIONS,
    openapi.SCHEMAS,
)
