"""What this process has to carry, as its environment tells it."""

from __future__ import annotations

import resource
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from insula.core.clock import monotonic

SHORTEST_S: Final = 1.0
"""A share of a core is worked out over so much time at least; asked sooner, the last one is told."""
_STATM: Final = Path("/proc/self/statm")
_MEGABYTE: Final = 1_000_000


class Load:
    """Asked from time to time."""

    def __init__(self, connections: Callable[[], int]) -> None:
        """``connections`` counts those to databases."""
        self._connections = connections
        self._cpu = 0.0
        self._since = monotonic()
        self._used_s = time.process_time()

    def __call__(self) -> Mapping[str, float]:
        """``cpu`` (share of a core of late), ``memoryMb`` and ``connections``."""
        passed_s = monotonic() - self._since
        if passed_s >= SHORTEST_S:
            used_s = time.process_time()
            self._cpu = round((used_s - self._used_s) / passed_s, 3)
            self._since, self._used_s = monotonic(), used_s
        return {
            "cpu": self._cpu,
            "memoryMb": round(_resident() / _MEGABYTE, 1),
            "connections": self._connections(),
        }


def _resident() -> int:
    """Bytes of memory in use; where the system does not say, the most that was ever in use."""
    if _STATM.exists():
        return int(_STATM.read_text().split()[1]) * resource.getpagesize()
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
