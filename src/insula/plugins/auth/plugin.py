"""Sign-in with a password."""

from __future__ import annotations

from insula.application.access.collections import SESSIONS
from insula.application.plugin import Plugin
from insula.plugins.auth.actions import AUTH


class AuthPlugin(Plugin):
    name = "auth"
    title = "Sign-in"
    description = "Signs people in with a password, keeps their sessions, and ends them."
    required = True
    requires = ("users", "acl")
    collections = (SESSIONS,)
    resources = (AUTH,)
