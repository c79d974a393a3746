"""Wall time that does not go back, by which tokens end."""

import time
from collections.abc import Callable


class SteadyClock:
    """The later of the wall time and of what the monotonic clock makes of the wall time at the start.

    A wall clock that is set back would make expired tokens valid again; here time goes on as if nothing
    had happened. One that is set forward ends tokens early, which opens nothing, and time falls back to the
    monotonic clock's once the wall clock is put right.
    """

    __slots__ = ("_ahead", "_monotonic", "_wall")

    def __init__(
        self, wall: Callable[[], float] = time.time, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._wall = wall
        self._monotonic = monotonic
        self._ahead = wall() - monotonic()

    def now(self) -> float:
        """Seconds since the epoch."""
        return max(self._wall(), self._monotonic() + self._ahead)

    def monotonic(self) -> float:
        """Seconds that never jump, for ages inside this process."""
        return self._monotonic()
