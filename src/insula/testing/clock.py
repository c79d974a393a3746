"""A clock that tests move by hand, so that nothing has to be waited for."""

from typing import Final

_START_S: Final = 1_800_000_000.0
_BOOT_S: Final = 1_000.0


class HandClock:
    """Wall time and monotonic time that stand still until they are moved."""

    def __init__(self) -> None:
        self._wall = _START_S
        self._monotonic = _BOOT_S

    def wall(self) -> float:
        """Seconds since the epoch."""
        return self._wall

    def monotonic(self) -> float:
        """Seconds since some start."""
        return self._monotonic

    def advance(self, seconds: float) -> None:
        """Let time pass."""
        self._wall += seconds
        self._monotonic += seconds

    def jump(self, seconds: float) -> None:
        """Set the wall clock forwards, or backwards, as an operator or a time server does."""
        self._wall += seconds
