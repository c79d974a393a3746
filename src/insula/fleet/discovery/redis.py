"""Discovery over Redis: environments in other processes, on other machines."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from insula.fleet.discovery.base import Discovery, Lost, Watcher
from insula.fleet.discovery.local import LocalDiscovery
from insula.fleet.discovery.redis_follower import Follower
from insula.fleet.discovery.redis_teller import Teller
from insula.fleet.environment import Environment
from insula.fleet.errors import KeyMismatch
from insula.fleet.lease import Lease, Life
from insula.fleet.lifecycle import Status
from insula.fleet.redis_server import RedisServer
from insula.fleet.seal import Seal

LEFT = "offline"
"""The state of an environment that has said good-bye."""


class RedisDiscovery(Discovery):
    """Redis is a cache and a channel: what is known stays in memory while it is away, and is told again after it forgot.

    What is reported of an environment that is not held here stays in this process.
    """

    def __init__(self, server: RedisServer, seal: Seal, life: Life | None = None) -> None:
        """``life``: of the instance that holds names from here; who only looks on needs none."""
        self._server = server
        self._seal = seal
        self._life = life
        self._known = LocalDiscovery()
        self._follower = Follower(server, seal, self._known)
        self._tellers: dict[str, Teller] = {}
        self._leases: dict[str, Lease] = {}
        self._own: dict[str, Environment] = {}

    async def hold(self, environment: str, instance: str, lost: Lost) -> int:
        teller = self._teller(environment)
        life = self._life if self._life and self._life.instance == instance else Life(instance)
        lease = Lease(self._server, environment, life, taken=teller.begin, lost=lost)
        await lease.take()
        self._leases[environment] = lease
        return lease.epoch

    def held(self, environment: str) -> bool:
        lease = self._leases.get(environment)
        return lease is not None and lease.held

    async def follow(self) -> None:
        await self._follower.start()

    async def close(self) -> None:
        for name in list(self._leases):
            await self.leave(name)
        await self._follower.end()

    async def announce(self, environment: Environment) -> None:
        self._own[environment.name] = environment
        self._teller(environment.name).announce(environment)

    async def good_bye(self, name: str) -> None:
        teller, environment = self._tellers.pop(name, None), self._own.pop(name, None)
        if teller is not None:
            if environment is not None:
                teller.leave(replace(environment, available=False, state=LEFT))
            await teller.end()

    async def leave(self, name: str) -> None:
        await self.good_bye(name)
        lease = self._leases.pop(name, None)
        if lease is not None:
            await lease.give_back()

    async def forget(self, name: str) -> None:
        await self._follower.forget(name)

    async def environments(self) -> Sequence[Environment]:
        known = {environment.name: environment for environment in self._follower.environments()}
        found = [known[name] for name in sorted(known)]
        if not self._server.others_key:
            return found
        apart = KeyMismatch(what=self._server.where).message
        return [replace(environment, failure=apart) for environment in found]

    def _teller(self, environment: str) -> Teller:
        """What is told before the name is held is kept until then."""
        teller = self._tellers.get(environment)
        if teller is None:
            teller = self._tellers[environment] = Teller(self._server, self._seal, environment)
        return teller

    def report(self, environment: str, application: str, status: Status) -> None:
        if teller := self._tellers.get(environment):
            teller.report(application, status)
        self._known.report(environment, application, status)

    def statuses(self, application: str) -> Mapping[str, Status]:
        return self._known.statuses(application)

    def watch(self, watcher: Watcher) -> Callable[[], None]:
        return self._known.watch(watcher)
