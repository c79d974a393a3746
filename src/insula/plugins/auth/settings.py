"""What an application decides about signing in."""

from __future__ import annotations

import msgspec

from insula.application.access.passwords import SHORTEST
from insula.application.access.policy import DAY_S, HOUR_S, MINUTE_S, Policy
from insula.data.fields.password import MAX_PASSWORD_LENGTH


class AuthSettings(msgspec.Struct, frozen=True, rename="camel"):
    """Durations in seconds, passwords, and whether strangers may make themselves a user."""

    idle_seconds: int = DAY_S
    """Without a request for this long, one has to sign in again."""
    renewal_seconds: int = HOUR_S
    """The age at which a token is replaced by a new one."""
    session_seconds: int = 7 * DAY_S
    """The longest time from one sign-in to the next."""
    overlap_seconds: int = MINUTE_S
    """How long a replaced token stays good."""
    sign_up: bool = False
    """Strangers may make themselves a user, in the default role."""
    shortest_password: int = SHORTEST
    """The fewest characters of a password that is being set; those that are set stay good."""

    def __post_init__(self) -> None:
        self.policy()
        if not 1 <= self.shortest_password <= MAX_PASSWORD_LENGTH:
            raise ValueError(f"shortestPassword must be a number from 1 to {MAX_PASSWORD_LENGTH}")

    def policy(self) -> Policy:
        """The durations. Raises ``ValueError`` when they do not fit together."""
        return Policy(self.idle_seconds, self.renewal_seconds, self.session_seconds, self.overlap_seconds)
