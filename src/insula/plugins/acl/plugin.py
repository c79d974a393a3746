"""Roles and permissions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from insula.application.access.collections import (
    ROLES,
    ROLES_RESOURCES,
    ROLES_RESOURCES_SCOPES,
    ROLES_USERS,
    ROOT_ROLE,
)
from insula.application.access.people import EVERYTHING, create_root
from insula.application.plugin import Plugin
from insula.plugins.acl.built_in import BUILT_IN
from insula.plugins.acl.roles import ROLES_RESOURCE
from insula.plugins.acl.scopes import AVAILABLE_ACTIONS, SCOPES
from insula.plugins.acl.settings import SETTINGS
from insula.plugins.acl.users import ROLES_USERS_RESOURCE

if TYPE_CHECKING:
    from insula.application.application import Application
    from insula.application.options import RootUser
    from insula.database.executor import Transaction


class AclPlugin(Plugin):
    name = "acl"
    title = "Roles"
    description = "What each role may do, on which collections, records and fields."
    required = True
    requires = ("users",)
    collections = (ROLES, ROLES_USERS, ROLES_RESOURCES, ROLES_RESOURCES_SCOPES)
    resources = (ROLES_RESOURCE, ROLES_USERS_RESOURCE, SETTINGS, SCOPES, AVAILABLE_ACTIONS)

    async def install(
        self, application: Application, transaction: Transaction, root: RootUser | None
    ) -> None:
        """The built-in roles and scopes; and the first user, who needs one of them."""
        repository = application.repository
        await repository.create_many("roles", BUILT_IN, scopes=EVERYTHING, on=transaction)
        scopes = ({"key": "all", "name": "All records"}, {"key": "own", "name": "Own records"})
        await repository.create_many("rolesResourcesScopes", scopes, scopes=EVERYTHING, on=transaction)
        if root is not None:
            await create_root(repository, transaction, root, ROOT_ROLE)
