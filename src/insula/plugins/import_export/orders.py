"""What an import was asked to do, and how far it is: kept as JSON with its job."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from insula.plugins.import_export.mapping import Assigned
from insula.plugins.import_export.source import Layout

REPORTED_ROWS = 1_000
"""Rejected rows that the job names; the others are counted."""


@dataclass(frozen=True, slots=True)
class Order:
    """What a job was asked to import; its JSON is the job's input."""

    collection: str
    file: str
    lines: int
    layout: Layout
    columns: tuple[Assigned, ...]
    user: int | None
    match: str | None = None
    """A unique field: rows whose value a record has already are not added."""
    updates: bool = False
    """They change that record; else they are passed over."""

    def to_json(self) -> dict[str, Any]:
        return {
            "collection": self.collection,
            "file": self.file,
            "lines": self.lines,
            "encoding": self.layout.encoding,
            "delimiter": self.layout.delimiter,
            "columns": [column.to_json() for column in self.columns],
            "user": self.user,
            "match": self.match,
            "updates": self.updates,
        }

    @classmethod
    def from_json(cls, given: Mapping[str, Any]) -> "Order":
        columns = tuple(Assigned(**column) for column in given["columns"])
        layout = Layout(given["encoding"], given["delimiter"])
        return cls(
            given["collection"],
            given["file"],
            given["lines"],
            layout,
            columns,
            given["user"],
            given.get("match"),
            given.get("updates", False),
        )


@dataclass(slots=True)
class Tally:
    """How far an import is; kept with each batch, so that it goes on exactly there."""

    rows: int = 0
    imported: int = 0
    """New records."""
    updated: int = 0
    skipped: int = 0
    """Rows whose record was there already, or stands further up or down in the file."""
    empty: int = 0
    """Rows of nothing but delimiters, as spreadsheets write them below a table."""
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
            "updated": self.updated,
            "skipped": self.skipped,
            "empty": self.empty,
            "rejected": self.rejected,
            "errors": list(self.errors),
        }
