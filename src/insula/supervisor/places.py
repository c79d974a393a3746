"""The environments that are known: kept in main's database, heard of by discovery, and probed where that is in doubt.

An environment that is heard and can be reached is online. One that has missed three and a half of its own heartbeats, or
to which a request could not be forwarded, is suspect, and probed; one that the probe does not reach, or that has said
good-bye, is offline. Those in doubt are probed again every ten seconds.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from insula.core.clock import monotonic
from insula.core.errors import InsulaError
from insula.core.sparse import Sparse
from insula.supervisor.environment_table import EnvironmentTable

if TYPE_CHECKING:
    from insula.application.application import Application
    from insula.fleet.discovery.base import Discovery
    from insula.fleet.environment import Environment

_logger = logging.getLogger(__name__)
_sparse = Sparse(_logger)

MISSED_BEATS: Final = 3.5
"""A peer is late only after so many."""
LOOK_EVERY_S: Final = 0.5
PROBE_EVERY_S: Final = 10.0
DOUBT_EVERY_S: Final = 2.0
"""One that does not answer a command is probed more often."""
ONLINE, SUSPECT, OFFLINE = "online", "suspect", "offline"

Probe = Callable[[str], Awaitable[str]]
"""Why requests can not be forwarded to this address; empty: they can."""


@dataclass(slots=True)
class _Place:
    """What is known of one environment."""

    environment: Environment
    kept: int = -1
    """The epoch that was written down last."""
    heard: bool = False
    """By this process; else it is known from the database alone."""
    doubted: bool = True
    """Nobody has reached it since the last registration or failure."""
    failure: str = ""
    """Of the last probe."""
    probed: float = field(default=float("-inf"))
    """Monotonic seconds of the last probe."""
    probing: asyncio.Task[None] | None = None

    @property
    def left(self) -> bool:
        return not self.environment.available

    @property
    def silent(self) -> bool:
        return not self.heard or self.environment.silent_s > MISSED_BEATS * self.environment.beat_s

    @property
    def state(self) -> str:
        if self.left or self.failure:
            return OFFLINE
        return SUSPECT if self.silent or self.doubted else ONLINE

    @property
    def why_not(self) -> str:
        """Why nothing can be asked of it; empty: it can."""
        name = self.environment.name
        if self.left:
            return f"The environment {name} was stopped."
        if not self.heard:
            return f"Nothing was heard of the environment {name} yet."
        return f"The environment {name} does not answer: {self.failure}." if self.failure else ""


class Places:
    """Owned by the supervisor."""

    def __init__(self, discovery: Discovery, probe: Probe) -> None:
        self._discovery = discovery
        self._probe = probe
        self._places: dict[str, _Place] = {}
        self._table: EnvironmentTable | None = None
        self._task: asyncio.Task[None] | None = None
        self.changed: Callable[[str], None] = lambda name: None
        """Told the name of each whose state has changed."""

    async def open(self, application: Application) -> None:
        """Read those that are kept, and look on. ``application`` is the main one, its tables made."""
        self._table = EnvironmentTable(application.repository)
        for environment in await self._table.read():
            self._places.setdefault(environment.name, _Place(environment))
        await self.look()
        self._task = asyncio.create_task(self._run(), name="supervisor: environments")

    async def close(self) -> None:
        """Look on no more. Does nothing when it was not opened."""
        tasks = [self._task, *(place.probing for place in self._places.values())]
        left = [task for task in tasks if task is not None]
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)
        self._task = self._table = None

    def known(self) -> Sequence[Environment]:
        """All of them, by name, each with its state and why requests do not reach it."""
        return [
            replace(
                place.environment,
                available=not place.why_not,
                state=place.state,
                failure=place.why_not,
            )
            for _, place in sorted(self._places.items())
        ]

    def of(self, name: str) -> Environment | None:
        """One of them, as it was heard of last."""
        place = self._places.get(name)
        return None if place is None else place.environment

    def why_not(self, name: str) -> str:
        """Why nothing can be asked of an environment, as a sentence; empty: it can."""
        place = self._places.get(name)
        if place is None:
            there = ", ".join(sorted(self._places)) or "none"
            return f"There is no environment {name} here; choose another one for the application (there is {there})."
        return place.why_not

    async def away(self, name: str) -> str:
        """As ``why_not``, after another look where something stands against it: it may have come back just now."""
        if self.why_not(name):
            await self.look()
        return self.why_not(name)

    def suspect(self, name: str) -> None:
        """A request could not be forwarded to it."""
        place = self._places.get(name)
        if place is not None and not place.doubted:
            place.doubted, place.probed = True, float("-inf")
            self.changed(name)
            self._probe_soon(place)

    def doubt(self, name: str) -> None:
        """It takes long to answer a command: it is probed, and online as long as nothing is found."""
        place = self._places.get(name)
        if place is not None and place.environment.proxy_url and monotonic() - place.probed > DOUBT_EVERY_S:
            place.probed = float("-inf")
            self._probe_soon(place)

    async def _run(self) -> None:
        while True:
            await asyncio.sleep(LOOK_EVERY_S)
            try:
                await self.look()
            except InsulaError as error:
                _sparse.warning(error.message, "environments could not be looked at")
            except Exception:  # a defect must not end the only watch over them
                _logger.exception("environments could not be looked at")

    async def look(self) -> None:
        """See which there are now. Raises what writing them down raises."""
        heard = {environment.name: environment for environment in await self._discovery.environments()}
        for name, environment in heard.items():
            await self._hear(name, environment)
        for name, place in list(self._places.items()):
            if name not in heard and not place.environment.proxy_url:
                del self._places[name]  # of this very process, and gone with its worker
            elif (place.silent or place.doubted or place.failure) and not place.left:
                self._probe_soon(place)

    async def _hear(self, name: str, environment: Environment) -> None:
        place = self._places.get(name)
        if place is None:
            place = self._places[name] = _Place(environment)
            before, state = None, ""
        else:
            before, state = place.environment, place.state
        place.environment = environment
        again = not place.heard or before is None or before.epoch != environment.epoch
        place.heard = True
        if again:  # it was started anew, or has come back: what was found before is of no worth
            place.doubted, place.failure, place.probed = bool(environment.proxy_url), "", float("-inf")
            _logger.info("the environment %s has registered: %s", name, environment.proxy_url or "here")
        if state != place.state:
            self.changed(name)
        if place.kept != environment.epoch and environment.proxy_url and self._table is not None:
            await self._table.keep(environment)
            place.kept = environment.epoch

    def _probe_soon(self, place: _Place) -> None:
        due = place.probed == float("-inf")
        if place.probing is None and (due or monotonic() - place.probed >= PROBE_EVERY_S):
            place.probing = asyncio.create_task(self._try(place), name="probe of an environment")

    async def _try(self, place: _Place) -> None:
        name, before, epoch = place.environment.name, place.state, place.environment.epoch
        try:
            failure = await self._probe(place.environment.proxy_url)
        finally:
            place.probing, place.probed = None, monotonic()
        if place.environment.epoch != epoch:
            return  # another life of it
        place.failure, place.doubted = failure, False
        if place.state != before:
            level, why = (logging.WARNING, f": {failure}") if failure else (logging.INFO, "")
            _logger.log(level, "the environment %s is %s%s", name, place.state, why)
            self.changed(name)
