"""Nobody gives more than they have: what stands between ``pm.users`` and root."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from insula.application.access.errors import Escalation
from insula.application.access.rules import PERMISSIONS, RoleRules, Rule
from insula.application.access.snippets import Snippets

if TYPE_CHECKING:
    from insula.application.access.access import Access
    from insula.application.access.principal import Principal


def covers(own: RoleRules, other: RoleRules) -> bool:
    """Whether all that ``other`` may do, ``own`` may too."""
    if own.root:
        return True
    if other.root or not own.snippets.cover(other.snippets):
        return False
    settings = [(own.strategy, other.strategy)]
    for name in own.resources.keys() | other.resources.keys():
        settings.append((own.resources.get(name, own.strategy), other.resources.get(name, other.strategy)))
    return all(
        _wider(mine.get(permission), theirs.get(permission))
        for mine, theirs in settings
        for permission in PERMISSIONS
    )


def is_low(rules: RoleRules) -> bool:
    """Whether a role configures nothing, so that strangers may be given it."""
    return not rules.root and Snippets(()).cover(rules.snippets)


def _wider(mine: Rule | None, theirs: Rule | None) -> bool:
    if theirs is None:
        return True
    if mine is None:
        return False
    rows = mine.rows is None or mine.rows == theirs.rows
    fields = mine.fields is None or (theirs.fields is not None and theirs.fields <= mine.fields)
    return rows and fields


def check_roles(access: Access, principal: Principal, roles: Iterable[str], what: str) -> None:
    """Raises ``Escalation`` when one of the roles may do what the caller's may not."""
    if principal.kind == "local":
        return
    own = access.book.rules(principal.role)
    if not all(covers(own, access.book.rules(role)) for role in roles):
        raise Escalation(role=principal.role, what=what)


def check_rules(access: Access, principal: Principal, rules: RoleRules, what: str) -> None:
    """The same for a role that is about to be written."""
    if principal.kind != "local" and not covers(access.book.rules(principal.role), rules):
        raise Escalation(role=principal.role, what=what)
