"""Users."""

from __future__ import annotations

from insula.application.access.collections import USERS
from insula.application.plugin import Plugin
from insula.plugins.users.actions import USERS_RESOURCE
from insula.plugins.users.roles import USERS_ROLES


class UsersPlugin(Plugin):
    name = "users"
    title = "Users"
    description = "The people who can sign in, and the roles that they hold."
    required = True
    collections = (USERS,)
    resources = (USERS_RESOURCE, USERS_ROLES)
