"""What an application decides about signing in."""

from __future__ import annotations

import msgspec

from insula.application.access.policy import DAY_S, HOUR_S, MINUTE_S, Policy


class AuthSettings(msgspec.Struct, frozen=True, rename="camel"):
    """Durations in seconds, and whether strangers may make themselves a user."""

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

    def __post_init__(self) -> None:
        self.policy()

    def policy(self) -> Policy:
        """The durations. Raises ``ValueError`` when they do not fit together."""
        return Policy(self.idle_seconds, self.renewal_seconds, self.session_seconds, self.overlap_seconds)
