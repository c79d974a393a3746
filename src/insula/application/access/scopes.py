"""The scopes of one caller: decisions of their role, with the variables of this request."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from insula.application.access.book import Book
from insula.application.access.errors import BrokenScope, Denied
from insula.application.access.principal import Principal
from insula.data.scope import Scope


class RoleScopes:
    """Made for each request, so that it is small; what is decided is kept with the role."""

    __slots__ = ("_book", "_bound", "principal")

    def __init__(self, book: Book, principal: Principal) -> None:
        self._book = book
        self.principal = principal
        self._bound: dict[tuple[str, str], Scope] = {}

    def scope(self, collection: str, action: str) -> Scope:
        """See ``Scopes``. Raises ``Denied``, ``BrokenScope``."""
        grant = self._book.grant(self.principal.role, collection, action)
        if grant is None:
            raise Denied(role=self.principal.role, action=action, resource=collection)
        if grant.broken is not None:
            raise BrokenScope(role=self.principal.role, resource=collection, reason=grant.broken)
        if grant.scope is not None:
            return grant.scope
        # One request sees one moment: a variable has the same value wherever it is reached.
        bound = self._bound.get((collection, action))
        if bound is None:
            bound = self._bound[collection, action] = grant.bind(self.principal)
        return bound

    @property
    def stamps(self) -> Mapping[str, Any]:
        """Who creates and updates: see ``Scopes``."""
        return {"createdBy": self.principal.user_id, "updatedBy": self.principal.user_id}
