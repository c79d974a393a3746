"""People who are signed in to the main application, as users of this one: found by their global subject alone."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from insula.application.access.escalation import is_low
from insula.application.access.people import EVERYTHING, add_user, user_by_account, where
from insula.core.sparse import Sparse
from insula.data.errors import Conflict

if TYPE_CHECKING:
    from insula.application.access.book import Book
    from insula.application.access.shared import Visiting, Visitor
    from insula.data.repository import Repository
    from insula.database.executor import Executor, Transaction

_log = logging.getLogger(__name__)
_sparse = Sparse(_log)


class Visitors:
    """The users that visitors are, in one application."""

    def __init__(self, repository: Repository) -> None:
        self._repository = repository

    async def user_of(self, visitor: Visitor, visiting: Visiting, book: Book) -> dict[str, Any] | None:
        """The user that a visitor is, made at the first visit where ``visiting`` says so; else ``None``."""
        found = await self._find(visitor)
        if found is not None or not visiting.creates:
            return found
        if visiting.role not in book.roles or not is_low(book.rules(visiting.role)):
            _sparse.warning(
                f"the role {visiting.role} is not there, or configures something",
                "visitors are not made users of this application",
            )
            return None
        try:
            return await self._make(visitor, visiting.role, named=True)
        except Conflict:  # with someone who was made in the same moment
            return await self._make(visitor, visiting.role, named=False)

    async def _find(self, visitor: Visitor, on: Executor | None = None) -> dict[str, Any] | None:
        rows = await self._repository.find("users", where("sub", visitor.subject), scopes=EVERYTHING, on=on)
        return rows.rows[0] if rows.rows else None

    async def _make(self, visitor: Visitor, role: str, *, named: bool) -> dict[str, Any]:
        """The user is made once, however many requests of theirs come first together."""
        async with self._repository.transaction() as transaction:
            await transaction.lock(f"visitor {visitor.subject}")
            found = await self._find(visitor, transaction)
            if found is not None:
                return found
            values = {"sub": visitor.subject, "nickname": visitor.nickname or visitor.username}
            if named:
                values |= await self._free_names(visitor, transaction)
            user = await add_user(self._repository, transaction, values, (role,))
        _log.info("user %s was made for someone who is signed in to the main application", user["id"])
        return user

    async def _free_names(self, visitor: Visitor, on: Transaction) -> dict[str, str]:
        """Their names, but for those that somebody else bears here: a name never leads to somebody's user."""
        names = {"username": visitor.username, "email": visitor.email}
        free = {}
        for field, name in names.items():
            if name and await user_by_account(self._repository, name, ("username", "email"), on) is None:
                free[field] = name
        return free
