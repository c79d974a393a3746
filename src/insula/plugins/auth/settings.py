"""What an application decides about signing in."""

from __future__ import annotations

from typing import Final

import msgspec

from insula.application.access.passwords import SHORTEST
from insula.application.access.policy import DAY_S, HOUR_S, MINUTE_S, Policy
from insula.application.access.sessions import MOST_OF_ONE
from insula.application.access.shared import Visiting
from insula.data.fields.password import MAX_PASSWORD_LENGTH

MOST_EVER: Final = 10_000
"""Sessions of one user, whatever is asked for: they are read with each sign-in."""


class AuthSettings(msgspec.Struct, frozen=True, rename="camel"):
    """Durations in seconds, numbers of sessions, passwords, and whether strangers may make themselves a user."""

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
    sessions_of_one: int = MOST_OF_ONE
    """Sessions that one user may have open; with one more, the one that was opened first ends."""
    shortest_password: int = SHORTEST
    """The fewest characters of a password that is being set; those that are set stay good."""

    create_visitors: bool = True
    """Where main's session is shared: who is signed in to main becomes a user at their first visit, else they are refused."""
    visitor_role: str = "member"
    """The role of those users; one that configures something is not given to anyone so."""

    def __post_init__(self) -> None:
        self.policy()
        if not 1 <= self.sessions_of_one <= MOST_EVER:
            raise ValueError(f"sessionsOfOne must be a number from 1 to {MOST_EVER}")
        if not 1 <= self.shortest_password <= MAX_PASSWORD_LENGTH:
            raise ValueError(f"shortestPassword must be a number from 1 to {MAX_PASSWORD_LENGTH}")

    def policy(self) -> Policy:
        """The durations. Raises ``ValueError`` when they do not fit together."""
        return Policy(self.idle_seconds, self.renewal_seconds, self.session_seconds, self.overlap_seconds)

    def visiting(self) -> Visiting:
        """What becomes of visitors who are no users yet."""
        return Visiting(self.create_visitors, self.visitor_role)
