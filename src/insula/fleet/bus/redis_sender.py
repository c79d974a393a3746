"""The sending side of commands over Redis: each stands in its stream until there is an outcome."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Coroutine
from contextvars import Context, copy_context
from dataclasses import dataclass
from typing import Any, Final

from insula.core import log
from insula.core.errors import InsulaError
from insula.core.pauses import Pauses
from insula.core.sparse import Sparse
from insula.fleet.bus.redis_words import (
    BLOCK_MS,
    GROUP,
    OUTCOMES,
    PATIENCE_S,
    Envelope,
    commands_key,
    entries,
    outcome_purpose,
)
from insula.fleet.command import Command, Outcome, reach_at
from insula.fleet.errors import (
    CommandCutOff,
    CommandExpired,
    CommandNotTaken,
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
_BEGUN: Final = "return #redis.call('XPENDING', KEYS[1], ARGV[1], ARGV[2], ARGV[2], 1)"
"""By a script, since the library takes the answer for that of the other form of this command."""


@dataclass(slots=True, eq=False)
class _Waiting:
    """Those who wait for an outcome here."""

    told: asyncio.Future[Outcome | InsulaError]
    count: int = 0

    def settle(self, found: Outcome | InsulaError) -> None:
        """Unless there was something already."""
        if not self.told.done():
            self.told.set_result(found)


class Sender:
    """Sends, and hears outcomes."""

    def __init__(self, server: RedisServer, seal: Seal) -> None:
        self._server = server
        self._seal = seal
        self._waiting: dict[str, _Waiting] = {}
        """Request id → who waits for its outcome here, also when nobody does so any more."""
        self._tasks: set[asyncio.Task[None]] = set()
        self._heard_from: asyncio.Future[str] | None = None
        self._closed = False
        self._unsent = self._unheard = ""
        """Why Redis could not be told, and asked, the last time; empty: it could. One that is full is heard all the same."""

    @property
    def trouble(self) -> str:
        """Why commands wait; empty: nothing is known that stands against them."""
        return self._unsent or self._unheard

    async def send(self, environment: str, command: Command) -> Outcome:
        """See ``CommandBus.send``."""
        if self._closed:
            raise EnvironmentUnavailable(environment=environment)
        waiting = self._waiting_for(environment, command)
        waiting.count += 1
        try:
            found = await asyncio.shield(waiting.told)
        finally:
            waiting.count -= 1
        if isinstance(found, InsulaError):
            raise found
        return found

    def _waiting_for(self, environment: str, command: Command) -> _Waiting:
        """What is settled with the outcome, or with why there is none; the command is on its way from now on."""
        waiting = self._waiting.get(command.request_id)
        if waiting is None:
            waiting = _Waiting(asyncio.get_running_loop().create_future())
            self._waiting[command.request_id] = waiting
            delivery = self._begin(self._deliver(environment, command, waiting))

            def over(_: asyncio.Task[None], waiting: _Waiting = waiting) -> None:
                del self._waiting[command.request_id]
                waiting.settle(EnvironmentUnavailable(environment=environment))

            delivery.add_done_callback(over)
        return waiting

    async def _deliver(self, environment: str, command: Command, waiting: _Waiting) -> None:
        """Have the command stand in its stream until there is an outcome, or its time is over.

        It is added for who waits for it alone: another may have been sent by now that contradicts it.
        """
        key, entry, missing = commands_key(environment), None, 0
        envelope: Envelope | None = None
        try:
            async with asyncio.timeout(command.deadline_s):
                async for _ in _looks(waiting.told):
                    try:
                        await self._listen()
                        if envelope is None:
                            now_ms = await self._server.now_ms()
                            envelope = Envelope(command, now_ms + int(command.deadline_s * 1000))
                        there = entry and await self._server.call("XRANGE", key, entry, entry)
                        # Gone, it may have been finished just now, and its outcome be on its way.
                        missing = 0 if there else missing + 1
                        if (entry is None or missing > 1) and not waiting.count:
                            return
                        if entry is None or missing > 1:
                            entry, missing = await self._add(key, envelope), 0
                            await reach_at(command, "sent")
                        self._unsent = ""
                    except FAILURES as error:
                        self._unsent = str(error)
                        self._server.warn(error, f"commands for {environment} wait", _sparse)
        except TimeoutError:
            waiting.settle(await self._late(environment, command, entry))
            await self._take_back(key, entry)

    async def _late(self, environment: str, command: Command, entry: bytes | None) -> CommandExpired:
        """Why there is no outcome, as far as can be seen from here."""
        about = {"command": command.verb.value, "application": command.application}
        seconds = command.deadline_s
        try:
            if entry is None:
                await self._server.probe()
            elif not await self._server.call("EVAL", _BEGUN, 1, commands_key(environment), GROUP, entry):
                return CommandNotTaken(**about, seconds=seconds, environment=environment)
        except FAILURES as error:
            if "NOGROUP" in str(error):
                return CommandNotTaken(**about, seconds=seconds, environment=environment)
            reason = (isinstance(error, InsulaError) and error.told) or str(error)
            return CommandCutOff(**about, seconds=seconds, reason=reason)
        return CommandExpired(**about, seconds=seconds)

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
            # For no application, though it is one that sends first: else its threads would look up the server for all.
            context = copy_context()
            context.run(log.application.set, "")
            self._begin(self._hear(self._heard_from), context)
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
                self._unheard = ""
                heard = entries(found)
                for entry, fields in heard:
                    last = entry.decode()
                    self._tell(fields)
                if not heard and _place(await self._newest()) < _place(last):
                    last = "0-0"  # Redis has forgotten, and counts anew
            except FAILURES as error:
                self._unheard = str(error)
                self._server.warn(error, "outcomes of commands are not heard", _sparse)
                await pauses.next()
            except Exception:  # a defect must not end it: no command would have an outcome any more
                _logger.exception("outcomes of commands are not heard")
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
        waiting.settle(outcome)

    async def close(self) -> None:
        """See ``CommandBus.close``."""
        self._closed = True
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)

    def _begin(self, work: Coroutine[Any, Any, None], context: Context | None = None) -> asyncio.Task[None]:
        task = asyncio.create_task(work, name="command bus", context=context)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task


async def _looks(told: asyncio.Future[Outcome | InsulaError]) -> AsyncIterator[None]:
    """At once, and then from time to time, as long as there is no outcome."""
    while not told.done():
        yield
        await asyncio.wait((told,), timeout=LOOK_AGAIN_S)


def _place(entry: str) -> tuple[int, int]:
    at, _, number = entry.partition("-")
    return int(at), int(number)
