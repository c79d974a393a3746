"""A CSV file as it came: its encoding, its delimiter, its header, its rows in batches.

Everything here runs in a worker thread; nothing knows of collections or jobs.
"""

import codecs
import csv
import io
import re
from collections.abc import Generator
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from insula.plugins.import_export.errors import UnreadableCsv
from insula.plugins.import_export.lines import Lines
from insula.plugins.import_export.screen import MAX_HEADER_BYTES

if TYPE_CHECKING:
    import _csv

SAMPLE_BYTES = 64 * 1024
"""Read to guess encoding and delimiter."""
MAX_COLUMNS = 1_000
MAX_CELL_CHARACTERS = 1_000_000
MAX_BATCH_CHARACTERS = 16 * 1024 * 1024
"""No further rows are added to a batch that holds so much text, however many were asked for."""
DELIMITERS = (",", ";", "\t", "|")
_SNIFFED_ROWS = 50
_BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)

_NO_FILES = frozenset(("idna", "punycode", "undefined", "unicode-escape", "raw-unicode-escape"))
"""What Python knows as text encodings, but no file is written in."""

_LINE_END = re.compile("\r\n|\r|\n")
_NO_UTF8 = "the text is not UTF-8; say which encoding it has, such as encoding=windows-1252"
_LONGEST_CHARACTER = 4
"""Bytes, in UTF-8."""

csv.field_size_limit(MAX_CELL_CHARACTERS)


@dataclass(frozen=True, slots=True)
class Layout:
    """How the bytes become rows of text."""

    encoding: str
    delimiter: str


@dataclass(frozen=True, slots=True)
class Batch:
    """Some rows, and the line of the file on which each begins."""

    lines: list[int]
    rows: list[list[str]]
    characters: int = field(default=0, compare=False)
    """Of the lines read for them, about."""


def detect(path: Path, *, encoding: str | None = None, delimiter: str | None = None) -> Layout:
    """Propose what was not given, from the data. Raises ``UnreadableCsv``."""
    with path.open("rb") as file:
        sample = file.read(SAMPLE_BYTES)
    if not sample.strip():
        raise UnreadableCsv(line=1, reason="the file is empty")
    encoding = _checked_encoding(encoding) if encoding else _guess_encoding(path, sample)
    if delimiter is None:
        delimiter = _guess_delimiter(_decode_sample(sample, encoding))
    elif len(delimiter) != 1 or delimiter in '\r\n"':
        raise UnreadableCsv(line=1, reason="the delimiter must be one character, such as , or ;")
    return Layout(encoding, delimiter)


def _checked_encoding(name: str) -> str:
    try:
        info = codecs.lookup(name)
    except LookupError:
        raise UnreadableCsv(line=1, reason=f'there is no text encoding "{name}"') from None
    if not getattr(info, "_is_text_encoding", True) or info.name.replace("_", "-") in _NO_FILES:
        raise UnreadableCsv(line=1, reason=f'"{name}" is no text encoding')
    return info.name


def _guess_encoding(path: Path, sample: bytes) -> str:
    """What a mark says, or UTF-8 when the whole file is: text in one-byte encodings does not tell which it is."""
    for mark, encoding in _BYTE_ORDER_MARKS:
        if sample.startswith(mark):
            return encoding
    decoder = codecs.getincrementaldecoder("utf-8")()
    with path.open("rb") as file:
        try:
            while chunk := file.read(1 << 20):
                decoder.decode(chunk)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            raise UnreadableCsv(line=_first_wrong_line(path, "utf-8"), reason=_NO_UTF8) from None
    return "utf-8"


def cut_whole(path: Path) -> None:
    """Take the beginning of a character, of which the rest was not sent, from the end of UTF-8 text."""
    with path.open("r+b") as file:
        size = file.seek(0, io.SEEK_END)
        file.seek(max(0, size - _LONGEST_CHARACTER))
        tail = file.read()
        for length in range(1, len(tail) + 1):
            first = tail[-length]
            if first & 0xC0 != 0x80:  # not within a character
                if first >= 0xC0 and length < (4 if first >= 0xF0 else 3 if first >= 0xE0 else 2):
                    file.truncate(size - length)
                return


def _decode_sample(sample: bytes, encoding: str) -> str:
    """The sample as text; a character cut at its end does not matter."""
    try:
        return codecs.getincrementaldecoder(encoding)().decode(sample)
    except UnicodeError as error:  # without a place where a mark is missing at the beginning
        line = sample.count(b"\n", 0, getattr(error, "start", 0)) + 1
        raise UnreadableCsv(line=line, reason=f"the text is not {encoding}; name another encoding") from None


def _guess_delimiter(text: str) -> str:
    """The candidate that cuts the first rows into the most columns, the same number in each."""

    def score(delimiter: str) -> tuple[float, int]:
        try:
            rows = list(islice(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter), _SNIFFED_ROWS))
        except csv.Error:
            return (0.0, 0)  # by the right delimiter, if any, the file is read next, and its fault told
        widths = [len(row) for row in rows if row]
        if not widths or widths[0] < 2:
            return (0.0, 0)
        return (widths.count(widths[0]) / len(widths), widths[0])

    return max(DELIMITERS, key=score)


def header(path: Path, layout: Layout) -> list[str]:
    """The names of the columns, as they stand in the first line. Raises ``UnreadableCsv``."""
    with path.open("rb") as file:
        first = file.readline(MAX_HEADER_BYTES + 1)
    if len(first) > MAX_HEADER_BYTES:
        raise UnreadableCsv(line=1, reason=f"the header is longer than {MAX_HEADER_BYTES // 1024} kB")
    with _open(path, layout) as file:
        lines = Lines(file)
        names = [name.strip() for name in _first_row(lines, csv.reader(lines, delimiter=layout.delimiter))]
    if len(names) > MAX_COLUMNS:
        raise UnreadableCsv(line=1, reason=f"it has {len(names)} columns; {MAX_COLUMNS} are allowed")
    if empty := [str(position) for position, name in enumerate(names, 1) if not name]:
        raise UnreadableCsv(line=1, reason=f"column {', '.join(empty[:5])} has no name")
    if len(set(names)) < len(names):
        twice = sorted({name for name in names if names.count(name) > 1})
        raise UnreadableCsv(line=1, reason=f"the column {twice[0]!r} stands there more than once")
    return names


def _first_row(lines: Lines, reader: "_csv.Reader") -> list[str]:
    try:
        while taken := lines.take(reader, 1):
            if taken[0]:
                return taken[0]
    except csv.Error as error:
        raise UnreadableCsv(line=1, reason=str(error)) from None
    except UnicodeError as error:
        named = getattr(error, "encoding", "what was named")
        raise UnreadableCsv(line=1, reason=f"the text is not {named}; name another encoding") from None
    raise UnreadableCsv(line=1, reason="the file is empty")


def _open(path: Path, layout: Layout) -> io.TextIOWrapper:
    return path.open("r", encoding=layout.encoding, newline="")


def batches(path: Path, layout: Layout, *, size: int, skip: int = 0) -> Generator[Batch, None, None]:
    """The rows behind the header, ``size`` at a time, without blank lines, after the first ``skip`` rows.

    Raises ``UnreadableCsv`` naming the line where the text can not be decoded or cut into cells.
    """
    with _open(path, layout) as file:
        lines = Lines(file)
        reader = csv.reader(lines, delimiter=layout.delimiter)
        try:
            _skip(lines, reader, skip + 1)
            while (batch := _take(lines, reader, size)).rows:
                yield batch
        except csv.Error as error:
            raise UnreadableCsv(line=reader.line_num + 1, reason=str(error)) from None
        except UnicodeError as error:
            told = getattr(error, "reason", error)
            reason = f"the text is not {layout.encoding} ({told}); name another encoding"
            raise UnreadableCsv(line=_first_wrong_line(path, layout.encoding), reason=reason) from None


def _skip(lines: Lines, reader: "_csv.Reader", most: int) -> None:
    """Read over so many rows that are not blank."""
    while most and (taken := lines.take(reader, most)):
        most -= sum(map(bool, taken))


def _take(lines: Lines, reader: "_csv.Reader", size: int) -> Batch:
    batch, characters = Batch([], []), 0
    while len(batch.rows) < size and characters < MAX_BATCH_CHARACTERS:
        before = reader.line_num
        taken = lines.take(reader, size - len(batch.rows))
        if not taken:
            break
        if reader.line_num - before == len(taken) and all(taken):
            batch.lines.extend(range(before + 1, reader.line_num + 1))
            batch.rows.extend(taken)
        else:
            _add_uneven(batch, taken, before + 1)
        characters += lines.characters
        if lines.long and batch.rows:
            break
    return replace(batch, characters=characters)


def _add_uneven(batch: Batch, taken: list[list[str]], line: int) -> None:
    """Add rows of which some are blank or go over several lines; ``line`` is that of the first."""
    for row in taken:
        if row:
            batch.lines.append(line)
            batch.rows.append(row)
        line += 1 + sum(len(_LINE_END.findall(cell)) for cell in row)


def _first_wrong_line(path: Path, encoding: str) -> int:
    """The line on which a file, of which it is known, can not be decoded first."""
    decoder = codecs.getincrementaldecoder(encoding)()
    good = 0
    with path.open("rb") as file:
        for line in file:
            try:
                decoder.decode(line)
            except UnicodeError:
                break
            good += 1
    return good + 1
