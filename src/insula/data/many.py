"""Updates and removals of any number of records, in parts that stop nobody else.

The rows of one statement are read at one go, on the event loop. So an update of many records is several
statements in one transaction; and a removal of many does not give their keys. Which records are meant is
decided once, before the first of them is written: what is written may be what the filter asks for, in the
records themselves or in those that they are related to.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from insula.data.collection import Collection
from insula.data.rows import Rows
from insula.data.scope import Scopes
from insula.data.selection import Selection
from insula.database.executor import Row, Transaction

PART_ROWS: Final = 1_000
"""Records that one statement updates and gives back."""
KEYS_AT_ONCE: Final = 2_000
"""Keys that are read at one go: some 2 ms."""
MAX_ANSWERED: Final = 10_000
"""Records that an update answers; it may update more."""


class Many:
    """Writes many rows of single collections of one application."""

    def __init__(self, rows: Rows) -> None:
        self._rows = rows

    async def update(
        self,
        collection: Collection,
        columns: Mapping[str, Any],
        selection: Selection,
        scopes: Scopes,
        on: Transaction | None,
    ) -> list[Row]:
        """``Rows.update``; of more than ``MAX_ANSWERED`` rows gives one more than that, those of the lowest keys."""
        if not await self._are_many(collection, selection, scopes, on):
            return await self._rows.update(collection, columns, selection, scopes, on)
        answered: list[Row] = []
        async with self._rows.units.unit(on) as transaction:
            keys = await self._locked(collection, selection, scopes, transaction)
            for start in range(0, len(keys), PART_ROWS):
                part = Selection(tuple(keys[start : start + PART_ROWS]))
                rows = await self._rows.update(collection, columns, part, scopes, transaction)
                answered += rows[: MAX_ANSWERED + 1 - len(answered)]
        return answered

    async def delete(
        self, collection: Collection, selection: Selection, scopes: Scopes, on: Transaction | None
    ) -> int:
        """``Rows.delete``, by one statement; observers are not told the keys of many."""
        many = await self._are_many(collection, selection, scopes, on)
        return await self._rows.delete(collection, selection, scopes, on, told=not many)

    async def _are_many(
        self, collection: Collection, selection: Selection, scopes: Scopes, on: Transaction | None
    ) -> bool:
        few = selection.keys is not None and len(selection.keys) <= PART_ROWS
        if few or collection.primary_key is None:
            return False
        last = await self._rows.some_keys(collection, selection, scopes, on, limit=1, skipped=PART_ROWS - 1)
        return bool(last)

    async def _locked(
        self, collection: Collection, selection: Selection, scopes: Scopes, on: Transaction
    ) -> list[Any]:
        """The keys of all selected rows, in their order, which nobody else writes from now on."""
        keys: list[Any] = []
        while some := await self._rows.some_keys(
            collection, selection, scopes, on, limit=KEYS_AT_ONCE, locked=True
        ):
            keys += some
            selection = replace(selection, after=some[-1])
        return keys
