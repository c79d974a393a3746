"""The bearers of tokens that were verified lately, so that the next request costs one look-up."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any, Final

from insula.application.access.principal import Principal

MAX_SEEN: Final = 10_000
"""Remembered at the same time; the one looked up longest ago falls out."""
SEEN_S: Final = 60.0
"""A bearer is looked up again after this time, for what other hands have changed in the tables."""

Key = tuple[str, str | None]
"""The token, and the role that the request asked for."""


@dataclass(frozen=True, slots=True)
class Bearer:
    """Who a token belongs to, as found at one moment."""

    principal: Principal
    until: float
    """Seconds since the epoch (of a clock that does not go back): looked up again from then on."""


class Seen:
    """Verified bearers by token. ``changes`` rises with each forgetting, to see that one came in between."""

    __slots__ = ("_bearers", "changes", "find")

    def __init__(self) -> None:
        self._bearers: dict[Key, Bearer] = {}
        self.find: Callable[[Key], Bearer | None] = self._bearers.get
        self.changes = 0

    def __len__(self) -> int:
        return len(self._bearers)

    def keep(self, key: Key, bearer: Bearer) -> None:
        """Remember a bearer. Whoever goes on asking is looked up anew each ``SEEN_S``, which keeps them last."""
        self._bearers.pop(key, None)
        if len(self._bearers) >= MAX_SEEN:
            del self._bearers[next(iter(self._bearers))]
        self._bearers[key] = bearer

    def forget(self) -> None:
        """Look everyone up again."""
        self.changes += 1
        self._bearers.clear()

    def forget_users(self, users: Collection[Any]) -> None:
        """Look these users up again; all, where none are named."""
        self._forget(lambda principal: principal.user_id in users, users)

    def forget_sessions(self, sessions: Collection[Any]) -> None:
        """Look the bearers of these sessions up again; all, where none are named."""
        self._forget(lambda principal: (principal.session or "").partition(".")[0] in sessions, sessions)

    def _forget(self, matches: Callable[[Principal], bool], named: Collection[Any]) -> None:
        self.changes += 1
        if not named:
            self._bearers.clear()
            return
        for key in [key for key, bearer in self._bearers.items() if matches(bearer.principal)]:
            del self._bearers[key]
