"""What may be wanted of an application after verbs that were done, refused or cut off, whatever else went on meanwhile."""

from __future__ import annotations

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from typing import Final, Literal, NamedTuple

from insula.fleet.lifecycle import Observed
from insula.supervisor.records import Records
from insula.testing import racing
from insula.testing.racing import GONE, HALF, MAKING, MODEL, OBSERVED, STEPS

PURGING: Final = "being purged"
"""Its purge was recorded, and is brought to its end by somebody."""
ENDED: Final[dict[str, Observed]] = {**OBSERVED}
_PURGED: Final = {**MODEL, "purge": {**MODEL["purge"], PURGING: GONE}}

Result = Literal["done", "refused", "failed"]
"""``failed``: it may have been recorded, and how far it came nobody has told."""


class Deed(NamedTuple):
    """A verb, and what whoever asked for it was told."""

    verb: str
    result: Result


class Meanwhile(NamedTuple):
    """What may happen by itself to one application."""

    restarted: bool = False
    """An environment, or the supervisor: what waits for its first visit is asleep then."""
    visited: bool = False
    """Somebody has visited it in its environment."""

    def after(self, state: str) -> AbstractSet[str]:
        """What it may be from now on beside what it is."""
        found = set()
        if state == "running" and self.restarted:
            found.add("asleep")
        if state == "asleep" and self.visited:
            found.add("running")
        if state == PURGING:
            found.add(GONE)
        return found


_Racers = tuple[tuple[tuple[str, ...], Result], ...]


def reach(before: AbstractSet[str], deeds: Sequence[Deed], meanwhile: Meanwhile) -> set[str]:
    """What may be wanted after these, in whatever order they had their turns."""
    racers: _Racers = tuple((STEPS.get(deed.verb, (deed.verb,)), deed.result) for deed in deeds)
    left = [(state, racers) for state in before]
    seen, ends = set(left), set()
    while left:
        state, racers = left.pop()
        if not any(steps and result != "failed" for steps, result in racers):
            ends.add(state)
        following = {(other, racers) for other in meanwhile.after(state)}
        for number, (steps, result) in enumerate(racers):
            if steps:
                following |= _next(state, racers, number, steps, result)
        left += following - seen
        seen |= following
    return ends


def _next(
    state: str, racers: _Racers, number: int, steps: tuple[str, ...], result: Result
) -> set[tuple[str, _Racers]]:
    """What may come of the next step of one of them."""
    others = (racers[:number], racers[number + 1 :])
    after = _PURGED[steps[0]].get(state)
    if after is None:  # refused; nothing of it follows
        return set() if result == "done" else {(state, (*others[0], ((), result), *others[1]))}
    found = {after}
    if result == "failed" and steps[0] == "purge":
        found.add(PURGING)
    if result == "refused" and len(steps) == 1:
        return set()
    return {(each, (*others[0], (steps[1:], result), *others[1])) for each in found}


def state_of(records: Records, name: str) -> str:
    """What is wanted of an application, in the words of the model."""
    entry = records.entry(name)
    if entry is not None and entry.purging:
        return PURGING
    return racing.wanted_of(records, name)


__all__ = ["ENDED", "GONE", "HALF", "MAKING", "PURGING", "Deed", "Meanwhile", "Result", "reach", "state_of"]
