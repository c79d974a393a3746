"""What has happened to applications: the table ``applicationEvents``, the newest 200 of each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from insula.data.filters.tree import All, Condition
from insula.data.query import Query
from insula.data.scope import Unrestricted
from insula.fleet.lifecycle import Observed, Wanted

if TYPE_CHECKING:
    from insula.data.repository import Repository
    from insula.database.executor import Transaction

EVENTS: Final = "applicationEvents"
MOST_EVENTS: Final = 200
"""Kept of one application."""
SLACK: Final = 25
"""Events of one application between two looks for those that are too old: so many fewer are left each time."""
LONGEST_REASON: Final = 2_000
"""Characters; what is longer is cut."""
LONGEST_ACTOR: Final = 255

_EVERYTHING: Final = Unrestricted()
_COLUMNS: Final = (
    *("application", "at", "environment", "observed", "wanted", "reason", "requestId", "actor"),
)


@dataclass(frozen=True, slots=True)
class Event:
    """Something that was wanted of an application, or was observed of it."""

    application: str
    at: datetime
    environment: str = ""
    observed: Observed | None = None
    wanted: Wanted | None = None
    reason: str = ""
    request_id: str = ""
    actor: str = ""

    def row(self) -> tuple[Any, ...]:
        """Its values, in the order of the columns."""
        return (
            self.application,
            self.at,
            self.environment or None,
            self.observed.value if self.observed is not None else None,
            self.wanted.value if self.wanted is not None else None,
            _plain(self.reason[:LONGEST_REASON]),
            self.request_id or None,
            _plain(self.actor[:LONGEST_ACTOR]),
        )


class History:
    """Writes events, inside transactions of others."""

    def __init__(self, repository: Repository) -> None:
        self._repository = repository
        self._room: Counter[str] = Counter()
        """Application → events that may still be written before the old ones are looked for; 0: look now."""

    async def write(self, events: Sequence[Event], on: Transaction) -> None:
        """Append events, and drop the oldest of applications that have too many."""
        if not events:
            return
        rows = [event.row() for event in events]
        if len(rows) == 1:  # as with every verb: one statement, no savepoint
            values = dict(zip(_COLUMNS, rows[0], strict=True))
            await self._repository.create(EVENTS, values, scopes=_EVERYTHING, on=on)
        else:
            await self._repository.bulk_insert(EVENTS, rows, columns=_COLUMNS, scopes=_EVERYTHING, on=on)
        for name, count in Counter(event.application for event in events).items():
            self._room[name] -= count
            if self._room[name] < 0:
                await self._trim(name, on)

    async def forget(self, name: str, on: Transaction) -> None:
        """Drop all events of an application."""
        self._room.pop(name, None)
        of_it = Condition(("application",), "$eq", name)
        await self._repository.destroy(EVENTS, filter=of_it, scopes=_EVERYTHING, on=on)

    async def _trim(self, name: str, on: Transaction) -> None:
        of_it = Condition(("application",), "$eq", name)
        newest = MOST_EVENTS - SLACK
        query = Query(
            filter=of_it, fields=("id",), sort=("-id",), page=newest + 1, page_size=1, counting="none"
        )
        page = await self._repository.find(EVENTS, query, scopes=_EVERYTHING, on=on)
        if page.rows:
            old = All((of_it, Condition(("id",), "$lte", page.rows[0]["id"])))
            await self._repository.destroy(EVENTS, filter=old, scopes=_EVERYTHING, on=on)
        self._room[name] = SLACK


def _plain(text: str) -> str | None:
    """As every database takes it: a sentence that told of a failure must not be one."""
    return text.encode("utf-8", "replace").decode().replace("\0", "") or None
