"""The head of a fleet: the main application, and the supervisor in it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from insula.application.access.errors import InvalidToken
from insula.application.api.system import plugins_of
from insula.application.application import Application
from insula.core.names import MAIN
from insula.fleet.configuration import Configuration
from insula.server.main_application import MainSteps, Told
from insula.supervisor.plugin import SupervisorPlugin
from insula.supervisor.probe import probe
from insula.supervisor.records import Records
from insula.supervisor.supervisor import Supervisor

if TYPE_CHECKING:
    from insula.application.access.shared import Visitor
    from insula.fleet.bus.base import CommandBus
    from insula.fleet.discovery.base import Discovery
    from insula.fleet.process.local import LocalProcess
    from insula.fleet.traffic import Traffic
    from insula.server.host import Host


class Head:
    """Owned by a role that has it. ``process`` is where main runs."""

    def __init__(
        self,
        host: Host,
        bus: CommandBus,
        discovery: Discovery,
        traffic: Traffic,
        process: Callable[[], LocalProcess],
        lost: Told,
    ) -> None:
        """``lost`` is told when another process has taken main's database."""
        self._process = process
        self.records = Records(discovery)
        ask = probe(host.settings.api_base_path)
        self.supervisor = Supervisor(self.records, bus, discovery, traffic, probe=ask, resolve=host.address)
        plugin = SupervisorPlugin(self.supervisor, host.as_kept, self.plugins)
        self.main = MainSteps(host, plugin, lambda error: process().fail(MAIN, error.message), lost)

    async def start(self) -> None:
        """Bring up main, made where there is none yet. Raises what its steps raise."""
        main = Configuration(MAIN, "")
        await self._process().create(main, {})
        await self._process().start(main)

    def ready(self) -> bool:
        """Whether main answers."""
        return self._process().running(MAIN) is not None

    def places(self, application: str) -> tuple[str, ...]:
        """The environments of an application; none where there is no such one."""
        entry = self.records.entry(application)
        return () if entry is None else entry.places

    def plugins(self, application: str) -> list[dict[str, Any]] | None:
        """What the plugin manager of an application lists; ``None`` where it does not run in this process."""
        found = self._process().running(application)
        return plugins_of(found) if isinstance(found, Application) else None

    def installation(self) -> str:
        """Names this installation: the stamp of its main application."""
        return self.main.application.identifier

    async def vouch(self, application: str, token: str) -> Visitor:
        """Main's word to one application. Raises ``InvalidToken`` as soon as it does not share main's session any more,
        ``NotLetIn`` where no role of the person may enter it, and ``SupervisorClosed`` while main does not run."""
        if not self.records.get(application).options.get("shareSession"):
            raise InvalidToken()
        return await self.records.main.access.vouch(token, partial(self.records.lets_in, application))
