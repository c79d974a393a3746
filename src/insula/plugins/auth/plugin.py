"""Sign-in with a password."""

from __future__ import annotations

from typing import TYPE_CHECKING

from insula.application.access.collections import SESSIONS
from insula.application.plugin import Plugin
from insula.plugins.auth.actions import AUTH
from insula.plugins.auth.authenticators import AUTHENTICATORS
from insula.plugins.auth.settings import AuthSettings

if TYPE_CHECKING:
    from insula.application.application import Application


class AuthPlugin(Plugin):
    name = "auth"
    title = "Sign-in"
    description = "Signs people in with a password, keeps their sessions, and ends them."
    required = True
    requires = ("users", "acl")
    settings = AuthSettings
    collections = (SESSIONS,)
    resources = (AUTH, AUTHENTICATORS)

    async def load(self, application: Application) -> None:
        """Let sessions last as long as this application wants; at once, also for those that are open."""
        settings = application.plugin_manager.settings(self.name, AuthSettings)
        application.access.sessions.policy = settings.policy()
        application.access.sessions.most_of_one = settings.sessions_of_one
        application.access.bearers.visiting = settings.visiting()
        application.access.shortest_password = settings.shortest_password
        application.access.invalidate()
