"""Says in the database of each application that runs here where it runs, so that nobody else takes it over meanwhile."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from insula.application.stored import write_stored
from insula.core.clock import now
from insula.core.detached import Detached
from insula.core.errors import InsulaError
from insula.database.provision.ownership import BEAT_S

if TYPE_CHECKING:
    from insula.application.application import Application

_log = logging.getLogger(__name__)

WRITE_WITHIN_S: Final = 5.0
"""A database that does not take it in this time is asked again at the next beat."""
KEY: Final = "home"


class Homes:
    """Applications are at home from ``enter`` to ``leave``; in between it is said again every ``BEAT_S``."""

    def __init__(self, installation: Callable[[], str], every_s: float = BEAT_S) -> None:
        """``installation`` names this one."""
        self._installation = installation
        self._every_s = every_s
        self._here: dict[str, Application] = {}
        self._writing = Detached()
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
        self._here[application.name] = application
        self._writing.start(self._say(application))

    async def leave(self, application: Application) -> None:
        """It is about to stop: anybody may take it over."""
        if self._here.pop(application.name, None) is not None:
            await _write(application, {})

    async def _beat(self) -> None:
        while True:
            await asyncio.sleep(self._every_s)
            for application in tuple(self._here.values()):
                await self._say(application)

    async def _say(self, application: Application) -> None:
        if self._here.get(application.name) is application:
            await _write(application, {"installation": self._installation(), "at": now().isoformat()})


async def _write(application: Application, home: dict[str, str]) -> None:
    repository = application.repository
    try:
        async with asyncio.timeout(WRITE_WITHIN_S), repository.transaction() as transaction:
            await write_stored(repository, {KEY: home}, transaction)
    except (InsulaError, TimeoutError) as error:
        _log.warning("where %s runs could not be written into its database: %s", application.name, error)
