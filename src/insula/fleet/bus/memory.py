"""A command bus within one process."""

from __future__ import annotations

import asyncio
from collections import defaultdict

from insula.fleet.bus.base import CommandBus
from insula.fleet.command import Command, Outcome
from insula.fleet.errors import CommandExpired, EnvironmentUnavailable


class MemoryBus(CommandBus):
    """One queue for each environment; it ends with the process, as everything does that it tells of."""

    def __init__(self, *, takes: bool = True) -> None:
        """Unless it ``takes``, whoever sends something is told at once that nobody is there."""
        self._queues: defaultdict[str, asyncio.Queue[Command]] = defaultdict(asyncio.Queue)
        self._waiting: dict[str, asyncio.Future[Outcome | None]] = {}
        """Request id → who waits for its outcome; ``None``: there will be none."""
        self._closed = not takes

    async def close(self) -> None:
        self._closed = True
        for waiting in self._waiting.values():
            if not waiting.done():
                waiting.set_result(None)
        self._waiting.clear()

    async def send(self, environment: str, command: Command) -> Outcome:
        if self._closed:
            raise EnvironmentUnavailable(environment=environment)
        waiting = self._waiting.get(command.request_id)
        if waiting is None:
            waiting = asyncio.get_running_loop().create_future()
            self._waiting[command.request_id] = waiting
            self._queues[environment].put_nowait(command)
        try:
            async with asyncio.timeout(command.deadline_s):
                outcome = await asyncio.shield(waiting)
        except TimeoutError:
            raise CommandExpired(
                command=command.verb.value, application=command.application, seconds=command.deadline_s
            ) from None
        if outcome is None:
            raise EnvironmentUnavailable(environment=environment)
        return outcome

    def trouble(self) -> str:
        return ""

    async def take(self, environment: str) -> Command:
        return await self._queues[environment].get()

    async def finish(self, environment: str, outcome: Outcome) -> None:
        waiting = self._waiting.pop(outcome.request_id, None)
        if waiting is not None and not waiting.done():
            waiting.set_result(outcome)
