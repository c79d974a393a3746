"""What one process of an application has changed, written down for the others that run over the same database.

A row is written in the transaction of the change, as the last thing in it and under a lock that is held until that
has ended. So rows are numbered in the order in which they are committed, and whoever has read up to a number misses
none with a lower one. Nobody waits for anything else under that lock.

A reader asks for the last row that it knows, too: where that is not there any more, rows behind it may be gone as
well (the reader was away for very long, or the database was put back to an earlier state), and everything is read
anew. Without other processes nothing is written, read or asked.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

import sqlalchemy as sa

from insula.core.clock import now
from insula.core.ids import random_id
from insula.data.builtin import builtin_collection, builtin_field
from insula.data.changes import Change, ChangeAction
from insula.database.executor import Executor, Row, Transaction
from insula.database.statement import Statement

LOCK: Final = "changes"
KEPT_S: Final = 900.0
"""Rows are kept for so long at least, and the newest one always."""
SWEEP_EVERY: Final = 64
"""Rows, after which the old ones are dropped: by one process, since each number is one process'."""
MOST_KEYS: Final = 1000
"""Keys that a change lists in a row; of more none, which means any."""
PROCESS_LENGTH: Final = 16

CHANGES: Final = builtin_collection(
    "insulaChanges",
    "Changes",
    "What the processes of an application that runs in several tell one another.",
    builtin_field("number", "bigInt", "In the order of commits.", primary_key=True),
    builtin_field("process", "string", "Who changed it.", required=True, length=PROCESS_LENGTH),
    builtin_field("changes", "json", "Collection, action and keys of each change.", required=True),
    builtin_field("at", "datetimeTz", "When it was changed.", required=True),
)
_TABLE: Final = CHANGES.table
_LAST: Final = sa.select(sa.func.coalesce(sa.func.max(_TABLE.c.number), 0).label("number"))
_NUMBER: Final = sa.bindparam("v_number", type_=_TABLE.c.number.type)
_SINCE: Final = sa.select(_TABLE).where(_TABLE.c.number >= _NUMBER).order_by(_TABLE.c.number)
_OLD: Final = _TABLE.delete().where(
    _TABLE.c.number < _NUMBER, _TABLE.c.at < sa.bindparam("v_at", type_=_TABLE.c.at.type)
)

Told = frozenset[tuple[str, ChangeAction]]
"""Collections and actions of which other processes have to hear."""


Place = tuple[int, str]
"""Number and process of a row."""


@dataclass(frozen=True, slots=True)
class Heard:
    """What others have changed since the last look."""

    changes: tuple[Change, ...]
    place: Place
    """Of the last row."""


class ChangeLog:
    """One process' hand in the table ``insulaChanges`` of an application."""

    def __init__(self, told: Told) -> None:
        self.told = told
        self._process = ""
        self._since: Statement | None = None
        self._read: Place = (0, "")
        """The last row that counts here already."""

    async def join(self, on: Transaction) -> None:
        """Begin: what is read from the tables after the commit of ``on`` holds all that was changed before."""
        # a new name each time: no number and name ever stand for two rows, also where the table was put back
        self._process = random_id(PROCESS_LENGTH)
        self._since = on.dialect.compile(_SINCE)
        self._read = (await self._append((), on), self._process)

    async def write(self, changes: Iterable[Change], on: Transaction) -> None:
        """Tell the others of what they have to hear, once ``on`` is committed. The last thing to be done on it."""
        told = [change for change in changes if (change.collection, change.action) in self.told]
        if told:
            await self.tell(told, on)

    async def tell(self, changes: Iterable[Change], on: Transaction) -> None:
        """As ``write``, of whatever is changed."""
        await self._append([_written(change) for change in changes], on)

    async def read(self, executor: Executor) -> Heard | None:
        """What is new, one statement; ``None`` where something may have been missed: everything is to be read anew,
        once this process has joined again. Not before ``join``."""
        assert self._since is not None, "read before it has joined"
        rows = await executor.fetch(self._since, {"v_number": self._read[0]})
        if not rows or _place(rows[0]) != self._read:
            return None
        others = (row for row in rows[1:] if row["process"] != self._process)
        return Heard(tuple(change for row in others for change in _changes(row)), _place(rows[-1]))

    def counts(self, heard: Heard) -> None:
        """What was heard counts here."""
        self._read = heard.place

    async def _append(self, changes: Sequence[Any], on: Transaction) -> int:
        await on.lock(LOCK)
        number = int((await on.run(_LAST))[0]["number"]) + 1
        moment = now()
        row = {"number": number, "process": self._process, "changes": changes, "at": moment}
        await on.run(_TABLE.insert().values(**row))
        if number % SWEEP_EVERY == 0:
            await on.run(_OLD, {"v_number": number, "v_at": moment - timedelta(seconds=KEPT_S)})
        return number


def _written(change: Change) -> list[Any]:
    keys = change.keys if len(change.keys) <= MOST_KEYS else ()
    return [change.collection, change.action, list(keys)]


def _place(row: Row) -> Place:
    return row["number"], row["process"]


def _changes(row: Row) -> list[Change]:
    return [Change(collection, action, tuple(keys)) for collection, action, keys in row["changes"]]
