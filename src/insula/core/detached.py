"""Work that is finished also when the one who asked for it does not wait any more.

What was committed must be believed by the process that committed it, so such work is not cut off by a client
that hangs up. It is not forgotten either: whoever owns it waits for its end before closing what it uses.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine
from typing import Any, TypeVar

from insula.core.errors import InsulaError

_logger = logging.getLogger(__name__)

T = TypeVar("T")


class Detached:
    """The detached work of one owner."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[Any]] = set()

    def __len__(self) -> int:
        return len(self._tasks)

    async def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Do the work and give what it gives. Cancelling the caller does not cancel the work."""
        task = self._begin(work)
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            task.add_done_callback(_report)
            raise
        finally:
            # its exception leads to this frame: together they would keep all that the work went through
            del task

    def start(self, work: Coroutine[Any, Any, None]) -> None:
        """Do the work without anyone waiting for it; what it raises is logged."""
        self._begin(work).add_done_callback(_report)

    async def end(self, deadline_s: float) -> None:
        """Wait for all that is under way; what is not ready in time is cancelled, and its end waited for."""
        if self._tasks:
            _, late = await asyncio.wait(self._tasks, timeout=max(0.0, deadline_s))
            for task in late:
                task.cancel()
            if late:
                await asyncio.wait(late)

    def _begin(self, work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task


def _report(task: asyncio.Task[Any]) -> None:
    if task.cancelled() or (error := task.exception()) is None:
        return
    if isinstance(error, InsulaError):  # its sentence says all
        _logger.warning("what nobody waited for any more has failed: %s", error.message)
    else:
        _logger.error("what nobody waited for any more has failed", exc_info=error)
