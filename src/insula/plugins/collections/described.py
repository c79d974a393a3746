"""Lists of metadata: filtered, sorted and paged in memory, since that is where metadata is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from insula.application.api.action import Answer, Context
from insula.application.api.bodies import with_body
from insula.application.api.queries import read_query, timezone
from insula.data.errors import InvalidFilter, UnknownField
from insula.data.filters.tree import All, Condition, Node, Not, Some
from insula.data.query import Query

Described = Mapping[str, Any]


def listed(context: Context, items: Iterable[Described], names: frozenset[str]) -> Answer:
    """A page of ``items``; ``names`` are those by which one may filter and sort."""
    query = query_of(context)
    kept = [item for item in items if query.filter is None or _fits(query.filter, item, names)]
    for path in reversed(query.sort):
        name = path.removeprefix("-")
        _known(name, names, "sort")
        kept.sort(key=lambda item: str(item.get(name) or ""), reverse=path.startswith("-"))
    size = query.page_size
    if size is None:
        return Answer(kept)
    start = (query.page - 1) * size
    meta = {
        "count": len(kept),
        "page": query.page,
        "pageSize": size,
        "totalPage": -(-len(kept) // size),
    }
    return Answer(kept[start : start + size], meta)


def query_of(context: Context) -> Query:
    """The query of a list of metadata."""
    zone = timezone(context.request.header(b"x-timezone"), context.application.options.timezone)
    return read_query(b"", with_body(context.params, context.body), zone, "exact")


def _known(name: str, names: frozenset[str], place: str) -> None:
    if name not in names:
        raise UnknownField(collection="collections", field=name[:100], place=place)


def _fits(node: Node, item: Described, names: frozenset[str]) -> bool:
    match node:
        case All(nodes):
            return all(_fits(part, item, names) for part in nodes)
        case Some(nodes):
            return any(_fits(part, item, names) for part in nodes)
        case Not(part):
            return not _fits(part, item, names)
        case Condition(path=(name,)):
            _known(name, names, "filter")
            return _compare(node, item.get(name))
    raise InvalidFilter(reason="metadata can not be filtered through relations")


def _compare(condition: Condition, value: Any) -> bool:
    wanted = condition.value
    if isinstance(value, bool) and isinstance(wanted, str):
        wanted = {"true": True, "false": False}.get(wanted, wanted)
    match condition.operator:
        case "$eq" | "$is":
            return bool(value == wanted)
        case "$ne" | "$not":
            return bool(value != wanted)
        case "$in":
            return isinstance(wanted, list) and value in wanted
        case "$notIn":
            return isinstance(wanted, list) and value not in wanted
        case "$includes":
            return str(wanted).lower() in str(value or "").lower()
        case "$isTruly":
            return bool(value)
        case "$isFalsy":
            return not value
    raise InvalidFilter(reason=f"metadata can not be filtered by {condition.operator}")
