"""A command bus within one process."""

from __future__ import annotations

import asyncio
from collections import defaultdict

from insula.fleet.bus.base import CommandBus
from insula.fleet.command import Command, Outcome
from insula.fleet.errors import CommandExpired


class MemoryBus(CommandBus):
    """One queue for each environment; it ends with the process, as everything does that it tells of."""

    def __init__(self) -> None:
        self._queues: defaultdict[str, asyncio.Queue[Command]] = defaultdict(asyncio.Queue)
        self._waiting: dict[str, asyncio.Future[Outcome]] = {}
        """Request id → who waits for its outcome."""

    async def send(self, environment: str, command: Command) -> Outcome:
        outcome = self._waiting.get(command.request_id)
        if outcome is None:
            outcome = asyncio.get_running_loop().create_future()
            self._waiting[command.request_id] = outcome
            self._queues[environment].put_nowait(command)
        try:
            async with asyncio.timeout(command.deadline_s):
                return await asyncio.shield(outcome)
        except TimeoutError:
            raise CommandExpired(
                command=command.verb.value, application=command.application, seconds=command.deadline_s
            ) from None

    async def take(self, environment: str) -> Command:
        return await self._queues[environment].get()

    async def finish(self, environment: str, outcome: Outcome) -> None:
        waiting = self._waiting.pop(outcome.request_id, None)
        if waiting is not None and not waiting.done():
            waiting.set_result(outcome)
