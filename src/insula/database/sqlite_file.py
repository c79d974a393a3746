"""A SQLite file: made with care, opened with the settings that Insula relies on."""

import os
import sqlite3
import threading
from pathlib import Path

from insula.database.dialects import sqlite_functions
from insula.database.errors import InvalidStorage

BUSY_S = 5.0
"""How long another process that writes is waited for."""
CACHED_STATEMENTS = 512
FILE_MODE = 0o600
FOLDER_MODE = 0o700

_SETTINGS = f"""
    PRAGMA busy_timeout = {round(BUSY_S * 1000)};
    PRAGMA journal_mode = WAL;
    PRAGMA synchronous = NORMAL;
    PRAGMA foreign_keys = ON;
    PRAGMA temp_store = MEMORY;
    PRAGMA recursive_triggers = ON;
"""
# busy_timeout comes first: the change to WAL may have to wait for another process.

_SENTENCES = {
    "SQLITE_NOTADB": "is not a SQLite database",
    "SQLITE_CORRUPT": "is a damaged SQLite database",
    "SQLITE_READONLY": "can not be written to",
    "SQLITE_PERM": "can not be written to",
    "SQLITE_CANTOPEN": "can not be opened",
    "SQLITE_IOERR": "can not be read",
    "SQLITE_FULL": "stands on a disk without room",
    "SQLITE_BUSY": "is held by another process",
}


class SqliteFile:
    """The path and how to connect to it. ``connect`` is called in the thread that uses the connection."""

    def __init__(self, path: Path | None) -> None:
        if path is None or str(path) in ("", ":memory:"):
            raise InvalidStorage(path=path or "", reason="is no path of a file")
        self._path = Path(path)
        self._opening = threading.Lock()

    def connect(self) -> sqlite3.Connection:
        """A connection that reads and writes; the file is made, readable by its owner alone, if it is missing.

        Raises InvalidStorage.
        """
        with self._opening:
            self._make()
            return self._connect()

    def connect_to_read(self) -> sqlite3.Connection:
        """As ``connect``, for statements that write nothing."""
        connection = self.connect()
        connection.execute("PRAGMA query_only = ON").close()
        return connection

    def _make(self) -> None:
        """Create the file where it is missing.

        One that is there is never opened here: closing a descriptor of a file gives up all locks that the process
        has on it, those of SQLite's connections too, and another process would take the log of writes for left
        behind (sqlite.org/howtocorrupt.html, 2.2).
        """
        if self._path.is_dir():
            raise InvalidStorage(path=self._path, reason="is a folder, not a file")
        try:
            self._path.parent.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
            if not self._path.exists():
                os.close(os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, FILE_MODE))
        except FileExistsError:
            return  # made in the same moment by someone else
        except OSError as error:
            reason = (error.strerror or type(error).__name__).lower()
            raise InvalidStorage(path=self._path, reason=f"can not be opened: {reason}") from error

    def _connect(self) -> sqlite3.Connection:
        connection = None
        try:
            connection = sqlite3.connect(
                self._path,
                timeout=BUSY_S,
                isolation_level=None,
                cached_statements=CACHED_STATEMENTS,
                check_same_thread=False,  # another thread interrupts it
            )
            connection.executescript(_SETTINGS)
            connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
            sqlite_functions.register(connection)
        except sqlite3.Error as error:
            if connection is not None:
                connection.close()
            name = getattr(error, "sqlite_errorname", "") or ""
            sentence = next((words for key, words in _SENTENCES.items() if name.startswith(key)), str(error))
            raise InvalidStorage(path=self._path, reason=sentence) from error
        return connection
