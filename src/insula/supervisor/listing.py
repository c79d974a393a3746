"""Lists of applications, as for collections, with what is in no table beside; the history of one, and its traffic."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from insula.application.access.opened import Opened
from insula.application.api.action import Answer, Context, Stream
from insula.application.api.bodies import with_body
from insula.application.api.encode import BATCH_ROWS, encode_list
from insula.application.api.queries import narrowed, one_key, read_query
from insula.application.api.records import zone_of
from insula.application.errors import InvalidParameter
from insula.core.translation import in_language
from insula.data.errors import InvalidFilter
from insula.data.filters.tree import All, Condition, Node, Not, Some
from insula.data.query import MAX_PAGE_SIZE, Page, Query
from insula.data.scope import Scope, Unrestricted
from insula.supervisor.entry import Entry
from insula.supervisor.history import EVENTS
from insula.supervisor.shown import COMPUTED, STORED, answer, making_jobs, statuses_of
from insula.supervisor.sorting import in_order, of_table, sorted_here
from insula.supervisor.status import shown
from insula.supervisor.supervisor import Supervisor
from insula.supervisor.table import TABLE
from insula.supervisor.verbs import beside, name_of

STATUS: Final = ("status",)
LABELS: Final = ("labels",)
_SAYS_WHICH: Final = frozenset(("wanted", "deletedAt"))
"""Fields by which deleted ones are asked for; else they are left out."""
_HISTORY_PARAMETERS: Final = ("filter", "fields", "except", "page", "pageSize", "paginate")
_COMPARED: Final[Mapping[str, Callable[[str, Any], bool]]] = {
    "$eq": lambda status, value: status == value,
    "$ne": lambda status, value: status != value,
    "$in": lambda status, value: status in value,
    "$notIn": lambda status, value: status not in value,
}


_OF_LABELS: Final[Mapping[str, Callable[[Sequence[str], Any], bool]]] = {
    "$includes": lambda labels, word: any(str(word).lower() in label.lower() for label in labels),
    "$anyOf": lambda labels, words: any(label in words for label in labels),
    "$noneOf": lambda labels, words: not any(label in words for label in labels),
}


async def list_applications(supervisor: Supervisor, context: Context) -> Answer | Stream:
    """One page, or all; deleted ones only where the filter asks for them (``wanted``, ``deletedAt``)."""
    query = _read(context)
    condition = await _in_tables(supervisor, context, query.filter)
    if not any(path[0] in _SAYS_WHICH for path in _paths(query.filter)):
        query = narrowed(replace(query, filter=condition), Condition(("wanted",), "$ne", "deleted"))
    else:
        query = replace(query, filter=condition)
    find = _find_sorted if sorted_here(query.sort) else _find
    page = await find(supervisor, context, query)
    rows = await _answered(supervisor, context, query, page)
    meta = _meta(query, page)
    return Stream(encode_list(rows, meta)) if len(rows) > BATCH_ROWS else Answer(rows, meta)


async def get_application(supervisor: Supervisor, context: Context) -> Answer:
    """One application, a deleted one too, as much of it as is asked for; ``null`` where there is none of that name."""
    name = one_key(context.key, beside(context))
    if not isinstance(name, str):
        raise InvalidParameter(parameter="filterByTk", reason="must name the application")
    query = _read(context)
    condition = await _in_tables(supervisor, context, query.filter)
    query = replace(query, filter=condition, page=1, page_size=1, counting="none")
    page = await _find(supervisor, context, narrowed(query, Condition(("name",), "$eq", name)))
    rows = await _answered(supervisor, context, query, page)
    return Answer(rows[0] if rows else None)


async def _answered(
    supervisor: Supervisor, context: Context, query: Query, page: Page
) -> list[dict[str, Any]]:
    entries = _entries(supervisor, [row["name"] for row in page.rows])
    jobs = await making_jobs(context.application, entries)
    language = context.request.language
    return [
        _chosen(query, answer(context.application, supervisor, entry, jobs.get(entry.name), language))
        for entry in entries
    ]


async def list_history(supervisor: Supervisor, context: Context) -> Answer:
    """What was wanted of an application and what was observed, newest first. Raises ``ApplicationNotFound``."""
    entry = supervisor.records.get(name_of(context))
    params = {key: value for key, value in beside(context).items() if key in _HISTORY_PARAMETERS}
    query = read_query(b"", params, zone_of(context), "exact")
    query = replace(query, sort=("-id",), page_size=query.page_size or MAX_PAGE_SIZE)
    query = narrowed(query, Condition(("application",), "$eq", entry.name))
    page = await context.application.repository.find(EVENTS, query, scopes=Unrestricted())
    language = context.request.language
    rows = [
        {
            part: in_language(value, language) if value and part in _SENTENCES else value
            for part, value in row.items()
        }
        for row in page.rows
    ]
    return Answer(rows, _meta(query, page))


async def list_traffic(supervisor: Supervisor, context: Context) -> Answer:
    """What was answered in each of the last 60 minutes, the one that is under way as the last. Raises ``ApplicationNotFound``.

    Empty for an application that nobody has asked for since the process began.
    """
    name = supervisor.records.get(name_of(context)).name
    rows = [
        {
            "at": minute.at,
            "requests": minute.requests,
            "errors": minute.errors,
            "p50Ms": minute.p50_ms,
            "p95Ms": minute.p95_ms,
        }
        for minute in supervisor.traffic.last_hour(name)
    ]
    return Answer(rows)


_SENTENCES: Final = frozenset(("reason", "actor"))
"""What history keeps in English."""


def _read(context: Context) -> Query:
    raw, params = context.request.query, context.params
    if context.body is not None:
        raw, params = b"", with_body(params, context.body)
    return read_query(raw, params, zone_of(context), "exact")


async def _find_sorted(supervisor: Supervisor, context: Context, query: Query) -> Page:
    """As ``_find``, in an order that the table does not know."""
    whole = replace(query, sort=of_table(query.sort), page=1, page_size=None, counting="none")
    entries = _entries(supervisor, [row["name"] for row in (await _find(supervisor, context, whole)).rows])
    jobs = await making_jobs(context.application, entries)
    names = [{"name": entry.name} for entry in in_order(supervisor, entries, jobs, query.sort)]
    if query.page_size is None:
        return Page(names)
    first = (query.page - 1) * query.page_size
    return Page(names[first : first + query.page_size], count=len(names))


async def _find(supervisor: Supervisor, context: Context, query: Query) -> Page:
    """Names of the applications; of ``fields`` those in the table are asked for, so that unknown ones are told."""
    fields = tuple(name for name in query.fields or () if name not in COMPUTED)
    excepts = tuple(name for name in query.excepts if name not in COMPUTED)
    scopes = Opened(context.scopes, {TABLE: Scope(None, frozenset(STORED))})
    repository = context.application.repository
    if excepts:  # told where they are not known; what they name is left out below
        check = replace(
            query, filter=None, fields=None, excepts=excepts, page=1, page_size=1, counting="none"
        )
        await repository.find(TABLE, check, scopes=scopes)
    asked = replace(query, fields=("name", *fields), excepts=(), rendered=False)
    return await repository.find(TABLE, asked, scopes=scopes)


def _entries(supervisor: Supervisor, names: Sequence[str]) -> list[Entry]:
    """In this order; one that was purged since its name was read is left out."""
    known = {entry.name: entry for entry in supervisor.records.all()}
    return [known[name] for name in names if name in known]


def _chosen(query: Query, row: dict[str, Any]) -> dict[str, Any]:
    wanted = {path.partition(".")[0] for path in query.fields or row}
    left_out = set(query.excepts)
    return {name: value for name, value in row.items() if name in wanted and name not in left_out}


def _meta(query: Query, page: Page) -> Mapping[str, Any] | None:
    if query.page_size is None:
        return None
    count, size = page.count or 0, query.page_size
    return {"count": count, "page": query.page, "pageSize": size, "totalPage": -(-count // size)}


async def _in_tables(supervisor: Supervisor, context: Context, node: Node | None) -> Node | None:
    """The filter with conditions on ``status``, which no table has, and on labels, as conditions on names."""
    paths = set(_paths(node))
    if node is None or paths.isdisjoint((STATUS, LABELS)):
        return node
    entries = supervisor.records.all()
    words: dict[str, str] = {}
    if STATUS in paths:
        jobs = await making_jobs(context.application, entries)
        words = {entry.name: shown(statuses_of(supervisor, entry, jobs.get(entry.name))) for entry in entries}

    def replaced(node: Node) -> Node:
        match node:
            case Condition(path, operator, value) if path == STATUS:
                compare = _compare(_COMPARED, operator, value, "status", one=("$eq", "$ne"))
                return _named(name for name, word in words.items() if compare(word, value))
            case Condition(path, operator, value) if path == LABELS and operator in _OF_LABELS:
                fits = _compare(_OF_LABELS, operator, value, "labels", one=("$includes",))
                return _named(entry.name for entry in entries if fits(entry.labels, value))
            case All(nodes):
                return All(tuple(map(replaced, nodes)))
            case Some(nodes):
                return Some(tuple(map(replaced, nodes)))
            case Not(inner):
                return Not(replaced(inner))
            case _:
                return node

    return replaced(node)


def _compare(
    known: Mapping[str, Callable[[Any, Any], bool]],
    operator: str,
    value: Any,
    what: str,
    *,
    one: tuple[str, ...],
) -> Callable[[Any, Any], bool]:
    """What an operator does; those of ``one`` take one word, the others a list. Raises ``InvalidFilter``."""
    compare = known.get(operator)
    words = isinstance(value, str) if operator in one else isinstance(value, list | tuple)
    if compare is None or not words:
        raise InvalidFilter(
            reason=f"{what} is compared by {', '.join(known)} with words, and not by {operator}"
        )
    return compare


def _named(names: Iterable[str]) -> Node:
    return Condition(("name",), "$in", list(names))


def _paths(node: Node | None) -> Iterator[tuple[str, ...]]:
    match node:
        case Condition(path, _, _):
            yield path
        case All(nodes) | Some(nodes):
            for inner in nodes:
                yield from _paths(inner)
        case Not(inner):
            yield from _paths(inner)
        case _:
            return
