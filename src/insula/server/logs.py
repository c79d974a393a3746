"""What is logged, once more for each application in files of its own: by a thread, so that no request waits for a disk.

A line belongs to the application that its context names (``core.log``); what belongs to none is of the whole
process, and stands with the main application. A disk that takes nothing more costs lines, never requests.
"""

from __future__ import annotations

import contextlib
import contextvars
import copy
import logging
import queue
import threading
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final, NamedTuple

from insula.core import log
from insula.core.errors import InsulaError
from insula.core.log_files import LogFiles
from insula.core.names import MAIN
from insula.core.sparse import Sparse

_log = logging.getLogger(__name__)

FOLDER: Final = "logs"
"""In the storage folder."""
LINES_WAITING: Final = 10_000
"""Lines that wait for the disk; beyond it they are dropped and counted."""
LINES_AT_ONCE: Final = 1000
"""Lines that are written at one go."""
FLUSH_S: Final = 5.0
"""How long the end of the process waits for a disk that is slow."""


class _Entry(NamedTuple):
    """A line that is not rendered yet, and the context that it was logged in."""

    context: contextvars.Context
    record: logging.LogRecord


class ApplicationLogs(logging.Handler):
    """Hands each record to a thread, which renders it as JSON and writes it to the application's file."""

    def __init__(self, files: LogFiles, redact: log.Redactor) -> None:
        super().__init__()
        self.setFormatter(log.JsonFormatter(redact))
        self._files = files
        self._waiting: queue.SimpleQueue[_Entry | threading.Event | None] = queue.SimpleQueue()
        self._dropped = 0
        self._sparse = Sparse(_log)
        self._thread = threading.Thread(target=self._work, name="logs of applications", daemon=True)
        self._thread.start()

    def emit(self, record: logging.LogRecord) -> None:
        """Never waits. What this module logs of its own troubles is not taken: it would go round in circles."""
        if record.name == __name__:
            return
        if self._waiting.qsize() >= LINES_WAITING:
            self._dropped += 1
            return
        kept = copy.copy(record)
        # Now, since what it names may change before the thread gets to it.
        kept.msg, kept.args = record.getMessage(), ()
        self._waiting.put(_Entry(contextvars.copy_context(), kept))

    def flush(self) -> None:
        """Return when all that was logged before is written, or the disk is too slow."""
        if self._thread.is_alive():
            written = threading.Event()
            self._waiting.put(written)
            written.wait(FLUSH_S)

    def close(self) -> None:
        """Write what waits and end the thread."""
        if self._thread.is_alive():
            self._waiting.put(None)
            self._thread.join(FLUSH_S)
        super().close()

    def _work(self) -> None:
        while True:
            batch = self._batch()
            self._write(entry for entry in batch if isinstance(entry, _Entry))
            for entry in batch:
                if isinstance(entry, threading.Event):
                    entry.set()
            if None in batch:
                return

    def _batch(self) -> list[_Entry | threading.Event | None]:
        """Wait for something, and take what waits behind it too."""
        batch = [self._waiting.get()]
        with contextlib.suppress(queue.Empty):
            while len(batch) < LINES_AT_ONCE:
                batch.append(self._waiting.get_nowait())
        return batch

    def _write(self, entries: Iterable[_Entry]) -> None:
        lines: defaultdict[str, list[str]] = defaultdict(list)
        for context, record in entries:
            lines[context.get(log.application) or MAIN].append(self._render(context, record))
        for application, rendered in lines.items():
            try:
                self._files.append(application, rendered)
            except (OSError, ValueError) as error:
                self._dropped += len(rendered)
                what = (error.strerror if isinstance(error, OSError) else None) or str(error)
                self._sparse.warning(what, "the logs of applications can not be written")
        if self._dropped:
            dropped, self._dropped = self._dropped, 0
            self._sparse.warning("lines are missing in the logs of applications", f"{dropped} or more")

    def _render(self, context: contextvars.Context, record: logging.LogRecord) -> str:
        try:
            return context.run(self.format, record)
        except Exception as error:  # noqa: BLE001 - a line that can not be shown must not end the thread
            return f'{{"level": "error", "logger": "{__name__}", "message": "a line failed: {type(error).__name__}"}}'


@contextlib.contextmanager
def application_logs(folder: Path, secrets: Iterable[str] = (), *, fresh: bool = False) -> Iterator[LogFiles]:
    """Have everything that is logged while the block lasts go to ``folder``/logs, too. Gives what reads it back.

    Of a first start in a ``fresh`` folder that fails nothing is left: why is said on standard error.
    """
    files = LogFiles(folder / FOLDER)
    handler = ApplicationLogs(files, log.Redactor(secrets))
    root = logging.getLogger()
    root.addHandler(handler)
    try:
        yield files
    except InsulaError:
        _end(handler)
        if fresh:
            files.remove(MAIN)
            with contextlib.suppress(OSError):  # there is none, or others are in it
                (folder / FOLDER).rmdir()
        raise
    finally:
        _end(handler)


def _end(handler: logging.Handler) -> None:
    logging.getLogger().removeHandler(handler)
    handler.close()
