"""Slots for heavy work: a few at once, and nobody kept waiting by what is merely slow."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

PATIENCE_S: Final = 1.0
"""Work that takes longer waits for something, such as a server that hangs, and keeps nobody busy here: its slot goes to the next."""


class Slots:
    """At most ``at_once`` hold a slot, first come, first served."""

    def __init__(self, at_once: int, patience_s: float = PATIENCE_S) -> None:
        self._free = asyncio.Semaphore(at_once)
        self._patience_s = patience_s

    @asynccontextmanager
    async def slot(self) -> AsyncIterator[None]:
        """Wait for a slot; it ends with the block, or for others already when the block takes too long."""
        await self._free.acquire()
        held = True

        def pass_on() -> None:
            nonlocal held
            if held:
                held = False
                self._free.release()

        impatience = asyncio.get_running_loop().call_later(self._patience_s, pass_on)
        try:
            yield
        finally:
            impatience.cancel()
            pass_on()
