"""How the rows of one file become rows of a collection: worked out once, done batch by batch."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from insula.data.csv_rows import CsvRows
from insula.plugins.import_export.conversion import BadCell, Target, to_csv, to_values
from insula.plugins.import_export.source import Batch


@dataclass(slots=True)
class Converted:
    """Rows of the file, converted: the good ones with their lines, and what is wrong with the others."""

    lines: list[int] = field(default_factory=list)
    rows: list[Any] = field(default_factory=list)
    """Tuples of values, or lines of CSV."""
    bad: list[tuple[int, str | None, str]] = field(default_factory=list)
    """(line, field, reason), one for each rejected row."""
    taken: int = 0
    """Rows of the file, good, bad and empty."""
    empty: int = 0


class Plan:
    """How the batches of one file are converted: worked out once. Used in threads."""

    def __init__(self, targets: Sequence[Target | None], csv: CsvRows | None) -> None:
        """``csv``: what takes lines of CSV; without, rows are tuples of values."""
        self._width = len(targets)
        self._columns = [
            (position, target, to_csv(target, csv.render(target.field.name)) if csv else to_values(target))
            for position, target in enumerate(targets)
            if target is not None
        ]
        self._join: Callable[[tuple[Any, ...]], Any] = ",".join if csv else tuple

    def convert(self, batch: Batch, into: Converted) -> None:
        """Add all rows of a batch to ``into``; those of nothing but delimiters are only counted."""
        into.taken += len(batch.rows)
        if self._width > 1 and not all(map(any, batch.rows)):
            into.empty += len(batch.rows)
            batch = _filled(batch)
            into.empty -= len(batch.rows)
        bad: dict[int, tuple[str | None, str]] = {}
        even: Sequence[int] = range(len(batch.rows))
        if set(map(len, batch.rows)) != {self._width}:
            bad = {
                row: (None, f"has {_counted(len(cells))} instead of {self._width}")
                for row, cells in enumerate(batch.rows)
                if len(cells) != self._width
            }
            even = [row for row in even if row not in bad]
        table = list(zip(*(batch.rows[row] for row in even), strict=True)) or [()] * self._width
        columns = []
        for position, target, convert in self._columns:
            converted, wrong = convert(table[position])
            columns.append(converted)
            for cell in [*wrong, *_missing(target, table[position])]:
                bad.setdefault(even[cell.row], (cell.field, cell.reason))
        rows = list(map(self._join, zip(*columns, strict=True)))
        if bad:
            kept = [(even[position], row) for position, row in enumerate(rows) if even[position] not in bad]
            into.lines += [batch.lines[position] for position, _ in kept]
            into.rows += [row for _, row in kept]
            into.bad += [(batch.lines[row], name, reason) for row, (name, reason) in sorted(bad.items())]
        else:
            into.lines += batch.lines
            into.rows += rows


def _filled(batch: Batch) -> Batch:
    """The rows in which something is written."""
    kept = [(line, row) for line, row in zip(batch.lines, batch.rows, strict=True) if any(row)]
    return Batch([line for line, _ in kept], [row for _, row in kept], batch.characters)


def _counted(cells: int) -> str:
    return "1 cell" if cells == 1 else f"{cells} cells"


def _missing(target: Target, cells: Sequence[str]) -> list[BadCell]:
    if not (target.field.required or target.field.primary_key) or "" not in cells:
        return []
    return [BadCell(row, target.field.name, "is required") for row, cell in enumerate(cells) if not cell]
