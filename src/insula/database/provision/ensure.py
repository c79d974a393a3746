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
    waiting = _Waiting(timeout_s, report)
    reporting = asyncio.create_task(waiting.reports(), name="waiting for the database")
    try:
        while True:
            try:
                async with asyncio.timeout(waiting.left_s):
                    await dialect(options.dialect).probe(options)
            except DatabaseMissing:
                return
            except (DatabaseUnavailable, TooManyConnections) as error:
                waiting.reason = error
            except TimeoutError:
                # what was heard before this try says more than that its time was cut
                waiting.reason = waiting.reason or DatabaseUnavailable(
                    where=options.where, reason="it took too long to connect"
                )
            else:
                return
            if not waiting.left_s:
                raise waiting.reason
            await asyncio.sleep(min(_TRY_EVERY_S, waiting.left_s))
    finally:
        reporting.cancel()
        await asyncio.gather(reporting, return_exceptions=True)


class _Waiting:
    """How long has been waited, and for what. Reports also while a try to connect hangs."""

    def __init__(self, timeout_s: float, report: Callable[[str], None]) -> None:
        self._started = monotonic()
        self._timeout_s = timeout_s
        self._report = report
        self.reason: DatabaseUnavailable | TooManyConnections | None = None
        """Why the last try came to nothing; ``None`` while the first one has not ended."""

    @property
    def left_s(self) -> float:
        return max(0.0, self._started + self._timeout_s - monotonic())

    async def reports(self) -> None:
        while True:
            await asyncio.sleep(REPORT_EVERY_S)
            why = self.reason.message if self.reason else "it does not answer"
            waited_s = monotonic() - self._started
            self._report(f"waiting for the database, {waited_s:.0f} of {self._timeout_s:.0f} s: {why}")


async def ensure_database(options: DatabaseOptions) -> None:
    """Create the database and its schema (or the file) if they are missing and the role may.

    Raises DatabaseMissing or SchemaMissing with the exact statement to run where it may not, InvalidStorage
    for a path that can not be a database, UnsuitableDatabase for one that Insula can not use.
    """
    await dialect(options.dialect).ensure(options)
