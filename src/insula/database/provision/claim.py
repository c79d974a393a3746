"""A claim on a database: one process at a time uses it as its own, whichever folder it keeps its files in.

Both kinds are given back by the system however the process ends, so that nothing stale is ever in the way.
"""

from __future__ import annotations

import asyncio
import errno
import fcntl
import logging
import os
import socket
import zlib
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from insula.core.clock import monotonic
from insula.database.dialects import dialect
from insula.database.errors import DatabaseInUse, InvalidStorage
from insula.database.pooled import PooledDatabase

if TYPE_CHECKING:
    from pathlib import Path

    from insula.database.budget import ConnectionBudget
    from insula.database.connection import ServerConnection
    from insula.database.options import DatabaseOptions

_logger = logging.getLogger(__name__)

TAKE_WITHIN_S: Final = 3.0
"""The server needs a moment to notice that the process before this one was killed."""
LOOK_EVERY_S: Final = 10.0
"""A connection that was lost is noticed within this time, and made again."""
ANSWER_WITHIN_S: Final = 10.0
"""A connection on which nothing comes back for so long is lost."""
CLOSE_WITHIN_S: Final = 0.5
SILENT_S: Final = 30
"""A server that does not look itself whether the machine is still there parts from a session that is silent so long."""
_TRY_EVERY_S: Final = 0.25
_NAMESPACE: Final = zlib.crc32(b"insula") >> 1
_HOLDER_BYTES: Final = 63

Lost = Callable[[DatabaseInUse], None]
"""Told when another process took the database while this one had no connection to it."""


class Claim(ABC):
    """Siblings implement all of it."""

    @abstractmethod
    async def take(self) -> None:
        """Raises ``DatabaseInUse``, naming the holder, and what opening a connection raises. Then it is not held."""

    @abstractmethod
    async def release(self) -> None:
        """Give it back. Does nothing when it is not held."""


def claim(options: DatabaseOptions, budget: ConnectionBudget, lost: Lost) -> Claim:
    """The claim that suits the database. Nothing is taken yet."""
    if options.storage is not None:
        return FileClaim(options.storage)
    return SessionClaim(options, budget, lost)


class FileClaim(Claim):
    """A lock of the kernel on a file beside the database's."""

    def __init__(self, storage: Path) -> None:
        self._storage = storage
        self._descriptor: int | None = None

    async def take(self) -> None:
        path = self._storage.with_name(f"{self._storage.name}.lock")
        try:
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                self._lock(descriptor)
            except BaseException:
                os.close(descriptor)  # and the lock with it
                raise
        except OSError as error:
            reason = f"can not be locked: {(error.strerror or '').lower()}"
            raise InvalidStorage(path=self._storage, reason=reason) from None
        self._descriptor = descriptor

    async def release(self) -> None:
        # The file stays: removing it would let two processes hold two files of one name.
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def _lock(self, descriptor: int) -> None:
        """Lock it, and write who has it. Raises ``DatabaseInUse``, ``OSError``."""
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            if error.errno not in (errno.EAGAIN, errno.EACCES):
                raise
            holder = os.read(descriptor, _HOLDER_BYTES).decode("utf-8", "replace").strip() or "unknown"
            raise DatabaseInUse(where=self._storage, holder=holder) from None
        os.ftruncate(descriptor, 0)
        os.write(descriptor, _holder().encode())


@dataclass(frozen=True, slots=True)
class _Words:
    """How a dialect's session takes the lock of its database. Each gives one value."""

    take: str
    """True or 1: the lock is this session's now."""
    holder: str
    """The name of who holds it."""
    key: Callable[[DatabaseOptions], tuple[int, ...]] = lambda options: ()
    """What both are given."""
    begin: str | None = None
    """What the session begins with."""


_POSTGRESQL: Final = _Words(
    take="SELECT pg_try_advisory_lock($1, $2)",
    holder="""
SELECT a.application_name FROM pg_locks l JOIN pg_stat_activity a USING (pid)
WHERE l.locktype = 'advisory' AND l.granted AND l.classid::bigint = $1 AND l.objid::bigint = $2
AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
""",
    key=lambda options: (_NAMESPACE, zlib.crc32((options.schema or "").encode()) >> 1),
)
# A server that collects no names of programs still knows where each connection comes from.
_MYSQL: Final = _Words(
    take="SELECT GET_LOCK(CONCAT('insula ', MD5(DATABASE())), 0)",
    holder="""
SELECT COALESCE((SELECT ATTR_VALUE FROM performance_schema.session_account_connect_attrs
  WHERE ATTR_NAME = 'program_name' AND PROCESSLIST_ID = IS_USED_LOCK(CONCAT('insula ', MD5(DATABASE())))),
 (SELECT CONCAT('connected from ', HOST) FROM information_schema.PROCESSLIST
  WHERE ID = IS_USED_LOCK(CONCAT('insula ', MD5(DATABASE())))))
""",
    begin=f"SET SESSION wait_timeout = {SILENT_S}",
)
_WORDS: Final = {"postgres": _POSTGRESQL, "mariadb": _MYSQL, "mysql": _MYSQL}


class SessionClaim(Claim):
    """An advisory lock of the server, on a connection of its own, made again when it is lost.

    It stays leased for as long as the lock is held: it is one of the budget's connections.
    """

    def __init__(self, options: DatabaseOptions, budget: ConnectionBudget, lost: Lost) -> None:
        self._options = replace(options, application_name=_holder())
        self._budget = budget
        self._lost = lost
        self._words = _WORDS[options.dialect]
        self._key = self._words.key(options)
        self._database: PooledDatabase | None = None
        """Nobody else's: the holder's name is in its key."""
        self._connection: ServerConnection | None = None
        self._watch: asyncio.Task[None] | None = None

    async def take(self) -> None:
        database = dialect(self._options.dialect).open(self._options, self._budget)
        assert isinstance(database, PooledDatabase), "sessions are a server's"
        try:
            self._connection = await self._first_session(database)
        except BaseException:
            await database.close()
            raise
        self._database = database
        self._watch = asyncio.create_task(self._look(database), name="claim on the database")

    async def release(self) -> None:
        if self._watch is not None:
            self._watch.cancel()
            await asyncio.gather(self._watch, return_exceptions=True)
            self._watch = None
        if self._database is not None:
            await self._part(self._database)
            await self._database.close()
            self._database = None

    async def _first_session(self, database: PooledDatabase) -> ServerConnection:
        until = monotonic() + TAKE_WITHIN_S
        while True:
            try:
                return await self._session(database)
            except DatabaseInUse:
                if monotonic() >= until:
                    raise
            await asyncio.sleep(_TRY_EVERY_S)

    async def _session(self, database: PooledDatabase) -> ServerConnection:
        """A connection that holds the lock."""
        connection = await database.lease()
        try:
            if self._words.begin is not None:
                await connection.script(self._words.begin)
            if await _value(connection, self._words.take, self._key):
                connection.busy_since = 0.0  # held without an end, and not for want of an answer
                return connection
            holder = await _value(connection, self._words.holder, self._key)
            raise DatabaseInUse(where=self._options.where, holder=holder or "unknown")
        except BaseException:
            await asyncio.wait((database.pool.part(connection, CLOSE_WITHIN_S),))
            raise

    async def _part(self, database: PooledDatabase) -> None:
        """End the session, also one that is broken, or whose server hangs."""
        connection, self._connection = self._connection, None
        if connection is not None:
            await asyncio.wait((database.pool.part(connection, CLOSE_WITHIN_S),))

    async def _look(self, database: PooledDatabase) -> None:
        while True:
            await asyncio.sleep(LOOK_EVERY_S)
            try:
                if self._connection is None:
                    self._connection = await self._session(database)
                    _logger.info("the claim on the database is held again")
                else:
                    async with asyncio.timeout(ANSWER_WITHIN_S):
                        await _value(self._connection, "SELECT 1", ())
            except DatabaseInUse as error:
                self._lost(error)
                return
            except Exception as error:  # noqa: BLE001 - whatever the driver raises, the session is gone
                if self._connection is not None:
                    _logger.warning("the claim on the database is lost for now: %s", error)
                    await self._part(database)


async def _value(connection: ServerConnection, text: str, arguments: tuple[int, ...]) -> Any:
    """The first column of the first row; ``None`` without one."""
    rows = await connection.fetch(text, arguments)
    return next(iter(dict(rows[0]).values())) if rows else None


def _holder() -> str:
    """Who this process is, for the sentence that another one prints."""
    tail = f" process {os.getpid()}"
    return f"{socket.gethostname()[: _HOLDER_BYTES - len(tail)]}{tail}"
