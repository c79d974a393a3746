"""Work of milliseconds that must not stop the event loop: password hashes above all."""

import asyncio
from collections.abc import Callable
from typing import TypeVar
from weakref import WeakKeyDictionary

SLOW_AT_ONCE = 2
"""Slow functions that run at the same time in one process: each may take a core and megabytes of memory."""

Result = TypeVar("Result")

# The processor is shared by all applications of the process, so the limit is too; kept per event loop
# because a semaphore belongs to the loop that waited on it first.
_limits: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Semaphore] = WeakKeyDictionary()


async def run_slow(function: Callable[..., Result], *arguments: object) -> Result:
    """Call ``function`` in a thread, at most ``SLOW_AT_ONCE`` at a time; further callers wait their turn."""
    loop = asyncio.get_running_loop()
    limit = _limits.get(loop)
    if limit is None:
        limit = _limits[loop] = asyncio.Semaphore(SLOW_AT_ONCE)
    async with limit:
        return await asyncio.to_thread(function, *arguments)
