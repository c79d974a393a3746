"""When a repair that has failed is tried again: later and later, or not before somebody changes the application."""

from __future__ import annotations

import random
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from math import inf
from typing import TYPE_CHECKING, Final

from insula.core.clock import monotonic

if TYPE_CHECKING:
    from insula.supervisor.entry import Entry

BACK_OFF_S: Final = 5.0
"""Before a failed one is tried again; doubled each time, with up to half as much again by chance."""
MAX_BACK_OFF_S: Final = 300.0
LASTING: Final = frozenset(
    (
        *("MIGRATION_FAILED", "NEWER_DATABASE", "NOT_INSTALLED", "OWNED_BY_ANOTHER"),
        *("SEAL_BROKEN", "UPGRADE_NEEDED", "WRONG_KEY"),
    )
)
"""Codes of failures that do not pass: nothing is tried again until somebody changes the application or asks for it."""


@dataclass(slots=True)
class _Failure:
    """Why an application is not repaired now."""

    of: datetime | None
    """The change of the record that it was tried for; after another one it is tried anew."""
    tries: int = 0
    not_before: float = 0.0
    """Monotonic seconds."""


class Tries:
    """Owned by who repairs."""

    def __init__(self) -> None:
        self._failures: dict[str, _Failure] = {}

    def put_off(self, entry: Entry, code: str) -> bool:
        """It has failed, with this code. Gives whether it is tried again by itself."""
        failure = self._failures.get(entry.name)
        if failure is None or failure.of != entry.updated_at:
            failure = self._failures[entry.name] = _Failure(entry.updated_at)
        pause = min(MAX_BACK_OFF_S, BACK_OFF_S * float(2 ** min(failure.tries, 16)))
        pause *= 1 + random.random() / 2  # noqa: S311 - jitter, no secret
        failure.tries += 1
        failure.not_before = inf if code in LASTING else monotonic() + pause
        return code not in LASTING

    def known(self, entry: Entry) -> bool:
        """Whether it has failed since the application was changed last."""
        failure = self._failures.get(entry.name)
        return failure is not None and failure.of == entry.updated_at

    def due(self, entry: Entry) -> bool:
        """Whether one that is known may be tried now."""
        return monotonic() >= self._failures[entry.name].not_before

    def right(self, name: str) -> None:
        """Nothing is to be repaired any more."""
        self._failures.pop(name, None)

    def keep_only(self, names: Iterable[str]) -> None:
        """All other applications are gone."""
        for name in self._failures.keys() - set(names):
            del self._failures[name]
