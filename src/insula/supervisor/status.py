"""What an application is as a whole, from what its environments observe. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from insula.core.clock import now
from insula.fleet.lifecycle import AWAY, PENDING, Observed, Status, Wanted
from insula.supervisor.entry import Entry

DOWN: Final = frozenset((Observed.STOPPED, Observed.NOT_FOUND))
"""States in which nothing runs and nothing is held."""


OVERDUE_S: Final = 600.0
"""After so long in one pending state an application is not on its way any more: several times what a command gets."""


def in_places(
    entry: Entry, reported: Mapping[str, Status], why_not: Callable[[str], str]
) -> dict[str, Status]:
    """Environment → status, for each environment where the application runs.

    ``why_not`` says why an environment does not answer, if it does not: then nobody knows.
    Where nothing was reported, it is there and does not run; or is on its way, while it is being made.
    """
    comes = not entry.made and entry.wanted is not Wanted.DELETED
    unseen = Observed.PREPARING if comes else Observed.STOPPED
    since = entry.updated_at or entry.created_at
    found = {}
    for place in entry.places:
        status = reported.get(place)
        if away := why_not(place):
            found[place] = Status(Observed.ERROR, since if since is not None else now(), None, AWAY, away)
        elif status is None:
            found[place] = Status(unseen, since if since is not None else now())
        else:
            found[place] = _expired(status) if status.observed in PENDING else status
    return found


def _expired(status: Status) -> Status:
    """What takes too long has failed, whatever may still come of it."""
    if (now() - status.since).total_seconds() <= OVERDUE_S:
        return status
    step = status.command.verb.value if status.command is not None else status.observed.value
    cause = f"it has not come to an end within {OVERDUE_S:g} s; the log may tell why"
    return Status(Observed.ERROR, status.since, None, step, cause)


def reachable(statuses: Mapping[str, Status]) -> Mapping[str, Status]:
    """Those of environments that answer; all of them where none does."""
    return {place: status for place, status in statuses.items() if not status.away} or statuses


def common(statuses: Mapping[str, Status]) -> Status:
    """The environments' common one, else one that is pending, else an error that names where they differ.

    A pending one of several is ``commanding`` only where it has a command; the API shows all of them so.
    """
    found = list(statuses.values())
    if len({status.observed for status in found}) == 1:
        return max(found, key=lambda status: (status.stuck, status.since))
    pending = [status for status in found if status.observed in PENDING]
    if pending:
        return min(pending, key=lambda status: status.observed is not Observed.COMMANDING)
    failed = next((status for status in found if status.observed is Observed.ERROR), None)
    if failed is not None:
        return failed
    told = ", ".join(f"{place}: {status.observed.value}" for place, status in statuses.items())
    return Status(
        Observed.ERROR,
        max(status.since for status in found),
        None,
        "run",
        f"its environments differ ({told})",
    )


def shown(statuses: Mapping[str, Status]) -> str:
    """``status`` as it is answered: the environments' common one, else ``commanding`` while one is pending, else ``error``."""
    words = {status.observed for status in statuses.values()}
    if len(words) == 1:
        return str(words.pop().value)
    return str((Observed.COMMANDING if words & PENDING else Observed.ERROR).value)
