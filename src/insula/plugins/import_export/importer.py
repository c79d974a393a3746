"""The job that brings a file's rows in: batch by batch, each committed together with the place reached."""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from insula.application.jobs.kinds import JobKind, Step, StepContext
from insula.core.errors import InsulaError, Kind
from insula.data.collection import Collection
from insula.data.repository import Repository
from insula.data.scope import Unrestricted
from insula.database.executor import Transaction
from insula.plugins.import_export.conversion import BadCell, Target, convert
from insula.plugins.import_export.errors import InvalidImport
from insula.plugins.import_export.mapping import Assigned
from insula.plugins.import_export.source import Batch, Layout, batches

ROWS_PER_TRANSACTION = 5_000
ROWS_PER_COPY = 1_000
"""Encoded at one go on the event loop: about a millisecond."""
REPORTED_ROWS = 1_000
"""Rejected rows that the job names; the others are counted."""
KIND = "records.import"

_ROW_FAULTS = frozenset((Kind.INVALID, Kind.CONFLICT))
"""Failures of a statement that are the fault of a row, and not of the world."""


@dataclass(frozen=True, slots=True)
class Order:
    """What a job was asked to import; its JSON is the job's input."""

    collection: str
    file: str
    lines: int
    layout: Layout
    columns: tuple[Assigned, ...]
    user: int | None

    def to_json(self) -> dict[str, Any]:
        return {
            "collection": self.collection,
            "file": self.file,
            "lines": self.lines,
            "encoding": self.layout.encoding,
            "delimiter": self.layout.delimiter,
            "columns": [column.to_json() for column in self.columns],
            "user": self.user,
        }

    @classmethod
    def from_json(cls, given: Mapping[str, Any]) -> "Order":
        columns = tuple(Assigned(**column) for column in given["columns"])
        layout = Layout(given["encoding"], given["delimiter"])
        return cls(given["collection"], given["file"], given["lines"], layout, columns, given["user"])


@dataclass(slots=True)
class Tally:
    """How far an import is; kept with each batch, so that it goes on exactly there."""

    rows: int = 0
    imported: int = 0
    rejected: int = 0
    errors: list[dict[str, Any]] = field(default_factory=list)

    def reject(self, line: int, reason: str, name: str | None = None) -> None:
        self.rejected += 1
        if len(self.errors) < REPORTED_ROWS:
            self.errors.append({"line": line, "field": name, "reason": reason})

    def to_json(self) -> dict[str, Any]:
        return {
            "rows": self.rows,
            "imported": self.imported,
            "rejected": self.rejected,
            "errors": list(self.errors),
        }


@dataclass(frozen=True, slots=True)
class Converted:
    """A batch as values: the good rows with their lines, and what is wrong with the others."""

    lines: list[int]
    rows: list[tuple[Any, ...]]
    bad: list[tuple[int, str | None, str]]
    """(line, field, reason), one for each rejected row."""
    taken: int
    """Rows of the file, good and bad."""


def convert_batch(batch: Batch, targets: Sequence[Target | None]) -> Converted:
    """All columns of a batch. Runs in a thread."""
    width = len(targets)
    bad: dict[int, tuple[str | None, str]] = {
        row: (None, f"has {len(cells)} cells instead of {width}")
        for row, cells in enumerate(batch.rows)
        if len(cells) != width
    }
    even = [row for row in range(len(batch.rows)) if row not in bad] if bad else range(len(batch.rows))
    columns = []
    for target, cells in zip(targets, zip(*(batch.rows[row] for row in even), strict=True), strict=False):
        if target is None:
            continue
        values, wrong = convert(target, cells)
        columns.append(values)
        for cell in [*wrong, *_missing(target, values, {cell.row for cell in wrong})]:
            bad.setdefault(even[cell.row], (cell.field, cell.reason))
    rows: list[tuple[Any, ...]] = list(zip(*columns, strict=True))
    lines = [batch.lines[row] for row in even]
    if bad:
        kept = [position for position, row in enumerate(even) if row not in bad]
        rows, lines = [rows[position] for position in kept], [lines[position] for position in kept]
    named = [(batch.lines[row], name, reason) for row, (name, reason) in sorted(bad.items())]
    return Converted(lines, rows, named, len(batch.rows))


def _missing(target: Target, values: Sequence[Any], wrong: set[int]) -> list[BadCell]:
    if not (target.field.required or target.field.primary_key) or None not in values:
        return []
    empty = (row for row, value in enumerate(values) if value is None and row not in wrong)
    return [BadCell(row, target.field.name, "is required") for row in empty]


class Import:
    """One run of the job's step."""

    def __init__(self, step: StepContext) -> None:
        self._step = step
        self._order = Order.from_json(step.input)
        self._repository: Repository = step.application.repository
        self._collection: Collection = step.application.metadata.get(self._order.collection)
        self._targets = [column.target(self._collection) for column in self._order.columns]
        self._names = [target.field.name for target in self._targets if target]
        self._scopes = Unrestricted({"createdBy": self._order.user, "updatedBy": self._order.user})
        self._tally = Tally(**(step.record.state or {}))
        self._path = folder(step.application.options.storage) / self._order.file

    async def run(self) -> dict[str, Any]:
        """Bring in what is not in yet; gives the tally. Raises ``UnreadableCsv`` and ``InvalidImport``."""
        if not self._path.is_file():
            raise InvalidImport(reason="the file is gone from the storage folder; send it again")
        rows = batches(self._path, self._order.layout, size=ROWS_PER_TRANSACTION, skip=self._tally.rows)
        coming = self._read_ahead(rows)
        try:
            while converted := await coming:
                coming = self._read_ahead(rows)
                await self._store(converted)
        finally:
            # Closing the file waits for the thread that reads it.
            coming.cancel()
            await asyncio.gather(coming, return_exceptions=True)
            await asyncio.to_thread(rows.close)
        await asyncio.to_thread(self._path.unlink, missing_ok=True)
        return self._tally.to_json()

    def _read_ahead(self, rows: Iterator[Batch]) -> asyncio.Task[Converted | None]:
        """Read and convert the next batch in a thread while the one before is written."""

        def work() -> Converted | None:
            batch = next(rows, None)
            return None if batch is None else convert_batch(batch, self._targets)

        return asyncio.create_task(asyncio.to_thread(work), name="import: next batch")

    async def _store(self, converted: Converted) -> None:
        tally = Tally(**self._tally.to_json())
        async with self._repository.transaction() as transaction:
            for start in range(0, len(converted.rows), ROWS_PER_COPY):
                piece = slice(start, start + ROWS_PER_COPY)
                await self._append(converted.lines[piece], converted.rows[piece], tally, transaction)
            for line, name, reason in converted.bad:
                tally.reject(line, reason, name)
            tally.rows += converted.taken
            tally.errors.sort(key=lambda error: error["line"])
            self._step.record.state = tally.to_json()
            self._step.record.progress = min(1.0, tally.rows / max(1, self._order.lines))
            await self._step.keep(transaction)
        self._tally = tally

    async def _append(
        self, lines: list[int], rows: list[tuple[Any, ...]], tally: Tally, transaction: Transaction
    ) -> None:
        """Append rows; where the database refuses, halve until the row at fault stands alone."""
        if not rows:
            return
        try:
            async with transaction.savepoint():
                await self._repository.bulk_insert(
                    self._collection.name, rows, self._names, scopes=self._scopes, on=transaction
                )
            tally.imported += len(rows)
        except InsulaError as error:
            if error.kind not in _ROW_FAULTS:
                raise
            if len(rows) == 1:
                tally.reject(lines[0], error.message, error.details.get("field"))
                return
            half = len(rows) // 2
            await self._append(lines[:half], rows[:half], tally, transaction)
            await self._append(lines[half:], rows[half:], tally, transaction)


def folder(storage: Path | None) -> Path:
    """Where files wait to be imported. Raises ``InvalidImport`` for an application without a folder."""
    if storage is None:
        raise InvalidImport(reason="this application has no storage folder")
    path = storage / "imports"
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    return path


async def _run(step: StepContext) -> dict[str, Any]:
    return await Import(step).run()


IMPORT = JobKind(KIND, "Import records", (Step("rows", _run),))
