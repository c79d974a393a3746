"""The actions of ``menuItems``: how administrators arrange the menu."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from insula.application.access.errors import InvalidAccess
from insula.application.access.opened import opened
from insula.application.access.people import EVERYTHING
from insula.application.api.action import Action, Answer, Context, Handler, Resource, Stream
from insula.application.api.bodies import as_object, record
from insula.application.api.queries import keys_of, number_of
from insula.application.api.records import get_record, list_records
from insula.application.errors import InvalidParameter
from insula.data.errors import FilterRequired, RecordNotFound
from insula.data.query import Query
from insula.plugins.menu import openapi
from insula.plugins.menu.collection import GROUP, ITEMS, PARENT, checked

if TYPE_CHECKING:
    from insula.database.executor import Transaction

SNIPPET: Final = "ui.menu"
MOST_ITEMS: Final = 1_000
"""Of one menu: all of them are read whenever a page shows it."""
DEEPEST: Final = 5
"""Groups within groups."""
_LOCK: Final = "the menu"
_EVERY: Final = Query(sort=("sort", "id"), page_size=None, counting="none")
_METHODS: Final = ("insertAfter", "prepend")


async def all_items(context: Context, on: Transaction | None = None) -> list[dict[str, Any]]:
    """Every item, in the order within its group."""
    return (await context.application.repository.find(ITEMS, _EVERY, scopes=EVERYTHING, on=on)).rows


async def list_items(context: Context) -> Answer | Stream:
    """Items as records: flat, whoever may see them."""
    return await list_records(opened(context, ITEMS))


async def get_item(context: Context) -> Answer:
    """One item, or ``null``."""
    return await get_record(opened(context, ITEMS))


async def create_item(context: Context) -> Answer:
    """The new item, behind the others of its group."""
    _, raw = record(context.params, context.body, plain=False)
    given = as_object(raw)
    repository = context.application.repository
    async with repository.transaction() as transaction:
        items = await _locked(context, transaction)
        if len(items) >= MOST_ITEMS:
            raise InvalidAccess(
                what="The menu", reason=f"has {MOST_ITEMS} items already, the most there may be"
            )
        values = _values(context, given, {})
        parent = _parent(given.get(PARENT))
        _check_place(items, parent, {"kind": values["kind"]})
        row = await repository.create(ITEMS, {**values, PARENT: parent}, scopes=EVERYTHING, on=transaction)
    return Answer(row)


async def update_items(context: Context) -> Answer:
    """The changed items, as a list. In another group, an item stands behind the others."""
    params, raw = record(context.params, context.body, plain=False)
    given, repository = as_object(raw), context.application.repository
    rows: list[dict[str, Any]] = []
    async with repository.transaction() as transaction:
        items = await _locked(context, transaction)
        for key in _addressed(context, params):
            item = _item(items, key)
            values: dict[str, Any] = _values(context, given, item)
            changed = {**item, **values}
            if PARENT in given and _parent(given[PARENT]) != item[PARENT]:
                values[PARENT] = changed[PARENT] = _parent(given[PARENT])
            _check_place(items, changed[PARENT], changed)
            rows += await repository.update(ITEMS, values, keys=(key,), scopes=EVERYTHING, on=transaction)
            items[key] = changed
    return Answer(rows)


async def destroy_items(context: Context) -> Answer:
    """The number of items that were named and are gone, with all that was in them."""
    keys = _addressed(context, context.params)
    return Answer(await context.application.repository.destroy(ITEMS, keys=keys, scopes=EVERYTHING))


async def move_item(context: Context) -> Answer:
    """The moved item: to the place of another, into its group; else behind, or before, all others of its group."""
    given = {**context.params, **as_object(context.body)}
    source, target = number_of(context.key or given.get("sourceId")), given.get("targetId")
    goal = None if target is None else number_of(target)
    method = given.get("method") or None
    if source is None or (target is not None and goal is None):
        raise InvalidParameter(parameter="sourceId", reason="and targetId must be numbers of items")
    if method not in (None, *_METHODS):
        raise InvalidParameter(parameter="method", reason=f"must be one of {', '.join(_METHODS)}")
    repository = context.application.repository
    async with repository.transaction() as transaction:
        items = await _locked(context, transaction)
        item = _item(items, source)
        home = item[PARENT]
        if goal is not None:
            home = _item(items, goal)[PARENT]
        elif PARENT in given:
            home = _parent(given[PARENT])
        if home != item[PARENT]:
            _check_place(items, home, item)
            await repository.update(ITEMS, {PARENT: home}, keys=(source,), scopes=EVERYTHING, on=transaction)
            method = method or (None if goal is None else "prepend")
        row = await repository.move(ITEMS, source, goal, scopes=EVERYTHING, on=transaction, method=method)
    return Answer(row)


async def _locked(context: Context, transaction: Transaction) -> dict[int, dict[str, Any]]:
    """Every item by number; whoever changes the menu meanwhile waits, so that no two make a circle together."""
    await transaction.lock(_LOCK)
    return {row["id"]: row for row in await all_items(context, transaction)}


def _values(context: Context, given: Mapping[str, Any], before: Mapping[str, Any]) -> dict[str, Any]:
    application = context.application
    names = frozenset(item.name for item in application.metadata if not item.internal)
    return checked(given, before, names, application.access.book.roles)


def _check_place(items: Mapping[int, Mapping[str, Any]], parent: int | None, item: Mapping[str, Any]) -> None:
    """An item stands in a group, not in itself, and not too deep. Raises ``InvalidAccess``."""
    key = item.get("id")
    if key is not None and item["kind"] != GROUP and any(other[PARENT] == key for other in items.values()):
        raise InvalidAccess(field="kind", reason="must stay group while there are items in it")
    above = 0
    while parent is not None:
        group = items.get(parent)
        if group is None or group["kind"] != GROUP:
            raise InvalidAccess(field=PARENT, reason="must be the number of a group")
        if parent == key:
            raise InvalidAccess(field=PARENT, reason="must not be the item itself, nor anything in it")
        parent, above = group[PARENT], above + 1
    if above + _height(items, key) > DEEPEST:
        raise InvalidAccess(
            field=PARENT, reason=f"must not be in more than {DEEPEST} groups, one in the other"
        )


def _height(items: Mapping[int, Mapping[str, Any]], key: int | None) -> int:
    """How many levels of items are in an item."""
    inner = [other for other, row in items.items() if key is not None and row[PARENT] == key]
    return 1 + max(_height(items, other) for other in inner) if inner else 0


def _item(items: Mapping[int, dict[str, Any]], key: int) -> dict[str, Any]:
    if key not in items:
        raise RecordNotFound(collection=ITEMS, key=key)
    return items[key]


def _parent(raw: Any) -> int | None:
    if raw is None or raw == "":
        return None
    number = number_of(raw)
    if number is None:
        raise InvalidAccess(field=PARENT, reason="must be the number of a group")
    return number


def _addressed(context: Context, params: Mapping[str, Any]) -> list[int]:
    keys = keys_of(context.key, params)
    if not keys:
        raise FilterRequired(action=context.action, collection=ITEMS)
    numbers = [number for key in keys if (number := number_of(key)) is not None]
    if len(numbers) != len(keys):
        raise InvalidParameter(parameter="filterByTk", reason="must be the number of an item")
    return numbers


def _action(name: str, handler: Handler, summary: str, *, writes: bool = False) -> Action:
    parts = openapi.PARTS[name]
    return Action(name, handler, "snippet", summary, snippet=SNIPPET, writes=writes, openapi=parts)


MENU_ITEMS_RESOURCE: Final = Resource(
    ITEMS,
    (
        _action("list", list_items, "List the items of the menu."),
        _action("get", get_item, "Get an item of the menu."),
        _action("create", create_item, "Add an item to the menu.", writes=True),
        _action("update", update_items, "Change items of the menu.", writes=True),
        _action("destroy", destroy_items, "Remove items of the menu.", writes=True),
        _action("move", move_item, "Give an item another place.", writes=True),
    ),
    "Items of the menu",
)
