"""The only loop that repairs: what is wanted of applications is compared with what is observed, and each repair logged.

Looked at are all of them from time to time, and one of them after each report of it. An application at which somebody
is at work, and one that is on its way, is left alone; one whose repair fails is tried again later and later.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import ExitStack, suppress
from typing import Final

from insula.core.errors import InsulaError
from insula.core.names import MAIN
from insula.core.slots import Slots
from insula.fleet.errors import ApplicationNotFound
from insula.fleet.lifecycle import PENDING, Observed, Status, Wanted
from insula.supervisor.control import OWN, Control
from insula.supervisor.entry import Entry
from insula.supervisor.errors import SupervisorClosed
from insula.supervisor.making import Making
from insula.supervisor.mending import Mending
from insula.supervisor.repairs import made_there

_logger = logging.getLogger(__name__)

EVERY_S: Final = 10.0
"""Between two looks at all applications."""
LOOKS_AT_ONE_GO: Final = 250
"""Applications that are looked at before others get a turn of the loop: some 1 ms."""
AT_ONCE: Final = 4
"""Repairs at the same time, so that a fleet that comes up leaves room for its visitors. One that waits for a server
that hangs keeps no other from its repair."""


class Reconcile:
    """Owned by the supervisor."""

    def __init__(self, control: Control, making: Making) -> None:
        self._control = control
        self._mending = Mending(control, making)
        self._slots = Slots(AT_ONCE)
        self._under_way: set[str] = set()
        self._of_their_own: set[str] = set()
        """Those of which an environment has just told what it made of them by itself. Told once: whoever commands
        something after that has the last word."""
        self._soon = asyncio.Event()
        """Set when all are to be looked at before their time."""
        self._task: asyncio.Task[None] | None = None
        self._hearing = ExitStack()

    def start(self) -> None:
        """Begin, with a look at all applications at once. Beginning twice does nothing."""
        if self._task is None:
            self._hearing.callback(self._control.discovery.watch(self._reported))
            self._hearing.callback(self._control.places.watch(self._changed))
            self._hearing.callback(self._control.watch(self._ended))
            self._of_their_own.update(self._names())
            self._task = asyncio.create_task(self._run(), name="supervisor: reconcile")

    async def stop(self) -> None:
        """Begin no more repairs. Those under way go on."""
        if self._task is not None:
            self._hearing.close()
            self._task.cancel()
            await asyncio.wait((self._task,))
            self._task = None

    async def lay_down(self) -> None:
        """After a restart of the process nothing comes up that waits for its first visit: it is asleep from now on."""
        records = self._control.records
        names = [
            entry.name
            for entry in records.all()
            if entry.wanted is Wanted.RUNNING and entry.made and not entry.with_main
            if self._control.is_down(entry)
        ]
        events = [self._control.event(name, OWN, "main was started anew", Wanted.ASLEEP) for name in names]
        await records.change_all(names, events, wanted=Wanted.ASLEEP)

    async def look_at_all(self) -> None:
        """Compare all applications, and begin what is to be repaired."""
        await self._control.records.settle()
        for number, entry in enumerate(self._control.records.all(), 1):
            self._look(entry)
            if not number % LOOKS_AT_ONE_GO:
                await asyncio.sleep(0)
        names = self._names()
        self._mending.tries.keep_only(names)
        for name in self._control.failed_starts.keys() - names:
            del self._control.failed_starts[name]

    async def _run(self) -> None:
        while True:
            try:
                await self.look_at_all()
            except InsulaError as error:
                _logger.warning("applications could not be looked at: %s", error.message)
            except Exception:  # a defect must not end the only loop that repairs
                _logger.exception("applications could not be looked at")
            with suppress(TimeoutError):
                await asyncio.wait_for(self._soon.wait(), EVERY_S)
            self._soon.clear()

    def _changed(self, environment: str) -> None:
        """Of one that is back, nobody reports what was reported while it was thought to be away."""
        if not self._control.places.why_not(environment):
            self._soon.set()

    def _ended(self, name: str) -> None:
        """Somebody was at work on an application: what was reported meanwhile was left alone."""
        entry = self._control.records.entry(name)
        if entry is not None:
            self._look(entry)

    def _reported(self, environment: str, application: str, status: Status) -> None:
        if application == MAIN or status.observed in PENDING:
            return
        try:
            entry = self._control.records.get(application)
        except ApplicationNotFound:
            if status.observed is Observed.RUNNING:
                self._begin(application, lambda: self._mending.stray(environment, application))
            return
        if environment not in entry.places:
            if status.observed is Observed.RUNNING:
                self._begin(application, lambda: self._mending.left(environment, application))
            return
        if status.own is not None and not self._busy(application):
            self._of_their_own.add(application)
        self._look(entry)

    def _busy(self, name: str) -> bool:
        return name in self._under_way or self._control.turns.busy(name)

    def _look(self, entry: Entry) -> None:
        try:
            self._compare(entry)
        except Exception:  # a defect with one must not keep others from being looked at
            _logger.exception("%s could not be looked at", entry.name)

    def _compare(self, entry: Entry) -> None:
        name = entry.name
        if self._busy(name):
            return
        if name in self._of_their_own:
            statuses = self._control.records.statuses(entry)
            if all(status.away for status in statuses.values()):
                return  # what was made of it is known when one of them answers
            self._of_their_own.discard(name)
            if made_there(entry, statuses) is not None:
                self._begin(name, lambda: self._mending.follow(name))
                return
        if self._mending.wanting(entry) is None:
            self._mending.tries.right(name)
        elif self._mending.due(entry):
            self._begin(name, lambda: self._mending.repair(name))

    def _names(self) -> set[str]:
        return {entry.name for entry in self._control.records.all()}

    def _begin(self, name: str, work: Callable[[], Awaitable[None]]) -> None:
        """Do it as soon as there is room for it. Nobody waits for it."""
        self._under_way.add(name)

        async def begun() -> None:
            try:
                async with self._slots.slot():
                    await self._control.turn(name, work)
            except SupervisorClosed:
                _logger.debug("%s is not repaired any more: the main application goes down", name)
            finally:
                self._under_way.discard(name)

        self._control.detached.start(begun())
