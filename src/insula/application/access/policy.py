"""How long tokens and sessions last: the settings of the plugin ``auth``, per application."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

MINUTE_S: Final = 60
HOUR_S: Final = 60 * MINUTE_S
DAY_S: Final = 24 * HOUR_S


@dataclass(frozen=True, slots=True)
class Policy:
    """All in seconds."""

    idle_s: int = DAY_S
    """A token ends this long after it was issued; whoever uses it is given a new one long before."""
    renewal_s: int = HOUR_S
    """A token older than this is renewed by the next request that carries it."""
    session_s: int = 7 * DAY_S
    """The longest time from one sign-in to the next, however busy the person is."""
    overlap_s: int = MINUTE_S
    """A renewed token stays valid this long, for requests that were under way with it."""

    def __post_init__(self) -> None:
        if not 0 < self.overlap_s <= self.renewal_s < self.idle_s <= self.session_s:
            raise ValueError("durations must be ordered: 0 < overlap ≤ renewal < idle ≤ session")
