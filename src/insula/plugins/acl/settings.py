"""The actions of ``roles/<name>/resources``: what a role may do on one collection, in place of its strategy."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from insula.application.access.book import stored_scopes
from insula.application.access.collections import ROLES_SNIPPET, ROOT_ROLE
from insula.application.access.errors import Fixed, InvalidAccess
from insula.application.access.fitting import why_unfit
from insula.application.access.people import EVERYTHING
from insula.application.access.rules import parse_actions
from insula.application.api.action import Action, Answer, Context, Resource
from insula.application.api.bodies import as_object, record
from insula.application.api.parameters import shown
from insula.application.api.parent import parent_role
from insula.application.api.queries import keys_of, number_of
from insula.data.collection import Collection
from insula.data.errors import FilterRequired
from insula.data.filters.parse import parse_filter
from insula.data.filters.tree import All, Condition, Node, Some
from insula.data.query import Query
from insula.plugins.acl.prospect import SCOPES_LOCK, check_role, check_rules_of

if TYPE_CHECKING:
    from insula.database.executor import Transaction

_FIELDS: Final = ("name", "usingActionsConfig", "actions")


async def list_settings(context: Context) -> Answer:
    """The settings of a role for single collections."""
    return Answer(await _find(context, _chosen(context, context.params, some=False)))


async def get_setting(context: Context) -> Answer:
    """The setting for one collection, or ``null``."""
    rows = await _find(context, _chosen(context, context.params))
    return Answer(rows[0] if rows else None)


async def create_setting(context: Context) -> Answer:
    """A setting for one collection."""
    _, values = record(context.params, context.body, plain=False)
    role = _writable_role(context)
    given = _given(as_object(values), {"roleName": role})
    collection = _collection(context, given.get("name"))
    repository = context.application.repository
    filled = {"usingActionsConfig": True, **given, "roleName": role}
    async with repository.transaction() as transaction:
        await transaction.lock(SCOPES_LOCK)
        await _check_actions(context, given, collection, transaction)
        row = await repository.create("rolesResources", filled, scopes=EVERYTHING, on=transaction)
        await check_rules_of(context, (role,), transaction)
    return Answer(row)


async def update_setting(context: Context) -> Answer:
    """The changed setting, as a list."""
    params, values = record(context.params, context.body, plain=False)
    role = _writable_role(context)
    repository, chosen = context.application.repository, _chosen(context, params)
    given: dict[str, Any] = {}
    async with repository.transaction() as transaction:
        await transaction.lock(SCOPES_LOCK)
        for row in await _find(context, chosen, transaction):
            given = _given(as_object(values), row)
            if given.pop("name", row["name"]) != row["name"]:
                raise Fixed(
                    what="The collection of a setting", verb="changed", reason="make one for the other"
                )
            await _check_actions(context, given, context.application.metadata.find(row["name"]), transaction)
        rows = await repository.update(
            "rolesResources", given, filter=chosen, scopes=EVERYTHING, on=transaction
        )
        await check_rules_of(context, (role,), transaction)
    return Answer(rows)


async def destroy_setting(context: Context) -> Answer:
    """The number of settings that are gone: the strategy of the role counts again."""
    role, chosen = _writable_role(context), _chosen(context, context.params)
    repository = context.application.repository
    async with repository.transaction() as transaction:
        gone = await repository.destroy("rolesResources", filter=chosen, scopes=EVERYTHING, on=transaction)
        await check_rules_of(context, (role,), transaction)
    return Answer(gone)


async def _find(context: Context, chosen: Node, on: Transaction | None = None) -> list[dict[str, Any]]:
    query = Query(filter=chosen, sort=("name",), page_size=None, counting="none")
    return (await context.application.repository.find("rolesResources", query, scopes=EVERYTHING, on=on)).rows


def _writable_role(context: Context) -> str:
    name = parent_role(context)
    if name == ROOT_ROLE:
        raise InvalidAccess(what="The role root", reason="may do everything and takes no settings")
    check_role(context, name)
    return name


def _given(values: Mapping[str, Any], row: Mapping[str, Any]) -> dict[str, Any]:
    """What of a setting is written. Whole records may be sent back: the rest must be as in ``row``."""
    for name, value in values.items():
        if name not in _FIELDS and (name not in row or row[name] != value):
            raise InvalidAccess(field=shown(name), reason=f"can not be set; {', '.join(_FIELDS)} can")
    return {name: values[name] for name in _FIELDS if name in values}


def _collection(context: Context, name: Any) -> Collection:
    collection = context.application.metadata.find(name) if isinstance(name, str) else None
    if collection is None:
        raise InvalidAccess(field="name", reason="must be the name of a collection")
    if collection.builtin:
        raise InvalidAccess(what=name, reason="is built in: its rights are snippets of the role")
    return collection


async def _check_actions(
    context: Context, given: Mapping[str, Any], collection: Collection | None, on: Transaction
) -> None:
    """See that permissions are understood and name fields that there are, also in the filters of their scopes."""
    try:
        rules = parse_actions(given.get("actions"), await stored_scopes(context.application.repository, on))
    except ValueError as error:
        raise InvalidAccess(field="actions", reason=str(error)) from None
    if collection is None:
        return
    for permission, rule in rules.items():
        if unknown := sorted((rule.fields or frozenset()) - collection.fields.keys()):
            reason = f"names the field {shown(unknown[0])} for {permission}, which {collection.name} has not"
            raise InvalidAccess(field="actions", reason=reason)
        if wrong := why_unfit(context.application.metadata, collection, rule.rows):
            reason = f"limits {permission} to a scope that does not fit {collection.name}: {wrong}"
            raise InvalidAccess(field="actions", reason=reason)


def _chosen(context: Context, params: Mapping[str, Any], *, some: bool = True) -> Node:
    """The settings that are meant: by number, by name of the collection, by filter."""
    nodes: list[Node] = [Condition(("roleName",), "$eq", parent_role(context))]
    keys = keys_of(context.key, params)
    if keys:
        numbers = [number for key in keys if (number := number_of(key)) is not None]
        names = [str(key) for key in keys]
        nodes.append(Some((Condition(("id",), "$in", numbers), Condition(("name",), "$in", names))))
    asked = parse_filter(params.get("filter"))
    if asked is not None:
        nodes.append(asked)
    if some and len(nodes) == 1:
        raise FilterRequired(action=context.action, collection="rolesResources")
    return All(tuple(nodes))


def _action(name: str, handler: Any, summary: str, *, writes: bool = False) -> Action:
    return Action(name, handler, "snippet", summary, snippet=ROLES_SNIPPET, writes=writes)


SETTINGS: Final = Resource(
    "roles.resources",
    (
        _action("list", list_settings, "Settings of a role for single collections."),
        _action("get", get_setting, "One setting of a role."),
        _action("create", create_setting, "Set what a role may do on a collection.", writes=True),
        _action("update", update_setting, "Change what a role may do on a collection.", writes=True),
        _action("destroy", destroy_setting, "Let the strategy count for a collection.", writes=True),
    ),
    "Permissions of roles",
)
