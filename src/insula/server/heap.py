"""What the process asks of its C heap: glibc's, or jemalloc's where the process was started with it (``core/allocator.py``)."""

import ctypes
from functools import cache
from typing import Final, Protocol

LARGE_BYTES = 1024 * 1024
ARENAS: Final = 1
"""Heaps of glibc: one, since threads of Python allocate in turn anyway, and each heap keeps what others could use."""
_M_MMAP_THRESHOLD = -3
_M_ARENA_MAX = -8
"""glibc's numbers of the settings."""
_ALL_ARENAS = 4096
"""jemalloc's ``MALLCTL_ARENAS_ALL``."""


class Heap(Protocol):
    """What is asked of an allocator, whichever it is."""

    def keep_little(self) -> None:
        """To be called by the thread that answers requests, before there are others."""

    def let_go(self) -> None:
        """Free the pieces that this thread keeps at hand: one such piece keeps a page."""

    def give_back(self) -> None:
        """Give what is free to the system, also in the midst of what is not. Takes milliseconds; Python runs meanwhile."""


class Glibc:
    """Or another C library, of which nothing is asked that it does not know."""

    def __init__(self, library: ctypes.CDLL) -> None:
        self._library = library

    def keep_little(self) -> None:
        """Let pieces of ``LARGE_BYTES`` and more go back to the system when they are freed, and all threads share a heap.

        glibc by itself raises this limit to the largest piece that was ever freed, up to 32 MB; from then on each
        thread that once hashed a password keeps the 20 MB that it took; and it makes up to eight heaps for each core.
        """
        setting = getattr(self._library, "mallopt", None)
        if setting is not None:
            setting(_M_MMAP_THRESHOLD, LARGE_BYTES)
            setting(_M_ARENA_MAX, ARENAS)

    def let_go(self) -> None:
        """Glibc has no way to."""

    def give_back(self) -> None:
        trim = getattr(self._library, "malloc_trim", None)
        if trim is not None:
            trim(0)


class Jemalloc:
    """Started with ``CONFIGURATION``, which leaves little to be asked."""

    def __init__(self, library: ctypes.CDLL) -> None:
        self._control = library.mallctl

    def keep_little(self) -> None:
        """Only the thread that answers requests keeps freed pieces at hand: a list of records is a fifth slower without."""
        enabled = ctypes.c_bool(True)
        self._control(b"thread.tcache.enabled", None, None, ctypes.byref(enabled), ctypes.sizeof(enabled))

    def let_go(self) -> None:
        self._control(b"thread.tcache.flush", None, None, None, 0)

    def give_back(self) -> None:
        self._control(f"arena.{_ALL_ARENAS}.purge".encode(), None, None, None, 0)


@cache
def heap() -> Heap:
    """The heap of this process."""
    library = ctypes.CDLL(None)
    return Jemalloc(library) if hasattr(library, "mallctl") else Glibc(library)
