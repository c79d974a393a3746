"""What is to be repaired: wanted against observed. Pure."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from datetime import datetime

from insula.fleet.lifecycle import PENDING, Observed, Status, Wanted
from insula.fleet.traffic import Counts
from insula.supervisor.entry import Entry
from insula.supervisor.status import DOWN, reachable


class Repair(enum.Enum):
    """What brings an application to where it should be."""

    START = "start"
    """It should run, and does not everywhere."""
    STOP = "stop"
    """It should not run, and does somewhere, or left something behind when it failed; or a visitor could bring it up
    that should stay down, or could not although it is asleep."""
    PURGE = "purge"
    """Its purge was begun and has not come to its end."""
    SLEEP = "sleep"
    """It runs, and nobody has visited it for as long as its options say."""


def made_there(entry: Entry, statuses: Mapping[str, Status]) -> Wanted | None:
    """What environments have made of it by themselves, and should be wanted from then on: woken by a visitor in one of
    them, or asleep since they were started anew in all that answer: one that is still away lies down when it is back."""
    running = any(status.own is Wanted.RUNNING for status in statuses.values())
    if entry.wanted is Wanted.ASLEEP and running:
        return Wanted.RUNNING
    asleep = all(status.own is Wanted.ASLEEP for status in reachable(statuses).values())
    return Wanted.ASLEEP if entry.wanted is Wanted.RUNNING and asleep else None


def repair_of(
    entry: Entry, statuses: Mapping[str, Status], counts: Counts | None, at: datetime
) -> Repair | None:
    """What is to be done for an application, if anything. What is pending goes on by itself, and what
    runs in an environment that does not answer is looked at when it is back."""
    there = reachable(statuses).values()
    seen = {status.observed for status in there}
    if seen & PENDING or all(status.away for status in there):
        return None
    if entry.wanted is not Wanted.RUNNING:
        if entry.purging:
            return Repair.PURGE
        misled = any(keeps_otherwise(entry, status) for status in there)
        return Repair.STOP if misled or seen & {Observed.RUNNING, Observed.ERROR} else None
    if not entry.made:
        return None
    if seen != {Observed.RUNNING}:
        return Repair.START
    return Repair.SLEEP if _is_idle(entry, statuses, counts, at) else None


def keeps_otherwise(entry: Entry, status: Status) -> bool:
    """Whether it is down in an environment that keeps another word than ours on whether a visitor may bring it up."""
    down = status.observed in DOWN and status.wakes is not None
    return down and status.wakes is not (entry.wanted is Wanted.ASLEEP)


def _is_idle(entry: Entry, statuses: Mapping[str, Status], counts: Counts | None, at: datetime) -> bool:
    after_s = entry.options.get("sleepAfter")
    if not after_s or (counts is not None and (counts.in_flight or counts.sockets)):
        return False
    since = max(status.since for status in statuses.values())
    visited = counts.last_visit_at if counts is not None else None
    last = since if visited is None else max(since, visited)
    return (at - last).total_seconds() >= float(after_s)
