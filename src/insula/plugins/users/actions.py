"""The actions of ``users`` and ``users/<id>/roles``. Reading is that of all records, with the snippet."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from insula.application.access.collections import USERS_SNIPPET
from insula.application.access.errors import Escalation, Fixed, InvalidAccess
from insula.application.access.escalation import check_roles
from insula.application.access.people import EVERYTHING, roles_of, where
from insula.application.api.action import Action, Answer, Context, Resource
from insula.application.api.bodies import as_object, record
from insula.application.api.queries import keys_of
from insula.application.errors import InvalidParameter
from insula.core import ids
from insula.data.errors import FilterRequired

_FIXED: Final = frozenset({"id", "sub", "createdAt", "updatedAt"})


async def create_user(context: Context) -> Answer:
    """A new user, with the roles that are named, else with the default one."""
    _, values = record(context.params, context.body, plain=False)
    given = dict(as_object(values))
    roles = _names(given.pop("roles", None))
    book = context.application.access.book
    if roles is None:
        roles = [book.default] if book.default is not None else []
    _check_roles(context, roles)
    repository = context.application.repository
    async with repository.transaction() as transaction:
        filled = {**_checked(given), "sub": ids.subject()}
        user = await repository.create("users", filled, scopes=EVERYTHING, on=transaction)
        for index, role in enumerate(roles):
            link = {"userId": user["id"], "roleName": role, "default": index == 0}
            await repository.create("rolesUsers", link, scopes=EVERYTHING, on=transaction)
    return Answer(user)


async def update_users(context: Context) -> Answer:
    """The changed users. A new password ends the sessions of the user."""
    params, values = record(context.params, context.body, plain=False)
    keys = await _addressed(context, params, "change a user with other rights")
    given = dict(as_object(values))
    roles = _names(given.pop("roles", None))
    if "password" in given and context.principal.user_id in keys:
        raise Escalation(role=context.principal.role, what="set its own password without the old one")
    if given.get("blocked") and context.principal.user_id in keys:
        raise Fixed(what="Your own user", verb="blocked", reason="nobody could undo it")
    application = context.application
    for key in keys if roles is not None else ():
        await _set_roles(context, key, roles or [])
    rows = await application.repository.update("users", _checked(given), keys=keys, scopes=EVERYTHING)
    if "password" in given:
        for key in keys:
            await application.access.sessions.end_all(key)
    return Answer(rows)


async def destroy_users(context: Context) -> Answer:
    """The number of users that are gone, with their sessions, keys and roles."""
    keys = await _addressed(context, context.params, "remove a user with other rights")
    if context.principal.user_id in keys:
        raise Fixed(what="Your own user", verb="removed", reason="you are signed in with it")
    return Answer(await context.application.repository.destroy("users", keys=keys, scopes=EVERYTHING))


async def list_roles(context: Context) -> Answer:
    """The roles of a user."""
    names = await roles_of(context.application.repository, _user(context))
    repository = context.application.repository
    rows = [await repository.find_one("roles", name, scopes=EVERYTHING) for name in names]
    return Answer([row for row in rows if row is not None])


async def set_roles(context: Context) -> Answer:
    """These roles and no others."""
    await _change_roles(context, lambda held, named: named)
    return Answer()


async def add_roles(context: Context) -> Answer:
    """These roles beside those that the user holds."""
    await _change_roles(context, lambda held, named: list(dict.fromkeys([*held, *named])))
    return Answer()


async def remove_roles(context: Context) -> Answer:
    """The roles that the user holds, but these."""
    await _change_roles(context, lambda held, named: [name for name in held if name not in named])
    return Answer()


async def _change_roles(context: Context, change: Any) -> None:
    user = _user(context)
    body = context.body.get("values", context.body) if isinstance(context.body, dict) else context.body
    named = _names(keys_of(context.key, context.params) or body)
    if named is None:
        raise InvalidAccess(what="The body", reason="must name roles")
    held = await roles_of(context.application.repository, user)
    _check_roles(context, held)
    await _set_roles(context, user, change(list(held), named))


async def _set_roles(context: Context, user: int, roles: list[str]) -> None:
    _check_roles(context, roles)
    if user == context.principal.user_id and context.principal.role not in roles:
        raise Fixed(what="Your own role", verb="taken away", reason="it is the one that you act in")
    repository = context.application.repository
    async with repository.transaction() as transaction:
        held = where("userId", user).filter
        await repository.destroy("rolesUsers", filter=held, scopes=EVERYTHING, on=transaction)
        for index, role in enumerate(roles):
            link = {"userId": user, "roleName": role, "default": index == 0}
            await repository.create("rolesUsers", link, scopes=EVERYTHING, on=transaction)


def _check_roles(context: Context, roles: Any) -> None:
    access = context.application.access
    for role in roles:
        if role not in access.book.roles:
            raise InvalidAccess(what="roles", reason="must name roles that exist")
    check_roles(access, context.principal, roles, "give or take roles with other rights")


async def _addressed(context: Context, params: Mapping[str, Any], what: str) -> list[int]:
    keys = keys_of(context.key, params)
    if not keys:
        raise FilterRequired(action=context.action, collection="users")
    numbers = [_number(key) for key in keys]
    access = context.application.access
    for number in numbers:
        held = await roles_of(context.application.repository, number)
        if number != context.principal.user_id:
            check_roles(access, context.principal, held, what)
    return numbers


def _checked(given: Mapping[str, Any]) -> dict[str, Any]:
    """What of a user is written; the e-mail address in small letters, as it is looked for."""
    values = {name: value for name, value in given.items() if name not in _FIXED}
    if isinstance(values.get("email"), str):
        values["email"] = values["email"].strip().lower() or None
    return values


def _names(raw: Any) -> list[str] | None:
    """Roles by name, or as objects with a name."""
    if raw is None:
        return None
    items = raw if isinstance(raw, list | tuple) else [raw]
    names = [item.get("name") if isinstance(item, dict) else item for item in items]
    texts = [name for name in names if isinstance(name, str)]
    if len(texts) != len(names):
        raise InvalidAccess(what="roles", reason="must be names of roles")
    return list(dict.fromkeys(texts))


def _user(context: Context) -> int:
    return _number(context.parent[1] if context.parent is not None else None)


def _number(raw: Any) -> int:
    text = str(raw)
    if not (text.isascii() and text.isdigit() and len(text) < 19):
        raise InvalidParameter(parameter="filterByTk", reason="must be the number of a user")
    return int(text)


USERS_RESOURCE: Final = Resource(
    "users",
    (
        Action("create", create_user, "snippet", "Create a user.", snippet=USERS_SNIPPET, writes=True),
        Action("update", update_users, "snippet", "Change users.", snippet=USERS_SNIPPET, writes=True),
        Action("destroy", destroy_users, "snippet", "Remove users.", snippet=USERS_SNIPPET, writes=True),
    ),
    "Users",
)
USERS_ROLES: Final = Resource(
    "users.roles",
    (
        Action("list", list_roles, "snippet", "Roles of a user.", snippet=USERS_SNIPPET),
        Action("set", set_roles, "snippet", "Set the roles.", snippet=USERS_SNIPPET, writes=True),
        Action("add", add_roles, "snippet", "Add roles.", snippet=USERS_SNIPPET, writes=True),
        Action("remove", remove_roles, "snippet", "Take roles.", snippet=USERS_SNIPPET, writes=True),
    ),
    "Roles of users",
)
