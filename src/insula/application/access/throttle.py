"""Slows down those who guess passwords: moving windows, counted in memory, within bounds.

The library ``limits`` would do, but costs 4.5 MB and 40 ms to import, starts a thread to sweep, and keeps as
many keys as someone cares to send.
"""

from __future__ import annotations

import ipaddress
import math
import time
from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Final

from insula.application.access.errors import TooManyAttempts

WINDOW_S: Final = 300.0
PAIR_ATTEMPTS: Final = 10
"""Of one address at one account."""
ACCOUNT_ATTEMPTS: Final = 100
"""Of all addresses at one account: more, so that a stranger does not lock the owner out at once."""
CLIENT_ATTEMPTS: Final = 200
"""Of one address at all accounts: an office shares one."""
MAX_KEYS: Final = 10_000
"""Counted at the same time per limit. One address can not push out others' counts: its own limit is lower."""
_IPV6_NETWORK_BITS: Final = 64
"""What one customer is given at least; counted as one address."""


class MovingWindow:
    """At most ``limit`` events in any ``window_s`` seconds, for each key."""

    __slots__ = ("_events", "_limit", "_max_keys", "_monotonic", "_window_s")

    def __init__(
        self,
        limit: int,
        window_s: float,
        *,
        max_keys: int = MAX_KEYS,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._limit = limit
        self._window_s = window_s
        self._max_keys = max_keys
        self._monotonic = monotonic
        self._events: OrderedDict[Hashable, list[float]] = OrderedDict()
        """Key → times, oldest first. Lists, since most hold one time and a deque takes six times the memory."""

    def wait_s(self, key: Hashable) -> float:
        """Seconds until one more event is allowed; 0 for now."""
        events = self._events.get(key)
        if events is None:
            return 0.0
        now = self._monotonic()
        del events[: bisect_right(events, now - self._window_s)]
        return 0.0 if len(events) < self._limit else events[0] + self._window_s - now

    def count(self, key: Hashable) -> None:
        """Count one event now."""
        self._events.setdefault(key, []).append(self._monotonic())
        self._events.move_to_end(key)
        if len(self._events) > self._max_keys:
            self._events.popitem(last=False)

    def take_back(self, key: Hashable) -> None:
        """The newest event did not count after all."""
        events = self._events.get(key)
        if events:
            events.pop()

    def forget(self, key: Hashable) -> None:
        """No event of this key counts any more."""
        self._events.pop(key, None)


class Throttle:
    """Attempts to prove who one is to one application: per account, per address, and per both."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic, *, max_keys: int = MAX_KEYS) -> None:
        def window(limit: int) -> MovingWindow:
            return MovingWindow(limit, WINDOW_S, max_keys=max_keys, monotonic=monotonic)

        self._pair = window(PAIR_ATTEMPTS)
        self._account = window(ACCOUNT_ATTEMPTS)
        self._client = window(CLIENT_ATTEMPTS)

    def attempt(self, account: str, client: str) -> None:
        """Count an attempt before it is looked at, so that many at once do not slip by.

        Raises ``TooManyAttempts``; what is refused does not count.
        """
        counted = self._keys(account, client)
        wait = max(window.wait_s(key) for window, key in counted)
        if wait > 0:
            raise TooManyAttempts(retry_after=math.ceil(wait))
        for window, key in counted:
            window.count(key)

    def succeeded(self, account: str, client: str) -> None:
        """It was right: it does not count, and earlier slips of this person at this address are forgotten."""
        pair, *others = self._keys(account, client)
        pair[0].forget(pair[1])
        for window, key in others:
            window.take_back(key)

    def _keys(self, account: str, client: str) -> tuple[tuple[MovingWindow, Hashable], ...]:
        name, address = account.lower(), network(client)
        return ((self._pair, (name, address)), (self._account, name), (self._client, address))


def network(client: str) -> str:
    """What counts as one client: an IPv4 address, an IPv6 network, or the text itself where it is neither."""
    try:
        address = ipaddress.ip_address(client)
    except ValueError:
        return client
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return str(address.ipv4_mapped)
        return str(ipaddress.ip_network((address, _IPV6_NETWORK_BITS), strict=False))
    return client
