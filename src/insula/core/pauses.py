"""Pauses between tries at something that is away: longer each time, with some chance in them, so that many who lost the
same thing do not come back at once."""

import asyncio
import random
from typing import Final

FIRST_S: Final = 0.1
LONGEST_S: Final = 2.0


class Pauses:
    """Of one loop that tries until it is cancelled."""

    def __init__(self, first_s: float = FIRST_S, longest_s: float = LONGEST_S) -> None:
        self._first_s = first_s
        self._longest_s = longest_s
        self._next_s = first_s

    def over(self) -> None:
        """It worked: the next pause is short again."""
        self._next_s = self._first_s

    async def next(self) -> None:
        """Wait, with up to half as much again by chance, and twice as long the next time."""
        pause_s, self._next_s = self._next_s, min(self._next_s * 2, self._longest_s)
        await asyncio.sleep(pause_s * (1 + random.random() / 2))  # noqa: S311 - jitter, no secret
