"""Shared-memory mode: head and applications in one process, which speaks to nobody.

start: commands are taken → main answers → those that start with it, a few at once
stop:  nothing is repaired, no command taken → all other applications side by side → main
"""

from __future__ import annotations

from insula.core.errors import InsulaError
from insula.core.names import MAIN
from insula.fleet.bus.memory import MemoryBus
from insula.fleet.discovery.local import LocalDiscovery
from insula.fleet.environment import LOCAL, Environment
from insula.fleet.ledger.none import NoLedger
from insula.server.errors import NotReady
from insula.server.host import Host
from insula.server.main_application import Told
from insula.server.roles.base import Role, ended
from insula.server.roles.head import Head
from insula.server.roles.hosting import Hosting


class Single(Role):
    """With in-memory adapters."""

    head: Head

    def __init__(self, host: Host, lost: Told) -> None:
        """``lost`` is told when another process has taken main's database."""
        self.host = host
        self._bus = MemoryBus()
        self.discovery = LocalDiscovery()
        self.traffic = host.traffic
        self._here = Environment(
            LOCAL, capacity=host.settings.insula_capacity or 0, dialect=host.settings.db_dialect
        )
        self.head = Head(host, self._bus, self.discovery, self.traffic, lambda: self.process, lost)
        self.hosting = Hosting(
            host,
            self._here,
            self._bus,
            self.discovery,
            NoLedger(),
            installation=self.head.installation,
            vouch=self.head.vouch,
            main=lambda: self.head.main,
        )
        self.process = self.hosting.process
        self.records = self.directory = self.head.records
        self.supervisor = self.head.supervisor
        self.main = self.head.main

    async def start(self) -> None:
        await self.hosting.start()
        await self.head.start()

    async def start_main(self) -> None:
        # Whoever wants something of another application is told at once.
        await self._bus.close()
        await self.discovery.announce(self._here)
        await self.head.start()

    async def stop(self) -> None:
        await ended("repairs", self.supervisor.pause())
        await ended("applications", self.hosting.stop())
        await ended("the main application", self.process.stop(MAIN))
        self.hosting.close()

    def unready(self) -> InsulaError | None:
        return None if self.head.ready() else NotReady()
