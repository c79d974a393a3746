"""Updates and removals of any number of records, in parts that stop nobody else.

The rows of one statement are read at one go, on the event loop. So an update of many records is several
statements, each for a range of keys, in one transaction; and a removal of many does not give their keys.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from insula.data.collection import Collection
from insula.data.rows import Rows, Selection
from insula.data.scope import Scopes
from insula.database.executor import Row, Transaction

PART_ROWS: Final = 1_000
"""Records that one statement updates and gives back."""
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
        until = await self._end_of_part(collection, selection, scopes, on)
        if until is None:
            return await self._rows.update(collection, columns, selection, scopes, on)
        answered: list[Row] = []
        part = selection
        async with self._rows.units.unit(on) as transaction:
            while True:
                part = replace(part, until=until)
                rows = await self._rows.update(collection, columns, part, scopes, transaction)
                answered += rows[: MAX_ANSWERED + 1 - len(answered)]
                if until is None:
                    return answered
                part = replace(part, after=until, until=None)
                until = await self._end_of_part(collection, part, scopes, transaction)

    async def delete(
        self, collection: Collection, selection: Selection, scopes: Scopes, on: Transaction | None
    ) -> int:
        """``Rows.delete``; observers are not told the keys of many."""
        until = await self._end_of_part(collection, selection, scopes, on)
        return await self._rows.delete(collection, selection, scopes, on, told=until is None)

    async def _end_of_part(
        self, collection: Collection, selection: Selection, scopes: Scopes, on: Transaction | None
    ) -> Any:
        """The key at which the next part ends, ``None`` where one part is all."""
        few = selection.keys is not None and len(selection.keys) <= PART_ROWS
        if few or collection.primary_key is None:
            return None
        return await self._rows.nth_key(collection, selection, PART_ROWS, scopes, on)
