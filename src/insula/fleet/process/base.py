"""The process adapter: where an application runs, and how it is brought up and down."""

from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
AsgiApp = Callable[[Scope, Receive, Send], Awaitable[None]]


class ProcessAdapter(ABC):
    """Siblings implement all of it."""

    @abstractmethod
    def running(self, application: str) -> AsgiApp | None:
        """The application ready to answer here, or ``None``. Asked on every request: one dict look-up."""

    @abstractmethod
    async def start(self, application: str) -> None:
        """Bring it up: prepared, initialized, running. What a step raises is passed on, state ``error``.

        Starting one that runs does nothing; one that is being started is waited for. A start goes on when whoever
        asked for it does not wait any more; only ``stop`` ends it. Raises ``StartGivenUp`` when it was stopped meanwhile, ``ApplicationNotFound``.
        """

    @abstractmethod
    async def stop(self, application: str) -> None:
        """Take it down and give back what it holds; a start under way is ended first.

        Stopping one that is stopped already, or never was started, does nothing. Raises ``ApplicationNotFound``.
        """
