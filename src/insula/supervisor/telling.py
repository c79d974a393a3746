"""Environments hear of the domain of an application as soon as it changes: they look up by it whose a request is.

All else of a record counts from the next start. To start what runs changes nothing but what is known of it there, so
that is how it is told. An environment that does not answer is told when it is back.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from insula.core.errors import InsulaError
from insula.fleet.command import Verb
from insula.fleet.lifecycle import Observed, Wanted
from insula.supervisor.errors import CommandFailed, SupervisorClosed

if TYPE_CHECKING:
    from insula.supervisor.control import Control
    from insula.supervisor.entry import Entry

_log = logging.getLogger(__name__)


class Telling:
    """Owned by the supervisor."""

    def __init__(self, control: Control) -> None:
        self._control = control
        self._untold: set[tuple[str, str]] = set()
        """Environment and application."""
        control.places.watch(self._changed)

    async def domain(self, entry: Entry) -> None:
        """Tell those in which it runs, in its turn. What can not be told now is told later."""
        for place, status in self._control.records.statuses(entry).items():
            if self._control.places.why_not(place):
                self._untold.add((place, entry.name))
            elif status.observed is Observed.RUNNING:
                await self._tell(place, entry)

    async def _tell(self, place: str, entry: Entry) -> None:
        configuration = self._control.records.configuration(entry)
        try:
            await self._control.orders.send_to((place,), entry.name, Verb.START, configuration)
        except CommandFailed as error:
            self._untold.add((place, entry.name))
            _log.warning("the domain of %s is not known in %s yet: %s", entry.name, place, error.message)

    def _changed(self, environment: str) -> None:
        """It may be back."""
        if self._control.places.why_not(environment):
            return
        for place, name in [each for each in self._untold if each[0] == environment]:
            self._untold.discard((place, name))
            self._control.detached.start(self._later(place, name))

    async def _later(self, place: str, name: str) -> None:
        async def work() -> None:
            entry = self._control.records.entry(name)
            if entry is not None and entry.wanted is Wanted.RUNNING and place in entry.places:
                await self._tell(place, entry)

        try:
            await self._control.turn(name, work)
        except SupervisorClosed:
            self._untold.add((place, name))
        except InsulaError as error:
            _log.warning("the domain of %s is not known in %s: %s", name, place, error.message)
