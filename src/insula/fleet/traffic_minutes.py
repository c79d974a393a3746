"""The traffic of the last hour, minute by minute: what was counted until one minute passed, less what was until the last did.

Requests pay nothing for it. Once a minute the counts of all applications are compared with those of the minute before; of
those alone that were asked for in it a row of 16 bytes is kept.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from operator import sub
from typing import Final

from insula.fleet.traffic_numbers import ERRORS, FIRST, IN_FLIGHT, NUMBERS, VISITED, bound_ms, rank

MINUTES: Final = 60
"""Kept, the one that is under way among them."""
MINUTE_S: Final = 60
_ROW: Final = 4
"""Place, requests, errors, and the buckets of both quantiles."""
_SHIFT: Final = 8
_NOTHING: Final = array("d", bytes(8 * NUMBERS))


@dataclass(frozen=True, slots=True)
class Minute:
    """What was answered in one minute."""

    at: datetime
    """When it began."""
    requests: int = 0
    errors: int = 0
    p50_ms: float | None = None
    """Upper bound of what half of the answers took; ``None`` where there were none, or it was longer than all bounds."""
    p95_ms: float | None = None


class Minutes:
    """A ring of minutes over the numbers of all applications, which ``Traffic`` keeps."""

    def __init__(self, at: float) -> None:
        """``at``: now, in seconds since 1970."""
        self._minute = _minute_of(at)
        """The one that is under way, counted since 1970."""
        self._before = array("d")
        """The numbers as they were when it began."""
        self._past: deque[tuple[int, array[int]]] = deque(maxlen=MINUTES - 1)
        """Minutes that have passed, each with the rows of who was asked for in it, in the order of their places."""

    def turn(self, numbers: array[float], places: Iterable[int], at: float) -> None:
        """Close the minute that was under way, if it has passed."""
        if _minute_of(at) == self._minute:
            return
        self._before.frombytes(bytes(8 * (len(numbers) - len(self._before))))
        rows = array("I")
        for place in sorted(places):
            rows.extend(self._row(numbers, place))
        if rows:
            self._past.append((self._minute, rows))
        self._before[:] = numbers
        self._minute = _minute_of(at)

    def of(self, numbers: array[float], place: int) -> list[Minute]:
        """The last minutes of one application, the one that is under way as the last."""
        found = {self._minute: self._row(numbers, place)}
        for minute, rows in self._past:
            at = _find(rows, place)
            if at is not None:
                found[minute] = tuple(rows[at : at + _ROW])
        return [
            _told(minute, found.get(minute, ()))
            for minute in range(self._minute - MINUTES + 1, self._minute + 1)
        ]

    def forget(self, place: int) -> None:
        """The place is to be another's: nothing was counted there."""
        for _, rows in self._past:
            at = _find(rows, place)
            if at is not None:
                rows[at + 1 : at + _ROW] = array("I", (0, 0, 0))
        if place < len(self._before):
            self._before[place : place + NUMBERS] = _NOTHING

    def _row(self, numbers: array[float], place: int) -> tuple[int, ...]:
        """What was answered since the minute began; empty: nothing."""
        before = self._before
        if place >= len(before):
            begun = _NOTHING
        elif numbers[place + VISITED] != before[place + VISITED] or before[place + IN_FLIGHT]:
            begun = before[place : place + NUMBERS]
        else:
            return ()  # nobody came, and nothing was under way: nothing can have come to its end
        answered = map(sub, numbers[place + FIRST : place + NUMBERS], begun[FIRST:])
        buckets = [int(count) for count in answered]
        requests = sum(buckets)
        if not requests:
            return ()
        errors = int(numbers[place + ERRORS] - begun[ERRORS])
        return place, requests, errors, rank(buckets, 0.5) << _SHIFT | rank(buckets, 0.95)


def _minute_of(at: float) -> int:
    return int(at // MINUTE_S)


def _find(rows: array[int], place: int) -> int | None:
    """Where the row of a place begins."""
    at = bisect_left(range(0, len(rows), _ROW), place, key=rows.__getitem__) * _ROW
    return at if at < len(rows) and rows[at] == place else None


def _told(minute: int, row: tuple[int, ...]) -> Minute:
    at = datetime.fromtimestamp(minute * MINUTE_S, UTC)
    if not row or not row[1]:
        return Minute(at)
    _, requests, errors, both = row
    return Minute(at, requests, errors, bound_ms(both >> _SHIFT), bound_ms(both & ((1 << _SHIFT) - 1)))
