"""The records of all applications: in the main application's database, and in memory for whoever looks one up.

A write goes through its transaction first, and memory follows what is committed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from insula.core.clock import now
from insula.core.names import MAIN
from insula.data.units import UNKNOWN
from insula.fleet.configuration import Configuration
from insula.fleet.directory.base import Directory
from insula.fleet.discovery.base import Discovery
from insula.fleet.discovery.hearing import next_report
from insula.fleet.errors import ApplicationNotFound, MainStandsApart
from insula.fleet.lifecycle import Observed, Status, Wanted
from insula.fleet.target import Target
from insula.supervisor import seals
from insula.supervisor.entrances import Entering
from insula.supervisor.entry import Entry
from insula.supervisor.errors import SupervisorClosed
from insula.supervisor.history import Event
from insula.supervisor.shelf import Shelf
from insula.supervisor.status import common, in_places, reachable
from insula.supervisor.table import Table

if TYPE_CHECKING:
    from insula.application.access.principal import Principal
    from insula.application.application import Application
    from insula.supervisor.table import Also


Waker = Callable[[str], Awaitable[Status | None]]
"""Brings an application up that sleeps. Gives why it failed, as a status, where it did."""
GivenUp = Callable[[Entry], Awaitable[Status | None]]
"""Gives why nobody makes an application any more that is not made, as a status, where that is so."""


class Records(Directory):
    """Which applications there are, what each should be, and what is observed of it."""

    def __init__(self, discovery: Discovery) -> None:
        self._discovery = discovery
        self._shelf = Shelf(self._told)
        self._doubtful: set[str] = set()
        """Those of whose last write nobody knows whether it was committed."""
        self._application: Application | None = None
        self._table: Table | None = None
        self._entering: Entering | None = None
        self._opened = asyncio.Event()
        self._since = now()
        self.waker: Waker | None = None
        """Given by the supervisor."""
        self.why_not: Callable[[str], str] = lambda place: ""
        """Why an environment does not answer; empty: it does. Given by the supervisor."""
        self.moved: Callable[[], None] = lambda: None
        """Told when anything of what is known here may be another."""
        self.given_up: GivenUp | None = None
        """Given by who makes applications."""

    async def open(self, application: Application) -> None:
        """Read everything, with one query. ``application`` is the main one, its tables made."""
        table = Table(application.repository)
        self._shelf = Shelf(self._told, await table.read_all())
        self._application, self._table = application, table
        if self._entering is not None:
            self._entering.close()
        self._entering = Entering(application.access, application.repository)
        self._doubtful.clear()
        self._opened.set()
        self.moved()

    def close(self) -> None:
        """The main application goes down: nothing is written any more, and nobody woken."""
        self._opened.clear()
        if self._entering is not None:
            self._entering.close()
        self._application = self._table = self._entering = None

    @property
    def main(self) -> Application:
        """The main application. Raises ``SupervisorClosed`` while it is not running."""
        if self._application is None:
            raise SupervisorClosed()
        return self._application

    async def lets_in(self, application: str, principal: Principal) -> bool:
        """Whether one of the roles that a person has in main may enter an application. Raises ``SupervisorClosed``."""
        if self._entering is None:
            raise SupervisorClosed()
        return await self._entering.lets_in(application, principal)

    # What is known

    def get(self, name: str) -> Entry:
        """Deleted ones are given, too. Raises ``ApplicationNotFound``, ``SupervisorClosed`` before anything is read."""
        try:
            return self._shelf[name]
        except KeyError:
            if not self._opened.is_set():
                raise SupervisorClosed() from None
            if name == MAIN:
                raise MainStandsApart() from None
            raise ApplicationNotFound(application=name[:100]) from None

    def entry(self, name: str) -> Entry | None:
        """As ``get``; ``None`` where nothing of that name is known, or not yet."""
        return self._shelf.get(name)

    def all(self) -> Sequence[Entry]:
        """All of them, deleted ones too, in no order that is promised."""
        return list(self._shelf.values())

    def statuses(self, entry: Entry) -> dict[str, Status]:
        """Environment → status, for each environment where it runs."""
        return in_places(entry, self._discovery.statuses(entry.name), self.why_not)

    def configuration(self, entry: Entry) -> Configuration:
        """Everything that an environment needs to run it, secrets opened. Raises ``SealBroken``."""
        return seals.configuration(self.main, entry)

    def check_domain_free(self, domain: str | None, name: str) -> None:
        """As ``Shelf.check_domain_free``."""
        self._shelf.check_domain_free(domain, name)

    def check_name_free(self, name: str) -> None:
        """As ``Shelf.check_name_free``."""
        self._shelf.check_name_free(name)

    async def find(self, application: str) -> Target | None:
        if application == MAIN:
            return self._of_main()
        entry = self._shelf.get(application)
        if entry is not None:
            status = common(reachable(self.statuses(entry)))
            if self.given_up is not None and not (entry.made or status.stuck):
                status = await self.given_up(entry) or status
            return _target(entry, status)
        if self._opened.is_set():
            return None
        # Before the records are read nobody can say that there is none: it is on its way, as main is.
        status = Status(Observed.PREPARING, self._since)
        return Target(application, status, Wanted.RUNNING, certain=False)

    def application_of(self, host: str) -> str | None:
        return self._shelf.application_of(host)

    async def wake(self, application: str) -> Target | None:
        if application != MAIN:
            await self._opened.wait()
        entry = self._shelf.get(application)
        failure = None
        if entry is not None and self.waker is not None and wakes(entry):
            failure = await self.waker(application)
        if failure is None or application not in self._shelf:
            return await self.find(application)
        return _target(self._shelf[application], failure)

    async def changed(self, application: str, within_s: float) -> None:
        def heard(environment: str, name: str, status: Status) -> bool:
            return name == application

        await next_report(self._discovery, heard, within_s)

    # What is written

    async def add(self, entry: Entry, event: Event, also: Also | None = None) -> None:
        """Keep a new application; ``also`` is done in the same transaction.

        Raises ``NameTaken``, ``NameOfDeleted``, ``DomainTaken``.
        """
        await self.settle()
        self.check_name_free(entry.name)
        table = self._open_table()
        with self._shelf.reserved(entry.name, entry.cname):
            await self._certain((entry.name,), table.insert(entry, event, also))
            self._shelf.put(entry)

    async def change(self, name: str, event: Event | None, **changes: Any) -> Entry:
        """Change attributes of an application, and write down why, in one transaction. Gives it as it is now.

        Raises ``ApplicationNotFound``, ``DomainTaken``.
        """
        await self.settle()
        self.get(name)
        table, changes = self._open_table(), {**changes, "updated_at": now()}
        events = () if event is None else (event,)
        with self._shelf.reserved(name, changes.get("cname")):
            await self._certain((name,), table.update((name,), changes, events))
            return self._shelf.put(replace(self.get(name), **changes))

    async def change_all(self, names: Sequence[str], events: Sequence[Event], **changes: Any) -> None:
        """Change the same of several applications, by one statement, in one transaction with its events."""
        if names:
            await self._certain(names, self._open_table().update(names, changes, events))
            for name in names:
                if name in self._shelf:
                    self._shelf.put(replace(self._shelf[name], **changes))

    async def remove(self, name: str) -> None:
        """Forget an application and its history. Raises ``ApplicationNotFound``."""
        await self.settle()
        self.get(name)
        await self._certain((name,), self._open_table().delete(name))
        self._shelf.drop(name)

    async def note(self, events: Sequence[Event]) -> None:
        """Write down what was observed; of applications that are gone by now nothing is kept."""
        known = [event for event in events if event.application in self._shelf]
        if known:
            await self._open_table().note(known)

    async def visited(self, names: Sequence[str], at: datetime) -> None:
        """Write the last visit of several applications, by one statement."""
        await self.change_all([name for name in names if name in self._shelf], (), last_visit_at=at)

    async def settle(self) -> None:
        """Read again what nobody knows the state of: writes whose commit was cut off."""
        while self._doubtful:
            name = next(iter(self._doubtful))
            before = self._shelf.get(name)
            entry = await self._open_table().read(name)
            if self._shelf.get(name) is not before:
                continue  # written, or read by another, meanwhile: what was read may be older
            self._doubtful.discard(name)
            if entry is not None:
                self._shelf.put(entry)
            elif name in self._shelf:
                self._shelf.drop(name)

    def _told(self) -> None:
        self.moved()

    def _open_table(self) -> Table:
        if self._table is None:
            raise SupervisorClosed()
        return self._table

    async def _certain(self, names: Sequence[str], work: Coroutine[Any, Any, None]) -> None:
        """Do a write. When it is cut off, what it is about is read again before anything else is written."""
        try:
            await work
        except UNKNOWN:
            self._doubtful.update(names)
            raise

    def _of_main(self) -> Target:
        reported = self._discovery.statuses(MAIN).values()
        status = next(iter(reported), None) or Status(Observed.PREPARING, self._since)
        name = "" if self._application is None else self._application.options.display_name
        return Target(MAIN, status, Wanted.RUNNING, name)


def wakes(entry: Entry) -> bool:
    """Whether a visit brings it up: it is made, and neither stopped nor deleted."""
    return entry.made and entry.wanted in (Wanted.ASLEEP, Wanted.RUNNING)


def _target(entry: Entry, status: Status) -> Target:
    shares = bool(entry.options.get("shareSession"))
    return Target(entry.name, status, entry.wanted, entry.display_name, shares)
