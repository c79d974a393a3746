"""The head of a fleet in many processes: the main application here, all others in environments elsewhere.

start: Redis answers → what environments tell is known → main answers
stop:  nothing is repaired → main → what is under way in environments goes on without it
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from insula.core.names import MAIN
from insula.fleet.environment import LOCAL
from insula.fleet.lifecycle import Observed
from insula.fleet.process.local import LocalProcess
from insula.gateway.course import Place
from insula.server.errors import NotReady
from insula.server.instance import begin_life
from insula.server.links import Links
from insula.server.roles.base import Forwarding, Role, ended
from insula.server.roles.head import Head
from insula.server.vouching import Desk

if TYPE_CHECKING:
    from collections.abc import Callable

    from insula.core.errors import InsulaError
    from insula.fleet.lifecycle import Status
    from insula.server.host import Host
    from insula.server.main_application import Told


class SupervisorRole(Role):
    """Looks on and commands over Redis."""

    head: Head

    def __init__(self, host: Host, lost: Told) -> None:
        """``lost`` is told when another process has taken main's database."""
        self.host = host
        self._lost = lost
        self._links = Links(host.settings, begin_life(host.folder))
        self.discovery = self._links.discovery
        self.traffic = host.traffic
        self.head = Head(host, self._links.bus, self.discovery, self.traffic, lambda: self.process, lost)
        self._desk = Desk(self._links.bus, self.head.vouch)
        self.directory = self.head.records
        self.process = LocalProcess(lambda _: self.head.main, self._changed)
        self.forwarding = Forwarding(self._where, self.head.supervisor.places.suspect, self._watch)

    async def start(self) -> None:
        await self._links.wait()
        await self._links.command(self._lost)
        await self.discovery.follow()
        await self.head.start()
        self._desk.start()

    async def start_main(self) -> None:
        # Whoever wants something of another application is told at once.
        await self._links.bus.close()
        await self.head.start()

    async def stop(self) -> None:
        await ended("repairs", self.head.supervisor.pause())
        await ended("the desk", self._desk.stop())
        await ended("commands", self._links.bus.close())
        await ended("the main application", self.process.stop(MAIN))
        await ended("the links to environments", self._links.close())

    def unready(self) -> InsulaError | None:
        return None if self.head.ready() else NotReady()

    def _watch(self, changed: Callable[[], None]) -> None:
        self.discovery.watch(lambda environment, application, status: changed())
        self.head.records.moved = changed
        self.head.supervisor.places.looked = changed

    def _where(self, application: str, wanted: str) -> Place | None:
        """Those of its environments in which it runs and that answer, the wanted or the first of them in front."""
        entry, places = self.head.records.entry(application), self.head.supervisor.places
        if entry is None:
            return None
        statuses = self.discovery.statuses(application)
        up = [
            name
            for name in entry.places
            if (status := statuses.get(name)) is not None
            and status.observed is Observed.RUNNING
            and not places.why_not(name)
        ]
        if not up or (wanted and wanted not in up):
            return None
        name = wanted or up[0]
        environment = places.of(name)
        assert environment is not None, "it answers"
        others = tuple(other for other in up if other != name)
        share = bool(entry.options.get("shareSession"))
        return Place(name, environment.proxy_url, share, others, entry.display_name)

    def _changed(self, application: str, status: Status) -> None:
        # Of an environment that is not held here: it stays in this process.
        self.discovery.report(LOCAL, application, status)
