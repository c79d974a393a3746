"""What is being done to one application, told with its status."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

from insula.fleet.lifecycle import Lifecycle, Status

TOLD_AFTER_S: Final = 0.25
"""What is done is told so much later, and no more often than this: of what is over by then nothing is told at all."""


class Telling:
    """A ``Tell`` of which the last word counts."""

    __slots__ = ("_changed", "_latest", "_lifecycle", "_timer")

    def __init__(self, lifecycle: Lifecycle, changed: Callable[[str, Status], None]) -> None:
        self._lifecycle = lifecycle
        self._changed = changed
        self._latest: tuple[str, float | None] = ("", None)
        self._timer: asyncio.TimerHandle | None = None

    def __call__(self, doing: str, progress: float | None = None) -> None:
        self._latest = (doing, progress)
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(TOLD_AFTER_S, self._tell)

    def over(self) -> None:
        """Something else begins: what is untold of this stays so."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _tell(self) -> None:
        self._timer = None
        status = self._lifecycle.tell(*self._latest)
        if status is not None:
            self._changed(self._lifecycle.application, status)
