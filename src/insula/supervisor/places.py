"""The environments that are known: kept in main's database, heard of by discovery, and probed where that is in doubt.

One that is silent, or to which a request could not be forwarded, is probed, and again every ten seconds as long as it is
in doubt.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from insula.core.clock import monotonic
from insula.core.errors import InsulaError, Kind
from insula.core.sparse import Sparse
from insula.supervisor.environment_table import EnvironmentTable
from insula.supervisor.errors import EnvironmentInUse, NoSuchEnvironment
from insula.supervisor.place import OFFLINE, Place

if TYPE_CHECKING:
    from insula.application.application import Application
    from insula.fleet.discovery.base import Discovery
    from insula.fleet.environment import Environment

_logger = logging.getLogger(__name__)
_sparse = Sparse(_logger)

LOOK_EVERY_S: Final = 0.5
PROBE_EVERY_S: Final = 10.0
DOUBT_EVERY_S: Final = 2.0
"""One that does not answer a command is probed more often."""
NAMED: Final = 5
"""Applications that a sentence names."""

Probe = Callable[[str], Awaitable[str]]
"""Why requests can not be forwarded to this address; empty: they can."""


class Places:
    """Owned by the supervisor."""

    def __init__(self, discovery: Discovery, probe: Probe) -> None:
        self._discovery = discovery
        self._probe = probe
        self._places: dict[str, Place] = {}
        self._table: EnvironmentTable | None = None
        self._task: asyncio.Task[None] | None = None
        self._writing = asyncio.Lock()
        """Of the table: one that is being forgotten is not written down by a look that is under way."""
        self._watchers: list[Callable[[str], None]] = []
        self.looked: Callable[[], None] = lambda: None
        """Told each time that an environment was heard or probed: what is known of it may be another."""

    async def open(self, application: Application) -> None:
        """Read those that are kept, and look on. ``application`` is the main one, its tables made."""
        self._table = EnvironmentTable(application.repository)
        for environment in await self._table.read():
            self._places.setdefault(environment.name, Place(environment))
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

    def watch(self, watcher: Callable[[str], None]) -> Callable[[], None]:
        """Have ``watcher`` told the name of each whose state has changed; call what this gives to end that."""
        self._watchers.append(watcher)
        return lambda: self._watchers.remove(watcher)

    def known(self) -> Sequence[Environment]:
        """All of them, by name, each with its state and why requests do not reach it."""
        return [
            replace(
                place.environment,
                available=not place.why_not,
                state=place.state,
                failure=place.why_not or place.environment.failure,
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

    def expect(self, name: str) -> Place:
        """Raises ``NoSuchEnvironment`` unless it is known."""
        place = self._places.get(name)
        if place is None:
            raise NoSuchEnvironment(environment=name[:100], known=", ".join(sorted(self._places)) or "none")
        return place

    async def forget(self, name: str, applications: Sequence[str]) -> None:
        """Know one no more. ``applications`` are those that are placed there. Raises as ``Supervisor.forget``."""
        place = self.expect(name)
        if applications:
            few = ", ".join(applications[:NAMED]) + (", …" if len(applications) > NAMED else "")
            reason = f"applications are placed there ({few}); move them, or delete and purge them"
            raise EnvironmentInUse(environment=name, reason=reason)
        if place.state != OFFLINE:
            raise EnvironmentInUse(environment=name, reason=f"it is {place.state}; stop it first")
        await self._discovery.forget(name)
        async with self._writing:
            if self._table is not None:
                await self._table.remove(name)
            self._places.pop(name, None)
        _logger.info("the environment %s is forgotten", name)
        self._tell(name)

    def suspect(self, name: str) -> None:
        """A request could not be forwarded to it."""
        place = self._places.get(name)
        if place is not None and not place.doubted:
            place.doubted, place.probed = True, float("-inf")
            self._tell(name)
            self._probe_soon(place)

    def doubt(self, name: str) -> None:
        """It takes long to answer a command: it is probed, and online as long as nothing is found."""
        place = self._places.get(name)
        if place is not None and place.environment.proxy_url and monotonic() - place.probed > DOUBT_EVERY_S:
            place.probed = float("-inf")
            self._probe_soon(place)

    def _tell(self, name: str) -> None:
        for watcher in tuple(self._watchers):
            watcher(name)

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
        """See which there are now, and write down who has registered anew."""
        heard = {environment.name: environment for environment in await self._discovery.environments()}
        for name, environment in heard.items():
            self._hear(name, environment)
        for name, place in list(self._places.items()):
            if name not in heard and not place.environment.proxy_url:
                del self._places[name]  # of this very process, and gone with its worker
            elif (place.silent or place.doubted or place.failure) and not place.left:
                self._probe_soon(place)
        await self._keep(heard.values())

    async def _keep(self, heard: Iterable[Environment]) -> None:
        """Last: where nothing can be written down, all are known all the same. It is tried again at the next look."""
        for environment in heard:
            if environment.proxy_url:
                try:
                    await self._write(environment)
                except InsulaError as error:
                    name = environment.name
                    _sparse.warning(error.message, f"the environment {name} is not written down yet")
                    if error.kind is not Kind.INVALID:  # main's database is away: one wait for it is enough
                        return

    async def _write(self, environment: Environment) -> None:
        """Unless it was forgotten meanwhile."""
        async with self._writing:
            if environment.name in self._places and self._table is not None:
                await self._table.keep(environment)

    def _hear(self, name: str, environment: Environment) -> None:
        place = self._places.get(name)
        if place is None:
            place = self._places[name] = Place(environment)
            before, state = None, ""
        else:
            before, state = place.environment, place.state
        place.environment = environment
        again = not place.heard or before is None or before.epoch != environment.epoch
        place.heard = True
        if again:  # it was started anew, or has come back: what was found before is of no worth
            place.doubted, place.failure, place.probed = bool(environment.proxy_url), "", float("-inf")
            _logger.info("the environment %s has registered: %s", name, environment.proxy_url or "here")
        self.looked()
        if state != place.state:
            self._tell(name)

    def _probe_soon(self, place: Place) -> None:
        due = place.probed == float("-inf")
        if place.probing is None and (due or monotonic() - place.probed >= PROBE_EVERY_S):
            place.probing = asyncio.create_task(self._try(place), name="probe of an environment")

    async def _try(self, place: Place) -> None:
        name, before, epoch = place.environment.name, place.state, place.environment.epoch
        try:
            failure = await self._probe(place.environment.proxy_url)
        finally:
            place.probing = None
        if place.environment.epoch != epoch:
            return  # another life of it, which is probed anew
        place.probed = monotonic()
        place.failure, place.doubted = failure, False
        self.looked()
        if place.state != before:
            level, why = (logging.WARNING, f": {failure}") if failure else (logging.INFO, "")
            _logger.log(level, "the environment %s is %s%s", name, place.state, why)
            self._tell(name)
