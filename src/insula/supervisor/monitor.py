"""The only one that looks on: what environments report goes into the history, the last visits into the records, and
traffic into minutes."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable
from datetime import UTC, datetime
from time import time
from typing import Final

from insula.core.clock import monotonic, now
from insula.core.errors import InsulaError, Kind
from insula.core.names import MAIN
from insula.core.sparse import Sparse
from insula.fleet.discovery.base import Discovery
from insula.fleet.lifecycle import Observed, Status
from insula.fleet.traffic import Traffic
from insula.fleet.traffic_minutes import MINUTE_S
from insula.supervisor.history import Event
from insula.supervisor.records import Records

_logger = logging.getLogger(__name__)
_sparse = Sparse(_logger)

TOLD: Final = frozenset((Observed.RUNNING, Observed.STOPPED, Observed.ERROR))
"""What goes into the history: where an application came to rest. What lies between is in the log."""
VISITS_EVERY_S: Final = 60.0
"""Last visits are written no more often than this; then by one statement for all."""
MOST_WAITING: Final = 10_000
"""Events that wait for a database that is away; the oldest fall out."""
TRY_AGAIN_S: Final = 5.0
PASSING: Final = frozenset((Kind.UNAVAILABLE, Kind.TIMEOUT, Kind.THROTTLED))
"""Failures that may pass by themselves; what fails otherwise would fail again."""


class Monitor:
    """Watches a fleet for the records."""

    def __init__(
        self,
        records: Records,
        discovery: Discovery,
        traffic: Traffic,
        visits_every_s: float = VISITS_EVERY_S,
    ) -> None:
        self._records = records
        self._discovery = discovery
        self._traffic = traffic
        self._visits_every_s = visits_every_s
        self._waiting: deque[Event] = deque(maxlen=MOST_WAITING)
        self._came = asyncio.Event()
        self._requests: dict[tuple[str, str], str] = {}
        """Environment and application → the request whose command is being carried out there."""
        self._noted: dict[tuple[str, str], tuple[Observed, datetime]] = {}
        """Environment and application → what was noted last, and since when it is so: told again, it is not noted again."""
        self._visited_until = 0.0
        """Visits up to then are written, in seconds since 1970."""
        self._task: asyncio.Task[None] | None = None
        self._clock: asyncio.Task[None] | None = None
        self._end: Callable[[], None] | None = None

    def start(self) -> None:
        """Look on from now on."""
        self._end = self._discovery.watch(self._seen)
        self._task = asyncio.create_task(self._run(), name="supervisor: monitor")
        self._clock = asyncio.create_task(self._count_minutes(), name="supervisor: minutes")

    async def stop(self) -> None:
        """Look on no more, and write what has been seen."""
        if self._task is None or self._clock is None or self._end is None:
            return
        self._end()
        self._task.cancel()
        self._clock.cancel()
        await asyncio.wait((self._task, self._clock))
        self._task = self._clock = None
        try:
            await self.write_events()
            await self.write_visits()
        except InsulaError as error:
            _logger.warning("what was seen last could not be written: %s", error.message)

    async def write_events(self) -> None:
        """Write what has been seen since the last time, in one transaction.

        Raises only what passes (``PASSING``); what fails otherwise would fail again, and is logged and dropped.
        """
        while self._waiting:
            batch = list(self._waiting)
            try:
                await self._records.note(batch)
            except Exception as error:  # one that would be met again holds up all that come behind it
                if isinstance(error, InsulaError) and error.kind in PASSING:
                    raise
                _logger.exception(
                    "what happened to applications could not be written, and is not tried again"
                )
            for event in batch:
                if self._waiting and self._waiting[0] is event:
                    self._waiting.popleft()

    async def write_visits(self) -> None:
        """Write the last visit of all that were visited since the last time, by one statement: the latest of them all."""
        since = self._visited_until
        visits = {
            name: counts.visited for name, counts in self._traffic.all().items() if counts.visited > since
        }
        if not visits:
            return
        latest = max(visits.values())
        await self._records.visited(list(visits), datetime.fromtimestamp(int(latest * 1000) / 1000, UTC))
        self._visited_until = latest

    def _seen(self, environment: str, application: str, status: Status) -> None:
        if application == MAIN:
            return
        place = (environment, application)
        if status.command is not None:
            self._requests[place] = status.command.request_id
        if status.observed in TOLD and self._noted.get(place) != (status.observed, status.since):
            self._noted[place] = status.observed, status.since
            reason = f"{status.step}: {status.cause}" if status.step else status.cause
            request = self._requests.pop(place, "")
            self._waiting.append(
                Event(application, now(), environment, status.observed, None, reason, request)
            )
            self._came.set()
        elif status.observed is Observed.NOT_FOUND:
            self._requests.pop(place, None)
            self._noted.pop(place, None)

    async def _count_minutes(self) -> None:
        """Whenever a minute has passed, what was answered in it is kept apart."""
        while True:
            await asyncio.sleep(MINUTE_S - time() % MINUTE_S)
            self._traffic.turn()

    async def _run(self) -> None:
        visits_at = monotonic() + self._visits_every_s
        while True:
            try:
                async with asyncio.timeout(max(0.0, visits_at - monotonic())):
                    await self._came.wait()
            except TimeoutError:
                pass  # it is time for the visits
            self._came.clear()
            try:
                await self.write_events()
                if monotonic() >= visits_at:
                    visits_at = monotonic() + self._visits_every_s
                    await self.write_visits()
            except InsulaError as error:
                _sparse.warning(error.message, "what happens to applications waits to be written")
                await asyncio.sleep(TRY_AGAIN_S)
                self._came.set()
            except Exception:  # a defect must not end the watch over all
                _logger.exception("what happens to applications can not be written")
                await asyncio.sleep(TRY_AGAIN_S)
