"""The actions of ``users/<id>/roles``."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final

from insula.application.access.collections import USERS_SNIPPET
from insula.application.access.errors import InvalidAccess
from insula.application.access.holding import Holding, role_names
from insula.application.access.opened import Opened
from insula.application.access.people import roles_of
from insula.application.api.action import Action, Answer, Context, Resource, Stream
from insula.application.api.queries import keys_of
from insula.application.api.records import list_records
from insula.data.scope import Scope
from insula.plugins.users.actions import user_number

Change = Callable[[list[str], list[str]], list[str]]
"""Roles held, roles named → roles to hold."""


async def list_roles(context: Context) -> Answer | Stream:
    """The roles of a user."""
    scopes = Opened(context.scopes, {"roles": Scope()})
    return await list_records(replace(context, resource="roles", scopes=scopes))


async def set_roles(context: Context) -> Answer:
    """These roles and no others."""
    return await _change(context, lambda held, named: named)


async def add_roles(context: Context) -> Answer:
    """These roles beside those that the user holds."""
    return await _change(context, lambda held, named: list(dict.fromkeys([*held, *named])))


async def remove_roles(context: Context) -> Answer:
    """The roles that the user holds, but these."""
    return await _change(context, lambda held, named: [name for name in held if name not in named])


async def _change(context: Context, change: Change) -> Answer:
    user = user_number(context.parent[1] if context.parent is not None else None)
    body = context.body.get("values", context.body) if isinstance(context.body, dict) else context.body
    raw = keys_of(context.key, context.params) or body
    if raw is None:
        raise InvalidAccess(what="The body", reason="must name roles")
    named = role_names(raw)
    application = context.application
    async with application.repository.transaction() as transaction:
        holding = Holding(application.access, application.repository, context.principal, transaction)
        held = await roles_of(application.repository, user, transaction)
        await holding.set(user, change(list(held), named))
    return Answer()


def _write(name: str, handler: Any, summary: str) -> Action:
    return Action(name, handler, "snippet", summary, snippet=USERS_SNIPPET, writes=True)


USERS_ROLES: Final = Resource(
    "users.roles",
    (
        Action("list", list_roles, "snippet", "Roles of a user.", snippet=USERS_SNIPPET),
        _write("set", set_roles, "Set the roles of a user."),
        _write("add", add_roles, "Add roles to a user."),
        _write("remove", remove_roles, "Take roles from a user."),
    ),
    "Roles of users",
)
