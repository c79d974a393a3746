"""Clocks of environments that are apart from ours, by what each says of the time of Redis, which all of them see."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Final

from insula.core.clock import now

_GRAIN: Final = timedelta(minutes=1)
"""Less is left as it is: what was told does not change with each look at a clock."""
_NOTHING: Final = timedelta()


class Clocks:
    """Tells moments of environments by the clock of this process."""

    def __init__(self, clock: Callable[[], datetime] = now) -> None:
        self._clock = clock
        self._here = _NOTHING
        """How far this process' clock is ahead of Redis."""
        self._ahead: dict[str, timedelta] = {}
        """The same of each environment's."""
        self._taken: dict[str, timedelta] = {}
        """Environment → what its moments are shifted by, as long as that is not off by ``_GRAIN``."""

    def look(self, redis_ms: int) -> None:
        """What Redis says now."""
        self._here = self._clock() - _moment(redis_ms)

    def told(self, environment: str, clock: datetime | None, redis_ms: int) -> None:
        """What an environment said of its clock, and Redis at the same time."""
        if clock is not None:
            self._ahead[environment] = clock - _moment(redis_ms)

    def here(self, environment: str, at: datetime) -> datetime:
        """A moment that an environment has told, by our clock."""
        ahead = self._ahead.get(environment)
        if ahead is None:
            return at
        apart, taken = self._here - ahead, self._taken.get(environment)
        if taken is None or abs(apart - taken) >= _GRAIN:
            taken = self._taken[environment] = round(apart / _GRAIN) * _GRAIN
        return at + taken


def _moment(redis_ms: int) -> datetime:
    return datetime.fromtimestamp(redis_ms / 1000, UTC)
