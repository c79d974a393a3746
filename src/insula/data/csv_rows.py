"""Appending many rows to one collection as text, where the database takes CSV: no value is made of a cell."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from typing import Any

from insula.data.changes import Change
from insula.data.collection import Collection
from insula.data.rows import NOTHING, Rows
from insula.data.scope import Scopes
from insula.data.validate import form
from insula.data.violations import Violations
from insula.database import csv_text
from insula.database.errors import DatabaseError
from insula.database.executor import Transaction

LINES_AT_ONCE = 500
"""Completed and handed over at one go on the event loop: a millisecond at most."""

Render = Callable[[Any], str]


class CsvRows:
    """Appends lines of CSV to one collection."""

    def __init__(self, rows: Rows, collection: Collection, columns: Sequence[str]) -> None:
        """``columns``: what the cells of a line are, in their order."""
        self._rows = rows
        self._collection = collection
        self._form = form(collection)
        self._columns = tuple(columns)
        self._tail = [
            name
            for name in rows.statements(collection).columns
            if name not in self._columns and name != self._form.automatic_key
        ]
        self._violations = Violations(rows.catalog, rows.database)

    def render(self, name: str) -> Render:
        """How prepared values of a column become cells."""
        column = self._collection.table.c[name].type
        encode = column._cached_bind_processor(self._rows.database.dialect.sqlalchemy)
        if encode is None:
            return csv_text.cell
        return lambda value: csv_text.cell(encode(value))

    async def append(self, lines: Sequence[str], scopes: Scopes, on: Transaction) -> int:
        """Append lines, each without its end; other columns as for any new record. Gives the number of rows.

        Raises ``Conflict``, ``InvalidValue``, ``InvalidQuery``.
        """
        collection, key = self._collection, self._form.automatic_key
        numbers = {
            name: await self._rows.last(collection, name, on)
            for name in self._form.sorts
            if name in self._tail
        }
        common = self._form.complete(NOTHING, scopes.stamps)
        if self._form.alike(self._tail):
            # What is empty need not be sent: no column has a default of its own in the database.
            tail = [name for name in self._tail if common[name] is not None]
            chunks = _chunks(lines, self._end(tail, common))
        else:
            tail = self._tail
            chunks = self._each_its_own(lines, scopes, numbers)
        try:
            count = await on.copy_csv(collection.name, (*self._columns, *tail), chunks)
        except DatabaseError as error:
            raise await self._violations.explain(error, collection, NOTHING, on) from error
        if key is not None and key in self._columns:
            await self._rows.follow_key(collection, await self._rows.last(collection, key, on), on)
        self._rows.announcer.note(Change(collection.name, "create", (), frozenset(self._columns)), on)
        return count

    def _end(self, tail: Sequence[str], values: Mapping[str, Any]) -> str:
        """What follows a line's own cells."""
        return "".join(f",{self.render(name)(values[name])}" for name in tail) + "\n"

    async def _each_its_own(
        self, lines: Sequence[str], scopes: Scopes, numbers: dict[str, int]
    ) -> AsyncIterator[bytes]:
        """The lines with ends that differ; ``numbers`` are the last ones of sort columns."""
        renders = {name: self.render(name) for name in self._tail}
        for start in range(0, len(lines), LINES_AT_ONCE):
            ended = []
            for line in lines[start : start + LINES_AT_ONCE]:
                for name in numbers:
                    numbers[name] += 1
                values = {**self._form.complete(NOTHING, scopes.stamps), **numbers}
                end = "".join(f",{render(values[name])}" for name, render in renders.items())
                ended.append(f"{line}{end}\n")
            yield "".join(ended).encode()
            await asyncio.sleep(0)


async def _chunks(lines: Sequence[str], end: str) -> AsyncIterator[bytes]:
    for start in range(0, len(lines), LINES_AT_ONCE):
        yield (end.join(lines[start : start + LINES_AT_ONCE]) + end).encode()
        await asyncio.sleep(0)
