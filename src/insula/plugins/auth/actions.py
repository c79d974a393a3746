"""The actions of the resource ``auth``."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from insula.application.access.cookies import AUTHENTICATOR
from insula.application.access.errors import InvalidAccess, NeedsSession, TurnedOff, WrongCredentials
from insula.application.access.escalation import is_low
from insula.application.access.naming import NAME_FIELDS, check_named, checked_names
from insula.application.access.passwords import check_strength, verify_password
from insula.application.access.people import (
    EVERYTHING,
    add_user,
    keep_hash,
    password_hash,
    user_by_account,
)
from insula.application.api.action import Action, Answer, Context, Gate, Handler, Resource
from insula.application.api.bodies import as_object
from insula.application.api.queries import flag
from insula.plugins.auth.openapi import PARTS
from insula.plugins.auth.settings import AuthSettings

if TYPE_CHECKING:
    from insula.application.access.access import Access
    from insula.application.access.principal import Principal
    from insula.application.api.request import Request

_log = logging.getLogger(__name__)

_FIELDS: Final[Mapping[str, tuple[str, ...]]] = {
    "account": ("email", "username"),
    "email": ("email",),
    "username": ("username",),
}
"""Under which names an account may come, and where each is looked for."""
_LONGEST: Final = 256
_NOBODY: Final = 0
"""A number that no user has."""
_SIGN_UP_FIELDS: Final = ("username", "email", "phone", "nickname")


async def sign_in(context: Context) -> Answer:
    """A token for the right password; which of the two was wrong is never said, nor how long it took."""
    given = as_object(context.body)
    fields, account = _account(given)
    password = given.get("password")
    if not account or not isinstance(password, str):
        raise WrongCredentials()
    application, request = context.application, context.request
    _check_authenticator(request)
    access = application.access
    access.throttle.attempt(account, request.client)
    user = await user_by_account(application.repository, account, fields)
    # The same statements and the same work, whether or not there is such a user.
    kept = await password_hash(application.repository, _NOBODY if user is None else user["id"])
    verified = await verify_password(kept, password)
    if user is None or not verified.matches or user.get("blocked"):
        # Not what was written: some people write their password there.
        named = f"user {user['id']}" if user else "an unknown account"
        _log.warning("a sign-in to %s from %s failed", named, request.client)
        raise WrongCredentials()
    access.throttle.succeeded(account, request.client)
    if verified.rehashed is not None:
        await keep_hash(application.repository, user["id"], verified.rehashed)
    return await _let_in(context, user)


async def sign_up(context: Context) -> Answer:
    """A new user in the default role, where the application lets strangers in; they are signed in at once."""
    application, request = context.application, context.request
    if not application.plugin_manager.settings("auth", AuthSettings).sign_up:
        raise TurnedOff(what="Signing up")
    given = as_object(context.body)
    password = given.get("password")
    if given.get("confirm_password", password) != password:
        raise InvalidAccess(field="confirm_password", reason="is not the same as password")
    values = checked_names({name: given[name] for name in _SIGN_UP_FIELDS if given.get(name) is not None})
    check_named(values)
    check_strength(password, values.values(), application.access.shortest_password)
    role = _low_role(application.access)
    application.access.throttle.attempt("", request.client)
    repository = application.repository
    async with repository.transaction() as transaction:
        user = await add_user(repository, transaction, {**values, "password": password}, [role])
    return await _let_in(context, user)


async def check(context: Context) -> Answer:
    """The user who asks, with their roles."""
    principal = context.principal
    roles = [await _role(context, name) for name in principal.roles]
    return Answer({**principal.user, "roles": roles})


async def sign_out(context: Context) -> Answer:
    """End the session, or with ``all`` every session of the user: their tokens are refused from now on.

    Main's session is ended at main alone, and then here as well.
    """
    principal, access = context.principal, context.application.access
    _check_own(principal)
    everywhere = flag({**context.params, **as_object(context.body)}, "all", default=False)
    if everywhere and (principal.kind != "user" or principal.user_id is None):
        raise NeedsSession(found=_found(principal))
    if everywhere and principal.user_id is not None:
        await access.sessions.end_all(principal.user_id)
    elif principal.kind == "user" and principal.session is not None:
        await access.sessions.end(principal.session)
    access.cookies.clear(context.request)
    return Answer()


async def sync_cookies(context: Context) -> Answer:
    """Cookies for the session of the token, for pages that keep only the token."""
    principal, access, request = context.principal, context.application.access, context.request
    carried = access.cookies.token(request)
    _check_own(principal)
    if principal.kind != "user" or principal.session is None or carried is None:
        raise NeedsSession(found=_found(principal))
    age_s = access.sessions.policy.idle_s
    access.cookies.put(request, carried.token, principal.session, principal.role, age_s)
    return Answer()


async def by_mail(context: Context) -> Answer:
    """Nothing here sends mail: whoever looks after users sets a new password for those who forgot theirs."""
    raise TurnedOff(what="Setting a forgotten password anew by e-mail")


async def change_password(context: Context) -> Answer:
    """A new password, for who knows the old one; all other sessions of the user end."""
    principal, application = context.principal, context.application
    if principal.kind != "user" or principal.user_id is None:
        raise NeedsSession(found=_found(principal))
    given = as_object(context.body)
    old, new = given.get("oldPassword"), given.get("newPassword")
    if not isinstance(old, str) or not isinstance(new, str):
        raise InvalidAccess(what="The body", reason="needs oldPassword and newPassword as text")
    if given.get("confirmPassword", new) != new:
        raise InvalidAccess(field="confirmPassword", reason="is not the same as newPassword")
    names = [principal.user.get(name) for name in NAME_FIELDS]
    check_strength(new, names, application.access.shortest_password, field="newPassword")
    # No account is named like this, so that signing in and changing do not use up one another's attempts.
    name = f"\0{principal.user_id}"
    application.access.throttle.attempt(name, context.request.client)
    verified = await verify_password(await password_hash(application.repository, principal.user_id), old)
    if not verified.matches:
        raise InvalidAccess(field="oldPassword", reason="is not right")
    application.access.throttle.succeeded(name, context.request.client)
    keys = (principal.user_id,)
    async with application.repository.transaction() as transaction:
        await application.repository.update(
            "users", {"password": new}, keys=keys, scopes=EVERYTHING, on=transaction
        )
        await application.access.sessions.end_all(principal.user_id, but=principal.session, on=transaction)
    return Answer()


def _check_own(principal: Principal) -> None:
    """Raises ``NeedsSession`` for someone who is here by main's session."""
    if principal.shared:
        raise NeedsSession(found="a session of the main application")


def _found(principal: Principal) -> str:
    return "an API key" if principal.kind == "key" else "the local administrator"


async def _let_in(context: Context, user: Mapping[str, Any]) -> Answer:
    token = await context.application.access.let_in(context.request, user)
    return Answer({"user": user, "token": token})


def _check_authenticator(request: Request) -> None:
    """Only one way to sign in is built in. Raises ``InvalidAccess``."""
    if (request.header(b"x-authenticator") or AUTHENTICATOR) != AUTHENTICATOR:
        raise InvalidAccess(what="X-Authenticator", reason=f"must be {AUTHENTICATOR}, or nothing")


def _low_role(access: Access) -> str:
    """The role of those who signed up: the default one, unless it may configure something."""
    role = access.book.default
    if role is None or not is_low(access.book.rules(role)):
        raise TurnedOff(what="Signing up, without a default role that configures nothing,")
    return role


def _account(given: Mapping[str, Any]) -> tuple[tuple[str, ...], str]:
    """The fields that the name may be in, and the name."""
    for key, fields in _FIELDS.items():
        account = given.get(key)
        if isinstance(account, str) and account.strip():
            account = account.strip()
            return fields, account if len(account) < _LONGEST and "\0" not in account else ""
    return (), ""


async def _role(context: Context, name: str) -> dict[str, Any]:
    row = await context.application.repository.find_one("roles", name, scopes=EVERYTHING)
    return {"name": name, "title": None if row is None else row.get("title")}


def _action(name: str, handler: Handler, gate: Gate, summary: str, *, writes: bool = True) -> Action:
    return Action(name, handler, gate, summary, writes=writes, openapi=PARTS.get(name, {}))


AUTH: Final = Resource(
    "auth",
    (
        _action("signIn", sign_in, "public", "Sign in with a password."),
        _action("signUp", sign_up, "public", "Make oneself a user, where that is allowed."),
        _action("check", check, "signed_in", "The user who is signed in, with their roles.", writes=False),
        _action("signOut", sign_out, "signed_in", "End the session."),
        _action("syncCookies", sync_cookies, "signed_in", "Set the cookies of the session."),
        *(
            _action(name, by_mail, "public", "Turned off: nothing here sends mail.")
            for name in ("lostPassword", "checkResetToken", "resetPassword")
        ),
        _action("changePassword", change_password, "signed_in", "Set a new password."),
    ),
    "Sign-in",
)
