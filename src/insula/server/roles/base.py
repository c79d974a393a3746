"""The role of one process: what it runs, what it knows, and how it comes up and goes down."""

from __future__ import annotations

import logging
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from insula.core.errors import InsulaError
    from insula.fleet.directory.base import Directory
    from insula.fleet.discovery.base import Discovery
    from insula.fleet.process.local import LocalProcess
    from insula.fleet.traffic import Traffic
    from insula.gateway.course import Where
    from insula.server.host import Host
    from insula.server.roles.head import Head


_logger = logging.getLogger(__name__)


async def ended(what: str, ending: Awaitable[None]) -> None:
    """One step of going down: what fails is logged, and the rest goes on."""
    try:
        await ending
    except Exception:
        _logger.exception("%s could not be stopped", what)


class Forwarding(NamedTuple):
    """What a front door needs to know of the environments behind it."""

    where: Where
    suspect: Callable[[str], None]
    """Told the name of an environment that a request could not be forwarded to."""
    watch: Callable[[Callable[[], None]], None]
    """Has what it is given called whenever ``where`` may answer otherwise than before, and every half second."""


class Role(ABC):
    """Siblings implement all of it. Owned by the composition root."""

    host: Host
    process: LocalProcess
    """What runs in this process."""
    directory: Directory
    """Which applications there are."""
    discovery: Discovery
    """Where what happens to applications is heard of."""
    traffic: Traffic
    forwarding: Forwarding | None = None
    """How requests for applications that run elsewhere get there."""
    head: Head | None
    """The main application, where it is here."""

    @abstractmethod
    async def start(self) -> None:
        """Bring up everything. Raises what keeps it from coming up.

        Where the environments speak over Redis, that is waited for first: raises ``RedisUnavailable``, ``RedisRefused``.
        """

    @abstractmethod
    async def start_main(self) -> None:
        """Bring up main alone, for a command beside which no server runs; nothing is told to others.

        Raises what its steps raise, and ``NoMain`` where there is none.
        """

    @abstractmethod
    async def stop(self) -> None:
        """Take down everything. What can not be stopped in time, or at all, is logged. May be called after any start."""

    @abstractmethod
    def unready(self) -> InsulaError | None:
        """Why it does not do now what it is there for; nothing where it does."""
