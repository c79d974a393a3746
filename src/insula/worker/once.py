"""Carrying out one command, once: what the ledger knows is not done again, and what comes of it is written there."""

from __future__ import annotations

import asyncio
import logging
from contextlib import AsyncExitStack
from typing import Final

from insula.core.errors import InsulaError
from insula.core.slots import Slots
from insula.fleet.command import UNKEPT, Command, Outcome, Verb, reach_at
from insula.fleet.errors import StartGivenUp
from insula.fleet.ledger.base import Ledger
from insula.fleet.lifecycle import Observed, Wanted
from insula.worker.execute import EXECUTE, Means

_logger = logging.getLogger(__name__)

STARTS_AT_ONCE: Final = 4
"""Applications that are made, started or upgraded at once."""
HEAVY: Final = frozenset((Verb.CREATE, Verb.START, Verb.UPGRADE))
OF_PROCESS: Final = HEAVY | {Verb.STOP}
"""What the process adapter does, which logs by itself why a step failed."""


class Once:
    """Whoever calls it sees to it that one application gets one command at a time."""

    def __init__(self, means: Means, ledger: Ledger) -> None:
        self._means = means
        self._ledger = ledger
        self._slots = Slots(STARTS_AT_ONCE)
        self._waits: dict[str, asyncio.Timeout] = {}
        """Application → the wait of its start for a slot, without a limit unless a stop sets it one."""

    async def __call__(self, command: Command) -> Outcome:
        """What came of the command, now or before. Nothing is raised: its sender waits for an outcome."""
        try:
            known = await self._ledger.outcome(command.request_id)
        except InsulaError as error:
            return self._failed(command, error.code, error.message)
        if known is not None:
            return known
        if command.verb not in UNKEPT:
            told = (command.verb.value, command.application, command.actor or "the supervisor")
            _logger.info("%s of %s, asked for by %s (%s)", *told, command.request_id)
        await reach_at(command, "taken")
        outcome = await self._carry_out(command)
        await reach_at(command, "done")
        before = self._wanted(command)
        try:
            await self._ledger.keep(command, outcome)
        except InsulaError as error:
            # Carried out once more it changes nothing, unless others came in between.
            _logger.warning("that %s was done is not kept: %s", command.request_id, error.message)
        status = self._means.process.status(command.application)
        if self._wanted(command) is not before and status.observed is Observed.STOPPED:
            self._means.report(command.application, status)  # and with it whether a visitor may bring it up
        await reach_at(command, "kept")
        return outcome

    def _wanted(self, command: Command) -> Wanted | None:
        kept = self._ledger.kept(command.application)
        return None if kept is None else kept.wanted

    async def end_start(self, application: str) -> None:
        """A stop has come while the application starts: what it begins is carried on when it has its turn."""
        wait = self._waits.pop(application, None)
        if wait is not None:
            wait.reschedule(0.0)
            return
        try:
            await self._means.process.stop(application)
        except Exception as error:  # noqa: BLE001 - the stop itself tells its sender
            _logger.debug("the start of %s could not be ended: %s", application, error)

    async def _carry_out(self, command: Command) -> Outcome:
        try:
            async with AsyncExitStack() as room:
                if command.verb in HEAVY:
                    await self._slot(command, room)
                result = await EXECUTE[command.verb](self._means, command)
        except InsulaError as error:
            if command.verb not in OF_PROCESS:
                _logger.warning("%s of %s failed: %s", command.verb.value, command.application, error.message)
            return self._failed(command, error.code, error.message)
        except Exception as error:  # whatever a plugin raises: its sender waits for an outcome
            trace = None if command.verb in OF_PROCESS else error  # told once, where it was seen
            line = (command.verb.value, command.application, error)
            _logger.error("%s of %s failed: %r", *line, exc_info=trace)  # noqa: TRY400 - its trace was logged where it was seen
            message = f"Something went wrong; the log has {command.request_id}."
            return self._failed(command, InsulaError.code, message)
        return Outcome(command.request_id, result=result)

    async def _slot(self, command: Command, room: AsyncExitStack) -> None:
        """Wait for a slot. Raises ``StartGivenUp`` where a stop ends the wait."""
        name, limit = command.application, asyncio.timeout(None)
        if command.verb is Verb.START:
            self._waits[name] = limit
        try:
            async with limit:
                await room.enter_async_context(self._slots.slot())
        except TimeoutError:
            raise StartGivenUp(application=name) from None
        finally:
            self._waits.pop(name, None)

    def _failed(self, command: Command, code: str, message: str) -> Outcome:
        status = self._means.process.status(command.application)
        return Outcome(command.request_id, code, message, status.step or command.verb.value)
