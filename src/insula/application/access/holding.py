"""Who holds which roles, and the changes of it that must not be."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, Final

from insula.application.access.collections import ROOT_ROLE
from insula.application.access.errors import Fixed, InvalidAccess
from insula.application.access.escalation import check_roles
from insula.application.access.people import EVERYTHING, roles_of
from insula.data.errors import RecordNotFound
from insula.data.filters.tree import All, Condition

if TYPE_CHECKING:
    from insula.application.access.access import Access
    from insula.application.access.principal import Principal
    from insula.data.repository import Repository
    from insula.database.executor import Transaction

ROOT_LOCK: Final = "root users"
"""Held by whoever changes whether there is somebody in the role root."""
_ROOTS: Final = All((Condition(("roles", "name"), "$eq", ROOT_ROLE), Condition(("blocked",), "$ne", True)))


class Holding:
    """Changes who holds which roles, on behalf of ``principal``, in one transaction."""

    def __init__(
        self, access: Access, repository: Repository, principal: Principal, transaction: Transaction
    ) -> None:
        self._access = access
        self._repository = repository
        self._principal = principal
        self._on = transaction

    async def set(self, user: int, roles: Sequence[str]) -> None:
        """Let a user hold these roles and no others.

        Raises ``InvalidAccess`` for roles that do not exist, ``RecordNotFound``, ``Escalation``, ``Fixed``.
        """
        await self.check_user(user)
        self.check_assignable(roles)
        held = await roles_of(self._repository, user, self._on)
        if user == self._principal.user_id and self._principal.role not in roles:
            raise Fixed(what="Your own role", verb="taken away", reason="it is the one that you act in")
        gone = [role for role in held if role not in roles]
        new = [role for role in roles if role not in held]
        if gone:
            mine = Condition(("userId",), "$eq", user)
            these = All((mine, Condition(("roleName",), "$in", gone)))
            await self._repository.destroy("rolesUsers", filter=these, scopes=EVERYTHING, on=self._on)
        await self.wait_for_turn(new)
        links = [{"userId": user, "roleName": role, "default": False} for role in new]
        if links:
            await self._repository.create_many("rolesUsers", links, scopes=EVERYTHING, on=self._on)
        if roles and (not held or held[0] in gone):
            await self.set_default(user, roles[0])
        if ROOT_ROLE in gone:
            await self.check_root_remains()

    async def wait_for_turn(self, roles: Iterable[str]) -> None:
        """Before somebody is given these roles: whoever becomes root waits for who changes that too."""
        if ROOT_ROLE in roles:
            await self._on.lock(ROOT_LOCK)

    async def set_default(self, user: int, role: str) -> None:
        """Let ``role``, which the user holds, be in force where a request names none."""
        mine = Condition(("userId",), "$eq", user)
        chosen = All((mine, Condition(("roleName",), "$eq", role)))
        for values, rows in (({"default": False}, mine), ({"default": True}, chosen)):
            await self._repository.update("rolesUsers", values, filter=rows, scopes=EVERYTHING, on=self._on)

    async def check_user(self, user: int) -> None:
        """Users with rights that the caller lacks are not theirs to change. Oneself always is.

        Raises ``Escalation``, ``RecordNotFound``.
        """
        if await self._repository.find_one("users", user, scopes=EVERYTHING, on=self._on) is None:
            raise RecordNotFound(collection="users", key=user)
        if user != self._principal.user_id:
            held = await roles_of(self._repository, user, self._on)
            check_roles(self._access, self._principal, held, "change a user with other rights")

    def check_assignable(self, roles: Iterable[str]) -> None:
        """Nobody gives a role that may do more than their own. Raises ``InvalidAccess``, ``Escalation``."""
        for role in roles:
            if role not in self._access.book.roles:
                raise InvalidAccess(field="roles", reason="must name roles that exist")
        check_roles(self._access, self._principal, roles, "give a role with other rights")

    async def holds_root(self, users: Iterable[int]) -> bool:
        """Whether one of the users is root, so that ``check_root_remains`` is due."""
        for user in users:
            if ROOT_ROLE in await roles_of(self._repository, user, self._on):
                return True
        return False

    async def check_root_remains(self) -> None:
        """After a change: someone must be left who can undo it. Two such changes at once wait for each other.

        Raises ``Fixed``, which undoes the change.
        """
        await self._on.lock(ROOT_LOCK)
        if not await self._repository.count("users", _ROOTS, scopes=EVERYTHING, on=self._on):
            raise Fixed(
                what="The last user in the role root",
                verb="removed",
                reason="nobody could look after the rest",
            )


def role_names(raw: Any) -> list[str]:
    """Roles by name, or as objects with a name, one or several. Raises ``InvalidAccess``."""
    items = raw if isinstance(raw, list | tuple) else [raw]
    names = [item.get("name") if isinstance(item, dict) else item for item in items]
    texts = [name for name in names if isinstance(name, str)]
    if len(texts) != len(names):
        raise InvalidAccess(field="roles", reason="must be names of roles")
    return list(dict.fromkeys(texts))
