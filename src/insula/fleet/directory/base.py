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
