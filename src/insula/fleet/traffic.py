"""What passes through the gateway, counted per application in constant time and memory."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping
from datetime import datetime
from typing import Final

from insula.core.clock import now

BUCKETS_S: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""Upper bounds of the latencies that are told apart: those that Prometheus' clients use."""


class Counts:
    """Of one application, since the process began."""

    __slots__ = ("buckets", "errors", "in_flight", "last_visit_at", "requests", "seconds")

    def __init__(self) -> None:
        self.requests = 0
        self.errors = 0
        """Answers of 500 and above."""
        self.in_flight = 0
        self.seconds = 0.0
        """The sum of all latencies."""
        self.buckets = [0] * (len(BUCKETS_S) + 1)
        """Answers by latency, each in one bucket; the last is for what took longer than all bounds."""
        self.last_visit_at: datetime | None = None

    def begin(self) -> None:
        """A request has come."""
        self.in_flight += 1
        self.last_visit_at = now()

    def end(self, status: int, seconds: float) -> None:
        """It was answered; status 0 for one that got no answer."""
        self.in_flight -= 1
        self.requests += 1
        self.errors += status == 0 or status >= 500
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
