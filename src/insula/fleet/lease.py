"""One name, one worker: who holds the lease of an environment may carry out commands for it.

A lease lasts 10 s and is renewed every 3 s. Its holder goes by its own monotonic clock, counted from before it asked, so
that it never believes in it for longer than Redis does. The same instance (an id in its storage folder) takes over at
once; each taking has a higher number, the epoch, by which late words of an earlier holder are known.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Any, Final

from insula.core.clock import monotonic
from insula.core.sparse import Sparse
from insula.fleet.errors import EnvironmentTaken
from insula.fleet.redis_server import FAILURES, RedisServer

_logger = logging.getLogger(__name__)
_sparse = Sparse(_logger)

LEASE_S: Final = 10.0
RENEW_S: Final = 3.0

_TAKE: Final = """
local time = redis.call('TIME')
local epoch = time[1] * 1000 + math.floor(time[2] / 1000)
local held = redis.call('GET', KEYS[1])
if held then
  local holder, last = string.match(held, '^(%S+) (%d+)$')
  if holder and holder ~= ARGV[1] then return {0, holder} end
  if last and tonumber(last) >= epoch then epoch = tonumber(last) + 1 end
end
redis.call('SET', KEYS[1], ARGV[1] .. ' ' .. string.format('%.0f', epoch), 'PX', ARGV[2])
return {1, string.format('%.0f', epoch)}
"""
_RENEW: Final = """
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('PEXPIRE', KEYS[1], ARGV[2])
"""
_GIVE_BACK: Final = (
    "if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end return 0"
)


def lease_key(environment: str) -> str:
    """Where the lease of an environment stands."""
    return f"insula:lease:{environment}"


class Lease:
    """Of one environment, for one instance."""

    def __init__(
        self,
        server: RedisServer,
        environment: str,
        instance: str,
        *,
        taken: Callable[[int], None] = lambda epoch: None,
        lost: Callable[[EnvironmentTaken], None] = lambda error: None,
    ) -> None:
        """``taken`` is told each epoch that begins, ``lost`` that another has it now: that can not be mended from here."""
        self._server = server
        self._environment = environment
        self._instance = instance
        self._taken = taken
        self._lost = lost
        self._until = 0.0
        self._task: asyncio.Task[None] | None = None
        self.epoch = 0
        """Of the last taking."""

    @property
    def held(self) -> bool:
        """Whether nobody else can have it now."""
        return monotonic() < self._until

    async def take(self) -> None:
        """Take it, and keep it from now on. Raises ``EnvironmentTaken``, ``RedisUnavailable``."""
        await self._take()
        self._task = asyncio.create_task(self._keep(), name=f"lease of {self._environment}")

    async def give_back(self) -> None:
        """Let others have it at once. What can not be told runs out by itself."""
        if self._task is None:
            return
        self._task.cancel()
        await asyncio.wait((self._task,))
        self._task = None
        self._until = 0.0
        try:
            await self._script(_GIVE_BACK, self._value)
        except FAILURES as error:
            _logger.info("the lease of %s runs out by itself: %s", self._environment, error)

    @property
    def _value(self) -> str:
        return f"{self._instance} {self.epoch}"

    async def _take(self) -> None:
        asked = monotonic()
        done, told = await self._script(_TAKE, self._instance, int(LEASE_S * 1000))
        if not done:
            raise EnvironmentTaken(environment=self._environment, holder=told.decode(errors="replace"))
        self.epoch = int(told)
        self._until = asked + LEASE_S
        self._taken(self.epoch)

    async def _keep(self) -> None:
        while True:
            await asyncio.sleep(RENEW_S)
            try:
                await self._renew()
            except EnvironmentTaken as error:
                self._until = 0.0
                self._lost(error)
                return
            except FAILURES as error:
                _sparse.warning(str(error), f"the lease of {self._environment} is not renewed")

    async def _renew(self) -> None:
        asked = monotonic()
        if await self._script(_RENEW, self._value, int(LEASE_S * 1000)):
            self._until = asked + LEASE_S
        else:  # it ran out while this process was suspended, or Redis has forgotten everything
            await self._take()

    async def _script(self, text: str, *given: str | int) -> Any:
        return await self._server.call("EVAL", text, 1, lease_key(self._environment), *given)
