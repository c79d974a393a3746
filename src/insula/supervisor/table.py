"""The table ``applications``: what is read and written of it, each write one transaction with its events."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from insula.data.query import Query
from insula.data.scope import Unrestricted
from insula.supervisor.entrances import Entrances
from insula.supervisor.entry import COLUMNS, Entry, columns, entry_of
from insula.supervisor.history import Event, History

if TYPE_CHECKING:
    from insula.data.repository import Repository
    from insula.database.executor import Transaction

    Also = Callable[[Entry, Transaction], Awaitable[None]]

TABLE: Final = "applications"
_ALL: Final = Query(page_size=None, counting="none")
_EVERYTHING: Final = Unrestricted()


class Table:
    """In the database of the main application."""

    def __init__(self, repository: Repository) -> None:
        self._repository = repository
        self._history = History(repository)
        self._entrances = Entrances(repository)

    async def read_all(self) -> list[Entry]:
        """All applications, by one query."""
        page = await self._repository.find(TABLE, _ALL, scopes=_EVERYTHING)
        return [entry_of(row) for row in page.rows]

    async def read(self, name: str) -> Entry | None:
        """One application; ``None`` when there is none of that name."""
        row = await self._repository.find_one(TABLE, name, scopes=_EVERYTHING)
        return None if row is None else entry_of(row)

    async def insert(self, entry: Entry, event: Event, also: Also | None = None) -> None:
        """``also`` is done in the same transaction. Raises ``Conflict`` where the name or the domain is taken."""
        values = columns({name: getattr(entry, name) for name in COLUMNS})
        async with self._repository.transaction() as transaction:
            await self._entrances.forget(entry.name, transaction)
            await self._repository.create(TABLE, values, scopes=_EVERYTHING, on=transaction)
            await self._history.write((event,), transaction)
            if also is not None:
                await also(entry, transaction)

    async def update(self, names: Sequence[str], changes: Mapping[str, Any], events: Sequence[Event]) -> None:
        """Set the same attributes of one or several applications, by one statement.

        Raises ``RecordNotFound`` where a single one is gone, ``Conflict`` where the domain is taken.
        """
        written = columns(changes)
        async with self._repository.transaction() as transaction:
            await self._repository.update(
                TABLE, written, keys=list(names), scopes=_EVERYTHING, on=transaction
            )
            await self._history.write(events, transaction)

    async def delete(self, name: str) -> None:
        """Remove an application, its history, and who may enter it. Raises ``RecordNotFound``."""
        async with self._repository.transaction() as transaction:
            await self._history.forget(name, transaction)
            await self._entrances.forget(name, transaction)
            await self._repository.destroy(TABLE, keys=[name], scopes=_EVERYTHING, on=transaction)

    async def note(self, events: Sequence[Event]) -> None:
        """Append events alone."""
        async with self._repository.transaction() as transaction:
            await self._history.write(events, transaction)
