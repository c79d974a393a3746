"""Slows down those who guess passwords."""

from __future__ import annotations

import time
from typing import Final

from limits import RateLimitItem, RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter

from insula.application.access.errors import TooManyAttempts

_WINDOW_MINUTES: Final = 5
_PAIR: Final = RateLimitItemPerMinute(10, _WINDOW_MINUTES, "pair")
"""One address at one account."""
_ACCOUNT: Final = RateLimitItemPerMinute(100, _WINDOW_MINUTES, "account")
"""All addresses at one account: higher, so that one stranger does not lock the owner out at once."""
_CLIENT: Final = RateLimitItemPerMinute(200, _WINDOW_MINUTES, "client")
"""One address at all accounts: an office shares one."""


class Throttle:
    """Counts attempts to sign in to one application, in memory: per account, per address, and per both."""

    def __init__(self) -> None:
        self._limiter = MovingWindowRateLimiter(MemoryStorage())

    def attempt(self, account: str, client: str) -> None:
        """Count an attempt before it is looked at, so that many at once do not slip by.

        Raises ``TooManyAttempts``.
        """
        for item, keys in self._limits(account, client):
            if not self._limiter.hit(item, *keys):
                reset = self._limiter.get_window_stats(item, *keys).reset_time
                raise TooManyAttempts(retry_after=max(1, round(reset - time.time())))

    def succeeded(self, account: str, client: str) -> None:
        """The password was right: earlier slips of this person at this address are forgotten."""
        self._limiter.clear(_PAIR, account.lower(), client)

    @staticmethod
    def _limits(account: str, client: str) -> tuple[tuple[RateLimitItem, tuple[str, ...]], ...]:
        name = account.lower()
        return ((_PAIR, (name, client)), (_ACCOUNT, (name,)), (_CLIENT, (client,)))
