"""The directory of an environment by itself: the applications that it was told of, as its ledger keeps them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from insula.fleet.directory.base import Directory
from insula.fleet.discovery.hearing import next_report
from insula.fleet.lifecycle import Observed, Status, Wanted
from insula.fleet.target import Target

if TYPE_CHECKING:
    from insula.fleet.discovery.base import Discovery
    from insula.fleet.ledger.base import Ledger
    from insula.fleet.process.base import ProcessAdapter


class KeptDirectory(Directory):
    """Answers without the supervisor, which may be away."""

    def __init__(
        self,
        ledger: Ledger,
        process: ProcessAdapter,
        discovery: Discovery,
        waker: Callable[[str], Awaitable[None]],
    ) -> None:
        """``waker`` brings up one that is kept; it returns when it is up, or has failed."""
        self._ledger = ledger
        self._process = process
        self._discovery = discovery
        self._waker = waker

    async def find(self, application: str) -> Target | None:
        kept, status = self._ledger.kept(application), self._process.status(application)
        if kept is not None:
            told = kept.configuration
            return Target(application, status, kept.wanted, told.display_name, told.share_session)
        if status.observed is Observed.NOT_FOUND:
            return None
        return Target(application, status, Wanted.RUNNING)  # it is being made

    def application_of(self, host: str) -> str | None:
        return self._ledger.application_of(host)

    async def wake(self, application: str) -> Target | None:
        kept = self._ledger.kept(application)
        if kept is not None and kept.wanted in (Wanted.ASLEEP, Wanted.RUNNING):
            asleep = kept.wanted is Wanted.ASLEEP
            if asleep or not self._process.status(application).stuck:
                await self._waker(application)
        return await self.find(application)

    async def changed(self, application: str, within_s: float) -> None:
        def heard(environment: str, name: str, status: Status) -> bool:
            return name == application

        await next_report(self._discovery, heard, within_s)
