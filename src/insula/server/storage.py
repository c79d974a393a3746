"""The storage folder: made when absent, held by one process at a time, with the key in it.

The lock is ``flock`` on ``insula.lock``: the kernel gives it back however the process ends, so a stale
file means nothing. The process id in the file is only for the sentence that a second process prints.
"""

import errno
import fcntl
import os
import secrets
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Self

from insula.server.errors import AppKeyUnreadable, StorageInUse, StorageUnreachable

LOCK_FILE = "insula.lock"
SOCKET_FILE = "insula.sock"
KEY_FILE = "app_key"
KEY_BYTES = 32


def open_folder(path: str | Path) -> Path:
    """The folder, absolute, made with all its parents. Raises ``StorageUnreachable``."""
    folder = Path(path).expanduser().absolute()
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o750)
        # Only writing tells: permissions lie to root, on read-only mounts and on full disks.
        with tempfile.TemporaryFile(dir=folder) as probe:
            probe.write(b"insula")
    except OSError as error:
        raise StorageUnreachable(path=path, cause=error.strerror or error) from None
    return folder


class StorageLock:
    """Holds the storage folder for this process while the block lasts."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / LOCK_FILE
        self._folder = folder
        self._descriptor: int | None = None

    def __enter__(self) -> Self:
        """Raises ``StorageInUse``, naming the process that holds the folder."""
        try:
            descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise StorageUnreachable(path=self._folder, cause=error.strerror) from None
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            holder = os.read(descriptor, 32).decode("ascii", "replace").strip() or "unknown"
            os.close(descriptor)
            if error.errno not in (errno.EAGAIN, errno.EACCES):
                raise StorageUnreachable(path=self._folder, cause=error.strerror) from None
            raise StorageInUse(path=self._folder, pid=holder) from None
        os.ftruncate(descriptor, 0)
        os.write(descriptor, f"{os.getpid()}\n".encode())
        self._descriptor = descriptor
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # The file stays: removing it would let two processes hold two files of one name.
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None


def app_key(folder: Path, given: str | None) -> str:
    """The key from the settings, else from the folder, else a new one written there (0600) for good.

    Raises ``AppKeyUnreadable`` when the file is there and is no key: making another would lose every secret.
    """
    if given is not None:
        return given
    path = folder / KEY_FILE
    try:
        kept = path.read_text(encoding="ascii").strip()
    except FileNotFoundError:
        try:
            return _new_key(path)
        except OSError as error:
            raise StorageUnreachable(path=folder, cause=error.strerror) from None
    except (OSError, UnicodeDecodeError) as error:
        raise AppKeyUnreadable(path=path, cause=error) from None
    if len(kept) < KEY_BYTES:
        raise AppKeyUnreadable(path=path, cause=f"it has {len(kept)} characters")
    return kept


def _new_key(path: Path) -> str:
    """Written beside and moved into place, so that a kill leaves a whole key or none."""
    key = secrets.token_hex(KEY_BYTES)
    draft = path.with_suffix(".new")
    draft.unlink(missing_ok=True)
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(key + "\n")
        file.flush()
        os.fsync(file.fileno())
    draft.rename(path)
    return key
