"""Visits bring up what sleeps: one start for all who come, which goes on when they leave."""

from __future__ import annotations

import asyncio
import logging
from typing import Final

from insula.core.errors import InsulaError
from insula.fleet.errors import ApplicationNotFound
from insula.fleet.lifecycle import Status, Wanted
from insula.supervisor.control import NO_FAILURE, Control, failed
from insula.supervisor.errors import CommandFailed
from insula.supervisor.records import wakes
from insula.supervisor.status import common, reachable

_log = logging.getLogger(__name__)

VISITOR: Final = "a visitor"
"""Who wakes an application, as history tells it."""


class Waking:
    """Owned by the supervisor; the records, which are what the gateway asks, call it."""

    def __init__(self, control: Control) -> None:
        self._control = control
        self._under_way: dict[str, asyncio.Task[Status | None]] = {}

    async def __call__(self, name: str) -> Status | None:
        """Wait until an application is up, or its start has failed: then why, where no environment has told that."""
        waking = self._under_way.get(name)
        if waking is None:
            waking = asyncio.create_task(self._wake(name), name=f"wake of {name}")
            self._under_way[name] = waking
            waking.add_done_callback(lambda _: self._under_way.pop(name, None))
        return await asyncio.shield(waking)

    async def ended(self) -> None:
        """Wait for those under way; whoever calls this has seen to it that they end."""
        await asyncio.gather(*self._under_way.values(), return_exceptions=True)

    async def _wake(self, name: str) -> Status | None:
        try:
            return await self._control.turn(name, lambda: self._in_turn(name))
        except ApplicationNotFound:
            return None
        except InsulaError as error:
            _log.warning("%s can not be woken: %s", name, error.message)
            return failed("start", error.told or error.message)

    async def _in_turn(self, name: str) -> Status | None:
        """By then it may have been stopped, or be up."""
        entry = self._control.records.get(name)
        if not wakes(entry) or self._control.runs(entry):
            return None
        if entry.wanted is Wanted.ASLEEP:
            entry = await self._control.want(entry, Wanted.RUNNING, VISITOR, "visited")
        elif common(reachable(self._control.records.statuses(entry))).stuck:
            return None  # it is tried again from time to time, if at all, and not at every visit
        try:
            await self._control.bring_up(entry)
        except CommandFailed as error:
            if error.cause_code in NO_FAILURE:
                return None
            _log.warning("%s", error.message)
            return failed(str(error.details["step"]), str(error.details["message"]))
        return None
