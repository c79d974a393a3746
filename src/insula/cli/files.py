"""Files named on a command line: read from, and written to, whole or not at all. What fails is one sentence."""

import contextlib
import os
import secrets
import stat
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from insula.cli.client import fail
from insula.server.exits import Exit

STANDARD = "-"
"""The name of standard input or output."""


@contextlib.contextmanager
def reading(name: str) -> Iterator[IO[bytes]]:
    """A file to read; ``-`` is standard input. Ends the command when it can not be opened."""
    if name == STANDARD:
        yield sys.stdin.buffer
        return
    try:
        source = Path(name).open("rb")  # noqa: SIM115 - closed below; only opening it is guarded
    except OSError as error:
        fail(f"{name} can not be read: {error.strerror}.", Exit.INVALID)
    with source:
        yield source


@contextlib.contextmanager
def writing(name: str) -> Iterator[IO[bytes]]:
    """A file to write; ``-`` is standard output. What was there before stays until the block has ended well."""
    if name == STANDARD:
        yield sys.stdout.buffer
        return
    path = Path(name)
    try:
        # Devices and pipes have no draft; a folder is refused in the words of the system.
        if path.exists() and not path.is_file():
            with path.open("wb") as sink:
                yield sink
        else:
            with _drafted(path.resolve()) as sink:
                yield sink
    except OSError as error:
        fail(f"{name} can not be written: {error.strerror}.", Exit.INVALID)


@contextlib.contextmanager
def _drafted(path: Path) -> Iterator[IO[bytes]]:
    """A draft beside the file, which takes its place in the end, for the same readers as the file before.

    Nobody can foresee its name and have something there: it is made by this process, or not at all.
    """
    mode = stat.S_IMODE(path.stat().st_mode) if path.exists() else None
    draft = path.with_name(f".insula-{secrets.token_hex(8)}")
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
    with os.fdopen(os.open(draft, flags, 0o666 if mode is None else 0o600), "wb") as sink:
        try:
            if mode is not None:
                os.fchmod(sink.fileno(), mode)
            yield sink
            sink.flush()
            draft.replace(path)
        finally:
            draft.unlink(missing_ok=True)
