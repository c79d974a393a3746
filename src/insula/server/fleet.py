"""The roles of shared-memory mode, put together in one process: what runs applications, and what looks after them.

start: Redis answers, where there is one → commands are taken → main answers → those that start with it, a few at once
stop:  nothing is repaired, no command taken → all other applications side by side → main
"""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Final

from insula.application.access.errors import InvalidToken
from insula.application.access.shared import Visitor
from insula.application.install import first_plugins, template
from insula.application.migrations import built_in
from insula.core.clock import monotonic
from insula.core.names import MAIN
from insula.data.plan import PLANS
from insula.fleet.bus.memory import MemoryBus
from insula.fleet.configuration import Configuration
from insula.fleet.discovery.local import LocalDiscovery
from insula.fleet.environment import LOCAL, Environment
from insula.fleet.ledger.none import NoLedger
from insula.fleet.lifecycle import Observed, Status
from insula.fleet.process.local import LocalProcess
from insula.fleet.process.steps import Steps
from insula.fleet.traffic import Traffic
from insula.server.applications import ApplicationSteps, Around
from insula.server.errors import NotYet
from insula.server.homes import Homes
from insula.server.host import Host
from insula.server.load import Load
from insula.server.main_application import MainSteps, Told
from insula.server.memory import Trimmer
from insula.server.provisioner import LocalProvisioner
from insula.server.redis_servers import wait_for_redis
from insula.supervisor.plugin import SupervisorPlugin
from insula.supervisor.records import Records
from insula.supervisor.supervisor import Supervisor
from insula.worker.worker import Worker

if TYPE_CHECKING:
    from insula.database.dialects.base import Dialect
    from insula.database.provision.template import Template

_log = logging.getLogger(__name__)

LAST_WORDS_S: Final = 5.0
"""What applications get beyond the deadline of their requests to close what they hold; then main stops all the same."""


class Fleet:
    """Owned by the composition root."""

    def __init__(self, host: Host, lost: Told) -> None:
        """``lost`` is told when another process has taken main's database."""
        self._host = host
        # Where main alone is opened, whoever wants something of another is told at once.
        self._bus = MemoryBus(takes=host.makes)
        self.discovery = LocalDiscovery()
        """Where what happens to applications is heard of."""
        self._templates: dict[str, Template] = {}
        self._trimmer = Trimmer(PLANS.sweep, self._running)
        self.traffic = Traffic()
        self.records = Records(self.discovery)
        """The directory, too."""
        self.supervisor = Supervisor(self.records, self._bus, self.discovery, self.traffic)
        plugin = SupervisorPlugin(self.supervisor, host.as_kept)
        self.main = MainSteps(host, plugin, lambda error: self.process.fail(MAIN, error.message), lost)
        self._homes = Homes(self._installation)
        self.process = LocalProcess(self._steps_of, self._changed)
        self._around = Around(self._homes, self.process.fail, self._vouch)
        load = Load(host.connections_used)
        self._worker = Worker(
            Environment(LOCAL),
            self._bus,
            self.discovery,
            NoLedger(),
            self.process,
            self._provisioner(),
            load=load,
        )

    async def start(self) -> None:
        """Bring up main, and what starts with it. Raises what main's steps raise.

        Where the environments speak over Redis, that is waited for first. Raises ``RedisUnavailable`` and
        ``RedisRefused``, and ``NotYet`` for modes that this version has not.
        """
        if self._host.settings.app_mode != "single":
            await wait_for_redis(self._host.settings)
            raise NotYet(mode=self._host.settings.app_mode)
        await self._worker.start()
        self._homes.start()
        await self.start_main()

    async def start_main(self) -> None:
        """Bring up main alone, made where there is none yet. Raises what its steps raise."""
        main = Configuration(MAIN, "")
        await self.process.create(main, {})
        await self.process.start(main)

    async def stop(self) -> None:
        """Take down everything. What can not be stopped in time, or at all, is logged. May be called after any start."""
        ends = monotonic() + self._host.settings.insula_stop_timeout_s + LAST_WORDS_S
        await self.supervisor.pause()
        await self._stop_worker(ends - monotonic())
        await self._bus.close()
        await self._stop_others(ends - monotonic())
        await self._homes.stop()
        await self.process.stop(MAIN)
        self._trimmer.close()

    async def _stop_worker(self, deadline_s: float) -> None:
        """What is under way is ended with the applications; a database that is being made is undone before."""
        stopping = asyncio.create_task(self._worker.stop(deadline_s=0.0), name="stop of the worker")
        await asyncio.wait((stopping,), timeout=max(0.0, deadline_s))
        if not stopping.done():
            _log.warning("a command could not be ended in time; whoever takes it up next finds what it left")
            stopping.cancel()
        elif error := stopping.exception():
            _log.error("commands could not be ended", exc_info=error)

    async def _stop_others(self, deadline_s: float) -> None:
        stopping = asyncio.create_task(self.process.stop_all(but=MAIN), name="stop of all applications")
        await asyncio.wait((stopping,), timeout=deadline_s)
        if not stopping.done():
            left = [name for name, status in self.process.statuses().items() if _is_up(status)]
            _log.warning("these have not stopped in time: %s", ", ".join(sorted(set(left) - {MAIN})))
            stopping.cancel()
        for failed in await asyncio.gather(stopping, return_exceptions=True):
            if isinstance(failed, Exception):
                _log.error("not all applications could be stopped", exc_info=failed)

    def _steps_of(self, configuration: Configuration) -> Steps:
        if configuration.application == MAIN:
            return self.main
        return ApplicationSteps(self._host, configuration, self._around)

    async def _vouch(self, application: str, token: str) -> Visitor:
        """Main's word to one application. Raises ``InvalidToken`` as soon as it does not share main's session any more,
        and ``SupervisorClosed`` while main does not run."""
        if not self.records.get(application).options.get("shareSession"):
            raise InvalidToken()
        return await self.records.main.access.vouch(token)

    def _changed(self, application: str, status: Status) -> None:
        self.discovery.report(LOCAL, application, status)
        if status.observed is Observed.STOPPED and application != MAIN:
            self._trimmer.soon()

    def _running(self) -> int:
        return sum(map(_is_up, self.process.statuses().values()))

    def _provisioner(self) -> LocalProvisioner:
        host = self._host
        return LocalProvisioner(
            place=host.place,
            main=host.database,
            budget=host.budget_of,
            folder=host.folder,
            template=self._template,
            first_tables=self._first_tables,
            installation=self._installation,
        )

    def _template(self, dialect: Dialect) -> Template:
        made = self._templates.get(dialect.name)
        if made is None:
            made = self._templates[dialect.name] = template(
                self._host.registry, self._host.extra_plugins, dialect
            )
        return made

    def _first_tables(self) -> list[str]:
        registry = self._host.registry
        plugins = first_plugins(registry, self._host.extra_plugins)
        return [collection.name for collection in built_in(registry, plugins)]

    def _installation(self) -> str:
        """Names this installation: the stamp of its main application."""
        return self.main.application.identifier


def _is_up(status: Status) -> bool:
    return status.observed not in (Observed.STOPPED, Observed.NOT_FOUND)
