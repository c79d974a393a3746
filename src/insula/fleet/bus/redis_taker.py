"""The taking side of commands over Redis: one worker at a time reads the stream of an environment, and finishes what it took."""

from __future__ import annotations

import logging
from collections import defaultdict, deque
from typing import Final

from redis.exceptions import ResponseError

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
from insula.fleet.command import Command, Outcome
from insula.fleet.errors import CommandExpired, KeyMismatch, Unintelligible
from insula.fleet.redis_server import FAILURES, RedisServer, Words
from insula.fleet.seal import Seal
from insula.fleet.wire import from_json, to_json

_logger = logging.getLogger(__name__)
_sparse = Sparse(_logger)

OUTCOMES_KEPT: Final = 10_000
"""About so many; a sender that missed its outcome sends again, and the worker says it once more."""
AT_ONE_GO: Final = 32
_FORGOTTEN: Final = ("NOGROUP", "UNBLOCKED")
"""What Redis answers who reads a stream that is not there any more, at once or while the read waits."""


class Taker:
    """Takes for those environments whose name this process holds."""

    def __init__(self, server: RedisServer, seal: Seal, instance: str) -> None:
        self._server = server
        self._seal = seal
        self._instance = instance
        self._claimed: set[str] = set()
        """Environments whose unfinished commands were looked for."""
        self._ready: defaultdict[str, deque[Command]] = defaultdict(deque)
        self._taken: defaultdict[str, dict[str, list[bytes]]] = defaultdict(dict)
        """Environment → request id → its entries in the stream; handed out, and not finished."""

    async def take(self, environment: str) -> Command:
        """See ``CommandBus.take``."""
        pauses = Pauses()
        ready = self._ready[environment]
        while not ready:
            try:
                await self._read(environment)
                pauses.over()
            except FAILURES as error:
                # What Redis has given to this one, and did not arrive here, is unfinished: it is looked for again.
                self._claimed.discard(environment)
                self._server.warn(error, f"no commands are taken for {environment}", _sparse)
                await pauses.next()
        return ready.popleft()

    async def _read(self, environment: str) -> None:
        """Read what comes next: first what was taken and not finished, then what is new."""
        key = commands_key(environment)
        try:
            if environment not in self._claimed:
                come = await self._unfinished(key)
                self._claimed.add(environment)
            else:
                who = ("GROUP", GROUP, self._instance)
                found = await self._server.call(
                    "XREADGROUP", *who, "COUNT", AT_ONE_GO, "BLOCK", BLOCK_MS, "STREAMS", key, ">",
                    within_s=PATIENCE_S,
                )  # fmt: skip
                come = entries(found)
        except ResponseError as error:
            if not any(word in str(error) for word in _FORGOTTEN):
                raise
            await self._make_group(key)
            return
        if come:
            now_ms = await self._server.now_ms()
            for entry, fields in come:
                await self._hand_out(environment, entry, fields, now_ms)

    async def _unfinished(self, key: str) -> list[tuple[bytes, dict[bytes, bytes]]]:
        """All that was taken by whoever had the name before, in order."""
        start, left = "0-0", []
        while True:
            next_start, found, *_ = await self._server.call(
                "XAUTOCLAIM", key, GROUP, self._instance, 0, start, "COUNT", 100
            )
            left += [(entry, fields) for entry, fields in found if fields]
            start = next_start.decode()
            if start == "0-0":
                return left

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
            envelope = from_json(Envelope, self._seal.open(key, fields.get(b"c", b"")))
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
        """See ``CommandBus.finish``."""
        # From now on the same command, sent again, is handed out again: who carries it out knows its outcome.
        entries = self._taken[environment].pop(outcome.request_id, [])
        pauses = Pauses()
        while True:
            try:
                await self._finish(commands_key(environment), outcome, entries)
                break
            except FAILURES as error:
                self._server.warn(error, f"what came of commands in {environment} is not told", _sparse)
                await pauses.next()

    async def _finish(self, key: str, outcome: Outcome, entries: list[bytes]) -> None:
        """Tell the outcome and let go of its command, both or neither."""
        sealed = self._seal.close(outcome_purpose(outcome.request_id), to_json(outcome))
        bound = ("MAXLEN", "~", OUTCOMES_KEPT)
        commands: list[Words] = [("XADD", OUTCOMES, *bound, "*", "r", outcome.request_id, "o", sealed)]
        if entries:
            commands += [("XACK", key, GROUP, *entries), ("XDEL", key, *entries)]
        await self._server.together(commands)
