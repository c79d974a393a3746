"""All who meet in a Redis have the same key: a mark there, sealed with it and renewed by everybody, says with which.

Nobody renews it once all have stopped: it is gone soon after, so that a key can be changed.
"""

from __future__ import annotations

import asyncio
import logging
from typing import Final

from insula.core.sparse import Sparse
from insula.fleet.errors import KeyMismatch
from insula.fleet.redis_server import FAILURES, RedisServer
from insula.fleet.seal import Seal

_sparse = Sparse(logging.getLogger(__name__))

KEY: Final = "insula:key"
LASTS_S: Final = 30.0
RENEW_S: Final = 8.0
_PLAIN: Final = b"insula"


class Agreement:
    """Of one process with the others on one server."""

    def __init__(self, server: RedisServer, seal: Seal) -> None:
        self._server = server
        self._seal = seal
        self._task: asyncio.Task[None] | None = None

    async def join(self) -> None:
        """Raises ``KeyMismatch`` where others have another key, and ``RedisUnavailable``. From then on it is renewed."""
        mark = self._seal.close(KEY, _PLAIN)
        await self._server.call("SET", KEY, mark, "PX", int(LASTS_S * 1000), "NX")
        self._check(await self._server.call("GET", KEY))
        self._task = asyncio.create_task(self._renew(), name="which key is ours")

    async def leave(self) -> None:
        """Renew it no more. Does nothing where it was not joined."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait((self._task,))
            self._task = None

    def _check(self, there: bytes | None) -> None:
        """Raises ``KeyMismatch``, which says where it was met."""
        if there is None:
            return
        try:
            self._seal.open(KEY, there)
        except KeyMismatch:
            raise KeyMismatch(what=self._server.where) from None

    async def _renew(self) -> None:
        while True:
            await asyncio.sleep(RENEW_S)
            try:
                self._check(await self._server.call("GET", KEY))
                await self._server.call("SET", KEY, self._seal.close(KEY, _PLAIN), "PX", int(LASTS_S * 1000))
            except KeyMismatch as error:  # after Redis has forgotten, another was here first
                _sparse.warning(error.message, "others use another key")
            except FAILURES as error:
                _sparse.warning(str(error), "which key is used here is not renewed")
