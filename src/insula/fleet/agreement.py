"""All who meet in a Redis have the same key: a mark there, sealed with it and renewed by everybody, says with which.

Nobody renews it once all have stopped: it is gone soon after, so that a key can be changed. After Redis has forgotten
everything, the first who is back says which key counts. A process with another one asks and tells nothing there from
then on, until those others are gone: what runs in it goes on.
"""

from __future__ import annotations

import asyncio
import logging
from typing import Final

from insula.core.sparse import Sparse
from insula.fleet.errors import KeyMismatch
from insula.fleet.redis_server import FAILURES, RedisServer
from insula.fleet.seal import Seal

_logger = logging.getLogger(__name__)
_sparse = Sparse(_logger)

KEY: Final = "insula:key"
LASTS_S: Final = 30.0
RENEW_S: Final = 8.0
_PLAIN: Final = b"insula"
_MARK: Final = """
local there = redis.call('GET', KEYS[1])
if not there or string.sub(there, 1, #ARGV[1]) == ARGV[1] then
  redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
  return ARGV[2]
end
if redis.call('PTTL', KEYS[1]) < 0 then redis.call('PEXPIRE', KEYS[1], ARGV[3]) end
return there
"""
"""Set it, unless it is another key's; gives what stands there then. What would stand there for ever is nobody's."""


class Agreement:
    """Of one process with the others on one server."""

    def __init__(self, server: RedisServer, seal: Seal) -> None:
        self._server = server
        self._seal = seal
        self._task: asyncio.Task[None] | None = None

    async def join(self) -> None:
        """Raises ``KeyMismatch`` where others have another key, and ``RedisUnavailable``. From then on it is renewed.
        Joining twice does nothing."""
        if self._task is not None:
            return
        await self._mark()
        self._task = asyncio.create_task(self._renew(), name="which key is ours")

    async def leave(self) -> None:
        """Renew it no more. Does nothing where it was not joined."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait((self._task,))
            self._task = None

    async def _mark(self) -> None:
        """Raises ``KeyMismatch``, which says where it was met."""
        sealed, lasts_ms = self._seal.close(KEY, _PLAIN), int(LASTS_S * 1000)
        words = ("EVAL", _MARK, 1, KEY, self._seal.mark, sealed, lasts_ms)
        there = await self._server.call_whatever_key(*words)
        try:
            self._seal.open(KEY, there)
        except KeyMismatch:
            raise KeyMismatch(what=self._server.where) from None

    async def _renew(self) -> None:
        while True:
            await asyncio.sleep(RENEW_S)
            try:
                await self._mark()
            except KeyMismatch as error:  # after Redis has forgotten, another was here first
                self._server.others_key = True
                _sparse.warning(error.message, "nothing is taken or sent, since others use another key")
            except FAILURES as error:
                self._server.warn(error, "which key is used here is not renewed", _sparse)
            except Exception:  # a defect must not end it: others could come with another key
                _logger.exception("which key is used here is not renewed")
            else:
                if self._server.others_key:
                    _logger.info("those who meet in %s use the same key again", self._server.where)
                self._server.others_key = False
