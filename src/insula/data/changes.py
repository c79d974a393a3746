"""What was written, told to observers after the commit and never for what was rolled back."""

import contextlib
import logging
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import Any, Final, Literal, Protocol

from insula.database.executor import Executor, Transaction

logger = logging.getLogger(__name__)

MAX_KEYS: Final = 10_000
"""Keys that one change lists when it is put together from several."""

ChangeAction = Literal["create", "update", "destroy"]


@dataclass(frozen=True, slots=True)
class Change:
    """Records of one collection that were written together.

    Records that the database itself removed or unlinked along (``ON DELETE``) are not listed.
    """

    collection: str
    action: ChangeAction
    keys: tuple[Any, ...]
    """Values of the primary key; empty where they are not known (bulk inserts, collections without a key) or very many."""
    fields: frozenset[str] = frozenset()
    """Names of the columns that were written; empty for ``destroy``."""


Observer = Callable[[Change], None]
"""Called on the event loop, so it returns at once; what takes long it starts as a task of its own."""


class Log(Protocol):
    """Takes down changes for other processes, together with the changes."""

    told: frozenset[tuple[str, ChangeAction]]
    """Collections and actions that are taken down."""

    async def write(self, changes: Iterable[Change], on: Transaction) -> None:
        """The last thing that is done on a transaction before it is committed."""
        ...


class Announcer:
    """Hands changes to ``observers``: at once when they are committed already, else after their transaction."""

    def __init__(self) -> None:
        self.observers: list[Observer] = []
        self.log: Log | None = None
        """``None`` while the application runs in one process."""
        self._pending: dict[int, list[Change]] = {}

    def is_logged(self, collection: str, action: ChangeAction) -> bool:
        """Whether such a change has to be written in a transaction, so that it is taken down with it."""
        return self.log is not None and (collection, action) in self.log.told

    def note(self, change: Change, on: Executor | None) -> None:
        """Take note of a change written ``on`` an open transaction, or committed already (``None``).

        On a transaction that nobody collects for, the change is not announced.
        """
        if on is None:
            self.announce((change,))
        elif (pending := self._pending.get(id(on))) is not None:
            pending.append(change)

    @contextlib.contextmanager
    def collecting(self, transaction: Executor) -> Iterator[list[Change]]:
        """Inside the block, changes written on ``transaction`` are put into the list that this yields.

        Whoever opened the transaction hands the list to ``announce`` once it is committed.
        """
        changes: list[Change] = []
        self._pending[id(transaction)] = changes
        try:
            yield changes
        finally:
            del self._pending[id(transaction)]

    @contextlib.contextmanager
    def undoing(self, transaction: Executor) -> Iterator[None]:
        """Forget what the block noted when it raises: for work inside a savepoint."""
        pending = self._pending.get(id(transaction), [])
        before = len(pending)
        try:
            yield
        except BaseException:
            del pending[before:]
            raise

    def announce(self, changes: Iterable[Change]) -> None:
        """Tell every observer of every change. One that fails is logged and stops no other."""
        if not self.observers:
            return
        for change in merged(changes):
            for observer in tuple(self.observers):
                try:
                    observer(change)
                except Exception:  # the records are written, and the other observers hear of it
                    logger.exception("an observer failed on a change of %s", change.collection)


def merged(changes: Iterable[Change]) -> list[Change]:
    """Neighbours of the same collection and action as one; of very many records the keys are not listed."""
    result: list[Change] = []
    for (collection, action), group in groupby(changes, lambda change: (change.collection, change.action)):
        alike = list(group)
        if len(alike) == 1:
            result += alike
            continue
        known = all(change.keys for change in alike) and sum(len(c.keys) for c in alike) <= MAX_KEYS
        keys = tuple(dict.fromkeys(key for change in alike for key in change.keys)) if known else ()
        fields = frozenset[str]().union(*(change.fields for change in alike))
        result.append(Change(collection, action, keys, fields))
    return result
