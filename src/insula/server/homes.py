"""Says in the database of each application that runs here where it runs, so that nobody else takes it over meanwhile.

An application that runs in several environments has a home in each of them: where it stops in one, the others stay.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from insula.application.stored import write_stored
from insula.core.clock import now
from insula.core.detached import Detached
from insula.core.errors import InsulaError
from insula.database.provision.ownership import BEAT_S, HOME, read_kept
from insula.server.errors import RunsElsewhere

if TYPE_CHECKING:
    from insula.application.application import Application
    from insula.database.executor import Database
    from insula.fleet.configuration import Configuration

_log = logging.getLogger(__name__)

WRITE_WITHIN_S: Final = 5.0
"""A database that does not take it in this time is asked again at the next beat."""
AT_ONCE: Final = 8
"""Databases that are written to at the same time: one that hangs keeps no other waiting for its beat."""


class Homes:
    """Applications are at home from ``enter`` to ``leave``; in between it is said again every ``BEAT_S``."""

    def __init__(self, installation: Callable[[], str], every_s: float = BEAT_S) -> None:
        """``installation`` names this one."""
        self._installation = installation
        self._every_s = every_s
        self._here: dict[str, _Home] = {}
        self._writing = Detached()
        self._places = asyncio.Semaphore(AT_ONCE)
        self._beating: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to beat."""
        self._beating = asyncio.create_task(self._beat(), name="homes of applications")

    async def stop(self) -> None:
        """Beat no more. Does nothing when it was not started."""
        if self._beating is not None:
            self._beating.cancel()
            await asyncio.gather(self._beating, return_exceptions=True)
            self._beating = None
        await self._writing.end(WRITE_WITHIN_S)

    def enter(self, application: Application) -> None:
        """It runs here from now on. Does not wait until that is written."""
        home = self._here[application.name] = _Home(application)
        self._writing.start(self._say(home))

    async def check(self, configuration: Configuration, database: Database) -> None:
        """Raises ``RunsElsewhere`` where another installation has said of late that the application runs there.

        One of several environments is not asked about: it is made to run in all of them at once.
        """
        if len(configuration.environments) > 1:
            return
        async with database.transaction() as transaction:
            kept = await read_kept(transaction)
        home = kept.elsewhere(self._installation()) if kept is not None else None
        if home is not None:
            seen_at = home.seen_at.isoformat(timespec="seconds")
            raise RunsElsewhere(application=configuration.application, at=seen_at)

    async def leave(self, application: Application) -> None:
        """It is about to stop: anybody may take it over."""
        home = self._here.get(application.name)
        if home is not None and home.application is application:
            del self._here[application.name]
            async with home.turn:  # what is being said of it must not come last
                await _write(application, {})

    async def _beat(self) -> None:
        while True:
            await asyncio.sleep(self._every_s)
            for home in tuple(self._here.values()):
                self._writing.start(self._say(home))

    async def _say(self, home: _Home) -> None:
        async with home.turn, self._places:
            application = home.application
            if self._here.get(application.name) is home:
                await _write(application, {"installation": self._installation(), "at": now().isoformat()})


class _Home:
    """One application that runs here."""

    __slots__ = ("application", "turn")

    def __init__(self, application: Application) -> None:
        self.application = application
        self.turn = asyncio.Lock()
        """Held by who writes of it."""


async def _write(application: Application, home: dict[str, str]) -> None:
    repository, options = application.repository, application.options
    key = f"{HOME} {options.environment}" if options.beside else HOME
    try:
        async with asyncio.timeout(WRITE_WITHIN_S), repository.transaction() as transaction:
            await write_stored(repository, {key: home}, transaction)
    except (InsulaError, TimeoutError) as error:
        _log.warning("where %s runs could not be written into its database: %s", application.name, error)
