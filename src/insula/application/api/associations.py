"""The actions through a relation: ``/<collection>/<key>/<relation>:<action>[/<relatedKey>]``.

Reading is that of ``records``, narrowed to what is related. To one, no key is needed.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any, Final

from insula.application.api import records
from insula.application.api.action import Action, Answer, Context, Stream
from insula.application.api.bodies import as_object
from insula.application.api.queries import keys_of, names
from insula.application.errors import InvalidBody, NotAnAddress
from insula.data.filters.parse import parse_filter
from insula.database.executor import Row


async def get_related(context: Context) -> Answer:
    """One related record, or ``null``; to one, whichever it is."""
    if context.key is None and "filterByTk" not in context.params:
        query = replace(records.related_query(context), page=1, page_size=1, counting="none")
        page = await context.application.repository.find(context.resource, query, scopes=context.scopes)
        if not page.rows:
            await records.check_parent(context)
        return Answer(page.rows[0] if page.rows else None)
    return await records.get_record(context)


async def create_related(context: Context) -> Answer:
    """A new record that is related from the start; several for a list of them, all or none."""
    place = _through(context)
    params, values = records.written(context)
    through, scopes, choice = (
        context.application.repository.through,
        context.scopes,
        records.choice_of(params),
    )
    if isinstance(values, list):
        new = records.as_objects(values)
        return Answer(await through.create_many(*place, new, scopes=scopes, choice=choice))
    return Answer(await through.create(*place, as_object(values), scopes=scopes, choice=choice))


async def first_or_create_related(context: Context) -> Answer:
    """The related record that has these values in ``filterKeys``; when there is none, a new one that is related."""
    return await _either(context, context.application.repository.through.first_or_create)


async def update_or_create_related(context: Context) -> Answer:
    """The same, and a record that is there is given all values."""
    return await _either(context, context.application.repository.through.update_or_create)


async def _either(context: Context, write: Callable[..., Awaitable[Row]]) -> Answer:
    collection, key, relation = _through(context)
    params, values = records.written(context)
    return Answer(
        await write(
            collection,
            key,
            relation,
            names(params, "filterKeys"),
            as_object(values),
            scopes=context.scopes,
            choice=records.choice_of(params),
        )
    )


async def move_related(context: Context) -> Answer:
    """The moved related record."""
    collection, key, relation = _through(context)
    source, target, how = records.move_of(context)
    return Answer(
        await context.application.repository.through.move(
            collection, key, relation, source, target, scopes=context.scopes, **how
        )
    )


async def update_related(context: Context) -> Answer | Stream:
    """The updated related records, as a list."""
    collection, key, relation = _through(context)
    params, values = records.written(context)
    return records.updated(
        await context.application.repository.through.update(
            collection,
            key,
            relation,
            as_object(values),
            scopes=context.scopes,
            keys=keys_of(context.key, params),
            filter=parse_filter(params.get("filter"), zone=records.zone_of(context)),
            choice=records.choice_of(params),
        )
    )


async def destroy_related(context: Context) -> Answer:
    """The number of destroyed related records."""
    collection, key, relation = _through(context)
    params = records.beside(context)
    return Answer(
        await context.application.repository.through.destroy(
            collection,
            key,
            relation,
            scopes=context.scopes,
            keys=keys_of(context.key, params),
            filter=parse_filter(params.get("filter"), zone=records.zone_of(context)),
        )
    )


async def add_related(context: Context) -> Answer:
    """Relate to more records."""
    collection, key, relation = _through(context)
    values = _named(context, required=True)
    await context.application.repository.associations.add(
        collection, key, relation, values, scopes=context.scopes
    )
    return Answer()


async def set_related(context: Context) -> Answer:
    """Relate to these records and no others."""
    collection, key, relation = _through(context)
    values = _named(context, required=False)
    await context.application.repository.associations.set(
        collection, key, relation, values, scopes=context.scopes
    )
    return Answer()


async def remove_related(context: Context) -> Answer:
    """No longer relate to these records, which stay as they are."""
    collection, key, relation = _through(context)
    values = _named(context, required=False)
    await context.application.repository.associations.remove(
        collection, key, relation, values, scopes=context.scopes
    )
    return Answer()


async def toggle_related(context: Context) -> Answer:
    """Relate to those records that are not related, and no longer to those that are."""
    collection, key, relation = _through(context)
    values = _named(context, required=True)
    await context.application.repository.associations.toggle(
        collection, key, relation, values, scopes=context.scopes
    )
    return Answer()


def _through(context: Context) -> tuple[str, Any, str]:
    if context.parent is None or context.relation is None:
        raise NotAnAddress(path=context.request.path[:200])
    return context.parent[0], context.parent[1], context.relation


def _named(context: Context, *, required: bool) -> Any:
    """The records that are meant: in the path, in ``filterByTk``, in the body, or under its ``values``."""
    keys = keys_of(context.key, context.params)
    if keys is not None:
        return keys
    body = context.body
    if isinstance(body, dict):
        for name in ("values", "filterByTk"):
            if name in body and len(body) == 1:
                body = body[name]
                break
    if body is None and required:
        raise InvalidBody(reason="must name the records: a key, or a list of keys or objects")
    return body


_READS: Final = frozenset(("list", "count", "query"))

ASSOCIATION_ACTIONS: Final = (
    *(action for action in records.RECORD_ACTIONS if action.name in _READS),
    Action("get", get_related, "records", "Get one related record.", permission="view"),
    Action("create", create_related, "records", "Create a related record.", permission="create", writes=True),
    Action("update", update_related, "records", "Update related records.", permission="update", writes=True),
    Action(
        "destroy", destroy_related, "records", "Destroy related records.", permission="destroy", writes=True
    ),
    Action(
        "firstOrCreate",
        first_or_create_related,
        "records",
        "Get the related record with these values, or create it.",
        permission="create",
        writes=True,
    ),
    Action(
        "updateOrCreate",
        update_or_create_related,
        "records",
        "Update the related record with these values, or create it.",
        permission="create",
        writes=True,
    ),
    Action(
        "move",
        move_related,
        "records",
        "Move a related record in its order.",
        permission="update",
        writes=True,
    ),
)
"""Permitted as the same action on the relation's target."""

LINK_ACTIONS: Final = (
    Action("add", add_related, "records", "Relate to more records.", permission="update", writes=True),
    Action("set", set_related, "records", "Relate to these records alone.", permission="update", writes=True),
    Action(
        "remove", remove_related, "records", "No longer relate to records.", permission="update", writes=True
    ),
    Action(
        "toggle",
        toggle_related,
        "records",
        "Relate to what is not related, and the reverse.",
        permission="update",
        writes=True,
    ),
)
"""Permitted as ``update`` on the collection that has the relation."""
