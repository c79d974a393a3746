"""Counts that are asked for at the same moment share one execution, and are never stale.

Who asks while a count of the same kind is running waits for the *next* run, which begins after they asked: its
answer includes whatever had been committed by then. So however many ask at once, two runs serve them all.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass, field

Run = Callable[[], Awaitable[int]]


@dataclass(slots=True)
class _Flight:
    """One run, and those who wait for the one after it."""

    next: list[asyncio.Future[int | None]] = field(default_factory=list)


class Counter:
    """Runs counts; one at a time per key."""

    def __init__(self) -> None:
        self._flights: dict[Hashable, _Flight] = {}

    async def count(self, key: Hashable, run: Run) -> int:
        """The answer of ``run``, or of the same run of someone else that began after this call.

        A run belongs to the first who waits for it and ends with them; its errors reach all who share it.
        """
        flight = self._flights.get(key)
        if flight is None:
            return await self._fly(key, run, [])
        turn: asyncio.Future[int | None] = asyncio.get_running_loop().create_future()
        flight.next.append(turn)
        try:
            shared = await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled() and turn.exception() is None and turn.result() is None:
                self._hand_over(key, self._flights[key].next)
            raise
        if shared is not None:
            return shared
        # ``None`` says that the run before has ended: lead the next one for all who wait.
        waiting, self._flights[key].next = self._flights[key].next, []
        return await self._fly(key, run, waiting)

    async def _fly(self, key: Hashable, run: Run, passengers: list[asyncio.Future[int | None]]) -> int:
        flight = self._flights[key] = _Flight()
        try:
            answer = await run()
        except asyncio.CancelledError:
            # Nobody else was asked to stop: the passengers go first among those who wait.
            flight.next[:0] = passengers
            raise
        except Exception as error:  # raised again, and by everybody who waits for the same
            for turn in passengers:
                if not turn.done():
                    turn.set_exception(error)
            raise
        else:
            for turn in passengers:
                if not turn.done():
                    turn.set_result(answer)
            return answer
        finally:
            self._hand_over(key, flight.next)

    def _hand_over(self, key: Hashable, waiting: list[asyncio.Future[int | None]]) -> None:
        """Let the first who still waits lead the next run."""
        while waiting:
            turn = waiting.pop(0)
            if not turn.done():
                self._flights[key] = _Flight(waiting)
                turn.set_result(None)
                return
        del self._flights[key]
