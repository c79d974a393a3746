"""The job that brings a file's rows in: batch by batch, each committed together with the place reached."""

import asyncio
import csv
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any

from insula.application.jobs.kinds import JobKind, Step, StepContext
from insula.core.errors import InsulaError, Kind
from insula.data.collection import Collection
from insula.data.errors import InvalidValue
from insula.data.faults import Fault, Faults, holders
from insula.data.repository import Repository
from insula.data.scope import Unrestricted
from insula.data.validate import form
from insula.database.errors import ColumnMissing, TableMissing
from insula.database.executor import Transaction
from insula.plugins.import_export.conversion import Target, to_values
from insula.plugins.import_export.errors import InvalidImport
from insula.plugins.import_export.files import KIND, folder, sweep
from insula.plugins.import_export.mapping import check_complete
from insula.plugins.import_export.orders import Order, Tally
from insula.plugins.import_export.plan import Converted, Plan
from insula.plugins.import_export.shared import Shared
from insula.plugins.import_export.source import Batch, batches

ROWS_PER_TRANSACTION = 10_000
CHARACTERS_PER_TRANSACTION = 16 * 1024 * 1024
"""Of rows that are full of text, fewer are held at once."""
SIFTINGS = 3
"""Times that rows are asked for those that break rules; what is refused for another reason is found by halving."""
ROWS_PER_PIECE = 1_000
"""Converted at one go, or as values encoded at one go: about a millisecond."""

_ROW_FAULTS = frozenset((Kind.INVALID, Kind.CONFLICT))
"""Failures of a statement that are the fault of a row, and not of the world."""


class _Changed(Exception):
    """The collection has been changed since the import was worked out."""


class Import:
    """One run of the job's step, for a collection as it is at its beginning."""

    def __init__(self, step: StepContext) -> None:
        self._step = step
        self._threads = step.application.threads
        self._order = Order.from_json(step.input)
        self._repository: Repository = step.application.repository
        self._collection: Collection = step.application.metadata.get(self._order.collection)
        targets = [column.target(self._collection) for column in self._order.columns]
        fields = [target.field for target in targets if target]
        self._names = [field.name for field in fields]
        self._csv = (
            None if self._order.updates else self._repository.csv_rows(self._order.collection, self._names)
        )
        self._plan = Plan(targets, self._csv)
        self._faults = Faults(self._repository.catalog, self._collection, self._names)
        self._watched = [
            (position, field.name, to_values(Target(field)))
            for position, field in enumerate(fields)
            if field.name in self._faults.columns
        ]
        if self._order.match and self._order.match not in self._faults.columns:
            raise InvalidImport(reason=f'"{self._order.match}" is not unique any more')
        if not self._order.updates:
            check_complete(self._collection, self._names)
        lacking = [field.name for field in form(self._collection).lacking(self._names)]
        self._lacking = self._required(lacking[0]) if lacking else None
        self._scopes = Unrestricted({"createdBy": self._order.user, "updatedBy": self._order.user})
        self._tally = Tally(**(step.record.state or {}))
        self._path = folder(step.application.options.storage) / self._order.file

    def _required(self, name: str) -> InvalidValue:
        return InvalidValue(collection=self._collection.name, field=name, reason="is required")

    @property
    def is_outdated(self) -> bool:
        """The collection is not the one any more that this was worked out for."""
        return self._step.application.metadata.find(self._order.collection) is not self._collection

    async def run(self) -> dict[str, Any]:
        """Bring in what is not in yet; gives the tally. Raises ``UnreadableCsv`` and ``InvalidImport``."""
        if not self._path.is_file():
            raise InvalidImport(reason="the file is gone from the storage folder; send it again")
        rows = batches(self._path, self._order.layout, size=ROWS_PER_PIECE, skip=self._tally.rows)
        with Shared(rows.close) as use:
            coming = self._read_ahead(use, rows)
            try:
                while (converted := await coming).taken:
                    coming = self._read_ahead(use, rows)
                    await self._store(converted)
            finally:
                if not coming.cancel() and not coming.cancelled():
                    coming.exception()  # seen: where it matters, it is under way already
        await self._threads.run(self._path.unlink, missing_ok=True)
        return self._tally.to_json()

    def _read_ahead(self, use: Shared, rows: Iterator[Batch]) -> asyncio.Task[Converted]:
        """Read and convert what comes next in a thread while what came before is written."""
        return asyncio.create_task(self._threads.run(use, self._next, rows), name="import: next rows")

    def _next(self, rows: Iterator[Batch]) -> Converted:
        """Of one transaction. Runs in a thread."""
        converted, characters = Converted(), 0
        for batch in islice(rows, ROWS_PER_TRANSACTION // ROWS_PER_PIECE):
            self._plan.convert(batch, converted)
            characters += batch.characters
            if characters > CHARACTERS_PER_TRANSACTION:
                break
        return converted

    async def _store(self, converted: Converted) -> None:
        tally = Tally(**self._tally.to_json())
        # Lines of CSV go into the database all at once, values piece by piece.
        size = ROWS_PER_TRANSACTION if self._csv else ROWS_PER_PIECE

        async def write(transaction: Transaction) -> Any:
            if self._order.match:  # what another import has just added is seen, and not added again
                await transaction.lock(f"import {self._collection.name}")
            for start in range(0, len(converted.rows), size):
                piece = slice(start, start + size)
                lines, values = converted.lines[piece], converted.rows[piece]
                if self._order.match:
                    lines, values = await self._match(self._order.match, lines, values, tally, transaction)
                if self._lacking is None:
                    await self._append(lines, values, tally, transaction)
                    continue
                for line in lines:
                    tally.reject(line, self._lacking.message, self._lacking.details["field"])
            for line, name, reason in converted.bad:
                tally.reject(line, reason, name)
            tally.rows += converted.taken
            tally.empty += converted.empty
            tally.errors.sort(key=lambda error: error["line"])
            return tally.to_json()

        rows = self._tally.rows + converted.taken
        async with self._step.application.metadata.steady():
            self._refuse_changed()
            await self._step.commit(write, min(1.0, rows / max(1, self._order.lines)))
        self._tally = tally

    async def _match(
        self, name: str, lines: list[int], rows: list[Any], tally: Tally, transaction: Transaction
    ) -> tuple[list[int], list[Any]]:
        """See to the rows that have a record already; gives the others."""
        columns = await self._threads.run(self._watched_columns, rows)
        values = columns[name]
        held = await holders(self._collection, name, values, transaction)
        new: list[int] = []
        last = {value: position for position, value in enumerate(values)}
        first: set[Any] = set()
        for position, value in enumerate(values):
            # Of rows with one value, updating leaves what the last says, skipping what the first says.
            counts = last[value] == position if self._order.updates else value not in first
            if value is None or (counts and value not in held):
                new.append(position)
            elif counts and self._order.updates:
                await self._update(held[value], lines[position], rows[position], tally, transaction)
            else:
                tally.skipped += 1
            first.add(value)
        return [lines[position] for position in new], [rows[position] for position in new]

    async def _update(
        self, key: Any, line: int, row: Sequence[Any], tally: Tally, transaction: Transaction
    ) -> None:
        values = dict(zip(self._names, row, strict=True))
        try:
            async with transaction.savepoint():
                await self._repository.update(
                    self._collection.name, values, keys=[key], scopes=self._scopes, on=transaction
                )
        except InsulaError as error:
            self._refuse_changed()
            if error.kind not in _ROW_FAULTS:
                raise
            tally.reject(line, error.message, error.details.get("field"))
        else:
            tally.updated += 1

    async def _append(
        self,
        lines: list[int],
        rows: list[Any],
        tally: Tally,
        transaction: Transaction,
        siftings: int = SIFTINGS,
    ) -> None:
        """Append rows; where the database refuses, without those at fault."""
        if not rows:
            return
        try:
            async with transaction.savepoint():
                await self._insert(rows, transaction)
            tally.imported += len(rows)
            return
        except InsulaError as error:
            self._refuse_changed()
            if error.kind not in _ROW_FAULTS:
                raise
            explained = error
        left = await self._sift(lines, rows, tally, transaction) if siftings else (lines, rows)
        if len(left[1]) < len(rows):
            await self._append(*left, tally, transaction, siftings - 1)
        elif len(rows) == 1:
            tally.reject(lines[0], explained.message, explained.details.get("field"))
        else:
            half = len(rows) // 2
            await self._append(lines[:half], rows[:half], tally, transaction, 0)
            await self._append(lines[half:], rows[half:], tally, transaction, 0)

    async def _sift(
        self, lines: list[int], rows: list[Any], tally: Tally, transaction: Transaction
    ) -> tuple[list[int], list[Any]]:
        """The rows that were refused together, without those that others have added since they were looked for,
        or else without those at fault."""
        if self._order.match:
            left = await self._match(self._order.match, lines, rows, tally, transaction)
            if len(left[1]) < len(rows):
                return left
        faults = await self._find_faults(rows, transaction) if len(rows) > 1 else {}
        for position, fault in faults.items():
            tally.reject(lines[position], fault.reason, fault.field)
        good = [position for position in range(len(rows)) if position not in faults]
        return [lines[position] for position in good], [rows[position] for position in good]

    async def _find_faults(self, rows: list[Any], transaction: Transaction) -> dict[int, Fault]:
        if not self._watched:
            return {}
        columns = await self._threads.run(self._watched_columns, rows)
        return await self._faults.find(columns, transaction)

    def _watched_columns(self, rows: list[Any]) -> dict[str, Sequence[Any]]:
        if self._csv is None:
            return {name: [row[position] for row in rows] for position, name, _ in self._watched}
        cells = list(csv.reader(rows))
        return {
            name: convert([row[position] for row in cells])[0] for position, name, convert in self._watched
        }

    def _refuse_changed(self) -> None:
        if self.is_outdated:
            raise _Changed

    async def _insert(self, rows: list[Any], transaction: Transaction) -> None:
        if self._csv:
            await self._csv.append(rows, self._scopes, transaction)
            return
        await self._repository.bulk_insert(
            self._collection.name, rows, self._names, scopes=self._scopes, on=transaction
        )


async def _run(step: StepContext) -> dict[str, Any]:
    while True:
        work = Import(step)
        try:
            return await work.run()
        except _Changed:
            step.log("the collection has been changed; the import goes on with it as it is now")
        except (ColumnMissing, TableMissing):
            # A change may be committed and not known here yet; once it is, what is gone can be named.
            await step.application.metadata.settled_version()
            if not work.is_outdated:
                raise


IMPORT = JobKind(KIND, "Import records", (Step("rows", _run),), tidy=sweep)
