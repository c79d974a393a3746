"""The links of a process to the rest of its fleet: bus and discovery over the Redis servers that the settings name."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from insula.fleet.errors import EnvironmentTaken, FleetTaken, KeyMismatch
from insula.fleet.seal import Seal
from insula.server.vouching import HEAD

if TYPE_CHECKING:
    from collections.abc import Callable

    from insula.core.errors import InsulaError
    from insula.fleet.lease import Lease, Life
    from insula.server.declared import Settings

_log = logging.getLogger(__name__)


class Links:
    """Opens no connection before it is asked for something."""

    def __init__(self, settings: Settings, life: Life) -> None:
        # the library is loaded where a Redis is configured
        from insula.fleet.agreement import Agreement
        from insula.fleet.bus.redis import RedisBus
        from insula.fleet.discovery.redis import RedisDiscovery
        from insula.fleet.redis_server import RedisServer

        named = {
            "APP_SUPERVISOR_REDIS_URL": settings.app_supervisor_redis_url or "",
            "APP_COMMAND_REDIS_URL": settings.app_command_redis_url or "",
        }
        self._patience_s = settings.insula_wait_timeout_s
        self._servers = {
            url: RedisServer(url, " and ".join(name for name, given in named.items() if given == url))
            for url in named.values()
        }
        self._life = life
        self._lease: Lease | None = None
        key = settings.app_supervisor_aes_secret_key
        seal = Seal(bytes.fromhex(key) if key is not None else None)
        self.secured = seal.secured
        self._agreements = [Agreement(server, seal) for server in self._servers.values()]
        self.discovery = RedisDiscovery(self._servers[named["APP_SUPERVISOR_REDIS_URL"]], seal, life)
        self.bus = RedisBus(self._servers[named["APP_COMMAND_REDIS_URL"]], seal, life.instance)

    async def wait(self) -> None:
        """Return once each server answers, with a line in the log every 5 s until then.

        Raises ``RedisUnavailable`` after ``INSULA_WAIT_TIMEOUT_S``, and at once ``RedisRefused``, and ``KeyMismatch``
        where others there have another key.
        """
        for server in self._servers.values():
            await server.wait(self._patience_s, lambda line: _log.warning("%s", line))
        await self.join()

    async def join(self) -> None:
        """As ``wait``, without waiting. Joining twice does nothing. Raises ``RedisUnavailable`` as well."""
        for server, agreement in zip(self._servers.values(), self._agreements, strict=True):
            try:
                await agreement.join()
            except KeyMismatch:
                server.others_key = True
                raise
            server.others_key = False

    def apart(self) -> InsulaError | None:
        """Why nothing is taken or sent, although Redis answers: others there have another key."""
        mismatches = [
            KeyMismatch(what=server.where) for server in self._servers.values() if server.others_key
        ]
        return mismatches[0] if mismatches else None

    async def command(self, lost: Callable[[InsulaError], None]) -> None:
        """Be the only one who commands environments. ``lost`` is told when another does. Raises ``FleetTaken``."""
        from insula.fleet.lease import Lease

        def taken(error: EnvironmentTaken) -> None:
            lost(FleetTaken(holder=error.details["holder"], at=error.details["at"]))

        lease = Lease(next(iter(self._servers.values())), HEAD, self._life, lost=taken)
        try:
            await lease.take()
        except EnvironmentTaken as error:
            raise FleetTaken(holder=error.details["holder"], at=error.details["at"]) from None
        self._lease = lease

    async def close(self) -> None:
        """Say good-bye, and give all connections back. May be called twice."""
        await self.bus.close()
        await self.discovery.close()
        if self._lease is not None:
            await self._lease.give_back()
        for agreement in self._agreements:
            await agreement.leave()
        for server in self._servers.values():
            await server.close()
