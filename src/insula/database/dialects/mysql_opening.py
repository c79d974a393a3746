"""Opening connections of asyncmy, and ending statements by another connection."""

from __future__ import annotations

import asyncio
import ssl
from typing import Any, Final

import asyncmy
from asyncmy import converters
from asyncmy import errors as my
from asyncmy.constants import CLIENT, FIELD_TYPE

from insula.database.options import LOOPBACK, DatabaseOptions

DEFAULT_PORT: Final = 3306
BUFFER_BYTES: Final = 16 * 1024
"""What a connection begins to receive into, where asyncmy itself takes 256 kB; it grows with what comes."""
_SOCKET: Final = "mysqld.sock"
_CONVERSIONS: Final = {**converters.conversions, FIELD_TYPE.TIME: converters.convert_time}
"""Times are times of day."""
_QUIT: Final = b"\1\0\0\0\1"
_NO_TLS: Final = (1043, 2013, 2014, 2026)
"""What a server without TLS makes of an attempt at it."""


RawConnection = Any
"""asyncmy's; its declared types leave out most of what is needed of it."""


async def open_raw(options: DatabaseOptions, *, database: str | None) -> RawConnection:
    """A connection of the driver, with no session set up. Raises the driver's errors and TimeoutError."""
    first, *others = _ways(options)
    async with asyncio.timeout(options.connect_timeout_s):
        try:
            return await _connect(options, database, first)
        except (my.MySQLError, ssl.SSLError) as error:
            if not others or (isinstance(error, my.MySQLError) and error.args[0] not in _NO_TLS):
                raise
        return await _connect(options, database, others[0])


async def _connect(
    options: DatabaseOptions, database: str | None, tls: ssl.SSLContext | None
) -> RawConnection:
    where: dict[str, Any] = {"host": options.host, "port": options.port or DEFAULT_PORT}
    if options.host.startswith("/"):
        at = options.host
        where = {"unix_socket": at if at.endswith(".sock") else f"{at.rstrip('/')}/{_SOCKET}"}
    raw: RawConnection = await asyncmy.connect(
        **where,
        user=options.user,
        password=options.password.encode(),
        database=database,
        charset="utf8mb4",
        autocommit=True,
        connect_timeout=max(1.0, options.connect_timeout_s),
        # rows that an UPDATE found are counted, also those that are as they should be already
        client_flag=CLIENT.FOUND_ROWS,
        program_name=options.application_name,
        ssl=tls,
        conv=_CONVERSIONS,
    )
    raw._proto.buffer = bytearray(BUFFER_BYTES)
    return raw


async def say_good_bye(raw: RawConnection) -> None:
    """Return when the server has hung up, and does not count the connection any more."""
    raw._write_bytes(_QUIT)
    await raw._proto.wait_closed()


def _ways(options: DatabaseOptions) -> list[ssl.SSLContext | None]:
    """What to try in turn: TLS, or none. As libpq's sslmode; nothing leaves this machine over loopback."""
    mode = options.ssl
    local = options.host.startswith("/") or options.host in LOOPBACK
    if mode == "disable" or (local and mode == "prefer"):
        return [None]
    context = ssl.create_default_context()
    context.check_hostname = mode == "verify-full"
    context.verify_mode = ssl.CERT_REQUIRED if mode.startswith("verify") else ssl.CERT_NONE
    return {"prefer": [context, None], "allow": [None, context]}.get(mode, [context])


class Killer:
    """Ends statements of a pool's connections, by the one connection that the budget has for that."""

    def __init__(self, options: DatabaseOptions, aside: asyncio.Lock) -> None:
        self._options = options
        self._aside = aside

    async def kill_statement(self, connection_id: int) -> None:
        """Have the server end what this connection runs, if anything. Raises the driver's errors, TimeoutError."""
        async with self._aside:
            raw = await open_raw(self._options, database=None)
            try:
                await raw.query(f"KILL QUERY {connection_id}")
                await say_good_bye(raw)
            finally:
                raw.close()
