"""The actions of ``rolesResourcesScopes``: named filters that permissions are limited to; and what can be permitted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from insula.application.access.collections import ROLES_SNIPPET
from insula.application.access.decide import ON_NEW
from insula.application.access.errors import Fixed, InvalidAccess
from insula.application.access.fitting import why_unfit
from insula.application.access.opened import opened, plain_values
from insula.application.access.people import EVERYTHING
from insula.application.access.rules import ALL, OWN, PERMISSIONS, parse_scope, scopes_named
from insula.application.api.action import Action, Answer, Context, Resource, Stream
from insula.application.api.bodies import as_object, record
from insula.application.api.queries import keys_of, number_of
from insula.application.api.records import get_record, list_records
from insula.application.errors import InvalidParameter
from insula.data.errors import FilterRequired
from insula.data.filters.tree import Condition
from insula.data.query import Query
from insula.plugins.acl.prospect import SCOPES_LOCK, check_changed_rules

if TYPE_CHECKING:
    from insula.database.executor import Transaction

_NAME: Final = "rolesResourcesScopes"
_EVERY_ROW: Final = Query(page_size=None, counting="none")
_FIXED: Final = frozenset({"id", "createdAt", "updatedAt"})
_BUILT_IN: Final = frozenset({ALL, OWN})
_TITLES: Final = {
    "create": "Add",
    "view": "View",
    "update": "Edit",
    "destroy": "Delete",
    "export": "Export",
    "import": "Import",
}


async def list_scopes(context: Context) -> Answer | Stream:
    """All scopes."""
    return await list_records(opened(context, _NAME))


async def get_scope(context: Context) -> Answer:
    """One scope, or ``null``."""
    return await get_record(opened(context, _NAME))


async def create_scope(context: Context) -> Answer:
    """A new scope. Its filter is checked, variables included, and against the collection that it is for."""
    _, values = record(context.params, context.body, plain=False)
    given = _checked(context, as_object(values))
    repository = context.application.repository
    async with repository.transaction() as transaction:
        await transaction.lock(SCOPES_LOCK)
        await _check_fits(context, given, transaction)
        row = await repository.create(_NAME, given, scopes=EVERYTHING, on=transaction)
        # A permission may name it already, by a key that another scope had before.
        await check_changed_rules(context, transaction)
    return Answer(row)


async def update_scopes(context: Context) -> Answer:
    """The changed scopes; for all permissions that are limited to them, at once."""
    params, values = record(context.params, context.body, plain=False)
    keys = await _addressed(context, params)
    given = _checked(context, as_object(values))
    repository = context.application.repository
    async with repository.transaction() as transaction:
        await transaction.lock(SCOPES_LOCK)
        for row in await _rows(context, keys, transaction):
            await _check_fits(context, {**row, **given}, transaction)
        rows = await repository.update(_NAME, given, keys=keys, scopes=EVERYTHING, on=transaction)
        await check_changed_rules(context, transaction)
    return Answer(rows)


async def destroy_scopes(context: Context) -> Answer:
    """The number of scopes that are gone. One that a permission is limited to stays."""
    keys = await _addressed(context, context.params)
    repository = context.application.repository
    async with repository.transaction() as transaction:
        await transaction.lock(SCOPES_LOCK)
        names = await _names(context, keys, transaction)
        for row in await _permissions(context, transaction):
            if scopes_named(row.get("actions")) & names:
                raise Fixed(
                    what="The scope", verb="removed", reason=f"the role {row['roleName']} is limited to it"
                )
        gone = await repository.destroy(_NAME, keys=keys, scopes=EVERYTHING, on=transaction)
    return Answer(gone)


async def list_available(context: Context) -> Answer:
    """What can be permitted on collections."""
    return Answer(
        [{"name": name, "displayName": _TITLES[name], "onNewRecord": name in ON_NEW} for name in PERMISSIONS]
    )


async def _names(context: Context, keys: list[int], on: Transaction | None = None) -> set[Any]:
    """Numbers and keys by which permissions name these scopes."""
    rows = await _rows(context, keys, on)
    return {row["id"] for row in rows} | {row["key"] for row in rows}


async def _rows(context: Context, keys: list[int], on: Transaction | None) -> list[dict[str, Any]]:
    chosen = Query(filter=Condition(("id",), "$in", keys), page_size=None, counting="none")
    return (await context.application.repository.find(_NAME, chosen, scopes=EVERYTHING, on=on)).rows


async def _permissions(context: Context, on: Transaction) -> list[dict[str, Any]]:
    """The settings of all roles for single collections."""
    repository = context.application.repository
    return (await repository.find("rolesResources", _EVERY_ROW, scopes=EVERYTHING, on=on)).rows


async def _check_fits(context: Context, scope: Mapping[str, Any], on: Transaction) -> None:
    """See that the filter fits the collection that it is for, and those whose permissions are limited to it.

    Raises ``InvalidAccess`` naming the collection and what of the filter it has not.
    """
    application = context.application
    names = {str(scope["resourceName"])} if scope.get("resourceName") else set()
    if names and application.metadata.find(next(iter(names))) is None:
        raise InvalidAccess(field="resourceName", reason="must be the name of a collection, or nothing")
    own = {scope.get("id"), *(key for key in [scope.get("key")] if isinstance(key, str))} - {None}
    for row in await _permissions(context, on):
        if scopes_named(row.get("actions")) & own:
            names.add(str(row["name"]))
    rows = parse_scope(scope)
    for name in sorted(names):
        collection = application.metadata.find(name)
        reason = None if collection is None else why_unfit(application.metadata, collection, rows)
        if reason is not None:
            raise InvalidAccess(field="scope", reason=f"does not fit {name}: {reason}")


def _checked(context: Context, given: Mapping[str, Any]) -> dict[str, Any]:
    values = {name: value for name, value in given.items() if name not in _FIXED}
    key = values.get("key")
    if isinstance(key, str) and key in _BUILT_IN:
        raise InvalidAccess(field="key", reason="must not be that of a built-in scope")
    users = context.application.metadata.get("users")
    readable = {item.name for item in users.columns if not (item.hidden or item.type.hidden)}
    try:
        parse_scope(values, readable)
    except ValueError as error:
        raise InvalidAccess(field="scope", reason=str(error)) from None
    return plain_values(context.application.metadata.get(_NAME), values)


async def _addressed(context: Context, params: Mapping[str, Any]) -> list[int]:
    keys = keys_of(context.key, params)
    if not keys:
        raise FilterRequired(action=context.action, collection=_NAME)
    numbers = [number for key in keys if (number := number_of(key)) is not None]
    if len(numbers) != len(keys):
        raise InvalidParameter(parameter="filterByTk", reason="must be the number of a scope")
    if _BUILT_IN & await _names(context, numbers):
        raise Fixed(what="A built-in scope", verb="changed", reason="every application has it")
    return numbers


def _action(name: str, handler: Any, summary: str, *, writes: bool = False) -> Action:
    return Action(name, handler, "snippet", summary, snippet=ROLES_SNIPPET, writes=writes)


SCOPES: Final = Resource(
    _NAME,
    (
        _action("list", list_scopes, "List the scopes."),
        _action("get", get_scope, "Get a scope."),
        _action("create", create_scope, "Create a scope.", writes=True),
        _action("update", update_scopes, "Change scopes.", writes=True),
        _action("destroy", destroy_scopes, "Remove scopes.", writes=True),
    ),
    "Scopes of permissions",
)
AVAILABLE_ACTIONS: Final = Resource(
    "availableActions",
    (Action("list", list_available, "signed_in", "What can be permitted on collections."),),
    "Permissions",
)
