"""What roles may do once a change is in: looked at inside its transaction, and refused when it is too much."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Final

from insula.application.access.book import read_book
from insula.application.access.collections import ANONYMOUS_ROLE
from insula.application.access.errors import InvalidAccess
from insula.application.access.escalation import check_roles, check_rules, is_low

if TYPE_CHECKING:
    from insula.application.api.action import Context
    from insula.database.executor import Transaction

SCOPES_LOCK: Final = "scopes of permissions"
"""Held by whoever looks at which permissions are limited to which scopes, to change one of the two."""
_GIVE: Final = "give rights to a role"


def check_role(context: Context, role: str) -> None:
    """A role that may do more than the caller's is not theirs to change. Raises ``Escalation``."""
    check_roles(context.application.access, context.principal, (role,), "change a role with other rights")


async def check_rules_of(context: Context, roles: Iterable[str], transaction: Transaction) -> None:
    """Nobody gives a role rights that their own lacks, by whatever change.

    Raises ``Escalation``, which undoes the change; ``InvalidAccess`` for configuration rights of nobody.
    """
    access = context.application.access
    book = await read_book(context.application.repository, on=transaction)
    for role in roles:
        rules = book.rules(role)
        if role == ANONYMOUS_ROLE and not is_low(rules):
            raise InvalidAccess(what="The role anonymous", reason="must not have configuration rights")
        # Against the rights from before the change: a role that widens itself would cover itself.
        check_rules(access, context.principal, rules, _GIVE)


async def check_changed_rules(context: Context, transaction: Transaction) -> None:
    """The same for whichever roles a change has touched."""
    before: Any = context.application.access.book.roles
    book = await read_book(context.application.repository, on=transaction)
    changed = [name for name, rules in book.roles.items() if not _same(before.get(name), rules)]
    await check_rules_of(context, changed, transaction)


def _same(before: Any, after: Any) -> bool:
    return before is not None and (before.strategy, before.resources, before.snippets.patterns) == (
        after.strategy,
        after.resources,
        after.snippets.patterns,
    )
