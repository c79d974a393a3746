"""The same line in the log no more often than once a minute: an outage is told, and does not fill the disk."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from insula.core import log
from insula.core.clock import monotonic

EVERY_S: Final = 60.0
MOST_LINES: Final = 256
"""Different lines that are remembered; the oldest fall out."""


@dataclass(slots=True)
class _Said:
    at: float
    left_out: int = 0


class Sparse:
    """Warnings of one module, each told at once and then at most once a minute for each application."""

    def __init__(self, logger: logging.Logger, clock: Callable[[], float] = monotonic) -> None:
        self._logger = logger
        self._clock = clock
        self._said: dict[tuple[str, str], _Said] = {}

    def warning(self, what: str, head: str) -> None:
        """Log ``head: what``; lines with the same ``what`` are the same. Says how many were left out before."""
        key = (log.application.get(), what)
        said = self._said.pop(key, None)
        now = self._clock()
        if said is not None and now - said.at < EVERY_S:
            said.left_out += 1
            self._said[key] = said
            return
        more = f" ({said.left_out} more since)" if said is not None and said.left_out else ""
        self._logger.warning("%s: %s%s", head, what, more)
        self._said[key] = _Said(now)
        if len(self._said) > MOST_LINES:
            del self._said[next(iter(self._said))]
