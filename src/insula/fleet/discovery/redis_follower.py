"""The following side of discovery over Redis: what all environments tell, in memory here.

First the channel is heard, then all that stands in Redis is read, so that nothing is missed; both again after a
connection broke, and the environments also from time to time. While Redis is away, what was known last holds.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Final, TypeVar

from insula.core.clock import monotonic, now
from insula.core.pauses import Pauses
from insula.core.sparse import Sparse
from insula.fleet.discovery.clocks import Clocks
from insula.fleet.discovery.local import LocalDiscovery
from insula.fleet.discovery.redis_words import (
    ENVIRONMENTS,
    REPORTS,
    Announced,
    Batch,
    Reported,
    environment_purpose,
    status_purpose,
    statuses_key,
)
from insula.fleet.environment import Environment
from insula.fleet.errors import KeyMismatch, Unintelligible
from insula.fleet.lifecycle import Observed, Status
from insula.fleet.redis_server import FAILURES, RedisServer
from insula.fleet.seal import Seal
from insula.fleet.wire import from_json

_logger = logging.getLogger(__name__)
_sparse = Sparse(_logger)

T = TypeVar("T", Announced, Reported)

FIRST_READ_S: Final = 5.0
READ_EVERY_S: Final = 10.0
"""So often all environments are read again, whether or not something was heard."""


class Follower:
    """Keeps ``known`` as the environments tell it."""

    def __init__(self, server: RedisServer, seal: Seal, known: LocalDiscovery) -> None:
        self._server = server
        self._seal = seal
        self._known = known
        self._environments: dict[str, Environment] = {}
        self._heard: dict[str, float] = {}
        """Environment → monotonic seconds of its last heartbeat."""
        self._statuses: dict[str, dict[str, Status]] = {}
        """Environment → application → status, as told last."""
        self._clocks = Clocks()
        self._forgotten = 0
        """How many environments were forgotten: what was read before is old then."""
        self._read = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begin, and wait until all was read once, for ``FIRST_READ_S`` at most. Beginning twice does nothing."""
        if self._task is None:
            self._task = asyncio.create_task(self._run(), name="follower of environments")
            try:
                async with asyncio.timeout(FIRST_READ_S):
                    await self._read.wait()
            except TimeoutError:
                _sparse.warning("Redis did not answer", "what environments tell is not known yet")

    async def end(self) -> None:
        """Hear no more."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait((self._task,))
            self._task = None

    def environments(self) -> list[Environment]:
        """Those that are known, with how long each was silent."""
        at = monotonic()
        return [
            replace(environment, silent_s=max(0.0, at - self._heard[name]))
            for name, environment in self._environments.items()
        ]

    async def forget(self, name: str) -> None:
        """Know nothing of one any more, here and in Redis. Raises ``RedisUnavailable``, ``RedisRefused``."""
        await self._server.together([("HDEL", ENVIRONMENTS, name), ("DEL", statuses_key(name))])
        self._forgotten += 1
        self._all_of(name, {})
        for known in (self._environments, self._heard, self._statuses):
            known.pop(name, None)

    async def _run(self) -> None:
        pauses = Pauses()
        while True:
            try:
                async with self._server.listening(REPORTS) as next_message:
                    await self._read_all()
                    self._read.set()
                    pauses.over()
                    read = monotonic()
                    while True:
                        message = await next_message(READ_EVERY_S)
                        if message is not None:
                            self._take(message)
                        if monotonic() - read > READ_EVERY_S:
                            await self._read_environments()
                            read = monotonic()
            except FAILURES as error:
                self._server.warn(error, "what environments report is not heard", _sparse)
            except Exception:  # a defect must not end it: nothing would be heard any more
                _logger.exception("what environments report is not heard")
            await pauses.next()

    def _take(self, message: bytes) -> None:
        try:
            batch = from_json(Batch, self._seal.open(REPORTS, message))
        except (KeyMismatch, Unintelligible) as error:
            _sparse.warning(error.message, "a report is passed over")
            return
        if batch.epoch < self._epoch(batch.environment):
            return
        if batch.announced is not None:
            self._announce(batch.announced, 0.0)
        if batch.complete:
            self._all_of(batch.environment, batch.statuses)
        else:
            for application, status in batch.statuses.items():
                self._told(batch.environment, application, status)

    async def _read_all(self) -> None:
        for name in await self._read_environments():
            rows = await self._server.call("HGETALL", statuses_key(name))
            found: dict[str, Status] = {}
            for key, sealed in rows.items():
                application = key.decode(errors="replace")
                reported = self._opened(Reported, status_purpose(name, application), sealed)
                if reported is not None and reported.epoch >= self._epoch(name):
                    found[application] = reported.status
            self._all_of(name, found)

    async def _read_environments(self) -> list[str]:
        """Gives the names of those that are there."""
        while True:
            forgotten = self._forgotten
            now_ms = await self._server.now_ms()
            self._clocks.look(now_ms)
            rows = await self._server.call("HGETALL", ENVIRONMENTS)
            if forgotten == self._forgotten:
                break
        names = []
        for key, sealed in rows.items():
            name = key.decode(errors="replace")
            announced = self._opened(Announced, environment_purpose(name), sealed)
            if announced is not None and announced.environment.epoch >= self._epoch(name):
                self._announce(announced, (now_ms - announced.at_ms) / 1000)
                names.append(name)
        return names

    def _opened(self, kind: type[T], purpose: str, sealed: bytes) -> T | None:
        try:
            return from_json(kind, self._seal.open(purpose, sealed))
        except (KeyMismatch, Unintelligible) as error:
            _sparse.warning(error.message, "what stands in Redis is passed over")
            return None

    def _epoch(self, name: str) -> int:
        known = self._environments.get(name)
        return known.epoch if known else 0

    def _announce(self, announced: Announced, silent_s: float) -> None:
        environment = announced.environment
        at = datetime.fromtimestamp(announced.at_ms / 1000, UTC)
        self._clocks.told(environment.name, environment.heartbeat_at, announced.at_ms)
        self._environments[environment.name] = replace(environment, heartbeat_at=at)
        self._heard[environment.name] = monotonic() - max(0.0, silent_s)

    def _all_of(self, environment: str, statuses: Mapping[str, Status]) -> None:
        """These, and no others."""
        for application in self._statuses.get(environment, {}).keys() - statuses.keys():
            self._put(environment, application, Status(Observed.NOT_FOUND, now()))
        for application, status in statuses.items():
            self._told(environment, application, status)

    def _told(self, environment: str, application: str, status: Status) -> None:
        since = self._clocks.here(environment, status.since)
        self._put(environment, application, replace(status, since=since))

    def _put(self, environment: str, application: str, status: Status) -> None:
        known = self._statuses.setdefault(environment, {})
        if known.get(application) == status:
            return
        if status.observed is Observed.NOT_FOUND:
            known.pop(application, None)
        else:
            known[application] = status
        self._known.report(environment, application, status)
