"""Which roles of the main application may enter which applications, from its launcher and where they share its session:
the table ``applicationsRoles``.

Nothing is allowed that no row allows. Whoever looks after applications (the snippet) enters all of them, without a row.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from insula.data.filters.tree import All, Condition
from insula.data.query import Query
from insula.data.scope import Unrestricted
from insula.supervisor.collections import SNIPPET

if TYPE_CHECKING:
    from insula.application.access.access import Access
    from insula.application.access.principal import Principal
    from insula.data.changes import Change
    from insula.data.repository import Repository
    from insula.database.executor import Executor, Transaction

EVERY: Final = "*"
"""In place of a name: all applications, those to come as well."""
ENTRANCES: Final = "applicationsRoles"
_EVERYTHING: Final = Unrestricted()


def enters_all(access: Access, roles: Iterable[str]) -> bool:
    """Whether one of the roles looks after all applications."""
    rules = map(access.book.rules, roles)
    return any(each.root or each.snippets.grant(SNIPPET) for each in rules)


class Entrances:
    """Reads and writes the table."""

    def __init__(self, repository: Repository) -> None:
        self._repository = repository

    async def of(
        self, roles: Collection[str] | None = None, on: Executor | None = None
    ) -> Mapping[str, list[str]]:
        """Role → the applications that it may enter, by name, or ``EVERY``; for these roles, or for all that have any."""
        of_them = None if roles is None else Condition(("roleName",), "$in", list(roles))
        query = Query(filter=of_them, sort=("roleName", "application"), page_size=None, counting="none")
        found: dict[str, list[str]] = {}
        for row in (await self._repository.find(ENTRANCES, query, scopes=_EVERYTHING, on=on)).rows:
            found.setdefault(str(row["roleName"]), []).append(str(row["application"]))
        return found

    async def entered_by(self, access: Access, principal: Principal) -> Collection[str] | None:
        """The names of the applications that one of a person's roles may enter; ``None``: all of them."""
        if principal.kind == "local" or enters_all(access, principal.roles):
            return None
        names = {name for granted in (await self.of(principal.roles)).values() for name in granted}
        return None if EVERY in names else names

    async def change(self, role: str, names: Sequence[str], verb: str) -> list[str]:
        """Let a role enter these applications: ``set`` and no others, ``add`` too, or ``remove`` not any more.

        Gives what it may enter then. Changes of one role at once happen one after the other.
        """
        async with self._repository.transaction() as transaction:
            await transaction.lock(f"applications of {role}")
            before = set((await self.of((role,), transaction)).get(role, ()))
            said = set(names)
            after = {"set": said, "add": before | said, "remove": before - said}[verb]
            after = {EVERY} if EVERY in after else after
            await self._drop(role, before - after, transaction)
            new = [{"roleName": role, "application": name} for name in sorted(after - before)]
            if new:
                await self._repository.create_many(ENTRANCES, new, scopes=_EVERYTHING, on=transaction)
        return sorted(after)

    async def forget(self, application: str, on: Transaction) -> None:
        """Another application of that name is entered by nobody who was let into this one."""
        of_it: Any = Condition(("application",), "$eq", application)
        await self._repository.destroy(ENTRANCES, filter=of_it, scopes=_EVERYTHING, on=on)

    async def _drop(self, role: str, names: Collection[str], on: Transaction) -> None:
        if names:
            of_role = Condition(("roleName",), "$eq", role)
            these = All((of_role, Condition(("application",), "$in", sorted(names))))
            await self._repository.destroy(ENTRANCES, filter=these, scopes=_EVERYTHING, on=on)


class Entering:
    """Remembers the table until it changes, for a question that comes with every request."""

    def __init__(self, access: Access, repository: Repository) -> None:
        self._access = access
        self._observers = repository.observers
        self._entrances = Entrances(repository)
        self._edition = 0
        """Of the table: rises with every change."""
        self._known: tuple[int, Mapping[str, list[str]]] | None = None
        """What was read, and of which edition."""
        self._observers.append(self._changed)

    def close(self) -> None:
        """It is not looked after any more."""
        self._observers.remove(self._changed)

    async def lets_in(self, application: str, principal: Principal) -> bool:
        """Whether one of a person's roles may enter an application."""
        if enters_all(self._access, principal.roles):
            return True
        if self._known is None or self._known[0] != self._edition:
            self._known = (self._edition, await self._entrances.of())
        granted = self._known[1]
        return any(name in (EVERY, application) for role in principal.roles for name in granted.get(role, ()))

    def _changed(self, change: Change) -> None:
        if change.collection in (ENTRANCES, "roles"):  # with a role, the database removes what it may enter
            self._edition += 1
