"""The process adapter: where an application runs, and how it is brought up and down."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import Any

from insula.fleet.configuration import Configuration
from insula.fleet.lifecycle import Status

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
AsgiApp = Callable[[Scope, Receive, Send], Awaitable[None]]


class ProcessAdapter(ABC):
    """Siblings implement all of it.

    With one application one thing is done at a time, however many ask; different ones go side by side. What was begun
    goes on when whoever asked does not wait any more. What a step raises is passed on, and the state is ``error`` then.
    """

    @abstractmethod
    def running(self, application: str) -> AsgiApp | None:
        """The application ready to answer here, or ``None``. Asked on every request: one dict look-up."""

    @abstractmethod
    def status(self, application: str) -> Status:
        """What is observed of it here; ``not_found`` of one that was never seen."""

    @abstractmethod
    def statuses(self) -> Mapping[str, Status]:
        """Of all that are known here, as of now."""

    @abstractmethod
    async def create(self, configuration: Configuration, arguments: Mapping[str, Any]) -> None:
        """Make its tables and first data in the database that is there for it: ``initialized`` then.

        ``arguments`` are those of the command. One that runs was made, and stays as it is; what is there of an
        earlier time is taken as made. Raises ``StartGivenUp`` when it was stopped meanwhile.
        """

    @abstractmethod
    async def start(self, configuration: Configuration) -> None:
        """Bring it up: ``running`` then.

        Starting one that runs does nothing; one that is being started is waited for, and only ``stop`` ends that.
        Raises ``StartGivenUp`` when it was stopped meanwhile, and ``StaysDown`` when it is not to run as it is:
        ``stopped`` then, with the cause.
        """

    @abstractmethod
    async def upgrade(self, configuration: Configuration) -> None:
        """Bring its database to the version of the code: ``stopped`` then.

        One that runs has that version, and stays as it is. Raises ``StartGivenUp`` when it was stopped meanwhile.
        """

    @abstractmethod
    async def stop(self, application: str) -> None:
        """Take it down and give back what it holds; what is under way with it is ended first.

        Stopping one that is stopped already, or was never seen here, does nothing.
        """

    @abstractmethod
    def rest(self, application: str) -> None:
        """It is here, made before this process began, and down. Does nothing for one that is known."""

    @abstractmethod
    def forget(self, application: str) -> None:
        """It is not to be known here any more. Raises ``WrongMove`` unless it is down."""
