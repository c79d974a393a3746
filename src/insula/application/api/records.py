"""The actions that every collection has. They serve ``/<collection>:<action>`` and, where a relation leads to
the records, ``/<collection>/<key>/<relation>:<action>``: then nothing but related records exists for them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from insula.application.api.action import Action, Answer, Context, Stream
from insula.application.api.aggregates import read_aggregate
from insula.application.api.bodies import as_object, record, with_body
from insula.application.api.encode import BATCH_ROWS, are_many, encode_batches, encode_list
from insula.application.api.queries import (
    WRITE_PARAMETERS,
    check_names,
    flag,
    keys_of,
    names,
    narrowed,
    one_key,
    read_query,
    timezone,
)
from insula.application.errors import InvalidBody, InvalidParameter
from insula.data.choice import Choice
from insula.data.errors import RecordNotFound
from insula.data.filters.parse import parse_filter
from insula.data.filters.tree import All, Node, RelatedTo
from insula.data.many import MAX_ANSWERED
from insula.data.query import Counting, Page, Query
from insula.database.executor import Row

MAX_RECORDS: Final = 1_000
"""Records that one ``create`` takes as a list."""
_MOVE_PARAMETERS: Final = frozenset(["sourceId", "targetId", "targetScope", "sortField", "method", "sticky"])
_COUNT_PARAMETERS: Final = frozenset(("filter",))


async def list_records(context: Context) -> Answer | Stream:
    """One page, or everything as a stream."""
    query = related_query(context)
    repository = context.application.repository
    if query.page_size is None:
        await check_parent(context)
        return Stream(encode_batches(repository.stream(context.resource, query, scopes=context.scopes)))
    page = await repository.find(context.resource, query, scopes=context.scopes)
    if not page.rows:
        await check_parent(context)
    meta = _meta(query, page, query.page_size)
    if are_many(page.rows) if query.appends or query.tree else len(page.rows) > BATCH_ROWS:
        return Stream(encode_list(page.rows, meta))
    return Answer(page.rows, meta)


async def get_record(context: Context) -> Answer:
    """One record, or ``null``."""
    query = related_query(context)
    key = one_key(context.key, with_body(context.params, context.body))
    repository = context.application.repository
    if key is not None:
        row = await repository.find_one(context.resource, key, query, scopes=context.scopes)
        if row is None:
            await check_parent(context)
        return Answer(row)
    if query.filter is None:
        raise InvalidParameter(parameter="filterByTk", reason="must name the record")
    query = replace(query, page=1, page_size=1, counting="none")
    page = await repository.find(context.resource, query, scopes=context.scopes)
    return Answer(page.rows[0] if page.rows else None)


async def create_record(context: Context) -> Answer:
    """A new record; several for a list of them, all or none."""
    params, values = written(context)
    repository = context.application.repository
    if isinstance(values, list):
        records, choice = as_objects(values), choice_of(params)
        return Answer(
            await repository.create_many(context.resource, records, scopes=context.scopes, choice=choice)
        )
    row = await repository.create(
        context.resource, as_object(values), scopes=context.scopes, choice=choice_of(params)
    )
    return Answer(row)


def as_objects(values: list[Any]) -> list[Mapping[str, Any]]:
    """The records of a body that is a list. Raises ``InvalidBody``."""
    if len(values) > MAX_RECORDS:
        raise InvalidBody(reason=f"has more than {MAX_RECORDS} records")
    return [as_object(item) for item in values]


async def update_records(context: Context) -> Answer | Stream:
    """The updated records, as a list."""
    params, values = written(context)
    return updated(
        await context.application.repository.update(
            context.resource,
            as_object(values),
            scopes=context.scopes,
            keys=keys_of(context.key, params),
            filter=parse_filter(params.get("filter"), zone=zone_of(context)),
            choice=choice_of(params),
        )
    )


def updated(rows: list[Row]) -> Answer | Stream:
    """The list of updated records; of very many the first, with ``hasNext`` beside them."""
    if len(rows) <= BATCH_ROWS:
        return Answer(rows)
    cut = len(rows) > MAX_ANSWERED
    return Stream(encode_list(rows[:MAX_ANSWERED], {"hasNext": True} if cut else None))


async def destroy_records(context: Context) -> Answer:
    """The number of destroyed records."""
    params = beside(context)
    return Answer(
        await context.application.repository.destroy(
            context.resource,
            scopes=context.scopes,
            keys=keys_of(context.key, params),
            filter=parse_filter(params.get("filter"), zone=zone_of(context)),
        )
    )


async def first_or_create(context: Context) -> Answer:
    """The record that has these values in ``filterKeys``, made when there is none."""
    params, values = written(context)
    return Answer(
        await context.application.repository.first_or_create(
            context.resource,
            names(params, "filterKeys"),
            as_object(values),
            scopes=context.scopes,
            choice=choice_of(params),
        )
    )


async def update_or_create(context: Context) -> Answer:
    """The record that has these values in ``filterKeys``, given all values, or made when there is none."""
    params, values = written(context)
    return Answer(
        await context.application.repository.update_or_create(
            context.resource,
            names(params, "filterKeys"),
            as_object(values),
            scopes=context.scopes,
            choice=choice_of(params),
        )
    )


async def count_records(context: Context) -> Answer:
    """How many records fit the filter: ``{"count": 734}``."""
    params = with_body(context.params, context.body)
    check_names(params, _COUNT_PARAMETERS)
    node = _related(context, parse_filter(params.get("filter"), zone=zone_of(context)))
    count = await context.application.repository.count(context.resource, node, scopes=context.scopes)
    if not count:
        await check_parent(context)
    return Answer({"count": count})


async def query_records(context: Context) -> Answer:
    """Grouped and computed rows."""
    aggregate = read_aggregate(with_body(context.params, context.body), zone_of(context))
    aggregate = replace(aggregate, filter=_related(context, aggregate.filter))
    await check_parent(context)
    rows = await context.application.repository.aggregate(context.resource, aggregate, scopes=context.scopes)
    return Answer(rows)


async def move_record(context: Context) -> Answer:
    """The moved record."""
    source, target, how = move_of(context)
    return Answer(
        await context.application.repository.move(
            context.resource, source, target, scopes=context.scopes, **how
        )
    )


def move_of(context: Context) -> tuple[str | int, str | int | None, dict[str, Any]]:
    """What is moved, to the place of what, and how. Raises ``InvalidParameter``."""
    params = {**context.params, **as_object(context.body)}
    check_names(params, _MOVE_PARAMETERS)
    source = context.key or params.get("sourceId")
    if isinstance(source, bool) or not isinstance(source, str | int):
        raise InvalidParameter(parameter="sourceId", reason="must name the record to move")
    target = params.get("targetId")
    if isinstance(target, bool) or not isinstance(target, str | int | None):
        raise InvalidParameter(parameter="targetId", reason="must be the key of a record")
    sort_field = params.get("sortField") or "sort"
    if not isinstance(sort_field, str):
        raise InvalidParameter(parameter="sortField", reason="must be the name of a field")
    how = {
        "sort_field": sort_field,
        "target_scope": _target_scope(params.get("targetScope"), sort_field),
        "method": params.get("method") or None,
        "sticky": flag(params, "sticky", default=False),
    }
    return source, target, how


def _target_scope(given: Any, sort_field: str) -> Any:
    """The list to move into: a value, or an object of one field and its value."""
    if isinstance(given, dict):
        if len(given) != 1:
            raise InvalidParameter(parameter="targetScope", reason="must be one value")
        return next(iter(given.values()))
    return given


def related_query(context: Context) -> Query:
    """What a request asks for, held to the related records where it came through a relation."""
    raw, params = context.request.query, context.params
    if context.body is not None:
        raw, params = b"", with_body(params, context.body)
    collection = context.application.metadata.get(context.resource)
    counting: Counting = "simple" if collection.options.get("simplePaginate") else "exact"
    query = read_query(raw, params, zone_of(context), counting)
    if context.parent is not None and context.relation is not None:
        return narrowed(query, RelatedTo(context.parent[0], context.relation, context.parent[1]))
    return query


def _meta(query: Query, page: Page, size: int) -> Mapping[str, Any]:
    if page.count is None:
        return {"hasNext": page.has_next, "page": query.page, "pageSize": size}
    return {
        "count": page.count,
        "page": query.page,
        "pageSize": size,
        "totalPage": -(-page.count // size),
    }


async def check_parent(context: Context) -> None:
    """Raises ``RecordNotFound`` where the request comes through a record that is not there (for the caller)."""
    if context.parent is None:
        return
    collection, key = context.parent
    own = context.application.metadata.get(collection).primary_key
    query = Query(fields=None if own is None else (own.name,))
    repository = context.application.repository
    if await repository.find_one(collection, key, query, scopes=context.scopes) is None:
        raise RecordNotFound(collection=collection, key=key)


def _related(context: Context, node: Node | None) -> Node | None:
    """The filter, narrowed to what the relation leads to."""
    if context.parent is None or context.relation is None:
        return node
    related = RelatedTo(context.parent[0], context.relation, context.parent[1])
    return related if node is None else All((related, node))


def written(context: Context) -> tuple[Mapping[str, Any], Any]:
    """Parameters and values of a writing request."""
    plain = "values" in context.application.metadata.get(context.resource).fields
    params, values = record(context.params, context.body, plain=plain)
    check_names(params, WRITE_PARAMETERS)
    return params, values


def choice_of(params: Mapping[str, Any]) -> Choice:
    """Which fields of a body are written, and of which relations the records too."""
    return Choice.of(
        names(params, "whitelist") or None,
        names(params, "blacklist"),
        names(params, "updateAssociationValues"),
    )


def beside(context: Context) -> Mapping[str, Any]:
    """Parameters of a request whose body, if there is one, holds nothing but parameters."""
    params = with_body(context.params, context.body) if context.body is not None else context.params
    check_names(params, WRITE_PARAMETERS)
    return params


def zone_of(context: Context) -> str:
    """The time zone of the request: its header's, else the application's."""
    return timezone(context.request.header(b"x-timezone"), context.application.options.timezone)


RECORD_ACTIONS: Final = (
    Action("list", list_records, "records", "List records, by pages.", permission="view"),
    Action("get", get_record, "records", "Get one record.", permission="view"),
    Action("count", count_records, "records", "Count records.", permission="view"),
    Action("query", query_records, "records", "Group and compute records.", permission="view"),
    Action("create", create_record, "records", "Create a record.", permission="create", writes=True),
    Action("update", update_records, "records", "Update records.", permission="update", writes=True),
    Action("destroy", destroy_records, "records", "Destroy records.", permission="destroy", writes=True),
    Action(
        "firstOrCreate",
        first_or_create,
        "records",
        "Get the record with these values, or create it.",
        permission="create",
        writes=True,
    ),
    Action(
        "updateOrCreate",
        update_or_create,
        "records",
        "Update the record with these values, or create it.",
        permission="create",
        writes=True,
    ),
    Action("move", move_record, "records", "Move a record in its order.", permission="update", writes=True),
)
"""What every collection offers, at ``/<collection>:<action>``."""
