"""Requests under way: how many there are, their deadlines, and clients that went away meanwhile.

The hot path pays for one dict entry. Everything else is done by a sweep that runs while there are requests
at all: it ends those that took too long, and listens for the client of those that take a while.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, Final, Literal

from insula.application.errors import NotRunning, Overloaded
from insula.core.clock import monotonic
from insula.data.metadata import CHANGE_TIMEOUT_S

if TYPE_CHECKING:
    from insula.application.api.request import Request

SWEEP_S: Final = 0.25
"""A client that goes away is noticed after one to two of these."""
SLOW_DEADLINE_S: Final = CHANGE_TIMEOUT_S + 60.0
"""Of what changes tables: the time of the longest statement, and some for what goes before it."""

Reason = Literal["gone", "deadline", "stopping"]


class Flight:
    """One request under way."""

    __slots__ = ("_task", "deadline_s", "ended", "request", "since", "watcher")

    def __init__(self, request: Request, task: asyncio.Task[object], deadline_s: float) -> None:
        self._task = task
        self.deadline_s = deadline_s
        self.request = request
        self.since: float | None = monotonic()
        """When the time that the deadline counts began; ``None`` while nothing limits it."""
        self.ended: Reason | None = None
        """Why it was cancelled, if it was cancelled from here."""
        self.watcher: asyncio.Task[None] | None = None

    def moved(self) -> None:
        """The answer moves on: count from now."""
        self.since = monotonic()

    def unlimited(self) -> None:
        """The request may take as long as it takes, for it moves by itself (a body being sent)."""
        self.since = None

    def slow(self) -> None:
        """The request changes tables, which takes as long as they are large."""
        self.deadline_s = max(self.deadline_s, SLOW_DEADLINE_S)

    def end(self, reason: Reason) -> None:
        """Cancel the work, once."""
        if self.ended is None:
            self.ended = reason
            self._task.cancel()

    def watch(self) -> None:
        """Listen for the client going away. Only when the body was read."""
        self.watcher = asyncio.create_task(self.request.gone(), name="client watch")
        self.watcher.add_done_callback(self._heard)

    def _heard(self, watcher: asyncio.Task[None]) -> None:
        if not watcher.cancelled() and watcher.exception() is None:
            self.end("gone")


class InFlight:
    """All requests of one application that are under way."""

    def __init__(self, limit: int, deadline_s: float) -> None:
        self._limit = limit
        self._deadline_s = deadline_s
        self._flights: dict[int, Flight] = {}
        self._timer: asyncio.TimerHandle | None = None
        self._empty = asyncio.Event()
        self._left: Callable[[int], None] | None = None
        """Only while those under way are waited for."""
        self.open = False
        """Whether requests are taken."""

    def __len__(self) -> int:
        return len(self._flights)

    def enter(self, request: Request) -> Flight:
        """Raises ``NotRunning`` and ``Overloaded``."""
        if not self.open:
            raise NotRunning()
        if len(self._flights) >= self._limit:
            raise Overloaded(limit=self._limit)
        task = asyncio.current_task()
        if task is None:
            raise RuntimeError("a request is answered inside a task")
        flight = Flight(request, task, self._deadline_s)
        self._flights[id(flight)] = flight
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(SWEEP_S, self._sweep)
        return flight

    def leave(self, flight: Flight) -> None:
        """The request is done with."""
        del self._flights[id(flight)]
        if flight.watcher is not None:
            flight.watcher.cancel()
        if not self._flights:
            self._empty.set()

    async def drain(self, deadline_s: float, left: Callable[[int], None]) -> None:
        """Take no more, let those under way finish, and cancel those that do not in time. ``left`` is told now and then
        how many that still are."""
        self.open, self._left = False, left
        if self._flights:
            left(len(self._flights))
        try:
            async with asyncio.timeout(deadline_s):
                await self._emptied()
        except TimeoutError:
            for flight in self._flights.values():
                flight.end("stopping")
            await self._emptied()
        finally:
            self._left = None
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    async def _emptied(self) -> None:
        while self._flights:
            self._empty.clear()
            await self._empty.wait()

    def _sweep(self) -> None:
        self._timer = None
        if not self._flights:
            return
        if self._left is not None:
            self._left(len(self._flights))
        now = monotonic()
        for flight in self._flights.values():
            if flight.since is not None and now - flight.since > flight.deadline_s:
                flight.end("deadline")
            elif flight.watcher is None and flight.request.complete:
                flight.watch()
        self._timer = asyncio.get_running_loop().call_later(SWEEP_S, self._sweep)
