"""What passes through the gateway, counted per application in constant time and memory."""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Mapping
from datetime import UTC, datetime
from sys import intern
from time import time
from typing import Final

BUCKETS_S: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""Upper bounds of the latencies that are told apart: those that Prometheus' clients use."""


_BUCKETS: Final = len(BUCKETS_S) + 1
_REQUESTS, _ERRORS, _IN_FLIGHT, _SOCKETS, _SECONDS, _VISITED, _FIRST = range(7)
_NUMBERS: Final = _FIRST + _BUCKETS
"""Of each application, side by side: doubles, which count exactly up to 2 ** 53."""


class Counts:
    """Of one application, since the process began. A view of the numbers that ``Traffic`` keeps."""

    __slots__ = ("_at", "_numbers")

    def __init__(self, numbers: array[float] | None = None, at: int = 0) -> None:
        self._numbers = array("d", bytes(8 * _NUMBERS)) if numbers is None else numbers
        self._at = at

    @property
    def requests(self) -> int:
        """All that were answered."""
        return int(self._numbers[self._at + _REQUESTS])

    @property
    def errors(self) -> int:
        """Answers of 500 and above, and those that broke off."""
        return int(self._numbers[self._at + _ERRORS])

    @property
    def in_flight(self) -> int:
        """Under way: held, being answered, or still being sent."""
        return int(self._numbers[self._at + _IN_FLIGHT])

    @property
    def sockets(self) -> int:
        """WebSockets that are open; they are no requests, and last as long as someone looks at a page."""
        return int(self._numbers[self._at + _SOCKETS])

    @property
    def seconds(self) -> float:
        """The sum of all latencies."""
        return self._numbers[self._at + _SECONDS]

    @property
    def buckets(self) -> list[int]:
        """Answers by latency, each in one bucket; the last is for what took longer than all bounds."""
        first = self._at + _FIRST
        return [int(number) for number in self._numbers[first : first + _BUCKETS]]

    @property
    def visited(self) -> float:
        """When the last one came, or a WebSocket was opened or closed, in seconds since 1970; 0: never."""
        return self._numbers[self._at + _VISITED]

    @visited.setter
    def visited(self, at: float) -> None:
        self._numbers[self._at + _VISITED] = at

    @property
    def last_visit_at(self) -> datetime | None:
        """When somebody was there last, whatever became of the request."""
        visited = self.visited
        return datetime.fromtimestamp(int(visited * 1000) / 1000, UTC) if visited else None

    def begin(self) -> None:
        """A request has come."""
        self._numbers[self._at + _IN_FLIGHT] += 1
        self.visited = time()

    def talk(self) -> None:
        """A WebSocket was opened: the application is in use while it is."""
        self._numbers[self._at + _SOCKETS] += 1
        self.visited = time()

    def part(self) -> None:
        """It was closed."""
        self._numbers[self._at + _SOCKETS] -= 1
        self.visited = time()

    def end(self, status: int, seconds: float) -> None:
        """It was answered, the last of its body included; status 0 for one whose client left before that."""
        numbers, at = self._numbers, self._at
        numbers[at + _IN_FLIGHT] -= 1
        numbers[at + _REQUESTS] += 1
        numbers[at + _ERRORS] += status >= 500
        numbers[at + _SECONDS] += seconds
        numbers[at + _FIRST + bisect_left(BUCKETS_S, seconds)] += 1


class Traffic:
    """Counts by application. Only names that exist are counted, so that strangers can not fill the memory.

    Applications come and go by the hundreds while others run: what is kept of each lies in one piece of memory with
    all others', since a few small objects of its own would keep whole pages from being given back.
    """

    def __init__(self) -> None:
        self._numbers = array("d")
        self._places: dict[str, int] = {}
        """Application → where its numbers begin."""
        self._free: list[int] = []

    def of(self, application: str) -> Counts:
        """The counts of an application that exists."""
        place = self._places.get(application)
        if place is None:
            if self._free:
                place = self._free.pop()
            else:
                place = len(self._numbers)
                self._numbers.frombytes(bytes(8 * _NUMBERS))
            self._places[intern(application)] = place
        return Counts(self._numbers, place)

    def seen(self, application: str) -> Counts | None:
        """As ``of``; ``None`` for one that nobody has asked for yet."""
        place = self._places.get(application)
        return None if place is None else Counts(self._numbers, place)

    def all(self) -> Mapping[str, Counts]:
        """By application."""
        return {name: Counts(self._numbers, place) for name, place in self._places.items()}

    def forget(self, application: str) -> None:
        """It is gone."""
        place = self._places.pop(application, None)
        if place is None:
            return
        left = Counts(self._numbers, place)
        if not (
            left.in_flight or left.sockets
        ):  # else the end of what is under way would be counted for another
            self._free.append(place)
        self._numbers[place : place + _NUMBERS] = array("d", bytes(8 * _NUMBERS))
