"""What passes through the gateway, counted per application in constant time and memory."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping
from datetime import UTC, datetime
from time import time
from typing import Final

BUCKETS_S: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""Upper bounds of the latencies that are told apart: those that Prometheus' clients use."""


class Counts:
    """Of one application, since the process began."""

    __slots__ = ("buckets", "errors", "in_flight", "requests", "seconds", "sockets", "visited")

    def __init__(self) -> None:
        self.requests = 0
        self.errors = 0
        """Answers of 500 and above, and those that broke off."""
        self.in_flight = 0
        """Under way: held, being answered, or still being sent."""
        self.sockets = 0
        """WebSockets that are open; they are no requests, and last as long as someone looks at a page."""
        self.seconds = 0.0
        """The sum of all latencies."""
        self.buckets = [0] * (len(BUCKETS_S) + 1)
        """Answers by latency, each in one bucket; the last is for what took longer than all bounds."""
        self.visited = 0.0
        """When the last one came, or a WebSocket was opened or closed, in seconds since 1970; 0: never."""

    @property
    def last_visit_at(self) -> datetime | None:
        """When somebody was there last, whatever became of the request."""
        return datetime.fromtimestamp(int(self.visited * 1000) / 1000, UTC) if self.visited else None

    def begin(self) -> None:
        """A request has come."""
        self.in_flight += 1
        self.visited = time()

    def talk(self) -> None:
        """A WebSocket was opened: the application is in use while it is."""
        self.sockets += 1
        self.visited = time()

    def part(self) -> None:
        """It was closed."""
        self.sockets -= 1
        self.visited = time()

    def end(self, status: int, seconds: float) -> None:
        """It was answered, the last of its body included; status 0 for one whose client left before that."""
        self.in_flight -= 1
        self.requests += 1
        self.errors += status >= 500
        self.seconds += seconds
        self.buckets[bisect_left(BUCKETS_S, seconds)] += 1


class Traffic:
    """Counts by application. Only names that exist are counted, so that strangers can not fill the memory."""

    def __init__(self) -> None:
        self._counts: dict[str, Counts] = {}

    def of(self, application: str) -> Counts:
        """The counts of an application that exists."""
        counts = self._counts.get(application)
        if counts is None:
            counts = self._counts[application] = Counts()
        return counts

    def all(self) -> Mapping[str, Counts]:
        """By application."""
        return self._counts

    def forget(self, application: str) -> None:
        """It is gone."""
        self._counts.pop(application, None)
