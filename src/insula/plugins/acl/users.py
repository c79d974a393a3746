"""The actions of ``roles/<name>/users``: who holds a role."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from insula.application.access.collections import ROLES_SNIPPET, USER_PUBLIC_FIELDS, USERS_SNIPPET
from insula.application.access.errors import InvalidAccess
from insula.application.access.holding import Holding
from insula.application.access.opened import Opened
from insula.application.access.people import EVERYTHING, roles_of, where
from insula.application.api.action import Action, Answer, Context, Resource, Stream
from insula.application.api.parent import parent_role
from insula.application.api.queries import keys_of, number_of
from insula.application.api.records import list_records
from insula.application.errors import InvalidParameter
from insula.data.scope import Scope

if TYPE_CHECKING:
    from insula.database.executor import Transaction


async def list_users(context: Context) -> Answer | Stream:
    """The users in a role; without the right to see users, their names only."""
    seen = context.application.access.holds(context.principal, USERS_SNIPPET)
    scope = Scope(fields=None if seen else USER_PUBLIC_FIELDS)
    scopes = Opened(context.scopes, {"users": scope})
    return await list_records(replace(context, resource="users", scopes=scopes))


async def add_users(context: Context) -> Answer:
    """Let these users hold the role too."""
    role, named = parent_role(context), _named(context)
    async with context.application.repository.transaction() as transaction:
        await _give(context, transaction, named, role)
    return Answer()


async def remove_users(context: Context) -> Answer:
    """Let these users not hold the role any more."""
    role, named = parent_role(context), _named(context)
    async with context.application.repository.transaction() as transaction:
        await _take(context, transaction, named, role)
    return Answer()


async def set_users(context: Context) -> Answer:
    """Let these users hold the role, and no others."""
    role, named = parent_role(context), _named(context)
    repository = context.application.repository
    async with repository.transaction() as transaction:
        links = await repository.find(
            "rolesUsers", where("roleName", role), scopes=EVERYTHING, on=transaction
        )
        others = [row["userId"] for row in links.rows if row["userId"] not in named]
        # First given, then taken: the last user in a role may hand it on.
        await _give(context, transaction, named, role)
        await _take(context, transaction, others, role)
    return Answer()


async def _give(context: Context, transaction: Transaction, users: Iterable[int], role: str) -> None:
    holding, repository = _holding(context, transaction), context.application.repository
    for user in users:
        held = await roles_of(repository, user, transaction)
        await holding.set(user, list(dict.fromkeys((*held, role))))


async def _take(context: Context, transaction: Transaction, users: Iterable[int], role: str) -> None:
    holding, repository = _holding(context, transaction), context.application.repository
    for user in users:
        held = await roles_of(repository, user, transaction)
        await holding.set(user, [name for name in held if name != role])


def _holding(context: Context, transaction: Transaction) -> Holding:
    application = context.application
    return Holding(application.access, application.repository, context.principal, transaction)


def _named(context: Context) -> list[int]:
    """Users by number, or as objects with one."""
    body = context.body.get("values", context.body) if isinstance(context.body, dict) else context.body
    raw: Any = keys_of(context.key, context.params) or body
    if raw is None:
        raise InvalidAccess(what="The body", reason="must name users")
    items = raw if isinstance(raw, list) else [raw]
    found = [number_of(item.get("id") if isinstance(item, dict) else item) for item in items]
    numbers = [number for number in found if number is not None]
    if len(numbers) != len(found):
        raise InvalidParameter(parameter="filterByTk", reason="must hold numbers of users")
    return numbers


def _write(name: str, handler: Any, summary: str) -> Action:
    return Action(name, handler, "snippet", summary, snippet=ROLES_SNIPPET, writes=True)


ROLES_USERS_RESOURCE: Final = Resource(
    "roles.users",
    (
        Action("list", list_users, "snippet", "Users in a role.", snippet=ROLES_SNIPPET),
        _write("set", set_users, "Set the users in a role."),
        _write("add", add_users, "Add users to a role."),
        _write("remove", remove_users, "Take users out of a role."),
    ),
    "Users in roles",
)
