"""Which verbs an application allows, by what is wanted of it. What is absent here is allowed. Pure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from insula.fleet.lifecycle import Wanted
from insula.supervisor.entry import Entry
from insula.supervisor.errors import NotConfirmed, NotNow


@dataclass(frozen=True, slots=True)
class _Rule:
    """A reason to refuse."""

    holds: Callable[[Entry], bool]
    reason: str


_GONE: Final = _Rule(lambda entry: entry.wanted is Wanted.DELETED, "was deleted; restore it first")
_GONE_ALREADY: Final = _Rule(
    lambda entry: entry.wanted is Wanted.DELETED, "was deleted already; restore it, or purge it"
)
_UNMADE: Final = _Rule(lambda entry: not entry.made, "is not made yet; look at the job that makes it")
_THERE: Final = _Rule(lambda entry: entry.wanted is not Wanted.DELETED, "was not deleted")
_PURGING: Final = _Rule(lambda entry: entry.purging, "is being purged")
_EMPTY: Final = _Rule(lambda entry: not entry.made, "was never made to its end; purge it")
_KEPT: Final = _Rule(lambda entry: entry.wanted is not Wanted.DELETED, "was not deleted; delete it first")
_USED: Final = _Rule(
    # before that, whoever came saw the page that tells of its making
    lambda entry: entry.made and entry.last_visit_at is not None,
    "was visited by now; delete it and purge it",
)

RULES: Final = {
    "start": (_GONE, _UNMADE),
    "stop": (_GONE, _UNMADE),
    "sleep": (_GONE, _UNMADE),
    "restart": (_GONE, _UNMADE),
    "upgrade": (_GONE, _UNMADE),
    "change": (_GONE,),
    "be deleted": (_GONE_ALREADY,),
    "be restored": (_THERE, _PURGING, _EMPTY),
    "be purged": (_KEPT,),
    "be prepared": (_GONE,),
    "be installed": (_GONE,),
    "be taken back": (_USED,),
}
"""Verb → what stands against it, the first that holds is told."""


def refuse(entry: Entry, verb: str) -> None:
    """Raises ``NotNow`` where the application can not do that as it is."""
    for rule in RULES[verb]:
        if rule.holds(entry):
            raise NotNow(application=entry.name, verb=verb, reason=rule.reason)


def check_confirmed(name: str, confirm: object, verb: str) -> None:
    """Raises ``NotConfirmed`` unless the application's own name was given."""
    if confirm != name:
        raise NotConfirmed(verb=verb, application=name)
