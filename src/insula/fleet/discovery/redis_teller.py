"""The telling side of discovery over Redis: one environment announces itself and reports what it observes.

Nobody who tells something waits: what is untold is kept, the last status of an application in place of an earlier one,
and told at one go as soon as Redis answers. After a new epoch (Redis has forgotten, or this process was away) all is
told again.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from insula.core.clock import now
from insula.core.pauses import Pauses
from insula.core.sparse import Sparse
from insula.fleet.discovery.redis_words import (
    ENVIRONMENTS,
    REPORTS,
    Announced,
    Batch,
    Reported,
    environment_purpose,
    status_purpose,
    statuses_key,
    without_secrets,
)
from insula.fleet.environment import Environment
from insula.fleet.lease import lease_key
from insula.fleet.lifecycle import Observed, Status
from insula.fleet.redis_server import FAILURES, TOO_LONG, RedisServer, Words
from insula.fleet.seal import Seal
from insula.fleet.wire import to_json

_logger = logging.getLogger(__name__)
_sparse = Sparse(_logger)

AT_ONE_GO: Final = 1000
"""Statuses that are told together: some 200 kB."""
LAST_WORDS_S: Final = 2.0
_WHILE_HELD: Final = """
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
local at = 2
while at <= #ARGV do
  local words = tonumber(ARGV[at])
  redis.call(unpack(ARGV, at + 1, at + words))
  at = at + words + 1
end
return 1
"""


class Teller:
    """For one environment."""

    def __init__(self, server: RedisServer, seal: Seal, environment: str) -> None:
        self._server = server
        self._seal = seal
        self._name = environment
        self._environment: Environment | None = None
        self._statuses: dict[str, Status] = {}
        """All that are there, without those that are not found."""
        self._untold: dict[str, Status] = {}
        self._announces = False
        self._fresh = False
        self._epoch = 0
        self._mark = ""
        """What stands at the lease's key as long as it is held."""
        self._leaves = False
        self._ended = False
        self._something = asyncio.Event()
        self._rests = asyncio.Event()
        """All is told, or can not be since the name is not held any more."""
        self._held = True
        self._failure = ""
        """Why it could not be told the last time."""
        self._task: asyncio.Task[None] | None = None

    def begin(self, epoch: int, mark: str) -> None:
        """Of a new epoch everything is told, unless all was said. ``mark``: see ``Taken``."""
        if self._ended:
            return
        self._epoch, self._mark = epoch, mark
        self._fresh = self._announces = True
        self._untold = dict(self._statuses)
        self._wake()
        if self._task is None:
            self._task = asyncio.create_task(self._run(), name=f"reports of {self._name}")

    def announce(self, environment: Environment) -> None:
        """Have it told, instead of what was said before."""
        self._environment = environment
        self._announces = True
        self._wake()

    def leave(self, environment: Environment) -> None:
        """Have it told, and nothing kept of it any more."""
        self._leaves = True
        self.announce(environment)

    def report(self, application: str, status: Status) -> None:
        """Have it told, instead of an earlier status that is untold."""
        told = without_secrets(status)
        if status.observed is Observed.NOT_FOUND:
            self._statuses.pop(application, None)
        else:
            self._statuses[application] = told
        self._untold[application] = told
        self._wake()

    async def end(self) -> None:
        """Tell what is untold, if that can be done soon; then no more."""
        self._ended = self._task is None
        if self._task is None:
            return
        try:
            async with asyncio.timeout(LAST_WORDS_S):
                await self._rests.wait()
        except TimeoutError:
            _sparse.warning(self._failure or TOO_LONG, f"the last reports of {self._name} are lost")
        if not self._held:
            _logger.info(
                "the last reports of %s are not told: its name is not held here any more", self._name
            )
        self._ended = True
        self._task.cancel()
        await asyncio.wait((self._task,))
        self._task = None

    def _wake(self) -> None:
        self._something.set()
        self._rests.clear()

    async def _run(self) -> None:
        pauses = Pauses()
        while True:
            await self._something.wait()
            try:
                self._held = await self._tell()
                if not self._held:  # another has the name now, or a new epoch begins, with which all is told
                    self._settle()
                pauses.over()
                self._failure = ""
            except FAILURES as error:
                self._failure = str(error)
                self._server.warn(error, f"{self._name} is not reported", _sparse)
                await pauses.next()
            except Exception:  # a defect must not end it: nothing would be heard from here any more
                _logger.exception("%s is not reported", self._name)
                await pauses.next()

    async def _tell(self) -> bool:
        """One go; false where the name is not held any more. What could not be told stays untold, unless something newer
        has come meanwhile."""
        if self._environment is None:
            self._settle()
            return True
        fresh, announces, epoch = self._fresh, self._announces, self._epoch
        statuses = self._untold if fresh else dict(list(self._untold.items())[:AT_ONE_GO])
        left = {} if fresh else {name: self._untold[name] for name in self._untold if name not in statuses}
        self._untold, self._fresh, self._announces = left, False, False
        told = False
        try:
            told = await self._send(fresh, announces, epoch, statuses)
        finally:
            if not told:
                self._untold = {**statuses, **self._untold}
                self._fresh, self._announces = fresh or self._fresh, announces or self._announces
        if epoch != self._epoch:
            return True
        if not (self._untold or self._fresh or self._announces):
            self._settle()
        return told

    def _settle(self) -> None:
        self._something.clear()
        self._rests.set()

    async def _send(self, fresh: bool, announces: bool, epoch: int, statuses: Mapping[str, Status]) -> bool:
        """All of it, and only while the name is held: what a late holder says can not stand over what a newer one said."""
        key, seal, mark, leaves = statuses_key(self._name), self._seal, self._mark, self._leaves
        commands: list[Words] = [("DEL", key)] if fresh else []
        announced = await self._announced(epoch) if announces else None
        if announced is not None:
            sealed = seal.close(environment_purpose(self._name), to_json(announced))
            commands.append(("HSET", ENVIRONMENTS, self._name, sealed))
        for name, status in statuses.items():
            if status.observed is Observed.NOT_FOUND:
                commands.append(("HDEL", key, name))
            else:
                sealed = seal.close(status_purpose(self._name, name), to_json(Reported(epoch, status)))
                commands.append(("HSET", key, name, sealed))
        batch = Batch(self._name, epoch, announced, fresh, statuses)
        channel = self._server.channel(REPORTS)
        commands.append(("PUBLISH", channel, seal.close(REPORTS, to_json(batch))))
        if leaves:
            commands += [("HDEL", ENVIRONMENTS, self._name), ("DEL", key)]
        words = [word for command in commands for word in (len(command), *command)]
        return bool(await self._server.call("EVAL", _WHILE_HELD, 1, lease_key(self._name), mark, *words))

    async def _announced(self, epoch: int) -> Announced:
        assert self._environment is not None
        at_ms = await self._server.now_ms()
        environment = replace(self._environment, epoch=epoch, secured=self._seal.secured, heartbeat_at=now())
        return Announced(environment, at_ms)
