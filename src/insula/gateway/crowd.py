"""The connections of one listener, in the order in which they were last answered, for when there are too many.

A new connection, an answer and a parting each cost one change of a dict, however many connections there are.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any, Final, Generic, Protocol, TypeVar

LOOKED_AT: Final = 100
"""Connections that are asked, for each new one beyond the limit, whether they make room for it."""


class Connection(Protocol):
    """What is asked of a connection."""

    transport: Any

    @property
    def busy(self) -> bool:
        """A request is being read or answered."""


C = TypeVar("C", bound=Connection)


class Crowd(Generic[C]):
    """No more than ``limit`` connections: beyond it, the one that has been idle for the longest makes room."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._waiting: dict[C, None] = {}
        """Who had the last answer, or came, longest ago is first."""
        self._empty = asyncio.Event()
        """Set when the last one leaves, and then only."""

    def __len__(self) -> int:
        return len(self._waiting)

    def __iter__(self) -> Iterator[C]:
        return iter(tuple(self._waiting))

    def come(self, connection: C) -> None:
        """A new connection. Cuts off the one that makes room for it; the new one itself where all are busy."""
        self._waiting[connection] = None
        if len(self._waiting) > self._limit:
            idle = self._longest_idle(connection)
            del self._waiting[idle]  # it may take a moment until it has left
            idle.transport.abort()

    def answered(self, connection: C) -> None:
        """It begins to be idle."""
        if connection in self._waiting:
            del self._waiting[connection]
            self._waiting[connection] = None

    def leave(self, connection: C) -> None:
        """It is closed."""
        self._waiting.pop(connection, None)
        if not self._waiting:
            self._empty.set()

    async def all_left(self) -> None:
        """Return when nobody is here any more. There are no new ones meanwhile."""
        while self._waiting:
            self._empty.clear()
            await self._empty.wait()

    def _longest_idle(self, newcomer: C) -> C:
        for _ in range(LOOKED_AT):
            first = next(iter(self._waiting))
            if first is newcomer or not first.busy:
                return first
            self.answered(first)  # it will be, later than all that are idle now
        return newcomer
