"""A directory of the applications of this very process."""

from insula.fleet.directory.base import Directory
from insula.fleet.lifecycle import Lifecycle
from insula.fleet.target import Target


class MemoryDirectory(Directory):
    """Reads the lifecycles that are put into it; keeps nothing of its own but names and domains."""

    def __init__(self) -> None:
        self._lifecycles: dict[str, Lifecycle] = {}
        self._domains: dict[str, str] = {}
        self._sharing: set[str] = set()

    def add(self, lifecycle: Lifecycle, *, domain: str | None = None, share_session: bool = False) -> None:
        """Make an application known, with its custom domain if it has one."""
        self._lifecycles[lifecycle.application] = lifecycle
        if domain:
            self._domains[domain.lower()] = lifecycle.application
        if share_session:
            self._sharing.add(lifecycle.application)

    def remove(self, application: str) -> None:
        """Forget an application and its domain. Forgetting an unknown one does nothing."""
        self._lifecycles.pop(application, None)
        self._sharing.discard(application)
        self._domains = {host: name for host, name in self._domains.items() if name != application}

    async def find(self, application: str) -> Target | None:
        lifecycle = self._lifecycles.get(application)
        if lifecycle is None:
            return None
        return Target(
            application,
            lifecycle.status,
            lifecycle.wanted,
            share_session=application in self._sharing,
        )

    def application_of(self, host: str) -> str | None:
        return self._domains.get(host)

    async def wake(self, application: str) -> Target | None:
        """Nothing sleeps here."""
        return await self.find(application)
