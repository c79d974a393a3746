"""One environment of a fleet: runs applications, has no main one, and is told what to do over Redis.

start: Redis answers → its own database → its name is held, commands are taken → what it kept as running comes back
stop:  no command taken → all applications side by side → good-bye → its database
"""

from __future__ import annotations

import hashlib
import logging
from typing import TYPE_CHECKING, NoReturn

from insula.database.provision.claim import claim
from insula.database.provision.ensure import ensure_database, wait_for_database
from insula.fleet.environment import Environment
from insula.fleet.seal import Seal
from insula.fleet.traffic import Traffic
from insula.server.errors import NoMain
from insula.server.instance import begin_life
from insula.server.ledger import DatabaseLedger
from insula.server.links import Links
from insula.server.roles.base import Role
from insula.server.roles.hosting import Hosting
from insula.server.storage import app_key
from insula.server.vouching import Asking
from insula.worker.directory import KeptDirectory

if TYPE_CHECKING:
    from insula.server.host import Host
    from insula.server.main_application import Told

_log = logging.getLogger(__name__)


class WorkerRole(Role):
    """Goes on serving without its head."""

    head = None

    def __init__(self, host: Host, lost: Told) -> None:
        """``lost`` is told when another process has taken its database, or its name."""
        self.host = host
        settings = host.settings
        life = begin_life(host.folder)
        self._links = Links(settings, life)
        self.discovery = self._links.discovery
        self.traffic = Traffic()
        budget = host.budget_of(host.database)
        self._budget = budget
        self._claim = claim(host.database, budget, lost)
        key = hashlib.sha256(b"insula: ledger" + app_key(host.folder, settings.app_key).encode()).digest()
        self._ledger = DatabaseLedger(host.database, budget, Seal(key))
        url = settings.environment_url or ""
        here = Environment(
            settings.environment_name or "",
            url=url,
            proxy_url=settings.environment_proxy_url or url,
            instance=life.instance,
            secured=self._links.secured,
            beat_s=settings.insula_heartbeat_s,
        )
        self._hosting = Hosting(
            host,
            here,
            self._links.bus,
            self.discovery,
            self._ledger,
            installation=lambda: life.instance,
            vouch=Asking(self._links.bus),
            lost=lost,
        )
        self.process = self._hosting.process
        self.directory = KeptDirectory(self._ledger, self.process, self.discovery, self._hosting.worker.wake)

    async def start(self) -> None:
        await self._links.wait()
        patience_s = self.host.settings.insula_wait_timeout_s
        await wait_for_database(
            self.host.database, self._budget, patience_s, lambda line: _log.warning("%s", line)
        )
        await ensure_database(self.host.database, self._budget)
        await self._claim.take()
        await self._ledger.open()
        await self._hosting.start()

    async def start_main(self) -> NoReturn:
        raise NoMain()

    async def stop(self) -> None:
        await self._hosting.stop()
        await self._links.close()
        await self._ledger.close()
        await self._claim.release()
        self._hosting.close()

    def ready(self) -> bool:
        return self._hosting.worker.takes
