"""All roles of one application in memory, with what was decided for each so far."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from insula.application.access.decide import Grant, decide
from insula.application.access.fitting import why_unfit
from insula.application.access.rules import RoleRules, Rows, parse_scope, role_rules
from insula.data.catalog import Catalog
from insula.data.collection import Collection
from insula.data.query import Query
from insula.data.repository import Repository
from insula.data.scope import Unrestricted
from insula.database.executor import Executor

_log = logging.getLogger(__name__)
_EVERY_ROW = Query(page_size=None, counting="none")


class Book:
    """The roles as they stood at one moment. Immutable, but for the decisions that it remembers."""

    def __init__(self, catalog: Catalog, roles: Mapping[str, RoleRules], default: str | None = None) -> None:
        self._catalog = catalog
        self.roles = roles
        self.default = default
        """The role that new users get, if there is one."""
        self._grants: dict[tuple[str, str, str], tuple[Collection | None, Grant | None]] = {}

    def rules(self, role: str) -> RoleRules:
        """The rules of a role; of one that does not exist, none at all."""
        return self.roles.get(role) or RoleRules(role, snippets=_NO_SNIPPETS)

    def grant(self, role: str, collection: str, permission: str) -> Grant | None:
        """What ``decide`` says, remembered as long as the collection stays as it is."""
        current = self._catalog.find(collection)
        kept = self._grants.get((role, collection, permission))
        if kept is not None and kept[0] is current:
            return kept[1]
        rules = self.roles.get(role)
        if rules is None or current is None:
            return None
        grant = decide(rules, current, permission)
        if grant is not None and grant.template is not None:
            grant = replace(grant, broken=why_unfit(self._catalog, current, grant.template))
        self._grants[role, collection, permission] = (current, grant)
        return grant


_NO_SNIPPETS = RoleRules("").snippets


async def read_book(repository: Repository, on: Executor | None = None) -> Book:
    """All roles, settings and scopes: three statements. What can not be understood grants nothing."""
    everything = Unrestricted()
    roles = (await repository.find("roles", _EVERY_ROW, scopes=everything, on=on)).rows
    resources = (await repository.find("rolesResources", _EVERY_ROW, scopes=everything, on=on)).rows
    scopes = await stored_scopes(repository, on)
    book: dict[str, RoleRules] = {}
    for row in roles:
        own = [item for item in resources if item["roleName"] == row["name"]]
        rules, wrong = role_rules(row, own, scopes)
        book[rules.name] = rules
        for reason in wrong:
            _log.warning("the role %s grants less than it says: %s", rules.name, reason)
    default = next((str(row["name"]) for row in roles if row.get("default")), None)
    return Book(repository.catalog, book, default)


async def stored_scopes(repository: Repository, on: Executor | None = None) -> dict[Any, Rows]:
    """The stored scopes that can be used, by number and by key."""
    rows = (await repository.find("rolesResourcesScopes", _EVERY_ROW, scopes=Unrestricted(), on=on)).rows
    scopes: dict[Any, Rows] = {}
    for row in rows:
        try:
            rows_of = parse_scope(row)
        except ValueError as error:
            _log.warning("the scope %s is not usable: %s", row.get("name"), error)
            continue
        scopes[row["id"]] = rows_of
        if row.get("key"):
            scopes[row["key"]] = rows_of
    return scopes
