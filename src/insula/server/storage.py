"""The storage folder: made when absent, held by one process at a time, with the key in it.

The lock is ``flock`` on ``insula.lock``: the kernel gives it back however the process ends, so a stale
file means nothing. The process id in the file is only for the sentence that a second process prints.
"""

import errno
import fcntl
import logging
import os
import secrets
import stat
import tempfile
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from insula.server.errors import (
    AppKeyMissing,
    AppKeyUnreadable,
    StorageInUse,
    StorageUnreachable,
    WrongAppKey,
)

_log = logging.getLogger(__name__)

LOCK_FILE = "insula.lock"
SOCKET_FILE = "insula.sock"
KEY_FILE = "app_key"
KEY_BYTES = 32


def missing_folders(path: str | Path) -> tuple[Path, ...]:
    """The folders that ``open_folder`` would have to make, the innermost first."""
    folder = Path(path).expanduser().absolute()
    return tuple(place for place in (folder, *folder.parents) if not os.path.lexists(place))


def open_folder(path: str | Path) -> Path:
    """The folder, absolute, made with all its parents. Raises ``StorageUnreachable``."""
    folder = Path(path).expanduser().absolute()
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o750)
    except OSError as error:
        raise StorageUnreachable(path=path, cause=error.strerror or error) from None
    _write_in(folder, path)
    if folder.stat().st_mode & stat.S_IWOTH:
        _log.warning("everyone may write to the storage folder %s; take that away with chmod o-w", folder)
    return folder


def try_folder(path: str | Path) -> None:
    """See whether ``open_folder`` would do it, as far as that is seen without making anything. Raises as it does."""
    folder = Path(path).expanduser().absolute()
    _write_in(next(place for place in (folder, *folder.parents) if os.path.lexists(place)), path)


def _write_in(folder: Path, path: str | Path) -> None:
    """Only that tells: permissions lie to root, on read-only mounts and on full disks."""
    try:
        with tempfile.TemporaryFile(dir=folder) as probe:
            probe.write(b"insula")
    except OSError as error:
        raise StorageUnreachable(path=path, cause=error.strerror or error) from None


class StorageLock:
    """Holds the storage folder for this process while the block lasts."""

    def __init__(self, folder: Path, made: Sequence[Path] = ()) -> None:
        """``made``: folders that this process has made; they go again when the block raises and left nothing in them."""
        self._path = folder / LOCK_FILE
        self._folder = folder
        self._made = made
        self._descriptor: int | None = None

    def __enter__(self) -> Self:
        """Raises ``StorageInUse``, naming the process that holds the folder."""
        while self._descriptor is None:
            descriptor = self._take()
            if _still_there(descriptor, self._path):
                self._descriptor = descriptor
            else:  # a start that was refused took the file away between our opening and locking it
                os.close(descriptor)
        os.ftruncate(self._descriptor, 0)
        os.write(self._descriptor, f"{os.getpid()}\n".encode())
        return self

    def _take(self) -> int:
        """A descriptor of the file, locked."""
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
        return descriptor

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._descriptor is None:
            return
        # The file stays, since removing it would let two processes hold two files of one name, but where
        # nothing was ever kept: then it goes while it is still held, and whoever opened it looks again.
        if error is not None and self._made and [*self._folder.iterdir()] == [self._path]:
            self._path.unlink()
            _remove(self._made)
        os.close(self._descriptor)
        self._descriptor = None


def _still_there(descriptor: int, path: Path) -> bool:
    """Whether the open file is the one that the path names."""
    try:
        return os.path.samestat(os.fstat(descriptor), path.stat())
    except FileNotFoundError:
        return False


def _remove(folders: Sequence[Path]) -> None:
    """Take folders away, the innermost first, as far as they are empty."""
    for folder in folders:
        try:
            folder.rmdir()
        except OSError as error:
            _log.debug("the folder %s stays: %s", folder, error.strerror)
            return


def app_key(folder: Path, given: str | None, *, makes: bool = True) -> str:
    """The key from the settings, else from the folder, else a new one written there (0600) for good.

    Raises ``AppKeyUnreadable`` when the file is there and is no key: making another would lose every secret.
    Unless ``makes``, since something was sealed already, raises ``AppKeyMissing`` where there is no file.
    """
    if given is not None:
        return given
    path = folder / KEY_FILE
    try:
        kept = path.read_text(encoding="ascii").strip()
    except FileNotFoundError:
        if not makes:
            raise AppKeyMissing(path=path) from None
        try:
            return new_key(path)
        except OSError as error:
            raise StorageUnreachable(path=folder, cause=error.strerror) from None
    except (OSError, UnicodeDecodeError) as error:
        raise AppKeyUnreadable(path=path, cause=error) from None
    if len(kept) < KEY_BYTES:
        raise AppKeyUnreadable(path=path, cause=f"it has {len(kept)} characters")
    _keep_private(path)
    return kept


def _keep_private(path: Path) -> None:
    """Take from others what they may do with the key, and say so."""
    mode = stat.S_IMODE(path.stat().st_mode)
    if not mode & 0o077:
        return
    try:
        path.chmod(0o600)
    except OSError as error:
        _log.warning(
            "others may read the key %s (mode %04o), and that can not be changed (%s); "
            "give the file to the user that Insula runs as, with mode 0600",
            path,
            mode,
            error.strerror,
        )
    else:
        _log.warning("others could read the key %s (mode %04o); it has mode 0600 now", path, mode)


def has_key(folder: Path, given: str | None) -> bool:
    """Whether there is a key, good or damaged, so that none would be made."""
    return given is not None or os.path.lexists(folder / KEY_FILE)


def wrong_key(folder: Path, given: str | None) -> WrongAppKey:
    """The error for a key that opens nothing here: which one it is, and what to do."""
    path = folder / KEY_FILE
    if given is None:
        remedy = "restore the file from your backup, or set APP_KEY to the key that was used before"
        return WrongAppKey(key=f"in {path}", remedy=remedy)
    other = f", or leave APP_KEY out to use the one in {path}" if path.exists() else ""
    return WrongAppKey(key="in APP_KEY", remedy=f"set APP_KEY to the key that was used before{other}")


def new_key(path: Path) -> str:
    """A random key of 64 hex digits. Written beside and moved into place, so that a kill leaves a whole key or none."""
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
