"""Work of milliseconds that must not stop the event loop: password hashes above all."""

import asyncio
import threading
from collections.abc import Callable
from typing import Final, TypeVar

SLOW_AT_ONCE: Final = 2
"""Slow functions that run at the same time in one process: each may take a core and megabytes of memory."""

Result = TypeVar("Result")

_turns: Final = threading.Semaphore(SLOW_AT_ONCE)
"""The processor is shared by all applications of the process, so the limit is too. It is waited for in the thread:
no more of one application wait in this line than it has threads, however many it asks for."""


async def run_slow(function: Callable[..., Result], *arguments: object) -> Result:
    """Call ``function`` in a thread, at most ``SLOW_AT_ONCE`` at a time; further callers wait their turn.

    In a server it is a thread of the application that asks: raises ``ThreadsBusy`` where too many wait for one.
    """
    return await asyncio.to_thread(_in_turn, function, arguments)


def _in_turn(function: Callable[..., Result], arguments: tuple[object, ...]) -> Result:
    with _turns:
        return function(*arguments)
