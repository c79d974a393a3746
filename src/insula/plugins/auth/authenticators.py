"""The resource ``authenticators``: the ways to sign in, as pages ask for them before anyone has."""

from __future__ import annotations

from typing import Final

from insula.application.access.cookies import AUTHENTICATOR
from insula.application.api.action import Action, Answer, Context, Resource
from insula.plugins.auth.settings import AuthSettings


async def public_list(context: Context) -> Answer:
    """The one way that is built in: ``[{"name", "authType", "authTypeTitle", "title", "options"}]``."""
    settings = context.application.plugin_manager.settings("auth", AuthSettings)
    password = {
        "name": AUTHENTICATOR,
        "authType": "Email/Password",
        "authTypeTitle": "Password",
        "title": "Sign in with a password",
        "options": {"allowSignUp": settings.sign_up},
    }
    return Answer([password])


AUTHENTICATORS: Final = Resource(
    "authenticators",
    (Action("publicList", public_list, "public", "The ways to sign in."),),
    "Ways to sign in",
)
