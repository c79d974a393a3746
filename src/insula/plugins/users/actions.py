"""The actions of ``users``. Reading is that of all records, with the snippet."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from insula.application.access.collections import USERS_SNIPPET
from insula.application.access.errors import Escalation, Fixed, InvalidAccess, NeedsSession, RoleNotHeld
from insula.application.access.holding import Holding, role_names
from insula.application.access.naming import NAME_FIELDS, check_named, checked_names
from insula.application.access.opened import Opened, plain_values
from insula.application.access.passwords import check_strength
from insula.application.access.people import EVERYTHING, add_user
from insula.application.api.action import Action, Answer, Context, Resource
from insula.application.api.bodies import as_object, record
from insula.application.api.openapi_parts import Schema, answer, json_body, ref
from insula.application.api.parameters import shown
from insula.application.api.queries import keys_of, number_of
from insula.application.errors import InvalidParameter
from insula.core.languages import is_language
from insula.data.errors import FilterRequired
from insula.data.scope import Scope

_FIXED: Final = frozenset({"id", "sub", "createdAt", "updatedAt"})
_PROFILE: Final = ("nickname", "username", "email", "phone", "appLang", "systemSettings")
"""What people change of themselves."""
_MAX_SETTINGS_BYTES: Final = 16 * 1024
THEMES: Final = ("light", "dark", "system")
"""How pages may look."""


async def create_user(context: Context) -> Answer:
    """A new user, with the roles that are named, else with the default one."""
    _, values = record(context.params, context.body, plain=False)
    given = dict(as_object(values))
    named = given.pop("roles", None)
    application = context.application
    default = application.access.book.default
    roles = role_names(named) if named is not None else [default] if default is not None else []
    checked = _checked(context, given)
    check_named(checked)
    async with application.metadata.steady(), application.repository.transaction() as transaction:
        holding = Holding(application.access, application.repository, context.principal, transaction)
        holding.check_assignable(roles)
        await holding.wait_for_turn(roles)
        user = await add_user(application.repository, transaction, checked, roles, _scopes(context))
    return Answer(user)


async def update_users(context: Context) -> Answer:
    """The changed users. A new password, and being blocked, end the sessions of the user."""
    params, values = record(context.params, context.body, plain=False)
    users = _addressed(context, params)
    given = dict(as_object(values))
    named = given.pop("roles", None)
    roles = None if named is None else role_names(named)
    checked = _checked(context, given)
    own = context.principal.user_id in users
    if own and "password" in checked:
        raise Escalation(role=context.principal.role, what="set its own password without the old one")
    if own and checked.get("blocked"):
        raise Fixed(what="Your own user", verb="blocked", reason="you are signed in with it")
    application = context.application
    repository = application.repository
    async with application.metadata.steady(), repository.transaction() as transaction:
        holding = Holding(application.access, repository, context.principal, transaction)
        for user in users:
            await holding.check_user(user)
            if roles is not None:
                await holding.set(user, roles)
        rows = await repository.update("users", checked, keys=users, scopes=_scopes(context), on=transaction)
        for row in rows:
            check_named(row)
        if checked.get("blocked") and await holding.holds_root(users):
            await holding.check_root_remains()
        if "password" in checked or checked.get("blocked"):
            for user in users:
                await application.access.sessions.end_all(user, on=transaction)
    return Answer(rows)


async def destroy_users(context: Context) -> Answer:
    """The number of users that are gone, with their sessions, keys and roles."""
    users = _addressed(context, context.params)
    if context.principal.user_id in users:
        raise Fixed(what="Your own user", verb="removed", reason="you are signed in with it")
    application = context.application
    repository = application.repository
    async with repository.transaction() as transaction:
        holding = Holding(application.access, repository, context.principal, transaction)
        for user in users:
            await holding.check_user(user)
        roots = await holding.holds_root(users)
        gone = await repository.destroy("users", keys=users, scopes=EVERYTHING, on=transaction)
        if roots:
            await holding.check_root_remains()
    return Answer(gone)


async def update_profile(context: Context) -> Answer:
    """The caller's own user, changed by themselves."""
    user = _person(context)
    _, values = record(context.params, context.body, plain=False)
    given = as_object(values)
    for name in given:
        if name not in _PROFILE:
            raise InvalidAccess(field=name[:60], reason=f"is not one of {', '.join(_PROFILE)}")
    checked = checked_names(given)
    _check_size(checked)
    _check_chosen(checked)
    check_named({**context.principal.user, **checked})
    rows = await context.application.repository.update("users", checked, keys=(user,), scopes=EVERYTHING)
    return Answer(rows[0] if rows else None)


async def set_default_role(context: Context) -> Answer:
    """Choose which of the caller's roles is in force where a request names none."""
    user = _person(context)
    _, values = record(context.params, context.body, plain=False)
    role = as_object(values).get("roleName")
    if role not in context.principal.roles:
        raise RoleNotHeld(role=shown(str(role)))
    application = context.application
    async with application.repository.transaction() as transaction:
        holding = Holding(application.access, application.repository, context.principal, transaction)
        await holding.set_default(user, role)
    return Answer()


def _person(context: Context) -> int:
    principal = context.principal
    if principal.kind != "user" or principal.user_id is None:
        raise NeedsSession(found="an API key" if principal.kind == "key" else "the local administrator")
    return principal.user_id


def _scopes(context: Context) -> Opened:
    return Opened(context.scopes, {"users": Scope()})


def _checked(context: Context, given: Mapping[str, Any]) -> dict[str, Any]:
    """What of a user is written."""
    users = context.application.metadata.get("users")
    values = checked_names(plain_values(users, {name: given[name] for name in given if name not in _FIXED}))
    _check_size(values)
    if values.get("password") is not None:
        names = [values.get(name) for name in NAME_FIELDS]
        check_strength(values["password"], names, context.application.access.shortest_password)
    return values


def _check_size(values: Mapping[str, Any]) -> None:
    """What people keep for their pages is read with each of their sessions, so that it must be small."""
    if len(msgspec.json.encode(values.get("systemSettings"))) > _MAX_SETTINGS_BYTES:
        raise InvalidAccess(field="systemSettings", reason=f"is longer than {_MAX_SETTINGS_BYTES} bytes")


def _check_chosen(values: Mapping[str, Any]) -> None:
    """What pages go by: language and theme. Raises ``InvalidAccess``."""
    language, settings = values.get("appLang"), values.get("systemSettings")
    if language is not None and not is_language(language):
        raise InvalidAccess(field="appLang", reason='must be a language such as "en-US", or null')
    if isinstance(settings, Mapping) and settings.get("theme") not in (None, *THEMES):
        raise InvalidAccess(field="systemSettings.theme", reason=f"must be one of {', '.join(THEMES)}")


def _addressed(context: Context, params: Mapping[str, Any]) -> list[int]:
    keys = keys_of(context.key, params)
    if not keys:
        raise FilterRequired(action=context.action, collection="users")
    return [user_number(key) for key in keys]


def user_number(raw: Any) -> int:
    """The number of a user as it stands in an address. Raises ``InvalidParameter``."""
    number = number_of(raw)
    if number is None:
        raise InvalidParameter(parameter="filterByTk", reason="must be the number of a user")
    return number


def _manage(name: str, handler: Any, summary: str) -> Action:
    return Action(name, handler, "snippet", summary, snippet=USERS_SNIPPET, writes=True)


_NAME: Final[Schema] = {"type": ["string", "null"]}
_OWN: Final = {
    "parameters": [],
    "requestBody": json_body(
        {
            "type": "object",
            "properties": {
                **dict.fromkeys(("nickname", "username", "email", "phone", "appLang"), _NAME),
                "systemSettings": {
                    "type": ["object", "null"],
                    "properties": {"theme": {"enum": [*THEMES, None]}},
                },
            },
            "additionalProperties": False,
        }
    ),
    "responses": answer(ref("schemas", "users")),
}

USERS_RESOURCE: Final = Resource(
    "users",
    (
        _manage("create", create_user, "Create a user."),
        _manage("update", update_users, "Change users."),
        _manage("destroy", destroy_users, "Remove users."),
        Action(
            "updateProfile",
            update_profile,
            "signed_in",
            "Change one's own user.",
            writes=True,
            openapi=_OWN,
        ),
        Action(
            "setDefaultRole", set_default_role, "signed_in", "Choose one's own default role.", writes=True
        ),
    ),
    "Users",
)
