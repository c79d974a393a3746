"""The logs of applications in files: appended to, cut off at a size, and read back.

``<folder>/<application>.log`` is the newest; ``.log.1`` is the one before it, and so on. A line is a line of text
without its end. Nothing is kept open between two calls, so that a thousand applications cost no descriptor. All
methods but ``follow`` block for as long as the disk takes.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import os
import re
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

BYTES_EACH: Final = 2 * 1024 * 1024
"""What one file holds at most, but for a single line that is longer."""
FILES_KEPT: Final = 5
"""Files of one application, the newest among them."""
LINES_AT_ONCE: Final = 10_000
"""More lines are not read back at one go."""
LOOK_S: Final = 0.25
"""How often someone who follows a log is told what is new."""

_BLOCK_BYTES: Final = 64 * 1024
_NAME: Final = re.compile(r"[a-z][a-z0-9_-]{0,62}")


@dataclass(frozen=True, slots=True)
class Position:
    """Up to where a log was read: a file, by its number on the disk, and bytes of it."""

    file: int = 0
    at: int = 0


class LogFiles:
    """The logs of all applications, in one folder, which is made when the first line is written."""

    def __init__(self, folder: Path, bytes_each: int = BYTES_EACH, kept: int = FILES_KEPT) -> None:
        self._folder = folder
        self._bytes_each = bytes_each
        self._kept = kept

    def append(self, application: str, lines: list[str]) -> None:
        """Write lines behind what is there; the oldest file goes when there is no room. Raises ``OSError``."""
        files = self._files(application)
        for data in self._fitting(lines, _size(files[0])):
            if data is None:
                _shift(files)
            else:
                _write(files[0], data)

    def last(self, application: str, count: int) -> list[str]:
        """The last lines, oldest first; as many as there are, of at most ``LINES_AT_ONCE``. Raises ``OSError``."""
        return self._last(application, count)[0]

    async def follow(self, application: str, count: int = 0) -> AsyncIterator[str]:
        """The last ``count`` lines, and each line from then on, for as long as anyone asks. Raises ``OSError``."""
        lines, position = await asyncio.to_thread(self._last, application, count)
        while True:
            for line in lines:
                yield line
            await asyncio.sleep(LOOK_S)
            lines, position = await asyncio.to_thread(self.since, application, position)

    def since(self, application: str, position: Position) -> tuple[list[str], Position]:
        """The whole lines behind a position, and the position behind them. What was cut off meanwhile is left out."""
        lines: list[str] = []
        for path in reversed(self._newer(application, position.file)):
            found, position = _read_on(path, position)
            lines += found
        return lines, position

    def remove(self, application: str) -> None:
        """Take all of them away; there may be none. Raises ``OSError``."""
        for path in self._files(application):
            path.unlink(missing_ok=True)

    def _path(self, application: str) -> Path:
        """Raises ``ValueError`` for what is no name of an application: it would be a path of someone's choice."""
        if not _NAME.fullmatch(application):
            raise ValueError("this is no name of an application")
        return self._folder / f"{application}.log"

    def _files(self, application: str) -> list[Path]:
        """Where they are or would be, the newest first."""
        path = self._path(application)
        return [path, *(path.with_name(f"{path.name}.{number}") for number in range(1, self._kept))]

    def _newer(self, application: str, file: int) -> list[Path]:
        """Those from the newest to the one with this number; to the oldest where that is gone. Newest alone for 0."""
        found = []
        for path in self._files(application):
            number = _number(path)
            if number:
                found.append(path)
            if number == file or not file:
                break
        return found

    def _last(self, application: str, count: int) -> tuple[list[str], Position]:
        wanted = max(0, min(count, LINES_AT_ONCE))
        found: list[str] = []
        position = Position()
        for index, path in enumerate(self._files(application)):
            lines, at = _end_of(path, wanted - len(found))
            if index == 0:
                position = Position(_number(path), at)
            found = lines + found
            if len(found) >= wanted:
                break
        return found, position

    def _fitting(self, lines: list[str], used: int) -> Iterator[bytes | None]:
        """The lines in pieces, each of which fits into a file; ``None`` where the next file begins."""
        piece = b""
        for line in lines:
            data = f"{line}\n".encode(errors="backslashreplace")
            if used and used + len(data) > self._bytes_each:
                if piece:
                    yield piece
                yield None
                piece, used = b"", 0
            piece += data
            used += len(data)
        if piece:
            yield piece


def _shift(files: list[Path]) -> None:
    """Make room for a new first file; what was the last goes."""
    files[-1].unlink(missing_ok=True)
    for newer, older in reversed(list(itertools.pairwise(files))):
        with contextlib.suppress(FileNotFoundError):
            newer.replace(older)


def _write(path: Path, data: bytes) -> None:
    flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT
    try:
        descriptor = os.open(path, flags, 0o600)
    except FileNotFoundError:
        path.parent.mkdir(mode=0o700, exist_ok=True)
        descriptor = os.open(path, flags, 0o600)
    with os.fdopen(descriptor, "ab") as file:
        file.write(data)


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


def _number(path: Path) -> int:
    """What tells a file from others whatever its name is; 0 where there is none."""
    try:
        return path.stat().st_ino
    except FileNotFoundError:
        return 0


def _end_of(path: Path, count: int) -> tuple[list[str], int]:
    """The last whole lines of a file, and how many bytes it has up to their end."""
    try:
        file = path.open("rb")
    except FileNotFoundError:
        return [], 0
    with file:
        at = size = file.seek(0, os.SEEK_END)
        data = b""
        while at and data.count(b"\n") <= count:
            begins = max(0, at - _BLOCK_BYTES)
            file.seek(begins)
            data = file.read(at - begins) + data
            at = begins
    whole, end, rest = data.rpartition(b"\n")
    lines = whole.decode(errors="replace").split("\n") if end else []
    return (lines[-count:] if count else []), size - len(rest)


def _read_on(path: Path, position: Position) -> tuple[list[str], Position]:
    """The whole lines of a file from a position in it; from its beginning where the position is in another."""
    try:
        file = path.open("rb")
    except FileNotFoundError:
        return [], position
    with file:
        number = os.fstat(file.fileno()).st_ino
        at = position.at if number == position.file else 0
        file.seek(at)
        whole, end, _ = file.read().rpartition(b"\n")
    lines = whole.decode(errors="replace").split("\n") if end else []
    return lines, Position(number, at + len(whole) + len(end))
