"""Waiting for a database that is still starting, and creating one that is missing."""

import asyncio
from collections.abc import Callable

from insula.core.clock import monotonic
from insula.database.dialects import dialect
from insula.database.errors import DatabaseMissing, DatabaseUnavailable, TooManyConnections
from insula.database.options import DatabaseOptions

WAIT_S = 60.0
REPORT_EVERY_S = 5.0
_TRY_EVERY_S = 0.5


async def wait_for_database(
    options: DatabaseOptions, timeout_s: float = WAIT_S, report: Callable[[str], None] = lambda line: None
) -> None:
    """Return once the database's server answers; ``report`` gets a line every 5 s until then.

    A database that is missing counts as an answer (see ``ensure_database``). Raises DatabaseUnavailable or
    TooManyConnections after ``timeout_s``, and at once what waiting does not mend: InvalidPassword,
    PermissionDenied, InvalidStorage.
    """
    started = monotonic()
    next_report = started + REPORT_EVERY_S
    while True:
        try:
            async with asyncio.timeout(max(0.0, started + timeout_s - monotonic())):
                await dialect(options.dialect).probe(options)
        except DatabaseMissing:
            return
        except (DatabaseUnavailable, TooManyConnections) as error:
            reason: DatabaseUnavailable | TooManyConnections = error
        except TimeoutError:
            reason = DatabaseUnavailable(where=options.where, reason="it took too long to connect")
        else:
            return
        now = monotonic()
        if now >= started + timeout_s:
            raise reason
        if now >= next_report:
            report(f"waiting for the database, {now - started:.0f} of {timeout_s:.0f} s: {reason.message}")
            next_report += REPORT_EVERY_S
        await asyncio.sleep(min(_TRY_EVERY_S, started + timeout_s - now))


async def ensure_database(options: DatabaseOptions) -> None:
    """Create the database and its schema (or the file) if they are missing and the role may.

    Raises DatabaseMissing or SchemaMissing with the exact statement to run where it may not, InvalidStorage
    for a path that can not be a database, UnsuitableDatabase for one that Insula can not use.
    """
    await dialect(options.dialect).ensure(options)
