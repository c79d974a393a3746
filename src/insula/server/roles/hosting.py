"""What applications run with in this process, and how all of them are taken down."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Final

from insula.application.install import first_plugins, template
from insula.application.migrations import built_in
from insula.core.clock import monotonic
from insula.core.names import MAIN
from insula.data.plan import PLANS
from insula.fleet.lifecycle import Observed, Status
from insula.fleet.process.local import LocalProcess
from insula.server.applications import ApplicationSteps, Around
from insula.server.heap import heap
from insula.server.homes import Homes
from insula.server.load import Load
from insula.server.memory import Trimmer
from insula.server.provisioner import LocalProvisioner
from insula.worker.worker import Join, Worker

if TYPE_CHECKING:
    from insula.application.access.shared import Visitor
    from insula.database.dialects.base import Dialect
    from insula.database.provision.template import Template
    from insula.fleet.bus.base import CommandBus
    from insula.fleet.configuration import Configuration
    from insula.fleet.discovery.base import Discovery, Lost
    from insula.fleet.environment import Environment
    from insula.fleet.ledger.base import Ledger
    from insula.fleet.process.steps import Steps
    from insula.server.host import Host

_log = logging.getLogger(__name__)

LAST_WORDS_S: Final = 5.0
"""What applications get beyond the deadline of their requests to close what they hold."""
CANCELLED_S: Final = 2.0
"""What those get that have not closed it by then. The name is not held for longer."""


class Hosting:
    """Owned by a role that runs applications."""

    def __init__(
        self,
        host: Host,
        here: Environment,
        bus: CommandBus,
        discovery: Discovery,
        ledger: Ledger,
        *,
        installation: Callable[[], str],
        vouch: Callable[[str, str], Awaitable[Visitor]],
        main: Callable[[], Steps] | None = None,
        lost: Lost = lambda error: None,
    ) -> None:
        """``installation`` names this one in databases; ``vouch`` is main's word to an application; ``main`` gives the
        steps of the main application, where it runs here, too; ``lost`` is told when another process has the name."""
        self._host = host
        self._here = here.name
        self._bus = bus
        self._discovery = discovery
        self._main = main
        self._installation = installation
        self._templates: dict[str, Template] = {}
        self._trimmer = Trimmer(PLANS.sweep, self._running, heap())
        self.homes = Homes(installation)
        self.process = LocalProcess(self._steps_of, self._changed)
        self._around = Around(self.homes, self.process.fail, vouch, lambda: discovery.held(here.name))
        self.worker = Worker(
            here,
            bus,
            discovery,
            ledger,
            self.process,
            self._provisioner(),
            load=Load(host.connections_used),
            idle_s=host.traffic.idle_s,
            lost=lost,
        )

    async def start(self, join: Join | None = None) -> None:
        """Take commands. Raises what ``Worker.start`` raises, which ``join`` is for."""
        await self.worker.start(join)
        self.homes.start()

    async def stop(self) -> None:
        """Neither take nor send commands any more, then stop all applications side by side, but for main.

        The name is given back last: who has it next could start them while they are still at work here.
        """
        ends = monotonic() + self._host.settings.insula_stop_timeout_s + LAST_WORDS_S
        await self._stop_worker(ends - monotonic())
        await self._bus.close()
        await self._stop_applications(ends - monotonic())
        await self.homes.stop()
        await self._discovery.leave(self._here)

    def close(self) -> None:
        """Once nothing runs any more."""
        self._trimmer.close()

    async def _stop_worker(self, deadline_s: float) -> None:
        """What is under way is ended with the applications; a database that is being made is undone before."""
        stopping = asyncio.create_task(self.worker.stop(deadline_s=0.0), name="stop of the worker")
        await asyncio.wait((stopping,), timeout=max(0.0, deadline_s))
        if not stopping.done():
            _log.warning("a command could not be ended in time; whoever takes it up next finds what it left")
            stopping.cancel()
        elif error := stopping.exception():
            _log.error("commands could not be ended", exc_info=error)

    async def _stop_applications(self, deadline_s: float) -> None:
        stopping = asyncio.create_task(self.process.stop_all(but=MAIN), name="stop of all applications")
        await asyncio.wait((stopping,), timeout=deadline_s)
        if not stopping.done():
            left = [name for name, status in self.process.statuses().items() if _is_up(status)]
            _log.warning("these have not stopped in time: %s", ", ".join(sorted(set(left) - {MAIN})))
            stopping.cancel()
            await asyncio.wait((stopping,), timeout=CANCELLED_S)
        if stopping.done() and not stopping.cancelled() and (error := stopping.exception()):
            _log.error("not all applications could be stopped", exc_info=error)

    def _steps_of(self, configuration: Configuration) -> Steps:
        if self._main is not None and configuration.application == MAIN:
            return self._main()
        return ApplicationSteps(self._host, configuration, self._around)

    def _changed(self, application: str, status: Status) -> None:
        self.worker.report(application, status)
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


def _is_up(status: Status) -> bool:
    return status.observed not in (Observed.STOPPED, Observed.NOT_FOUND)
