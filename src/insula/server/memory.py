"""What the process asks of the operating system's memory, and of Python's collector of garbage."""

import ctypes
import gc

LARGE_BYTES = 1024 * 1024
_M_MMAP_THRESHOLD = -3
"""glibc's number of the setting."""


def give_large_pieces_back() -> None:
    """Let pieces of ``LARGE_BYTES`` and more go back to the system when they are freed.

    glibc by itself raises this limit to the largest piece that was ever freed, up to 32 MB; from then on each
    thread that once hashed a password keeps the 20 MB that it took. Other C libraries have no such setting.
    """
    setting = getattr(ctypes.CDLL(None), "mallopt", None)
    if setting is not None:
        setting(_M_MMAP_THRESHOLD, LARGE_BYTES)


def keep_what_is_loaded() -> None:
    """Take all objects of now for good: looking for garbage among them stalls all requests for 20 to 50 ms."""
    gc.collect()
    gc.freeze()
