"""The table of what each verb makes of an application, as a model that tests hold a supervisor against."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from insula.fleet.errors import ApplicationNotFound
from insula.fleet.lifecycle import Observed, Wanted
from insula.supervisor.records import Records

GONE: Final = "gone"
MAKING: Final = "being made"
HALF: Final = "deleted half made"

_THERE: Final = {"running": "running", "asleep": "asleep", "stopped": "stopped"}
MODEL: Final[Mapping[str, Mapping[str, str]]] = {
    "record": {GONE: MAKING},
    "prepare": {MAKING: MAKING, **_THERE},
    "install": {MAKING: "running", **_THERE},
    "start": dict.fromkeys(_THERE, "running"),
    "stop": dict.fromkeys(_THERE, "stopped"),
    "sleep": dict.fromkeys(_THERE, "asleep"),
    "restart": dict.fromkeys(_THERE, "running"),
    "upgrade": _THERE,
    "visit": {"asleep": "running", "running": "running"},
    "destroy": {**dict.fromkeys(_THERE, "deleted"), MAKING: HALF},
    "restore": {"deleted": "stopped"},
    "purge": {"deleted": GONE, HALF: GONE},
}
"""What is done to an application → what is wanted before → what is wanted after. What is absent is refused."""
STEPS: Final[Mapping[str, tuple[str, ...]]] = {"create": ("record", "prepare", "install", "start")}
"""Verbs that are several things, between which others have their turns; after one that is refused nothing follows."""
VERBS: Final = (
    *("create", "start", "stop", "sleep", "restart", "upgrade", "visit", "destroy", "restore", "purge"),
)
OBSERVED: Final[Mapping[str, Observed]] = {
    "running": Observed.RUNNING,
    "asleep": Observed.STOPPED,
    "stopped": Observed.STOPPED,
    "deleted": Observed.STOPPED,
}
"""What is wanted → what is observed once nobody is at work on it."""


def outcomes(before: str, verbs: Sequence[str]) -> set[str]:
    """What may be wanted after these verbs, in whatever order they have their turns."""
    first = (before, tuple(STEPS.get(verb, (verb,)) for verb in verbs))
    reached, seen, ends = {first}, {first}, set()
    while reached:
        state, racers = reached.pop()
        if not any(racers):
            ends.add(state)
        for number, steps in enumerate(racers):
            if steps:
                after = MODEL[steps[0]].get(state)
                rest = steps[1:] if after is not None else ()
                left = tuple(sorted((*racers[:number], rest, *racers[number + 1 :])))
                following = (after or state, left)
                if following not in seen:
                    seen.add(following)
                    reached.add(following)
    return ends


def wanted_of(records: Records, name: str) -> str:
    """What is wanted of an application, in the words of the model."""
    try:
        entry = records.get(name)
    except ApplicationNotFound:
        return GONE
    if entry.made:
        return str(entry.wanted.value)
    return HALF if entry.wanted is Wanted.DELETED else MAKING
