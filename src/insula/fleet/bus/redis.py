"""A command bus over Redis Streams, between processes and machines.

Each environment has a stream, read by a group of which one worker alone is a member at a time: the holder of the
environment's name. A command stays there until it is finished; then its outcome goes into the one stream of outcomes,
in the same transaction. Redis may forget everything at any time: who waits for an outcome looks whether the command
is still there and sends it again, and the worker knows what it has carried out already.
"""

from __future__ import annotations

import asyncio
import logging
from collections import defaultdict, deque
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any, Final

from redis.exceptions import ResponseError

from insula.core.errors import InsulaError
from insula.core.pauses import Pauses
from insula.core.sparse import Sparse
from insula.fleet.bus.base import CommandBus
from insula.fleet.command import Command, Outcome
from insula.fleet.errors import (
    CommandExpired,
    EnvironmentUnavailable,
    KeyMismatch,
    RedisUnavailable,
    Unintelligible,
)
from insula.fleet.redis_server import RedisServer, Words
from insula.fleet.seal import Seal
from insula.fleet.wire import from_json, to_json

_logger = logging.getLogger(__name__)
_sparse = Sparse(_logger)

GROUP: Final = "worker"
OUTCOMES: Final = "insula:outcomes"
OUTCOMES_KEPT: Final = 10_000
"""About so many; a sender that missed its outcome sends again, and the worker says it once more."""
COMMANDS_KEPT: Final = 100_000
BLOCK_MS: Final = 2_000
"""How long a read waits in Redis for something new."""
PATIENCE_S: Final = BLOCK_MS / 1000 + 5.0
LOOK_AGAIN_S: Final = 1.0
"""How often a sender looks whether its command is still there."""
AT_ONE_GO: Final = 32


def commands_key(environment: str) -> str:
    """The stream of an environment's commands, and the purpose that they are sealed for."""
    return f"insula:commands:{environment}"


def _outcome_purpose(request_id: str) -> str:
    return f"{OUTCOMES} {request_id}"


@dataclass(frozen=True, slots=True)
class _Envelope:
    """A command on its way."""

    command: Command
    expires_ms: int
    """By the clock of Redis: it is not begun any more then. Sealed with it, so that no old one can be sent again."""


class RedisBus(CommandBus):
    """Sends, and takes for those environments whose name this process holds."""

    def __init__(self, server: RedisServer, seal: Seal, instance: str) -> None:
        """``instance`` names who takes: the same one after a restart."""
        self._server = server
        self._seal = seal
        self._instance = instance
        self._waiting: dict[str, asyncio.Future[Outcome | InsulaError]] = {}
        """Request id → who waits for its outcome here."""
        self._tasks: set[asyncio.Task[None]] = set()
        self._listening: asyncio.Task[None] | None = None
        self._heard_from: asyncio.Future[str] | None = None
        self._claimed: set[str] = set()
        """Environments whose unfinished commands were looked for."""
        self._ready: defaultdict[str, deque[Command]] = defaultdict(deque)
        self._taken: defaultdict[str, dict[str, list[bytes]]] = defaultdict(dict)
        """Environment → request id → its entries in the stream; handed out, and not finished."""
        self._closed = False

    # Sending

    async def send(self, environment: str, command: Command) -> Outcome:
        if self._closed:
            raise EnvironmentUnavailable(environment=environment)
        waiting = self._waiting.get(command.request_id)
        if waiting is None:
            waiting = asyncio.get_running_loop().create_future()
            self._waiting[command.request_id] = waiting
            self._begin(self._deliver(environment, command, waiting))
        found = await asyncio.shield(waiting)
        if isinstance(found, InsulaError):
            raise found
        return found

    async def _deliver(
        self, environment: str, command: Command, waiting: asyncio.Future[Outcome | InsulaError]
    ) -> None:
        """Have the command stand in its stream until there is an outcome, or its time is over."""
        key, entry, missing = commands_key(environment), None, 0
        envelope: _Envelope | None = None
        try:
            async with asyncio.timeout(command.deadline_s):
                async for _ in _looks(waiting):
                    try:
                        await self._listen()
                        if envelope is None:
                            now_ms = await self._server.now_ms()
                            envelope = _Envelope(command, now_ms + int(command.deadline_s * 1000))
                        there = entry and await self._server.call("XRANGE", key, entry, entry)
                        # Gone, it may have been finished just now, and its outcome be on its way.
                        missing = 0 if there else missing + 1
                        if entry is None or missing > 1:
                            entry, missing = await self._add(key, envelope), 0
                    except RedisUnavailable as error:
                        _sparse.warning(error.message, f"commands for {environment} wait")
        except TimeoutError:
            late = CommandExpired(
                command=command.verb.value, application=command.application, seconds=command.deadline_s
            )
            _settle(waiting, late)
            await self._take_back(key, entry)
        finally:
            self._waiting.pop(command.request_id, None)
            _settle(waiting, EnvironmentUnavailable(environment=environment))

    async def _add(self, key: str, envelope: _Envelope) -> bytes:
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
            except InsulaError as error:
                _logger.debug("an expired command stays in %s: %s", key, error.message)

    async def _listen(self) -> None:
        """Return once outcomes are heard, from a place before anything that is sent from now on."""
        if self._heard_from is None:
            self._heard_from = asyncio.get_running_loop().create_future()
            self._listening = self._begin(self._hear(self._heard_from))
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
                entries = _entries(found)
                for entry, fields in entries:
                    last = entry.decode()
                    self._tell(fields)
                if not entries and _place(await self._newest()) < _place(last):
                    last = "0-0"  # Redis has forgotten, and counts anew
            except RedisUnavailable as error:
                _sparse.warning(error.message, "outcomes of commands are not heard")
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
            outcome = from_json(Outcome, self._seal.open(_outcome_purpose(request_id), fields.get(b"o", b"")))
        except (KeyMismatch, Unintelligible) as error:
            outcome = Outcome(request_id, error.code, error.message)
        _settle(waiting, outcome)

    # Taking

    async def take(self, environment: str) -> Command:
        pauses = Pauses()
        ready = self._ready[environment]
        while not ready:
            try:
                await self._read(environment)
                pauses.over()
            except RedisUnavailable as error:
                _sparse.warning(error.message, f"no commands are taken for {environment}")
                await pauses.next()
        return ready.popleft()

    async def _read(self, environment: str) -> None:
        """Read what comes next: first what was taken and not finished, then what is new."""
        key = commands_key(environment)
        try:
            if environment not in self._claimed:
                entries = await self._unfinished(key)
                self._claimed.add(environment)
            else:
                who = ("GROUP", GROUP, self._instance)
                found = await self._server.call(
                    "XREADGROUP", *who, "COUNT", AT_ONE_GO, "BLOCK", BLOCK_MS, "STREAMS", key, ">",
                    within_s=PATIENCE_S,
                )  # fmt: skip
                entries = _entries(found)
        except ResponseError as error:
            if "NOGROUP" not in str(error):
                raise
            await self._make_group(key)
            return
        if entries:
            now_ms = await self._server.now_ms()
            for entry, fields in entries:
                await self._hand_out(environment, entry, fields, now_ms)

    async def _unfinished(self, key: str) -> list[tuple[bytes, dict[bytes, bytes]]]:
        """All that was taken by whoever had the name before, in order."""
        start, entries = "0-0", []
        while True:
            next_start, found, *_ = await self._server.call(
                "XAUTOCLAIM", key, GROUP, self._instance, 0, start, "COUNT", 100
            )
            entries += [(entry, fields) for entry, fields in found if fields]
            start = next_start.decode()
            if start == "0-0":
                return entries

    async def _make_group(self, key: str) -> None:
        try:
            await self._server.call("XGROUP", "CREATE", key, GROUP, "0", "MKSTREAM")
        except ResponseError as error:
            if "BUSYGROUP" not in str(error):
                raise

    async def _hand_out(
        self, environment: str, entry: bytes, fields: dict[bytes, bytes], now_ms: int
    ) -> None:
        key = commands_key(environment)
        request_id = fields.get(b"r", b"").decode(errors="replace")
        try:
            envelope = from_json(_Envelope, self._seal.open(key, fields.get(b"c", b"")))
        except (KeyMismatch, Unintelligible) as error:
            _logger.warning("a command (%s) is passed over: %s", request_id[:64], error.message)
            await self._finish(key, Outcome(request_id, error.code, error.message), [entry])
            return
        command = envelope.command
        taken = self._taken[environment].get(command.request_id)
        if taken is not None:
            if entry not in taken:
                taken.append(entry)
        elif envelope.expires_ms < now_ms:
            late = CommandExpired(
                command=command.verb.value, application=command.application, seconds=command.deadline_s
            )
            await self._finish(key, Outcome(command.request_id, late.code, late.message), [entry])
        else:
            self._taken[environment][command.request_id] = [entry]
            self._ready[environment].append(command)

    async def finish(self, environment: str, outcome: Outcome) -> None:
        entries = self._taken[environment].get(outcome.request_id, [])
        pauses = Pauses()
        while True:
            try:
                await self._finish(commands_key(environment), outcome, entries)
                break
            except RedisUnavailable as error:
                _sparse.warning(error.message, f"what came of commands in {environment} is not told")
                await pauses.next()
        self._taken[environment].pop(outcome.request_id, None)

    async def _finish(self, key: str, outcome: Outcome, entries: list[bytes]) -> None:
        """Tell the outcome and let go of its command, both or neither."""
        sealed = self._seal.close(_outcome_purpose(outcome.request_id), to_json(outcome))
        bound = ("MAXLEN", "~", OUTCOMES_KEPT)
        commands: list[Words] = [("XADD", OUTCOMES, *bound, "*", "r", outcome.request_id, "o", sealed)]
        if entries:
            commands += [("XACK", key, GROUP, *entries), ("XDEL", key, *entries)]
        await self._server.together(commands)

    # The end

    async def close(self) -> None:
        self._closed = True
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)

    def _begin(self, work: Any) -> asyncio.Task[None]:
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


def _entries(found: Any) -> list[tuple[bytes, dict[bytes, bytes]]]:
    """Of the one stream that was read."""
    return list(found[0][1]) if found else []


def _place(entry: str) -> tuple[int, int]:
    at, _, number = entry.partition("-")
    return int(at), int(number)
