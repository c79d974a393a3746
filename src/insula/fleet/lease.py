"""One name, one worker: who holds the lease of an environment may carry out commands for it.

A lease lasts 10 s and is renewed every 3 s. Its holder goes by its own monotonic clock, counted from before it asked, so
that it never believes in it for longer than Redis does. Who holds it is one life of an instance (an id in its storage
folder): its next life takes over at once, since it knows by that folder that the one before has ended; any other life
of the same instance, such as one in a copy of the folder, is a stranger. Each taking has a higher number, the epoch, by
which late words of an earlier holder are known.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

from insula.core.clock import monotonic
from insula.core.ids import random_id
from insula.core.sparse import Sparse
from insula.fleet.errors import EnvironmentTaken
from insula.fleet.redis_server import FAILURES, RedisServer

_logger = logging.getLogger(__name__)
_sparse = Sparse(_logger)

LEASE_S: Final = 10.0
RENEW_S: Final = 3.0
TRY_AGAIN_S: Final = 0.5
LONGEST_AT: Final = 300
"""Characters that are told of where a holder is: whoever can write to Redis could have written them."""

_TAKE: Final = """
local time = redis.call('TIME')
local epoch = time[1] * 1000 + math.floor(time[2] / 1000)
local held = redis.call('GET', KEYS[1])
if held then
  local holder, life, last = string.match(held, '^(%S+) (%S+) (%d+)$')
  if holder and (holder ~= ARGV[1] or (life ~= ARGV[2] and life ~= ARGV[3])) then
    return {0, holder, redis.call('GET', KEYS[2]) or ''}
  end
  if last and tonumber(last) >= epoch then epoch = tonumber(last) + 1 end
end
redis.call('SET', KEYS[1], ARGV[1] .. ' ' .. ARGV[2] .. ' ' .. string.format('%.0f', epoch), 'PX', ARGV[4])
redis.call('SET', KEYS[2], ARGV[5], 'PX', ARGV[4])
return {1, string.format('%.0f', epoch), ''}
"""
_RENEW: Final = """
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
redis.call('PEXPIRE', KEYS[2], ARGV[2])
return redis.call('PEXPIRE', KEYS[1], ARGV[2])
"""
_GIVE_BACK: Final = (
    "if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end return 0"
)


Taken = Callable[[int, str], None]
"""Told an epoch that begins, and what stands at the lease's key while it lasts."""


@dataclass(frozen=True, slots=True)
class Life:
    """One run of an instance, from its start to its end."""

    instance: str
    id: str = field(default_factory=lambda: random_id(16))
    before: str = ""
    """The life before this one, which has ended for certain."""
    at: str = ""
    """Where somebody who looks for its process finds it, in words; no secret."""


def lease_key(environment: str) -> str:
    """Where the lease of an environment stands."""
    return f"insula:lease:{environment}"


def holder_key(environment: str) -> str:
    """Where it stands who holds that lease, for people."""
    return f"insula:holder:{environment}"


class Lease:
    """Of one environment, for one life of an instance."""

    def __init__(
        self,
        server: RedisServer,
        environment: str,
        life: Life,
        *,
        taken: Taken = lambda epoch, mark: None,
        lost: Callable[[EnvironmentTaken], None] = lambda error: None,
    ) -> None:
        """``taken`` is told each epoch that begins, ``lost`` that another has it now: that can not be mended from here."""
        self._server = server
        self._environment = environment
        self._life = life
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
        """Take it, and keep it from now on. Raises ``EnvironmentTaken``, ``RedisUnavailable``.

        Where another life of the same instance has it, that may be one that has ended: it is waited for as long as a
        lease lasts that nobody renews.
        """
        until = monotonic() + LEASE_S + RENEW_S
        while True:
            try:
                await self._take()
                break
            except EnvironmentTaken as error:
                if error.details["holder"] != self._life.instance or monotonic() >= until:
                    raise
            await asyncio.sleep(TRY_AGAIN_S)
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
        return f"{self._life.instance} {self._life.id} {self.epoch}"

    async def _take(self) -> None:
        asked = monotonic()
        life = self._life
        done, told, at = await self._script(
            _TAKE, life.instance, life.id, life.before, int(LEASE_S * 1000), life.at
        )
        if not done:
            holder, place = told.decode(errors="replace"), at.decode(errors="replace")[:LONGEST_AT]
            where = f" at {place}" if place.isprintable() and place else ""
            raise EnvironmentTaken(environment=self._environment, holder=holder, at=where)
        self.epoch = int(told)
        self._until = asked + LEASE_S
        self._taken(self.epoch, self._value)

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
                self._server.warn(error, f"the lease of {self._environment} is not renewed", _sparse)
            except Exception:  # a defect must not end it: nothing would be carried out here any more
                _logger.exception("the lease of %s is not renewed", self._environment)

    async def _renew(self) -> None:
        asked = monotonic()
        if await self._script(_RENEW, self._value, int(LEASE_S * 1000)):
            self._until = asked + LEASE_S
        else:  # it ran out while this process was suspended, or Redis has forgotten everything
            await self._take()

    async def _script(self, text: str, *given: str | int) -> Any:
        keys = lease_key(self._environment), holder_key(self._environment)
        return await self._server.call("EVAL", text, 2, *keys, *given)
