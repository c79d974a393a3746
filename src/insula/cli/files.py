"""Files named on a command line: read from, and written to, whole or not at all. What fails is one sentence."""

import contextlib
import os
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
    path = Path(name).absolute()
    # Devices and pipes have no draft; a folder is refused in the words of the system.
    special = path.exists() and not path.is_file()
    draft = path if special else path.resolve().with_name(f".{path.name}.{os.getpid()}")
    try:
        with draft.open("wb") as sink:
            yield sink
        if not special:
            draft.replace(path.resolve())
    except OSError as error:
        fail(f"{name} can not be written: {error.strerror}.", Exit.INVALID)
    finally:
        if not special:
            draft.unlink(missing_ok=True)
