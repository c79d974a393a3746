"""What the process asks of the operating system's memory, and of Python's collector of garbage."""

import asyncio
import ctypes
import gc
from collections.abc import Callable
from typing import Final

LARGE_BYTES = 1024 * 1024
ARENAS: Final = 1
"""Heaps of glibc: one, since threads of Python allocate in turn anyway, and each heap keeps what others could use."""
TRIM_AFTER_S: Final = 5.0
"""Applications are often stopped together, and giving memory back takes milliseconds."""
MOST_LOOKED_THROUGH: Final = 10
"""Applications that run, up to which garbage is looked for: each makes the look, in which no request is answered,
1 ms longer. Where more run, Python looks in its own time."""
_M_MMAP_THRESHOLD = -3
_M_ARENA_MAX = -8
"""glibc's numbers of the settings."""


def keep_little() -> None:
    """Let pieces of ``LARGE_BYTES`` and more go back to the system when they are freed, and all threads share a heap.

    glibc by itself raises this limit to the largest piece that was ever freed, up to 32 MB; from then on each
    thread that once hashed a password keeps the 20 MB that it took; and it makes up to eight heaps for each core.
    Other C libraries have no such settings. To be called before there are threads.
    """
    setting = getattr(ctypes.CDLL(None), "mallopt", None)
    if setting is not None:
        setting(_M_MMAP_THRESHOLD, LARGE_BYTES)
        setting(_M_ARENA_MAX, ARENAS)


def keep_what_is_loaded() -> None:
    """Take all objects of now for good: looking for garbage among them stalls all requests for 20 to 50 ms."""
    gc.collect()
    gc.freeze()


def give_free_memory_back() -> None:
    """Give what is free to the system, also in the midst of what is not. Other C libraries do so by themselves, or not at all."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)


class Trimmer:
    """Gives back to the system what was freed, some time after an application has stopped: once for many stops."""

    def __init__(
        self,
        sweep: Callable[[], None],
        running: Callable[[], int],
        after_s: float = TRIM_AFTER_S,
        trim: Callable[[], None] = give_free_memory_back,
    ) -> None:
        """``sweep`` lets go of what is shared by applications and was of those alone that are no more; ``running``
        is how many applications run."""
        self._sweep = sweep
        self._running = running
        self._after_s = after_s
        self._trim = trim
        self._timer: asyncio.TimerHandle | None = None
        self._more = False
        """Something was freed since the timer began."""

    def soon(self) -> None:
        """Something was freed: given back from time to time while that goes on, and once more after the last of it."""
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(self._after_s, self._begin)
        else:
            self._more = True

    def close(self) -> None:
        """Nothing more is given back: the process ends."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _begin(self) -> None:
        self._timer = None
        if self._more:
            self._more = False
            self.soon()
        looks = self._running() <= MOST_LOOKED_THROUGH
        if looks:
            gc.collect()  # collections refer to one another: else Python may take hours to find that no one else does
        self._sweep()
        if looks:
            gc.collect()  # what that let go of is scattered over many pages
        asyncio.get_running_loop().run_in_executor(None, self._trim)
