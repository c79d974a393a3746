"""The actions of the resource ``auth``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from insula.application.access.cookies import clear_cookies, set_cookies
from insula.application.access.errors import InvalidAccess, NeedsSession, WrongCredentials
from insula.application.access.passwords import verify_password
from insula.application.access.people import EVERYTHING, keep_hash, password_hash, roles_of, user_by
from insula.application.api.action import Action, Answer, Context, Resource
from insula.application.api.bodies import as_object

_FIELDS: Final = ("account", "email", "username")


async def sign_in(context: Context) -> Answer:
    """A token for the right password; which of the two was wrong is never said, nor how long it took."""
    given = as_object(context.body)
    account, password = _account(given), given.get("password")
    if not account or not isinstance(password, str):
        raise WrongCredentials()
    application, request = context.application, context.request
    access = application.access
    access.throttle.attempt(account, request.client)
    user = await _find(context, given, account)
    kept = None if user is None else await password_hash(application.repository, user["id"])
    verified = await verify_password(kept, password)
    if user is None or not verified.matches or user.get("blocked"):
        raise WrongCredentials()
    access.throttle.succeeded(account, request.client)
    if verified.rehashed is not None:
        await keep_hash(application.repository, user["id"], verified.rehashed)
    subject = None if user.get("sub") is None else str(user["sub"])
    token = await access.sessions.open(user["id"], subject, access.clock.now())
    roles = await roles_of(application.repository, user["id"])
    set_cookies(request, application.name, token, roles[0] if roles else None)
    return Answer({"user": user, "token": token})


async def check(context: Context) -> Answer:
    """The user who asks, with their roles."""
    principal = context.principal
    roles = [await _role(context, name) for name in principal.roles]
    return Answer({**principal.user, "roles": roles})


async def sign_out(context: Context) -> Answer:
    """End the session: its token is refused from now on."""
    if context.principal.kind == "user" and context.principal.session is not None:
        await context.application.access.sessions.end(context.principal.session)
    clear_cookies(context.request, context.application.name)
    return Answer()


async def change_password(context: Context) -> Answer:
    """A new password, for who knows the old one; all other sessions of the user end."""
    principal, application = context.principal, context.application
    if principal.kind != "user" or principal.user_id is None:
        raise NeedsSession(found="an API key" if principal.kind == "key" else "the local administrator")
    given = as_object(context.body)
    old, new = given.get("oldPassword"), given.get("newPassword")
    if not isinstance(old, str) or not isinstance(new, str) or not new:
        raise InvalidAccess(what="The body", reason="needs oldPassword and newPassword as text")
    if given.get("confirmPassword", new) != new:
        raise InvalidAccess(what="confirmPassword", reason="is not the same as newPassword")
    name = str(principal.user_id)
    application.access.throttle.attempt(name, context.request.client)
    verified = await verify_password(await password_hash(application.repository, principal.user_id), old)
    if not verified.matches:
        raise InvalidAccess(what="oldPassword", reason="is not right")
    application.access.throttle.succeeded(name, context.request.client)
    keys = (principal.user_id,)
    await application.repository.update("users", {"password": new}, keys=keys, scopes=EVERYTHING)
    await application.access.sessions.end_all(principal.user_id, but=principal.session)
    return Answer()


def _account(given: Mapping[str, Any]) -> str:
    account = next((given[name] for name in _FIELDS if given.get(name)), "")
    return account if isinstance(account, str) and len(account) < 256 and "\0" not in account else ""


async def _find(context: Context, given: Mapping[str, Any], account: str) -> dict[str, Any] | None:
    repository = context.application.repository
    email = None
    if not given.get("username"):
        email = await user_by(repository, "email", account.lower())
    if email is not None or given.get("email"):
        return email
    return await user_by(repository, "username", account)


async def _role(context: Context, name: str) -> dict[str, Any]:
    row = await context.application.repository.find_one("roles", name, scopes=EVERYTHING)
    return {"name": name, "title": None if row is None else row.get("title")}


AUTH: Final = Resource(
    "auth",
    (
        Action("signIn", sign_in, "public", "Sign in with a password.", writes=True),
        Action("check", check, "signed_in", "The user who is signed in, with their roles."),
        Action("signOut", sign_out, "signed_in", "End the session.", writes=True),
        Action("changePassword", change_password, "signed_in", "Set a new password.", writes=True),
    ),
    "Sign-in",
)
