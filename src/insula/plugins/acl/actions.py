"""The actions of ``roles`` and ``roles/<name>/resources``. Reading roles is that of all records."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from insula.application.access.book import stored_scopes
from insula.application.access.collections import ROLES_SNIPPET, ROOT_ROLE
from insula.application.access.errors import Fixed, InvalidAccess
from insula.application.access.escalation import check_roles, check_rules
from insula.application.access.people import EVERYTHING, where
from insula.application.access.rules import parse_actions, parse_strategy, role_rules
from insula.application.access.snippets import check_snippets
from insula.application.api.action import Action, Answer, Context, Resource
from insula.application.api.bodies import as_object, record
from insula.application.api.queries import keys_of
from insula.data.errors import FilterRequired
from insula.data.filters.tree import All, Condition
from insula.data.query import Query
from insula.plugins.acl.built_in import NAMES

_GIVE: Final = "give rights to a role"


async def check(context: Context) -> Answer:
    """The role in force, and what it may do."""
    role = context.principal.role
    row = await context.application.repository.find_one("roles", role, scopes=EVERYTHING) or {}
    rules = context.application.access.book.rules(role)
    actions = {
        f"{name}:{permission}": {"fields": sorted(rule.fields or ()), "own": rule.rows == "own"}
        for name, setting in rules.resources.items()
        for permission, rule in setting.items()
    }
    return Answer(
        {
            "role": role,
            "strategy": row.get("strategy") or {"actions": []},
            "actions": actions,
            "snippets": list(rules.snippets.patterns),
            "allowAll": rules.root,
            "allowConfigure": bool(row.get("allowConfigure")) or rules.root,
        }
    )


async def create_role(context: Context) -> Answer:
    """A new role, with no more rights than the caller's."""
    _, values = record(context.params, context.body, plain=False)
    given = _checked(as_object(values))
    if not isinstance(given.get("name"), str) or not given["name"]:
        raise InvalidAccess(what="name", reason="must be the name of the role")
    rules, _ = role_rules(given, (), {})
    check_rules(context.application.access, context.principal, rules, _GIVE)
    return Answer(await context.application.repository.create("roles", given, scopes=EVERYTHING))


async def update_roles(context: Context) -> Answer:
    """The changed roles."""
    params, values = record(context.params, context.body, plain=False)
    names = _addressed(context, params)
    given = _checked(as_object(values))
    if given.get("name", names[0]) != names[0]:
        raise Fixed(what="The name of a role", verb="changed", reason="others refer to it")
    if ROOT_ROLE in names:
        raise Fixed(what="The role root", verb="changed", reason="it may do everything")
    repository, access = context.application.repository, context.application.access
    for name in names:
        row = await repository.find_one("roles", name, scopes=EVERYTHING)
        rules, _ = role_rules({**(row or {}), **given, "name": name}, (), {})
        check_rules(access, context.principal, rules, _GIVE)
    return Answer(await repository.update("roles", given, keys=names, scopes=EVERYTHING))


async def destroy_roles(context: Context) -> Answer:
    """The number of roles that are gone."""
    names = _addressed(context, context.params)
    if NAMES & set(names):
        raise Fixed(what="A built-in role", verb="removed", reason="every application has it")
    return Answer(await context.application.repository.destroy("roles", keys=names, scopes=EVERYTHING))


async def list_resources(context: Context) -> Answer:
    """The settings of a role for single collections."""
    query = where("roleName", _role(context))
    page = await context.application.repository.find("rolesResources", query, scopes=EVERYTHING)
    return Answer(page.rows)


async def get_resource(context: Context) -> Answer:
    """The setting for one collection, or ``null``."""
    page = await context.application.repository.find(
        "rolesResources", Query(filter=_one(context, context.params)), scopes=EVERYTHING
    )
    return Answer(page.rows[0] if page.rows else None)


async def create_resource(context: Context) -> Answer:
    """A setting for one collection, in place of the general strategy."""
    _, values = record(context.params, context.body, plain=False)
    given = await _setting(context, as_object(values))
    if context.application.metadata.find(given["name"]) is None:
        raise InvalidAccess(what="name", reason="must be the name of a collection")
    return Answer(await context.application.repository.create("rolesResources", given, scopes=EVERYTHING))


async def update_resource(context: Context) -> Answer:
    """The changed setting, as a list."""
    params, values = record(context.params, context.body, plain=False)
    repository, chosen = context.application.repository, _one(context, params)
    rows = (await repository.find("rolesResources", Query(filter=chosen), scopes=EVERYTHING)).rows
    if not rows:
        return Answer([])
    given = await _setting(context, {**rows[0], **as_object(values), "name": rows[0]["name"]})
    given.pop("id", None)
    return Answer(await repository.update("rolesResources", given, filter=chosen, scopes=EVERYTHING))


async def _setting(context: Context, given: Mapping[str, Any]) -> dict[str, Any]:
    """A setting that can be understood and gives no more than the caller has."""
    role = _role(context)
    name, actions = given.get("name"), given.get("actions")
    if not isinstance(name, str) or not name:
        raise InvalidAccess(what="name", reason="must be the name of a collection")
    access, repository = context.application.access, context.application.repository
    scopes = await stored_scopes(repository)
    try:
        parse_actions(actions, scopes)
    except ValueError as error:
        raise InvalidAccess(what="actions", reason=str(error)) from None
    row = await repository.find_one("roles", role, scopes=EVERYTHING) or {"name": role}
    new = {**given, "usingActionsConfig": given.get("usingActionsConfig", True), "roleName": role}
    rules, _ = role_rules({**row, "strategy": None, "snippets": []}, (new,), scopes)
    check_rules(access, context.principal, rules, _GIVE)
    return new


def _checked(given: Mapping[str, Any]) -> dict[str, Any]:
    values = {name: value for name, value in given.items() if name not in ("users", "resources")}
    try:
        parse_strategy(values.get("strategy"))
        if values.get("snippets") is not None:
            values["snippets"] = list(check_snippets(values["snippets"]))
    except ValueError as error:
        raise InvalidAccess(what="strategy or snippets", reason=str(error)) from None
    return values


def _addressed(context: Context, params: Mapping[str, Any]) -> list[str]:
    """The roles that are meant, none of them above the caller's."""
    keys = keys_of(context.key, params)
    if not keys:
        raise FilterRequired(action=context.action, collection="roles")
    names = [str(key) for key in keys]
    check_roles(context.application.access, context.principal, names, "change a role with other rights")
    return names


def _role(context: Context) -> str:
    name = context.parent[1] if context.parent is not None else ""
    access = context.application.access
    if name not in access.book.roles or name == ROOT_ROLE:
        raise InvalidAccess(what="The role", reason="must be one that exists, and not root")
    check_roles(access, context.principal, (name,), "change a role with other rights")
    return name


def _one(context: Context, params: Mapping[str, Any]) -> All:
    keys = keys_of(context.key, params)
    chosen = params.get("filter")
    name = chosen.get("name") if isinstance(chosen, dict) else None
    if not keys and not isinstance(name, str):
        raise FilterRequired(action=context.action, collection="rolesResources")
    text = str(keys[0] if keys else name)
    field = "id" if text.isdigit() else "name"
    mine = Condition(("roleName",), "$eq", _role(context))
    return All((mine, Condition((field,), "$eq", int(text) if field == "id" else text)))


def _write(name: str, handler: Any, summary: str) -> Action:
    return Action(name, handler, "snippet", summary, snippet=ROLES_SNIPPET, writes=True)


ROLES_RESOURCE: Final = Resource(
    "roles",
    (
        Action("check", check, "public", "The role in force, and what it may do."),
        _write("create", create_role, "Create a role."),
        _write("update", update_roles, "Change roles."),
        _write("destroy", destroy_roles, "Remove roles."),
    ),
    "Roles",
)
SETTINGS: Final = Resource(
    "roles.resources",
    (
        Action("list", list_resources, "snippet", "Settings of a role.", snippet=ROLES_SNIPPET),
        Action("get", get_resource, "snippet", "One setting of a role.", snippet=ROLES_SNIPPET),
        _write("create", create_resource, "Set what a role may do on a collection."),
        _write("update", update_resource, "Change what a role may do on a collection."),
    ),
    "Permissions of roles",
)
