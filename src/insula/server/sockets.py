"""The two sockets of a process: TCP for everyone, a unix socket (0600) for the operator of the machine."""

import contextlib
import errno
import os
import resource
import socket
from collections.abc import Iterator
from pathlib import Path

from insula.server.errors import AddressUnusable, PortInUse, SocketPathTooLong, StorageUnreachable
from insula.server.storage import SOCKET_FILE

MAIN_SOCKET_FILE = "main.sock"
"""Where the main application listens that stands behind a front door of this process."""

UNIX_PATH_LIMIT_BYTES = 107
"""Linux keeps 108 for the path and its closing zero."""

DESCRIPTORS_WANTED = 65_536
"""More are not asked of the system, even where it would give them."""
DESCRIPTORS_OF_OUR_OWN = 64
"""For files, SQLite, the log and programs that are started, beside connections to clients and databases."""


def most_connections(of_databases: int) -> int:
    """Connections that clients may have at once, after raising the process' own limit on open files."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = DESCRIPTORS_WANTED if hard == resource.RLIM_INFINITY else min(hard, DESCRIPTORS_WANTED)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
        soft = wanted
    most = DESCRIPTORS_WANTED if soft == resource.RLIM_INFINITY else soft
    return max(1, most - of_databases - DESCRIPTORS_OF_OUR_OWN)


def bind_tcp(host: str, port: int) -> socket.socket:
    """A bound socket that does not listen yet. Raises ``PortInUse`` or ``AddressUnusable``."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    bound = socket.socket(family, socket.SOCK_STREAM)
    try:
        # A port in TIME_WAIT after a restart is free; one that is listened on is not, even so.
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind((host, port))
        # Listening at once finds out now, and not when uvicorn listens, that another did so in between.
        bound.listen()
    except OSError as error:
        bound.close()
        if error.errno == errno.EADDRINUSE:
            raise PortInUse(host=host, port=port, other=port + 1 if port < 65535 else 13001) from None
        raise AddressUnusable(host=host, port=port, cause=error.strerror or error) from None
    except OverflowError:
        bound.close()
        raise AddressUnusable(host=host, port=port, cause="no such port") from None
    bound.setblocking(False)
    return bound


def socket_path(folder: Path, name: str = SOCKET_FILE) -> Path:
    """Where a socket of a storage folder is, the operator's unless another is named. Raises ``SocketPathTooLong``."""
    path = folder / name
    if len(os.fsencode(path)) > UNIX_PATH_LIMIT_BYTES:
        raise SocketPathTooLong(path=path, limit=UNIX_PATH_LIMIT_BYTES)
    return path


@contextlib.contextmanager
def bound_unix(folder: Path, name: str = SOCKET_FILE) -> Iterator[socket.socket]:
    """A socket for the user of this process alone, the operator's unless another is named; removed when the block ends. Call it only while holding the storage lock:
    what stands there then was left by a process that is gone. Raises ``SocketPathTooLong``, ``StorageUnreachable``.
    """
    path = socket_path(folder, name)
    bound = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    # The mask, and not a chmod afterwards: there is no moment in which others could connect.
    before = os.umask(0o177)
    try:
        path.unlink(missing_ok=True)
        bound.bind(os.fspath(path))
    except OSError as error:
        bound.close()
        raise StorageUnreachable(path=folder, cause=f"no socket can be made: {error.strerror}") from None
    finally:
        os.umask(before)
    bound.setblocking(False)
    try:
        yield bound
    finally:
        bound.close()
        path.unlink(missing_ok=True)
