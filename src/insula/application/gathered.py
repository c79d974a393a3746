"""Changes of records that wait to be told to those who listen to them in other processes: merged, and so bounded."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from insula.application.collections import INSULA
from insula.application.live import MOST_KEYS
from insula.data.change_log import Told
from insula.data.changes import Change, ChangeAction


class Gathered:
    """One entry for each collection and action, however many records were written."""

    def __init__(self, told: Told) -> None:
        """``told``: what others are told of together with the change itself, and is not gathered."""
        self._told = told
        self._waiting: dict[tuple[str, ChangeAction], dict[Any, None] | None] = {}
        """Keys, or ``None`` where there are too many to name."""

    def note(self, change: Change) -> None:
        """An observer of the repository's."""
        place = (change.collection, change.action)
        if place in self._told or change.collection == INSULA.name:
            return
        keys = self._waiting.setdefault(place, {}) if change.keys else None
        if keys is not None:
            keys.update(dict.fromkeys(change.keys))
        if keys is None or len(keys) > MOST_KEYS:
            self._waiting[place] = None

    def take(self) -> Sequence[Change]:
        """What waits; it waits no more."""
        waiting, self._waiting = self._waiting, {}
        return [Change(name, action, tuple(keys or ())) for (name, action), keys in waiting.items()]
