"""The directory: name or host name → application."""

from abc import ABC, abstractmethod

from insula.fleet.target import Target


class Directory(ABC):
    """Siblings implement all of it."""

    @abstractmethod
    async def find(self, application: str) -> Target | None:
        """What is known about an application; ``None`` when there is none of that name."""

    @abstractmethod
    def application_of(self, host: str) -> str | None:
        """The application whose custom domain this is (lower case, without port).

        Asked on every request, so it answers from memory.
        """

    @abstractmethod
    async def wake(self, application: str) -> Target | None:
        """Have an application that sleeps started, and wait until it runs or its start has failed: the target says which.

        However many ask, it is started once; it goes on when whoever asked does not wait any more. One that is stopped
        stays so. ``None`` when there is none of that name.
        """

    @abstractmethod
    async def changed(self, application: str, within_s: float) -> None:
        """Return when something else than before is observed of an application, after ``within_s`` at the latest."""
