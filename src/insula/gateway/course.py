"""Where an application runs, and how requests get there: worked out once for all of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final, NamedTuple
from urllib.parse import urlsplit

from insula.core.names import MAIN
from insula.gateway import cookies
from insula.gateway.forward.route import Tcp, Upstream

if TYPE_CHECKING:
    from insula.fleet.traffic import Counts
    from insula.gateway.forward.route import Answer, Asked, Failure

_SWITCHING: Final = 101


class Place(NamedTuple):
    """Where an application runs."""

    environment: str
    url: str
    """Where requests are forwarded to."""
    share_session: bool = False
    """Main's cookies go along."""
    others: tuple[str, ...] = ()
    """Environments in which it runs as well."""
    title: str = ""
    """What people see as the application's name; empty: its name."""


Where = Callable[[str, str], Place | None]
"""Application, and an environment or nothing → where it runs now, in that one or the first of all; asked for each request."""

Failed = Callable[[str, str, "Asked", "Failure"], "Answer | None"]
"""Application, environment, request, why → what is answered where the environment has not; see ``Watch.failed``."""


def course_of(application: str, place: Place, watch: Watched) -> Upstream:
    """How requests for an application get there."""
    url = urlsplit(place.url)
    tls = url.scheme == "https"
    address = Tcp(url.hostname or "", url.port or (443 if tls else 80), tls)
    kept = cookies.names(application)
    if place.share_session:
        kept |= cookies.names(MAIN)
    return Upstream(address, url.path.rstrip("/").encode(), cookies=kept, watch=watch)


class Watched:
    """Requests on their way to an environment: counted, and whoever is told of failures says what is answered."""

    __slots__ = ("_application", "_counts", "_environment", "_failed", "begun", "ended")

    def __init__(self, failed: Failed, counts: Counts, application: str, environment: str) -> None:
        self._failed = failed
        self._counts = counts
        self._application = application
        self._environment = environment
        self.begun = counts.begin
        self.ended = counts.end

    def failed(self, asked: Asked, failure: Failure, cause: str) -> Answer | None:
        """See ``Watch``."""
        return self._failed(self._application, self._environment, asked, failure)

    def upgraded(self) -> None:
        """See ``Watch``."""
        self._counts.end(_SWITCHING, 0.0)
        self._counts.talk()

    def parted(self) -> None:
        """See ``Watch``."""
        self._counts.part()
