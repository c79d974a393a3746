"""One environment of the fleet: a real worker over played applications, whose storage outlives its process."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from insula.application.errors import NotInstalled, OwnedByAnother
from insula.fleet.bus.base import CommandBus
from insula.fleet.command import Command, Outcome
from insula.fleet.configuration import Configuration
from insula.fleet.discovery.base import Discovery
from insula.fleet.environment import Environment
from insula.fleet.errors import EnvironmentTaken
from insula.fleet.ledger.base import Kept, Ledger
from insula.fleet.lifecycle import Status
from insula.fleet.process.base import AsgiApp, Receive, Scope, Send
from insula.fleet.process.local import LocalProcess
from insula.fleet.process.steps import Steps
from insula.fleet.provisioner.base import Finding, Provisioner
from insula.testing.modelled_fleet.watch import Watch
from insula.worker.worker import Worker

STEP_S: Final = 0.001
BEAT_S: Final = 0.5

ReadLedger = Callable[[Path], Awaitable[Ledger]]
"""Opens the ledger that is in this file, made where there is none."""


@dataclass
class DatabaseServer:
    """Where the databases of applications lie, which all environments reach."""

    stamps: dict[str, str] = field(default_factory=dict)
    """Application → whose database it is."""
    filled: set[str] = field(default_factory=set)
    go_on: asyncio.Event = field(default_factory=asyncio.Event)
    """Nothing is answered before."""

    def __post_init__(self) -> None:
        self.go_on.set()


class Site:
    """``up`` and ``down`` as often as one likes; ``storage`` keeps what a process leaves."""

    def __init__(
        self, name: str, storage: Path, databases: DatabaseServer, watch: Watch, read: ReadLedger
    ) -> None:
        self.name = name
        self.instance = f"instance-of-{name}"
        self.last_life = ""
        self.databases = databases
        self.watch = watch
        self.ledger: WatchedLedger
        self.process: LocalProcess
        self.worker: WatchedWorker
        self.epochs: list[int] = []
        self.lost: list[EnvironmentTaken] = []
        self._storage = storage / f"{name}.sqlite"
        self._read = read

    async def up(self, bus: CommandBus, discovery: Discovery, address: str) -> None:
        """Commands are taken when this returns."""
        self.watch.anew(self.name)
        self.ledger = WatchedLedger(await self._read(self._storage), self)
        self.process = LocalProcess(lambda told: PlayedSteps(self, told), self._changed)
        here = Environment(self.name, url=address, proxy_url=address, instance=self.instance, beat_s=BEAT_S)
        played = PlayedDatabases(self)
        self.worker = WatchedWorker(
            self,
            here,
            bus,
            discovery,
            self.ledger,
            self.process,
            played,
            lost=self.lost.append,
        )
        await self.worker.start()

    async def leave(self) -> None:
        """Say good-bye, as a process that is stopped."""
        await self.worker.stop(0.0)
        await self.process.stop_all("")

    def _changed(self, application: str, status: Status) -> None:
        self.worker.report(application, status)

    async def step(self, application: str) -> None:
        """Something is done, which takes a moment."""
        self.watch.begin(self.name, application)
        try:
            await asyncio.sleep(STEP_S)
            await self.databases.go_on.wait()
        finally:
            self.watch.end(self.name, application)

    def check(self, configuration: Configuration) -> None:
        """Raises ``OwnedByAnother``, as for a database that is not there."""
        if self.databases.stamps.get(configuration.application) != configuration.stamp:
            raise OwnedByAnother(application=configuration.application, owner="nobody", stamp="none")


class WatchedLedger(Ledger):
    """A ledger in which each command that is kept is looked at."""

    def __init__(self, ledger: Ledger, site: Site) -> None:
        self._ledger = ledger
        self._site = site

    async def outcome(self, request_id: str) -> Outcome | None:
        return await self._ledger.outcome(request_id)

    async def keep(self, command: Command, outcome: Outcome) -> None:
        await self._ledger.keep(command, outcome)
        self._site.watch.applied(self._site.name, command)

    async def applications(self) -> Sequence[Kept]:
        return await self._ledger.applications()

    def kept(self, application: str) -> Kept | None:
        return self._ledger.kept(application)

    def application_of(self, domain: str) -> str | None:
        return self._ledger.application_of(domain)

    async def close(self) -> None:
        await self._ledger.close()


class WatchedWorker(Worker):
    """A worker whose reports are looked at."""

    def __init__(self, site: Site, *given: Any, **more: Any) -> None:
        self._site = site
        super().__init__(*given, **more)

    def report(self, application: str, status: Status) -> None:
        self._site.watch.reported(self._site.name, application, status.observed)
        super().report(application, status)


class PlayedSteps(Steps):
    """An application that does nothing but look at its database."""

    def __init__(self, site: Site, configuration: Configuration) -> None:
        self._site = site
        self._configuration = configuration
        self._name = configuration.application

    async def prepare(self) -> None:
        await self._site.step(self._name)
        self._site.check(self._configuration)

    async def create(self, arguments: Mapping[str, Any]) -> None:
        await self._site.step(self._name)
        self._site.databases.filled.add(self._name)

    async def initialize(self) -> None:
        await self._site.step(self._name)
        if self._name not in self._site.databases.filled:
            raise NotInstalled(application=self._name)

    async def run(self) -> AsgiApp:
        return _answer

    async def upgrade(self) -> None:
        await self._site.step(self._name)

    async def stop(self) -> None:
        await self._site.step(self._name)


async def _answer(scope: Scope, receive: Receive, send: Send) -> None:
    """Nobody asks it anything."""


class PlayedDatabases(Provisioner):
    """Makes and drops databases, each of which bears a stamp."""

    def __init__(self, site: Site) -> None:
        self._site = site

    async def check(self, configuration: Configuration, adopt: str | None = None) -> Sequence[Finding]:
        return []

    async def try_connection(self, configuration: Configuration) -> None:
        await self._site.step(configuration.application)
        self._site.check(configuration)

    async def prepare(self, configuration: Configuration, adopt: str | None = None) -> Mapping[str, Any]:
        await self._site.step(configuration.application)
        self._site.databases.stamps.setdefault(configuration.application, configuration.stamp)
        self._site.check(configuration)
        return {"database": configuration.application}

    def address(self, configuration: Configuration) -> Mapping[str, Any]:
        return {"dialect": "postgres", "host": "db", "port": 5432, **configuration.database}

    async def remove(self, configuration: Configuration) -> None:
        await self._site.step(configuration.application)
        if configuration.application in self._site.databases.stamps:
            self._site.check(configuration)
            del self._site.databases.stamps[configuration.application]
            self._site.databases.filled.discard(configuration.application)

    async def forget(self, application: str) -> None:
        """Nothing is kept beside it."""
