"""An outage of one server as the log tells it: that it began, that it lasts, at most once a minute, and that it is over."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Final

from insula.core.clock import monotonic

_logger = logging.getLogger(__name__)

EVERY_S: Final = 60.0
QUIET_S: Final = 5.0
"""It is over once something was answered and nothing has failed for so long: one that is full still answers who reads."""


class Outage:
    """Of one server, for all in this process who ask it."""

    def __init__(self, where: str, clock: Callable[[], float] = monotonic) -> None:
        self._where = where
        self._clock = clock
        self._since: float | None = None
        self._failed = self._told = float("-inf")
        self._left_out = 0

    def failed(self, cause: str, head: str) -> None:
        """Something could not be asked: ``head`` says what is not done therefore."""
        self._failed = at = self._clock()
        if self._since is None:
            self._since = at
        if at - self._told < EVERY_S:
            self._left_out += 1
            return
        more = f" ({self._left_out} more since)" if self._left_out else ""
        _logger.warning("%s: %s%s", head, cause, more)
        self._told, self._left_out = at, 0

    def answered(self) -> None:
        """It has answered something."""
        if self._since is None:
            return
        at = self._clock()
        if at - self._failed >= QUIET_S:
            _logger.warning("the Redis %s answers again, after %.0f s", self._where, at - self._since)
            self._since, self._told, self._left_out = None, float("-inf"), 0
