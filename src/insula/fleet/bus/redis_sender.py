"""The sending side of commands over Redis: each stands in its stream until there is an outcome."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Coroutine
from typing import Any, Final

from insula.core.errors import InsulaError
from insula.core.pauses import Pauses
from insula.core.sparse import Sparse
from insula.fleet.bus.redis_words import (
    BLOCK_MS,
    OUTCOMES,
    PATIENCE_S,
    Envelope,
    commands_key,
    entries,
    outcome_purpose,
)
from insula.fleet.command import Command, Outcome
from insula.fleet.errors import (
    CommandExpired,
    EnvironmentUnavailable,
    KeyMismatch,
    Unintelligible,
)
from insula.fleet.redis_server import FAILURES, RedisServer
from insula.fleet.seal import Seal
from insula.fleet.wire import from_json, to_json

_logger = logging.getLogger(__name__)
_sparse = Sparse(_logger)

COMMANDS_KEPT: Final = 100_000
LOOK_AGAIN_S: Final = 1.0
"""How often a sender looks whether its command is still there."""


class Sender:
    """Sends, and hears outcomes."""

    def __init__(self, server: RedisServer, seal: Seal) -> None:
        self._server = server
        self._seal = seal
        self._waiting: dict[str, asyncio.Future[Outcome | InsulaError]] = {}
        """Request id → who waits for its outcome here."""
        self._tasks: set[asyncio.Task[None]] = set()
        self._heard_from: asyncio.Future[str] | None = None
        self._closed = False

    async def send(self, environment: str, command: Command) -> Outcome:
        """See ``CommandBus.send``."""
        if self._closed:
            raise EnvironmentUnavailable(environment=environment)
        found = await asyncio.shield(self._waiting_for(environment, command))
        if isinstance(found, InsulaError):
            raise found
        return found

    def _waiting_for(self, environment: str, command: Command) -> asyncio.Future[Outcome | InsulaError]:
        """What is settled with the outcome, or with why there is none; the command is on its way from now on."""
        waiting = self._waiting.get(command.request_id)
        if waiting is None:
            waiting = self._waiting[command.request_id] = asyncio.get_running_loop().create_future()
            delivery = self._begin(self._deliver(environment, command, waiting))

            def over(_: asyncio.Task[None], waiting: asyncio.Future[Outcome | InsulaError] = waiting) -> None:
                del self._waiting[command.request_id]
                _settle(waiting, EnvironmentUnavailable(environment=environment))

            delivery.add_done_callback(over)
        return waiting

    async def _deliver(
        self, environment: str, command: Command, waiting: asyncio.Future[Outcome | InsulaError]
    ) -> None:
        """Have the command stand in its stream until there is an outcome, or its time is over."""
        key, entry, missing = commands_key(environment), None, 0
        envelope: Envelope | None = None
        try:
            async with asyncio.timeout(command.deadline_s):
                async for _ in _looks(waiting):
                    try:
                        await self._listen()
                        if envelope is None:
                            now_ms = await self._server.now_ms()
                            envelope = Envelope(command, now_ms + int(command.deadline_s * 1000))
                        there = entry and await self._server.call("XRANGE", key, entry, entry)
                        # Gone, it may have been finished just now, and its outcome be on its way.
                        missing = 0 if there else missing + 1
                        if entry is None or missing > 1:
                            entry, missing = await self._add(key, envelope), 0
                    except FAILURES as error:
                        _sparse.warning(str(error), f"commands for {environment} wait")
        except TimeoutError:
            late = CommandExpired(
                command=command.verb.value, application=command.application, seconds=command.deadline_s
            )
            _settle(waiting, late)
            await self._take_back(key, entry)

    async def _add(self, key: str, envelope: Envelope) -> bytes:
        sealed = self._seal.close(key, to_json(envelope))
        bound = ("MAXLEN", "~", COMMANDS_KEPT)
        entry: bytes = await self._server.call(
            "XADD", key, *bound, "*", "r", envelope.command.request_id, "c", sealed
        )
        return entry

    async def _take_back(self, key: str, entry: bytes | None) -> None:
        if entry is not None:
            try:
                await self._server.call("XDEL", key, entry)
            except FAILURES as error:
                _logger.debug("an expired command stays in %s: %s", key, error)

    async def _listen(self) -> None:
        """Return once outcomes are heard, from a place before anything that is sent from now on."""
        if self._heard_from is None:
            self._heard_from = asyncio.get_running_loop().create_future()
            self._begin(self._hear(self._heard_from))
        await asyncio.shield(self._heard_from)

    async def _hear(self, heard_from: asyncio.Future[str]) -> None:
        pauses = Pauses()
        last = ""
        while True:
            try:
                if not last:
                    last = await self._newest()
                    heard_from.set_result(last)
                found = await self._server.call(
                    "XREAD", "COUNT", 100, "BLOCK", BLOCK_MS, "STREAMS", OUTCOMES, last, within_s=PATIENCE_S
                )
                pauses.over()
                heard = entries(found)
                for entry, fields in heard:
                    last = entry.decode()
                    self._tell(fields)
                if not heard and _place(await self._newest()) < _place(last):
                    last = "0-0"  # Redis has forgotten, and counts anew
            except FAILURES as error:
                _sparse.warning(str(error), "outcomes of commands are not heard")
                await pauses.next()

    async def _newest(self) -> str:
        found = await self._server.call("XREVRANGE", OUTCOMES, "+", "-", "COUNT", 1)
        return found[0][0].decode() if found else "0-0"

    def _tell(self, fields: dict[bytes, bytes]) -> None:
        request_id = fields.get(b"r", b"").decode(errors="replace")
        waiting = self._waiting.get(request_id)
        if waiting is None:
            return
        try:
            outcome = from_json(Outcome, self._seal.open(outcome_purpose(request_id), fields.get(b"o", b"")))
        except (KeyMismatch, Unintelligible) as error:
            outcome = Outcome(request_id, error.code, error.message)
        _settle(waiting, outcome)

    async def close(self) -> None:
        """See ``CommandBus.close``."""
        self._closed = True
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)

    def _begin(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(work, name="command bus")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task


def _settle(waiting: asyncio.Future[Outcome | InsulaError], found: Outcome | InsulaError) -> None:
    """Unless there was something already."""
    if not waiting.done():
        waiting.set_result(found)


async def _looks(waiting: asyncio.Future[Outcome | InsulaError]) -> AsyncIterator[None]:
    """At once, and then from time to time, as long as there is no outcome."""
    while not waiting.done():
        yield
        await asyncio.wait((waiting,), timeout=LOOK_AGAIN_S)


def _place(entry: str) -> tuple[int, int]:
    at, _, number = entry.partition("-")
    return int(at), int(number)
