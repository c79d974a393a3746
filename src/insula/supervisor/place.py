"""What is known of one environment: online, suspect or offline.

One that is heard and can be reached is online. One that has missed three and a half of its own heartbeats, or to which a
request could not be forwarded, is suspect; one that a probe does not reach, or that has said good-bye, is offline.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from insula.fleet.environment import Environment

MISSED_BEATS: Final = 3.5
"""A peer is late only after so many."""
ONLINE, SUSPECT, OFFLINE = "online", "suspect", "offline"


@dataclass(slots=True)
class Place:
    """One environment, kept up to date by whoever looks at all of them."""

    environment: Environment
    heard: bool = False
    """By this process; else it is known from the database alone."""
    doubted: bool = True
    """Nobody has reached it since the last registration or failure."""
    failure: str = ""
    """Of the last probe."""
    probed: float = field(default=float("-inf"))
    """Monotonic seconds of the last probe."""
    probing: asyncio.Task[None] | None = None

    @property
    def left(self) -> bool:
        return not self.environment.available

    @property
    def silent(self) -> bool:
        return not self.heard or self.environment.silent_s > MISSED_BEATS * self.environment.beat_s

    @property
    def state(self) -> str:
        if self.left or self.failure:
            return OFFLINE
        return SUSPECT if self.silent or self.doubted else ONLINE

    @property
    def why_not(self) -> str:
        """Why nothing can be asked of it; empty: it can."""
        name = self.environment.name
        if self.left:
            return f"The environment {name} was stopped."
        if not self.heard:
            return f"Nothing was heard of the environment {name} yet."
        return f"The environment {name} does not answer: {self.failure}." if self.failure else ""
