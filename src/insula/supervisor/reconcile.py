"""The only loop that repairs: what is wanted of applications is compared with what is observed, and each repair logged.

Looked at are all of them from time to time, and one of them after each report of it. An application at which somebody
is at work, and one that is on its way, is left alone; one whose repair fails is tried again later and later.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from math import inf
from typing import Final

from insula.core.clock import monotonic, now
from insula.core.errors import InsulaError
from insula.core.names import MAIN
from insula.core.slots import Slots
from insula.fleet.command import Verb
from insula.fleet.errors import ApplicationNotFound
from insula.fleet.lifecycle import Observed, Status, Wanted
from insula.supervisor.control import OWN, Control
from insula.supervisor.entry import Entry
from insula.supervisor.errors import CommandFailed, SupervisorClosed
from insula.supervisor.making import Making
from insula.supervisor.repairs import Repair, made_there, repair_of
from insula.supervisor.status import PENDING

_logger = logging.getLogger(__name__)

EVERY_S: Final = 10.0
"""Between two looks at all applications."""
LOOKS_AT_ONE_GO: Final = 250
"""Applications that are looked at before others get a turn of the loop: some 1 ms."""
AT_ONCE: Final = 4
"""Repairs at the same time, so that a fleet that comes up leaves room for its visitors. One that waits for a server
that hangs keeps no other from its repair."""
BACK_OFF_S: Final = 5.0
"""Before a failed one is tried again; doubled each time, with up to half as much again by chance."""
MAX_BACK_OFF_S: Final = 300.0
LASTING: Final = frozenset(
    (
        *("MIGRATION_FAILED", "NEWER_DATABASE", "NOT_INSTALLED", "OWNED_BY_ANOTHER"),
        *("SEAL_BROKEN", "UPGRADE_NEEDED", "WRONG_KEY"),
    )
)
"""Codes of failures that do not pass: nothing is tried again until somebody changes the application or asks for it."""


@dataclass(slots=True)
class _Failure:
    """Why an application is not repaired now."""

    of: datetime | None
    """The change of the record that it was tried for; after another one it is tried anew."""
    tries: int = 0
    not_before: float = 0.0
    """Monotonic seconds."""


class Reconcile:
    """Owned by the supervisor."""

    def __init__(self, control: Control, making: Making) -> None:
        self._control = control
        self._making = making
        self._slots = Slots(AT_ONCE)
        self._failures: dict[str, _Failure] = {}
        self._under_way: set[str] = set()
        self._of_their_own: set[str] = set()
        """Those of which an environment has just told what it made of them by itself. Told once: whoever commands
        something after that has the last word."""
        self._task: asyncio.Task[None] | None = None
        self._end: Callable[[], None] | None = None

    def start(self) -> None:
        """Begin, with a look at all applications at once. Beginning twice does nothing."""
        if self._task is None:
            self._end = self._control.discovery.watch(self._reported)
            self._of_their_own.update(self._names())
            self._task = asyncio.create_task(self._run(), name="supervisor: reconcile")

    async def stop(self) -> None:
        """Begin no more repairs. Those under way go on."""
        if self._task is not None and self._end is not None:
            self._end()
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
        gone = (self._failures.keys() | self._control.failed_starts.keys()) - self._names()
        for name in gone:
            self._failures.pop(name, None)
            self._control.failed_starts.pop(name, None)

    async def _run(self) -> None:
        while True:
            try:
                await self.look_at_all()
            except InsulaError as error:
                _logger.warning("applications could not be looked at: %s", error.message)
            except Exception:  # a defect must not end the only loop that repairs
                _logger.exception("applications could not be looked at")
            await asyncio.sleep(EVERY_S)

    def _reported(self, environment: str, application: str, status: Status) -> None:
        if application == MAIN or status.observed in PENDING:
            return
        try:
            entry = self._control.records.get(application)
        except ApplicationNotFound:
            if status.observed is Observed.RUNNING:
                self._begin(application, lambda: self._stray(environment, application))
            return
        if environment not in entry.places:
            if status.observed is Observed.RUNNING:
                self._begin(application, lambda: self._left(environment, application))
            return
        if status.own is not None and not self._busy(application):
            self._of_their_own.add(application)
        self._look(entry)

    def _busy(self, name: str) -> bool:
        return name in self._under_way or self._control.turns.busy(name)

    def _look(self, entry: Entry) -> None:
        name = entry.name
        if self._busy(name):
            return
        if name in self._of_their_own:
            self._of_their_own.discard(name)
            if made_there(entry, self._control.records.statuses(entry)) is not None:
                self._begin(name, lambda: self._follow(name))
                return
        repair = self._wanting(entry)
        if repair is None:
            self._failures.pop(name, None)
        elif self._is_due(entry):
            self._begin(name, lambda: self._repair(name))

    def _wanting(self, entry: Entry) -> Repair | None:
        counts = self._control.traffic.seen(entry.name)
        return repair_of(entry, self._control.records.statuses(entry), counts, now())

    def _is_due(self, entry: Entry) -> bool:
        """Whether it may be tried now. What has just failed under somebody's hands waits for a while, too, or for good."""
        failure = self._failures.get(entry.name)
        if failure is None or failure.of != entry.updated_at:
            if not any(status.stuck for status in self._control.records.statuses(entry).values()):
                return True
            self._put_off(entry, self._control.why_down(entry))
            return False
        return monotonic() >= failure.not_before

    def _names(self) -> set[str]:
        return {entry.name for entry in self._control.records.all()}

    def _put_off(self, entry: Entry, code: str) -> None:
        failure = self._failures.get(entry.name)
        if failure is None or failure.of != entry.updated_at:
            failure = self._failures[entry.name] = _Failure(entry.updated_at)
        pause = min(MAX_BACK_OFF_S, BACK_OFF_S * float(2 ** min(failure.tries, 16)))
        pause *= 1 + random.random() / 2  # noqa: S311 - jitter, no secret
        failure.tries += 1
        failure.not_before = inf if code in LASTING else monotonic() + pause

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

    async def _repair(self, name: str) -> None:
        """In its turn: what was wrong may be right by now."""
        try:
            entry = self._control.records.get(name)
        except ApplicationNotFound:
            return
        repair = self._wanting(entry)
        if repair is None:
            return
        seen = ", ".join(status.observed.value for status in self._control.records.statuses(entry).values())
        _logger.info("repairing %s: it should be %s and is %s", name, entry.wanted.value, seen)
        try:
            await self._do(repair, entry)
        except InsulaError as error:
            code = error.cause_code if isinstance(error, CommandFailed) else error.code
            self._put_off(entry, code)
            later = "not tried again before it is changed" if code in LASTING else "tried again later"
            _logger.warning("the repair failed, and is %s: %s", later, error.message)
            return
        except Exception:  # a defect would be met again, and logged, with each look at all
            self._put_off(entry, "")
            _logger.exception("the repair of %s failed, and is tried again later", name)
            return
        if name in self._names() and self._wanting(self._control.records.get(name)) is not None:
            self._put_off(self._control.records.get(name), "")
            _logger.info("the repair of %s has changed nothing yet; it is tried again later", name)

    async def _do(self, repair: Repair, entry: Entry) -> None:
        match repair:
            case Repair.START:
                await self._control.bring_up(entry)
            case Repair.STOP:
                await self._control.take_down(entry)
            case Repair.PURGE:
                await self._making.drop(entry)
            case Repair.SLEEP:
                await self._control.want(entry, Wanted.ASLEEP, OWN, "nobody visited it")
                await self._control.take_down(entry)

    async def _follow(self, name: str) -> None:
        """What is wanted follows what its environments have made of it by themselves."""
        try:
            entry = self._control.records.get(name)
            wanted = made_there(entry, self._control.records.statuses(entry))
            if wanted is not None:
                place = ", ".join(entry.places)
                reason = "visited there" if wanted is Wanted.RUNNING else "the environment was started anew"
                await self._control.want(entry, wanted, f"the environment {place}", reason)
        except InsulaError as error:
            _logger.warning("%s is not recorded as its environment has it: %s", name, error.message)

    async def _left(self, environment: str, name: str) -> None:
        """It runs in an environment that it has left, which was not told so."""
        entry = self._control.records.entry(name)
        if entry is None or environment in entry.places:
            return
        _logger.warning("stopping %s in %s: it has left for %s", name, environment, ", ".join(entry.places))
        try:
            await self._control.orders.send_to((environment,), name, Verb.REMOVE, arguments={"keep": True})
        except CommandFailed as error:
            _logger.warning("%s", error.message)

    async def _stray(self, environment: str, name: str) -> None:
        """Something runs of which there is no record (any more)."""
        if name in self._names():
            return
        _logger.warning("stopping %s in %s: there is no such application", name, environment)
        try:
            await self._control.orders.send_to((environment,), name, Verb.STOP)
        except CommandFailed as error:
            _logger.warning("%s", error.message)
