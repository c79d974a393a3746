"""Clocks of a time zone as SQL, without the server's tables of zones, which few servers have.

A zone is a tree of comparisons with the moments at which its clocks were changed.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.dialects import mysql

from insula.data.words import Expression

FIRST_YEAR: Final = 1880
LAST_YEAR: Final = 2100
"""Clocks before and after are taken to be set as at these ends."""
_STEP: Final = dt.timedelta(days=7)
"""Clocks are not changed twice within."""

Changes = Sequence[tuple[dt.datetime, int]]
"""(moment in UTC, seconds before UTC from then on), in their order."""


def on_clocks(moment: Expression, zone: str) -> Expression:
    """A moment in UTC as it is on the clocks of ``zone``: an IANA name or an offset such as ``+08:00``."""
    first, changes = _fixed(zone) if zone[0] in "+-" else clock_changes(zone)
    offset = _tree(moment, first, changes)
    second: Expression = sa.literal_column("SECOND")
    return sa.type_coerce(sa.func.timestampadd(second, offset, moment), mysql.DATETIME(fsp=3))


def _fixed(zone: str) -> tuple[int, Changes]:
    sign = -1 if zone[0] == "-" else 1
    return sign * (int(zone[1:3]) * 3600 + int(zone[4:6]) * 60), ()


@lru_cache(maxsize=64)
def clock_changes(zone: str) -> tuple[int, Changes]:
    """The offset of an IANA zone at first, and its changes."""
    clock = ZoneInfo(zone)
    before = dt.datetime(FIRST_YEAR, 1, 1, tzinfo=dt.UTC)
    first = last = _offset(before, clock)
    found: list[tuple[dt.datetime, int]] = []
    while before.year <= LAST_YEAR:
        after = before + _STEP
        offset = _offset(after, clock)
        if offset != last:
            found.append((_changed(before, after, clock), offset))
            last = offset
        before = after
    return first, found


def _offset(moment: dt.datetime, clock: ZoneInfo) -> int:
    offset = moment.astimezone(clock).utcoffset() or dt.timedelta()
    return int(offset.total_seconds())


def _changed(before: dt.datetime, after: dt.datetime, clock: ZoneInfo) -> dt.datetime:
    """The first second with the offset of ``after``."""
    new = _offset(after, clock)
    while after - before > dt.timedelta(seconds=1):
        middle = before + (after - before) // 2
        middle = middle.replace(microsecond=0)
        if _offset(middle, clock) == new:
            after = middle
        else:
            before = middle
    return after


def _tree(moment: Expression, first: int, changes: Changes) -> Expression:
    """The offset at ``moment``: halves what is left with each comparison."""
    if not changes:
        return sa.literal_column(str(first))
    half = len(changes) // 2
    at, offset = changes[half]
    then: Expression = sa.literal_column(f"TIMESTAMP'{at:%Y-%m-%d %H:%M:%S}'")
    earlier = _tree(moment, first, changes[:half])
    return sa.case((moment < then, earlier), else_=_tree(moment, offset, changes[half + 1 :]))
