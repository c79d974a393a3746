"""Lines: the commands for one application, one after the other; different applications go side by side.

A stop does not wait for the start before it: it ends that.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from insula.core import log
from insula.core.clock import monotonic
from insula.fleet.command import Command, Outcome, Verb, reach_at

_logger = logging.getLogger(__name__)


@dataclass(slots=True, eq=False)
class Turn:
    """A command in the line of its application."""

    command: Command
    own: asyncio.Future[Outcome] | None = None
    """Told its outcome, in place of the bus, where it is the worker's own."""
    until: float = field(init=False)
    """Monotonic seconds, after which it is not begun any more."""

    def __post_init__(self) -> None:
        self.until = monotonic() + self.command.deadline_s

    def give_up(self) -> None:
        """It is not carried out any more: of the worker's own commands nobody else hears."""
        if self.own is not None:
            self.own.cancel()


class Lines:
    """Owned by the worker."""

    def __init__(
        self,
        may: Callable[[Turn], Awaitable[bool]],
        work: Callable[[Turn], Awaitable[Outcome]],
        finish: Callable[[Outcome], Awaitable[None]],
        end_start: Callable[[str], Awaitable[None]],
        over: Callable[[], Awaitable[None]],
    ) -> None:
        """``may`` waits until a turn may be worked off, and is false where none may any more; ``work`` does it;
        ``finish`` tells what came of one that others wait for; ``end_start`` ends a start that is under way; ``over``
        is called after each line."""
        self._may = may
        self._work = work
        self._finish = finish
        self._end_start = end_start
        self._over = over
        self._lines: dict[str, deque[Turn]] = {}
        """Application → what is under way, and what waits behind it. No line is empty."""
        self._endings: dict[str, asyncio.Task[None]] = {}
        """Application → what ends its start, and is waited for before the next command."""
        self._tasks: set[asyncio.Task[None]] = set()

    def add(self, turn: Turn) -> None:
        """Line it up behind what is there for its application."""
        name = turn.command.application
        line = self._lines.get(name)
        if line is None:
            line = self._lines[name] = deque((turn,))
            self._begin(self._work_off(name, line))
            return
        line.append(turn)
        starts = line[0].command.verb is Verb.START
        if turn.command.verb is Verb.STOP and starts and name not in self._endings:
            self._endings[name] = self._begin(self._end_start(name))

    async def end(self, deadline_s: float) -> None:
        """Begin no more; what is under way gets so long to end."""
        for line in self._lines.values():
            while len(line) > 1:
                line.pop().give_up()
        if self._tasks:
            _, late = await asyncio.wait(self._tasks, timeout=deadline_s)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)

    async def _work_off(self, application: str, line: deque[Turn]) -> None:
        """All that is in the line of an application, one after the other."""
        log.application.set(application)
        try:
            while line and await self._may(line[0]):
                turn = line[0]
                try:
                    await self._one(application, turn)
                except Exception:  # a defect in one must not keep from their turns what stands behind it
                    verb, request = turn.command.verb.value, turn.command.request_id
                    _logger.exception("%s of %s (%s) has no outcome", verb, application, request)
                    turn.give_up()
                line.popleft()
        finally:
            for turn in self._lines.pop(application):
                turn.give_up()
        await self._over()

    async def _one(self, application: str, turn: Turn) -> None:
        log.request_id.set(turn.command.request_id)
        outcome = await self._work(turn)
        if (ending := self._endings.pop(application, None)) is not None:
            await asyncio.wait((ending,))
        if turn.own is None:
            await self._finish(outcome)
            await reach_at(turn.command, "told")
        elif not turn.own.done():
            turn.own.set_result(outcome)

    def _begin(self, work: Awaitable[None]) -> asyncio.Task[None]:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)
        return task

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            _logger.error("a line of commands has failed", exc_info=error)
