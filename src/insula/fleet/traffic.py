"""What passes through the gateway, counted per application in constant time and memory."""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Mapping
from datetime import UTC, datetime
from sys import intern
from time import time

from insula.fleet.traffic_minutes import Minute, Minutes
from insula.fleet.traffic_numbers import (
    BUCKETS,
    BUCKETS_S,
    ERRORS,
    FIRST,
    IN_FLIGHT,
    NUMBERS,
    SECONDS,
    SOCKETS,
    VISITED,
)


class Counts:
    """Of one application, since the process began. A view of the numbers that ``Traffic`` keeps."""

    __slots__ = ("_at", "_numbers")

    def __init__(self, numbers: array[float] | None = None, at: int = 0) -> None:
        self._numbers = array("d", bytes(8 * NUMBERS)) if numbers is None else numbers
        self._at = at

    @property
    def requests(self) -> int:
        """All that were answered."""
        return sum(self.buckets)

    @property
    def errors(self) -> int:
        """Answers of 500 and above, and those that broke off."""
        return int(self._numbers[self._at + ERRORS])

    @property
    def in_flight(self) -> int:
        """Under way: held, being answered, or still being sent."""
        return int(self._numbers[self._at + IN_FLIGHT])

    @property
    def sockets(self) -> int:
        """WebSockets that are open; they are no requests, and last as long as someone looks at a page."""
        return int(self._numbers[self._at + SOCKETS])

    @property
    def seconds(self) -> float:
        """The sum of all latencies."""
        return self._numbers[self._at + SECONDS]

    @property
    def buckets(self) -> list[int]:
        """Answers by latency, each in one bucket; the last is for what took longer than all bounds."""
        first = self._at + FIRST
        return [int(number) for number in self._numbers[first : first + BUCKETS]]

    @property
    def visited(self) -> float:
        """When the last one came, or a WebSocket was opened or closed, in seconds since 1970; 0: never."""
        return self._numbers[self._at + VISITED]

    @visited.setter
    def visited(self, at: float) -> None:
        self._numbers[self._at + VISITED] = at

    @property
    def last_visit_at(self) -> datetime | None:
        """When somebody was there last, whatever became of the request."""
        visited = self.visited
        return datetime.fromtimestamp(int(visited * 1000) / 1000, UTC) if visited else None

    def idle_s(self) -> float | None:
        """How long nobody was there: 0 while somebody is. ``None``: nobody was yet."""
        if self.in_flight or self.sockets:
            return 0.0
        return max(0.0, time() - self.visited) if self.visited else None

    def begin(self) -> None:
        """A request has come."""
        numbers, at = self._numbers, self._at
        numbers[at + IN_FLIGHT] += 1
        numbers[at + VISITED] = time()

    def talk(self) -> None:
        """A WebSocket was opened: the application is in use while it is."""
        self._numbers[self._at + SOCKETS] += 1
        self.visited = time()

    def part(self) -> None:
        """It was closed."""
        self._numbers[self._at + SOCKETS] -= 1
        self.visited = time()

    def end(self, status: int, seconds: float) -> None:
        """It was answered, the last of its body included; status 0 for one whose client left before that."""
        numbers, at = self._numbers, self._at
        numbers[at + IN_FLIGHT] -= 1
        if status >= 500:
            numbers[at + ERRORS] += 1
        numbers[at + SECONDS] += seconds
        numbers[at + FIRST + bisect_left(BUCKETS_S, seconds)] += 1


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
        self._minutes = Minutes(time())

    def of(self, application: str) -> Counts:
        """The counts of an application that exists."""
        place = self._places.get(application)
        if place is None:
            if self._free:
                place = self._free.pop()
            else:
                place = len(self._numbers)
                self._numbers.frombytes(bytes(8 * NUMBERS))
            self._places[intern(application)] = place
        return Counts(self._numbers, place)

    def seen(self, application: str) -> Counts | None:
        """As ``of``; ``None`` for one that nobody has asked for yet."""
        place = self._places.get(application)
        return None if place is None else Counts(self._numbers, place)

    def idle_s(self, application: str) -> float | None:
        """As ``Counts.idle_s``, of an application."""
        counts = self.seen(application)
        return None if counts is None else counts.idle_s()

    def all(self) -> Mapping[str, Counts]:
        """By application."""
        return {name: Counts(self._numbers, place) for name, place in self._places.items()}

    def turn(self, at: float | None = None) -> None:
        """To be called once a minute: keep what has passed since the last time, if a minute has. ``at``: now."""
        self._minutes.turn(self._numbers, self._places.values(), time() if at is None else at)

    def last_hour(self, application: str, at: float | None = None) -> list[Minute]:
        """Minute by minute, the one that is under way as the last; empty for one that nobody has asked for yet."""
        place = self._places.get(application)
        if place is None:
            return []
        self.turn(at)
        return self._minutes.of(self._numbers, place)

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
        self._numbers[place : place + NUMBERS] = array("d", bytes(8 * NUMBERS))
        self._minutes.forget(place)
