"""The order of a list of applications by what no column of their table holds, or none that databases sort by."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from operator import attrgetter
from typing import Any, Final

from insula.data.query import MAX_PATHS
from insula.fleet.traffic import Counts
from insula.supervisor.entry import COLUMNS, Entry
from insula.supervisor.shown import MakingJob, last_visit, latency, shown_options, statuses_of
from insula.supervisor.status import shown
from insula.supervisor.supervisor import Supervisor

Key = Callable[[Entry], Any]
_ATTRIBUTES: Final[Mapping[str, str]] = {column: attribute for attribute, column in COLUMNS.items()}
_OPTIONS: Final = (
    "startMode",
    "dbConnType",
    "autoUpgrade",
    "shareSession",
    "inLauncher",
    "inSwitcher",
    "sleepAfter",
)
_LATENCIES: Final[Mapping[str, str]] = {
    "latency": "p95",
    "latency.mean": "mean",
    "latency.p50": "p50",
    "latency.p95": "p95",
}
SORTED_HERE: Final = frozenset(
    (
        *("status", "labels", "environments", "lastVisitAt", "requests", "errors"),
        *("options.database.dialect", *(f"options.{name}" for name in _OPTIONS)),
        *_LATENCIES,
    )
)
"""What a list is sorted by in memory; all else is the table's."""


def sorted_here(sort: Sequence[str]) -> bool:
    """Whether a list has to be sorted in memory."""
    return len(sort) <= MAX_PATHS and any(_name(word) in SORTED_HERE for word in sort)


def of_table(sort: Sequence[str]) -> tuple[str, ...]:
    """The criteria that are the table's."""
    return tuple(word for word in sort if _name(word) not in SORTED_HERE)


def in_order(
    supervisor: Supervisor, entries: Iterable[Entry], jobs: Mapping[str, MakingJob], sort: Sequence[str]
) -> list[Entry]:
    """Sorted by these criteria, then by name; no value is less than every value, as in tables."""
    found = sorted(entries, key=lambda entry: entry.name, reverse=sort[-1].startswith("-"))
    for word in reversed(sort):
        value = _value(supervisor, jobs, _name(word))
        found.sort(key=lambda entry: _comparable(value(entry)), reverse=word.startswith("-"))
    return found


def _value(supervisor: Supervisor, jobs: Mapping[str, MakingJob], name: str) -> Key:
    def counts(entry: Entry) -> Counts:
        return supervisor.traffic.seen(entry.name) or Counts()

    if name in _LATENCIES:
        return lambda entry: latency(counts(entry))[_LATENCIES[name]]
    option = name.removeprefix("options.")
    if option in _OPTIONS:
        return lambda entry: shown_options(entry).get(option)
    own: Mapping[str, Key] = {
        "status": lambda entry: shown(statuses_of(supervisor, entry, jobs.get(entry.name))),
        "wanted": lambda entry: entry.wanted.value,
        "requests": lambda entry: counts(entry).requests,
        "errors": lambda entry: counts(entry).errors,
        "lastVisitAt": lambda entry: last_visit(entry, counts(entry)),
        "options.database.dialect": lambda entry: shown_options(entry)["database"].get("dialect"),
    }
    return own.get(name) or attrgetter(_ATTRIBUTES[name])


def _comparable(value: Any) -> tuple[bool, Any]:
    """Nothing before everything, and words without regard to capitals."""
    if isinstance(value, tuple):
        return bool(value), tuple(word.lower() for word in value)
    if isinstance(value, str):
        return True, value.lower()
    return (False, 0) if value is None else (True, value)


def _name(word: str) -> str:
    return word[1:] if word[:1] in ("-", "+") else word
