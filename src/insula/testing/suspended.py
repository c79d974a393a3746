"""A process that is there and does nothing: as under a debugger, or on a machine that swaps."""

import contextlib
import os
import signal
from collections.abc import Iterator
from pathlib import Path

from insula.testing.eventually import until

_HALTED = frozenset("TtZX")
"""States in ``/proc/<pid>/task/<tid>/stat`` in which a thread runs nothing (proc(5))."""


@contextlib.contextmanager
def suspended(*pids: int) -> Iterator[None]:
    """Within it none of the processes runs; after it all those that are still there go on.

    A signal to stop is handled by one thread of a process; until it has told the others, they go on and may answer.
    So it is waited for that every thread stands still.

    Raises:
        ProcessLookupError: one of them is not there.
        AssertionError: one of them went on for too long.
    """
    try:
        for pid in pids:
            os.kill(pid, signal.SIGSTOP)
        until(lambda: all(_stands_still(pid) for pid in pids))
        yield
    finally:
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)


def _stands_still(pid: int) -> bool:
    for stat in Path(f"/proc/{pid}/task").glob("*/stat"):
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):  # a thread that has ended
            # the name of a program stands in brackets, and may hold any character
            if stat.read_text().rpartition(") ")[2][0] not in _HALTED:
                return False
    return True
