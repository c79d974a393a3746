"""THE one function that decides what a role may do on a collection. Deny by default."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from insula.application.access.collections import ANONYMOUS_ROLE
from insula.application.access.principal import Principal
from insula.application.access.rules import OWN, RoleRules, Rule
from insula.application.access.templates import Template
from insula.data.collection import Collection
from insula.data.filters.tree import Condition
from insula.data.scope import Scope

ON_NEW: Final = frozenset({"create", "import"})
"""Permissions on records that are not there yet. No scope limits them: it says which records there are for someone."""
_READS: Final = frozenset({"view", "export"})


@dataclass(frozen=True, slots=True)
class Grant:
    """Allowed, within these rows and fields."""

    fields: frozenset[str] | None = None
    template: Template | None = None
    """``None``: all rows."""
    direct: bool = True
    """May be addressed as a resource; else it is only seen through relations of others."""
    scope: Scope | None = None
    """The finished scope, where it is the same for everyone in the role."""
    broken: str | None = None
    """Why the filter can not be used on the collection."""

    def bind(self, principal: Principal) -> Scope:
        """The scope for one who asks."""
        if self.scope is not None:
            return self.scope
        return Scope(self.template.bind(principal) if self.template else None, self.fields)


def decide(role: RoleRules, collection: Collection, permission: str) -> Grant | None:
    """What ``role`` may do: ``None`` is nothing.

    1. Guarded collections (people, roles, permissions) are written by nobody in this way, root included;
       they are read with their snippet, or, by those signed in, in part through relations.
    2. Root may do everything.
    3. Other built-in collections are read and written with their snippet (``pm.<name>`` unless stated).
    4. A setting for the collection overrides the strategy as a whole; without one the strategy counts.
    """
    if collection.options.get("guarded"):
        return _guarded(role, collection, permission)
    if role.root:
        return _ALL
    if collection.builtin:
        snippet = str(collection.options.get("snippet", f"pm.{collection.name}"))
        return _ALL if snippet and role.snippets.grant(snippet) else None
    setting = role.resources.get(collection.name)
    rule = (role.strategy if setting is None else setting).get(permission)
    return None if rule is None else _grant(rule, collection, permission)


_ALL: Final = Grant(scope=Scope())


def _guarded(role: RoleRules, collection: Collection, permission: str) -> Grant | None:
    if permission not in _READS:
        return None
    snippet = collection.options.get("snippet")
    if snippet and (role.root or role.snippets.grant(str(snippet))):
        return _ALL
    if permission != "view":
        return None
    public = collection.options.get("public") if role.name != ANONYMOUS_ROLE else None
    return Grant(direct=False, scope=Scope(fields=frozenset(public))) if public else None


def _grant(rule: Rule, collection: Collection, permission: str) -> Grant | None:
    template = rule.rows if isinstance(rule.rows, Template) else None
    if permission in ON_NEW:
        template = None
    elif rule.rows == OWN:
        template = _own(collection)
        if template is None:
            return None
    fields = None if rule.fields is None else _with_keys(rule.fields, collection, permission)
    if template is None or not template.variable:
        return Grant(fields, template, scope=Scope(template.node if template else None, fields))
    return Grant(fields, template)


def _own(collection: Collection) -> Template | None:
    """The filter for a user's own records; ``None`` for a collection that does not keep who created them."""
    for item in collection.fields.values():
        if "createdBy" not in (item.type.name, item.interface, item.name):
            continue
        name = item.relation.foreign_key if item.relation is not None else item.name
        if name in collection.fields:
            return Template(Condition((name,), "$eq", "{{ $user.id }}"), variable=True)
    if "createdById" in collection.fields:
        return Template(Condition(("createdById",), "$eq", "{{ $user.id }}"), variable=True)
    return None


def _with_keys(fields: frozenset[str], collection: Collection, permission: str) -> frozenset[str]:
    """A listed belongsTo brings its foreign key; what is read, the primary key."""
    more = {
        item.relation.foreign_key
        for item in collection.relations.values()
        if item.name in fields and item.relation is not None and item.relation.kind == "belongsTo"
    }
    if permission in _READS and collection.primary_key is not None:
        more.add(collection.primary_key.name)
    return fields | more
