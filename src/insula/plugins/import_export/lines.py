"""The lines of a file for a reader of CSV, with an eye on how much text one row and one batch take.

A quote that is never closed makes one row of the rest of the file, whatever its size.
"""

import csv
import io
from collections.abc import Iterator
from itertools import islice
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import _csv

BLOCK_CHARACTERS = 64 * 1024
MAX_ROW_CHARACTERS = 8 * 1024 * 1024
"""Of one row, over all its lines."""
ROWS_PER_LOOK = 4
"""Read before it is looked how much text there is: as many as may be of the greatest length at once."""
WANTED_PIECE_CHARACTERS = 1024 * 1024
"""Where rows are long, fewer are taken at once."""
ROWS_AT_ONCE = 500
"""Taken before others may be thought of: less than a millisecond."""


class Lines:
    """Iterable over the lines, once."""

    def __init__(self, file: io.TextIOWrapper) -> None:
        self._file = file
        self._taken: list[list[str]] = []
        """Grows while rows are read, so that the lines can tell that one is complete."""
        self._characters = 0
        """Of this piece."""
        self._at_once = ROWS_AT_ONCE

    def __iter__(self) -> Iterator[str]:
        """Raises ``csv.Error`` inside a row that takes too much."""
        before, pending = 0, 0
        while block := self._file.readlines(BLOCK_CHARACTERS):
            rows = len(self._taken)
            if rows != before:
                before, pending = rows, 0
            size = sum(map(len, block))
            self._characters += size
            pending += size
            if pending > MAX_ROW_CHARACTERS:
                raise csv.Error("a row goes on for too long; is a quote not closed?")
            yield from block

    @property
    def characters(self) -> int:
        """Read for the rows that were taken last."""
        return self._characters

    @property
    def long(self) -> bool:
        """Rows hold so much text that a batch should be of few."""
        return self._at_once < ROWS_AT_ONCE

    def take(self, reader: "_csv.Reader", most: int) -> list[list[str]]:
        """At most so many rows of the reader of these lines, blank ones too; none at the end of the file."""
        self._taken, self._characters = [], 0
        most = min(most, self._at_once)
        while len(self._taken) < most and self._characters <= WANTED_PIECE_CHARACTERS:
            before = len(self._taken)
            self._taken.extend(islice(reader, min(ROWS_PER_LOOK, most - before)))
            if len(self._taken) == before:
                break
        if self._characters > WANTED_PIECE_CHARACTERS:
            self._at_once = max(1, self._at_once // 8)
        elif self._at_once < ROWS_AT_ONCE:
            self._at_once = min(ROWS_AT_ONCE, self._at_once * 2)
        return self._taken
