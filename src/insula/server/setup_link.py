"""The one-time link by which the first administrator is made.

Whoever holds it becomes administrator, so only its hash is kept, it is compared in constant time, wrong
tries are throttled, and it ends by use, by a restart, or after a day. Time is monotonic. The right one is always let
in: else a stranger who tries without an end would keep out whom it was made for.
"""

import enum
import hashlib
import hmac
import secrets
from collections.abc import Callable

from insula.core.clock import monotonic

TOKEN_BYTES = 32
LIFETIME_S = 24 * 3600.0
WRONG_TRIES = 10
"""Wrong tokens that are answered in one window; the 256 bits need no less, the log is glad of it."""
WINDOW_S = 60.0


class Verdict(enum.Enum):
    """What is said about a token that someone brings."""

    RIGHT = "right"
    """It is the one, and still good."""
    WRONG = "wrong"
    """It is another one, too old, or none."""
    USED = "used"
    """It was the one, and there is an administrator by now."""
    THROTTLED = "throttled"
    """It is wrong as well, and too many such came in this window."""


class SetupLink:
    """One token and what has become of it."""

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._digest = b""
        self._expires = 0.0
        self._used = True
        self._window_ends = 0.0
        self._wrong = 0

    def issue(self) -> str:
        """A new token; the one before is no longer good."""
        token = secrets.token_urlsafe(TOKEN_BYTES)
        self._digest = _hash(token)
        self._expires = self._clock() + LIFETIME_S
        self._used = False
        return token

    def use(self) -> None:
        """There is an administrator: no token is good any more. Who holds the one that was learns so."""
        self._used = True

    def check(self, token: str) -> Verdict:
        """Judge a token. Wrong ones count against the limit."""
        now = self._clock()
        if hmac.compare_digest(_hash(token), self._digest) and (self._used or now < self._expires):
            return Verdict.USED if self._used else Verdict.RIGHT
        if now >= self._window_ends:
            self._window_ends = now + WINDOW_S
            self._wrong = 0
        if self._wrong >= WRONG_TRIES:
            return Verdict.THROTTLED
        self._wrong += 1
        return Verdict.WRONG


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()
