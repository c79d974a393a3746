"""What all verbs share: the records, the way to the environments, and one turn at a time for each application."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Iterable, Mapping
from datetime import datetime
from typing import Any, Final, TypeVar

from insula import __version__
from insula.core import log
from insula.core.clock import now
from insula.core.detached import Detached
from insula.core.failpoints import reach
from insula.fleet.bus.base import CommandBus
from insula.fleet.command import DEADLINE_S, NOTHING, Outcome, Verb
from insula.fleet.discovery.base import Discovery
from insula.fleet.discovery.hearing import next_report
from insula.fleet.errors import StartGivenUp, StaysDown
from insula.fleet.lifecycle import Observed, Status, Wanted
from insula.fleet.traffic import Traffic
from insula.supervisor.entry import Entry
from insula.supervisor.errors import CommandFailed, SupervisorClosed
from insula.supervisor.history import Event
from insula.supervisor.orders import Orders, asked_by
from insula.supervisor.places import Places
from insula.supervisor.records import Records
from insula.supervisor.repairs import keeps_otherwise
from insula.supervisor.status import DOWN
from insula.supervisor.turns import Turns

_log = logging.getLogger(__name__)

T = TypeVar("T")
NO_FAILURE: Final = frozenset((StartGivenUp.code, StaysDown.code))
"""Codes of starts that have led to nothing although nothing went wrong: it was stopped meanwhile, or it stays down,
which its environment tells."""
UP: Final = frozenset((Observed.RUNNING, Observed.ERROR))
"""States in which a start has come to its end."""
SEEN_WITHIN_S: Final = 2.0
OWN: Final = "the supervisor"
"""The actor of what nobody asked for."""


class Control:
    """Owned by the supervisor; the verbs, the repairs and the makings work with it."""

    def __init__(
        self,
        records: Records,
        bus: CommandBus,
        discovery: Discovery,
        traffic: Traffic,
        places: Places,
        deadline_s: float = DEADLINE_S,
    ) -> None:
        self.records = records
        self.traffic = traffic
        self.discovery = discovery
        self.places = places
        self.orders = Orders(bus, places, deadline_s)
        self.turns = Turns()
        self.detached = Detached()
        self.closing = False
        """No turn begins any more."""
        self._watchers: list[Callable[[str], None]] = []
        self._starting: set[str] = set()
        self.failed_starts: dict[str, tuple[datetime | None, str]] = {}
        """Application → the change of the record that its last start was tried for, and the code of why it failed."""

    async def turn(self, name: str, work: Callable[[], Awaitable[T]]) -> T:
        """Do something to an application when its turn has come. It goes on when nobody waits any more.

        Raises ``SupervisorClosed`` where its turn does not come any more.
        """

        async def in_turn() -> T:
            try:
                async with self.turns.of(name):
                    if self.closing:
                        raise SupervisorClosed()
                    log.application.set(name)
                    return await work()
            finally:
                self.orders.waits.pop(name, None)
                for watcher in tuple(self._watchers):
                    watcher(name)

        return await self.detached.run(in_turn())

    def watch(self, watcher: Callable[[str], None]) -> Callable[[], None]:
        """Have ``watcher`` told each application whose turn has ended; call what this gives to end that."""
        self._watchers.append(watcher)
        return lambda: self._watchers.remove(watcher)

    def event(self, name: str, actor: str, reason: str, wanted: Wanted | None = None) -> Event:
        """Something that is asked for now, by the request that is being answered; so are the commands that follow."""
        asked_by.set(actor)
        return Event(name, now(), wanted=wanted, reason=reason, request_id=log.request_id.get(), actor=actor)

    async def want(self, entry: Entry, wanted: Wanted, actor: str, reason: str, **changes: Any) -> Entry:
        """Record what is wanted from now on, and who asked for it and why."""
        event = self.event(entry.name, actor, reason, wanted)
        entry = await self.records.change(entry.name, event, wanted=wanted, **changes)
        await reach("wanted.recorded")
        return entry

    def runs(self, entry: Entry) -> bool:
        """Whether it runs wherever it should."""
        found = self.records.statuses(entry).values()
        return all(status.observed is Observed.RUNNING for status in found)

    def is_down(self, entry: Entry) -> bool:
        """Whether it runs nowhere, and nothing is left of a run that failed."""
        return all(status.observed in DOWN for status in self.records.statuses(entry).values())

    def why_down(self, entry: Entry) -> str:
        """The code of why its last start failed; nothing where it did not, or the record was changed since."""
        tried_for, code = self.failed_starts.get(entry.name, (None, ""))
        return code if tried_for == entry.updated_at else ""

    async def bring_up(self, entry: Entry) -> Entry:
        """Start it. Raises ``CommandFailed``, with a cause in ``NO_FAILURE`` when it was stopped meanwhile, or is not to run as it is."""
        self._starting.add(entry.name)
        self.failed_starts.pop(entry.name, None)
        try:
            outcomes = await self._start(entry)
        except CommandFailed as error:
            self.failed_starts[entry.name] = (entry.updated_at, error.cause_code)
            raise
        finally:
            self._starting.discard(entry.name)
        await self._seen(entry, lambda status: status.observed in UP)
        return await self.learn(entry, outcomes.values())

    async def _start(self, entry: Entry) -> dict[str, Outcome]:
        """One environment after the other, since a start may write to the database that they share. One that does not
        answer keeps none of the others from it: it is started when it is back. Raises ``CommandFailed`` for the first
        that failed."""
        configuration = self.records.configuration(entry)
        there = [place for place in entry.places if not await self.places.away(place)] or entry.places
        outcomes: dict[str, Outcome] = {}
        failures: list[CommandFailed] = []
        for place in there:
            try:
                outcomes |= await self.orders.send_to((place,), entry.name, Verb.START, configuration)
            except CommandFailed as error:
                failures.append(error)
        if failures:
            raise failures[0]
        return outcomes

    async def _seen(self, entry: Entry, expected: Callable[[Status], bool]) -> None:
        """Wait until what a command has brought about is reported as well, which takes another way than its outcome."""

        def done() -> bool:
            return all(map(expected, self.records.statuses(entry).values()))

        def heard(environment: str, name: str, status: Status) -> bool:
            return name == entry.name and done()

        if not done():
            await next_report(self.discovery, heard, SEEN_WITHIN_S)

    def cut_short(self, entry: Entry) -> None:
        """End a start that is under way, for who wants it down and would have to wait for the turn."""
        if entry.name in self._starting:
            self.detached.start(self._cut_short(entry))

    async def _cut_short(self, entry: Entry) -> None:
        try:
            await self.take_down(entry)
        except CommandFailed as error:
            _log.info("a start could not be ended, so it is waited for: %s", error.message)

    async def take_down(self, entry: Entry) -> None:
        """Stop it. Raises ``CommandFailed``."""
        arguments = {"asleep": True} if entry.wanted is Wanted.ASLEEP else NOTHING
        await self.orders.send(entry, Verb.STOP, arguments=arguments)
        await self._seen(entry, lambda status: status.observed in DOWN and not keeps_otherwise(entry, status))

    async def learn(self, entry: Entry, outcomes: Iterable[Outcome]) -> Entry:
        """Keep the versions that its database has by now, where the environments say so."""
        found: dict[str, Any] = {}
        for outcome in outcomes:
            for key in ("version", "fingerprint"):
                if outcome.result.get(key):
                    found[key] = str(outcome.result[key])
        changes = {key: value for key, value in found.items() if getattr(entry, key) != value}
        return await self.records.change(entry.name, None, **changes) if changes else entry

    async def first(self, entry: Entry, verb: Verb, arguments: Mapping[str, Any] = NOTHING) -> Outcome:
        """Have done by one environment what is done once, to its data. Raises ``CommandFailed``."""
        return await self.do_in(entry.places[0], entry, verb, arguments)

    async def do_in(
        self, place: str, entry: Entry, verb: Verb, arguments: Mapping[str, Any] = NOTHING
    ) -> Outcome:
        """Have something done by one environment. Raises ``CommandFailed``."""
        configuration = self.records.configuration(entry)
        outcomes = await self.orders.send_to((place,), entry.name, verb, configuration, arguments)
        return outcomes[place]

    def version_of(self, place: str) -> str:
        """The version of the code in an environment; where it does not say, our own."""
        environment = self.places.of(place)
        return environment.version if environment is not None and environment.version else __version__


def failed(step: str, cause: str) -> Status:
    """A failure that no environment has reported: it did not answer."""
    return Status(Observed.ERROR, now(), None, step, cause)
