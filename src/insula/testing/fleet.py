"""A fleet in memory: an environment that plays its part without running anything, and a supervisor that commands it."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, ClassVar

from insula.application.access.collections import COLLECTIONS as PEOPLE
from insula.application.application import Application
from insula.application.plugin import Plugin
from insula.core.clock import now
from insula.fleet.bus.memory import MemoryBus
from insula.fleet.command import Command, Outcome, Verb
from insula.fleet.discovery.local import LocalDiscovery
from insula.fleet.environment import LOCAL, Environment
from insula.fleet.errors import StaysDown, WrongMove
from insula.fleet.lifecycle import Lifecycle, Observed
from insula.fleet.traffic import Traffic
from insula.supervisor.collections import COLLECTIONS
from insula.supervisor.probe import probe
from insula.supervisor.records import Records
from insula.supervisor.supervisor import Supervisor

VERSION = "9.8.7"
"""Of the code that the environment plays to run."""


class SupervisorTables(Plugin):
    """Gives the main application the collections of the supervisor, and those that they refer to."""

    name = "supervisor-tables"
    title = description = "Tables of the supervisor"
    collections = (*PEOPLE, *COLLECTIONS)


LOOKS = frozenset((Verb.CHECK, Verb.CONNECT, Verb.VISITED))
"""What changes nothing."""


class PlayedFailure(Exception):
    """What a test has told the environment to fail with."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class PlayedEnvironment:
    """Takes commands as a worker does, one at a time for each application, and reports every move.

    What a test may set: ``failures`` (verb → code), ``gates`` (verb → an event that is waited for first), ``idle_s``.
    What it may look at: ``carried``, ``databases``, ``filled``, ``running``.
    """

    def __init__(self, name: str, bus: MemoryBus, discovery: LocalDiscovery) -> None:
        self.name = name
        self.failures: dict[Verb, str] = {}
        self.gates: dict[Verb, asyncio.Event] = {}
        self.carried: list[tuple[Verb, str]] = []
        """Verb and application of each command that was begun, in that order."""
        self.commands: list[Command] = []
        self.databases: dict[str, str] = {}
        """Application → stamp of its database."""
        self.filled: set[str] = set()
        """Applications whose database holds tables."""
        self.running: set[str] = set()
        self.idle_s: dict[str, float] = {}
        """Application → how long nobody has visited it here, at whatever address."""
        self._bus = bus
        self._discovery = discovery
        self._lives: dict[str, Lifecycle] = {}
        self._turns: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._tasks: set[asyncio.Task[None]] = set()
        self._starts: dict[str, asyncio.Task[None]] = {}

    async def run(self) -> None:
        """Take commands until cancelled."""
        try:
            while True:
                command = await self._bus.take(self.name)
                if command.verb is Verb.STOP and command.application in self._starts:
                    self._starts[command.application].cancel()
                task = asyncio.create_task(self._carry_out(command))
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)
        finally:
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)

    def report(self, application: str, to: Observed, **details: Any) -> None:
        """Move an application, as it happens to it, and tell."""
        life = self._lives.setdefault(application, Lifecycle(application, now))
        self._discovery.report(self.name, application, life.move(to, **details))
        (self.running.add if to is Observed.RUNNING else self.running.discard)(application)

    def crash(self) -> None:
        """The process ends and begins anew: nothing runs, and nothing is known of what ran."""
        for name in list(self._lives):
            self._discovery.report(self.name, name, Lifecycle(name, now).status)
        self._lives.clear()
        self.running.clear()

    async def _carry_out(self, command: Command) -> None:
        async with self._turns[command.application]:
            self.carried.append((command.verb, command.application))
            self.commands.append(command)
            try:
                result = await self._do(command)
                outcome = Outcome(command.request_id, result=result)
            except (PlayedFailure, WrongMove) as error:
                life = self._lives.get(command.application)
                if life is not None and error.code == StaysDown.code:
                    self.report(command.application, Observed.STOPPED, cause=str(error))
                elif life is not None and command.verb not in LOOKS:
                    self.report(
                        command.application, Observed.ERROR, step=command.verb.value, cause=str(error)
                    )
                outcome = Outcome(command.request_id, error.code, str(error), command.verb.value)
            await self._bus.finish(self.name, outcome)

    async def _do(self, command: Command) -> Mapping[str, Any]:
        name, verb = command.application, command.verb
        observed = self._lives[name].status.observed if name in self._lives else Observed.NOT_FOUND
        if verb is Verb.PREPARE:
            if observed is not Observed.PREPARING:
                self.report(name, Observed.PREPARING)
        elif verb is Verb.CREATE and observed is Observed.PREPARING:
            self.report(name, Observed.INITIALIZING)
        elif verb is Verb.START and name in self.running:
            return {"version": VERSION}
        elif verb is Verb.STOP and observed is Observed.PREPARING:
            self.report(name, Observed.NOT_FOUND)
            return {}
        elif verb is Verb.STOP and observed in (Observed.NOT_FOUND, Observed.STOPPED):
            return {}
        elif verb not in LOOKS and (verb is not Verb.REMOVE or observed is not Observed.PREPARING):
            self.report(name, Observed.COMMANDING, command=command)
        await self._pass(verb, name)
        return self._DO[verb](self, command)

    async def _pass(self, verb: Verb, name: str) -> None:
        if verb in self.gates:
            waiting = asyncio.create_task(self._gate(self.gates[verb]))
            if verb is Verb.START:
                self._starts[name] = waiting
            try:
                await asyncio.wait((waiting,))
            except asyncio.CancelledError:
                waiting.cancel()
                raise
            finally:
                self._starts.pop(name, None)
            if waiting.cancelled():
                raise PlayedFailure("APP_STOPPED", f"{name} was stopped while it started")
        if verb in self.failures:
            raise PlayedFailure(self.failures[verb], f"{verb.value} was told to fail")

    async def _gate(self, gate: asyncio.Event) -> None:
        await gate.wait()

    def _check(self, command: Command) -> Mapping[str, Any]:
        return {"findings": [{"level": "ok", "code": "FREE", "message": "There is room.", "remedy": ""}]}

    def _connect(self, command: Command) -> Mapping[str, Any]:
        self._own(command)
        return {}

    def _visited(self, command: Command) -> Mapping[str, Any]:
        idle_s = self.idle_s.get(command.application)
        return {} if idle_s is None else {"idleS": idle_s}

    def _prepare(self, command: Command) -> Mapping[str, Any]:
        assert command.configuration is not None
        stamp = self.databases.setdefault(command.application, command.configuration.stamp)
        if stamp != command.configuration.stamp:
            raise PlayedFailure("OWNED_BY_ANOTHER", f"the database of {command.application} is another's")
        given = dict(command.configuration.database)
        file = {"dialect": "sqlite", "storage": f"{command.application}.sqlite"}
        return {"database": given if "host" in given else {**file, **given}}

    def _create(self, command: Command) -> Mapping[str, Any]:
        self._own(command)
        self.filled.add(command.application)
        self.report(command.application, Observed.INITIALIZED)
        return {"version": VERSION, "fingerprint": "played"}

    def _start(self, command: Command) -> Mapping[str, Any]:
        self._own(command)
        if command.application not in self.filled:
            raise PlayedFailure("NOT_INSTALLED", f"the database of {command.application} is empty")
        self.report(command.application, Observed.RUNNING)
        return {"version": VERSION}

    def _stop(self, command: Command) -> Mapping[str, Any]:
        self.report(command.application, Observed.STOPPED)
        return {}

    def _upgrade(self, command: Command) -> Mapping[str, Any]:
        self._own(command)
        self.report(command.application, Observed.STOPPED)
        return {"version": VERSION}

    def _remove(self, command: Command) -> Mapping[str, Any]:
        if not command.arguments.get("keep"):
            if command.application in self.databases:
                self._own(command)
            self.databases.pop(command.application, None)
            self.filled.discard(command.application)
        if command.application in self._lives:
            self.report(command.application, Observed.NOT_FOUND)
            del self._lives[command.application]
        return {}

    def _own(self, command: Command) -> None:
        assert command.configuration is not None
        if self.databases.get(command.application) != command.configuration.stamp:
            raise PlayedFailure("OWNED_BY_ANOTHER", f"the database of {command.application} is another's")

    _DO: ClassVar = {
        Verb.CHECK: _check,
        Verb.CONNECT: _connect,
        Verb.VISITED: _visited,
        Verb.PREPARE: _prepare,
        Verb.CREATE: _create,
        Verb.START: _start,
        Verb.STOP: _stop,
        Verb.UPGRADE: _upgrade,
        Verb.REMOVE: _remove,
    }


def played_supervisor(
    records: Records, bus: MemoryBus, discovery: LocalDiscovery, traffic: Traffic
) -> Supervisor:
    """A supervisor that probes environments for real, and soon gives up those that do not answer."""
    return Supervisor(
        records,
        bus,
        discovery,
        traffic,
        probe=probe("/api/"),
        resolve=lambda told: told.database,
        deadline_s=10,
    )


@dataclass
class PlayedFleet:
    """A supervisor over environments that play their part."""

    main: Application
    bus: MemoryBus = field(default_factory=MemoryBus)
    discovery: LocalDiscovery = field(default_factory=LocalDiscovery)
    traffic: Traffic = field(default_factory=Traffic)
    environments: dict[str, PlayedEnvironment] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.records = Records(self.discovery)
        self.supervisor = played_supervisor(self.records, self.bus, self.discovery, self.traffic)

    @property
    def local(self) -> PlayedEnvironment:
        """The first environment."""
        return next(iter(self.environments.values()))

    async def make(self, name: str, **values: Any) -> None:
        """Have an application made to its end: it runs."""
        await self.supervisor.create({"name": name, **values}, actor="a test")
        await self.supervisor.prepare(name)
        await self.supervisor.install(name)
        await self.supervisor.start(name, actor="a test")

    async def restart(self) -> None:
        """Main and its environments end without a word, and come up again."""
        await self.supervisor.close()
        for environment in self.environments.values():
            environment.crash()
        self.__post_init__()
        await self.supervisor.open(self.main)


@asynccontextmanager
async def played_fleet(main: Application, *places: str) -> AsyncIterator[PlayedFleet]:
    """A fleet whose supervisor has read its records; nothing is repaired before ``supervisor.resume``."""
    fleet = PlayedFleet(main)
    for place in places or (LOCAL,):
        played = PlayedEnvironment(place, fleet.bus, fleet.discovery)
        if fleet.environments:  # databases lie where all of them reach
            played.databases, played.filled = fleet.local.databases, fleet.local.filled
        fleet.environments[place] = played
        await fleet.discovery.announce(Environment(place, version=VERSION))
    tasks = [asyncio.create_task(environment.run()) for environment in fleet.environments.values()]
    await fleet.supervisor.open(main)
    try:
        yield fleet
    finally:
        for environment in fleet.environments.values():
            environment.gates.clear()
        await fleet.supervisor.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
