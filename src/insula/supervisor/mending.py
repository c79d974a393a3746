"""What a repair does, once it is its turn. Each is logged; a failure is raised to nobody."""

from __future__ import annotations

import logging
from time import time
from typing import TYPE_CHECKING

from insula.core.clock import now
from insula.core.errors import InsulaError
from insula.fleet.command import Verb
from insula.fleet.lifecycle import Wanted
from insula.supervisor.control import OWN, Control
from insula.supervisor.errors import CommandFailed
from insula.supervisor.repairs import Repair, made_there, repair_of
from insula.supervisor.status import reachable
from insula.supervisor.tries import Tries

if TYPE_CHECKING:
    from insula.supervisor.entry import Entry
    from insula.supervisor.making import Making

_logger = logging.getLogger(__name__)


class Mending:
    """Owned by the loop that looks."""

    def __init__(self, control: Control, making: Making) -> None:
        self._control = control
        self._making = making
        self.tries = Tries()

    def wanting(self, entry: Entry) -> Repair | None:
        """What is to be repaired of it now, if anything."""
        counts = self._control.traffic.seen(entry.name)
        return repair_of(entry, self._control.records.statuses(entry), counts, now())

    def due(self, entry: Entry) -> bool:
        """Whether it may be tried now. What has just failed under somebody's hands waits for a while, too, or for good."""
        if not self.tries.known(entry):
            if not any(status.stuck for status in self._control.records.statuses(entry).values()):
                return True
            self.tries.put_off(entry, self._control.why_down(entry))
            return False
        return self.tries.due(entry)

    async def repair(self, name: str) -> None:
        """In its turn: what was wrong may be right by now."""
        entry = self._control.records.entry(name)
        repair = None if entry is None else self.wanting(entry)
        if entry is None or repair is None:
            return
        seen = ", ".join(status.observed.value for status in self._control.records.statuses(entry).values())
        _logger.info("repairing %s: it should be %s and is %s", name, entry.wanted.value, seen)
        try:
            await self._do(repair, entry)
        except InsulaError as error:
            code = error.cause_code if isinstance(error, CommandFailed) else error.code
            again = self.tries.put_off(entry, code)
            later = "tried again later" if again else "not tried again before it is changed"
            _logger.warning("the repair failed, and is %s: %s", later, error.message)
            return
        except Exception:  # a defect would be met again, and logged, with each look at all
            self.tries.put_off(entry, "")
            _logger.exception("the repair of %s failed, and is tried again later", name)
            return
        now_there = self._control.records.entry(name)
        if now_there is not None and self.wanting(now_there) is not None:
            self.tries.put_off(now_there, "")
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
                await self._hear_of_visits(entry)
                if self.wanting(entry) is not Repair.SLEEP:
                    return
                await self._control.want(entry, Wanted.ASLEEP, OWN, "nobody visited it")
                await self._control.take_down(entry)

    async def _hear_of_visits(self, entry: Entry) -> None:
        """People also come to the environment's own address, past this process. Asked once it seems that nobody does."""
        places = tuple(reachable(self._control.records.statuses(entry)))
        outcomes = await self._control.orders.send_to(places, entry.name, Verb.VISITED)
        for outcome in outcomes.values():
            idle_s = outcome.result.get("idleS")
            if idle_s is not None:
                counts = self._control.traffic.of(entry.name)
                counts.visited = max(counts.visited, time() - float(idle_s))

    async def follow(self, name: str) -> None:
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

    async def left(self, environment: str, name: str) -> None:
        """It runs in an environment that it has left, which was not told so."""
        entry = self._control.records.entry(name)
        if entry is None or environment in entry.places:
            return
        _logger.warning("stopping %s in %s: it has left for %s", name, environment, ", ".join(entry.places))
        try:
            await self._control.orders.send_to((environment,), name, Verb.REMOVE, arguments={"keep": True})
        except CommandFailed as error:
            _logger.warning("%s", error.message)

    async def stray(self, environment: str, name: str) -> None:
        """Something runs of which there is no record (any more)."""
        if self._control.records.entry(name) is not None:
            return
        _logger.warning("stopping %s in %s: there is no such application", name, environment)
        try:
            await self._control.orders.send_to((environment,), name, Verb.STOP)
        except CommandFailed as error:
            _logger.warning("%s", error.message)
