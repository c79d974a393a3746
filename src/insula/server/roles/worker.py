"""One environment of a fleet: runs applications, has no main one, and is told what to do over Redis.

start: its own database → Redis answers → its name is held, commands are taken → what it kept as running comes back
       where Redis is away, what it kept comes back without the name, which is taken once Redis answers
stop:  no command taken → good-bye → all applications side by side → its name is given back → its database
"""

from __future__ import annotations

import hashlib
import logging
from dataclasses import replace
from typing import TYPE_CHECKING, NoReturn

from insula.database.provision.claim import claim
from insula.database.provision.ensure import ensure_database, wait_for_database
from insula.fleet.environment import Environment
from insula.fleet.errors import RedisUnavailable
from insula.fleet.seal import Seal
from insula.gateway.errors import NoMain
from insula.server.errors import Alone, NotReady
from insula.server.instance import begin_life
from insula.server.ledger import DatabaseLedger
from insula.server.links import Links
from insula.server.roles.base import Role, ended
from insula.server.roles.hosting import Hosting
from insula.server.storage import app_key
from insula.server.vouching import Asking
from insula.worker.directory import KeptDirectory

if TYPE_CHECKING:
    from insula.core.errors import InsulaError
    from insula.server.host import Host
    from insula.server.main_application import Told
    from insula.worker.worker import Join

_log = logging.getLogger(__name__)


class WorkerRole(Role):
    """Goes on serving without its head."""

    head = None

    def __init__(self, host: Host, lost: Told) -> None:
        """``lost`` is told when another process has taken its database, or its name."""
        self.host = host
        settings = host.settings
        life = begin_life(host.folder)
        url = settings.environment_url or ""
        life = replace(life, at=f"{url} ({life.at})")
        self._links = Links(settings, life)
        self.discovery = self._links.discovery
        self.traffic = host.traffic
        budget = host.budget_of(host.database)
        self._budget = budget
        self._claim = claim(host.database, budget, lost)
        key = hashlib.sha256(b"insula: ledger" + app_key(host.folder, settings.app_key).encode()).digest()
        self._ledger = DatabaseLedger(host.database, budget, Seal(key))
        here = Environment(
            settings.environment_name or "",
            url=url,
            proxy_url=settings.environment_proxy_url or url,
            instance=life.instance,
            secured=self._links.secured,
            beat_s=settings.insula_heartbeat_s,
            capacity=settings.insula_capacity or 0,
            dialect=settings.db_dialect,
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
        patience_s = self.host.settings.insula_wait_timeout_s
        await wait_for_database(
            self.host.database, self._budget, patience_s, lambda line: _log.warning("%s", line)
        )
        await ensure_database(self.host.database, self._budget)
        await self._claim.take()
        await self._ledger.open()
        await self._hosting.start(await self._reach())

    async def _reach(self) -> Join | None:
        """Reach the others; where Redis is away, and there is something to serve, gives how to do it later."""
        try:
            await self._links.join()
        except RedisUnavailable as error:
            if not await self._ledger.applications():
                await self._links.wait()
                return None
            _log.warning(
                "%s This environment serves what it has, and joins the others when it does.", error.message
            )
            return self._links.join
        return None

    async def start_main(self) -> NoReturn:
        raise NoMain()

    async def stop(self) -> None:
        await ended("applications", self._hosting.stop())
        await ended("the links to others", self._links.close())
        await ended("the ledger", self._ledger.close())
        await ended("the claim on the database", self._claim.release())
        self._hosting.close()

    def unready(self) -> InsulaError | None:
        worker = self._hosting.worker
        lacks = Alone if worker.started else NotReady
        return self._links.apart() or (None if worker.takes else lacks())
