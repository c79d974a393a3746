"""The command bus: the supervisor sends, workers take, and the outcome comes back."""

from __future__ import annotations

from abc import ABC, abstractmethod

from insula.fleet.command import Command, Outcome


class CommandBus(ABC):
    """Siblings implement all of it. A command arrives at least once; who carries it out sees that twice is once."""

    @abstractmethod
    async def send(self, environment: str, command: Command) -> Outcome:
        """Have it carried out, and wait for what comes of it.

        A command goes on when whoever sent it does not wait any more. Raises ``EnvironmentUnavailable`` for an
        environment where nobody takes commands, ``CommandExpired`` when ``deadline_s`` is over.
        """

    @abstractmethod
    async def take(self, environment: str) -> Command:
        """The next command for an environment, in the order in which they were sent. Waits until there is one."""

    @abstractmethod
    async def finish(self, environment: str, outcome: Outcome) -> None:
        """Say what came of a command that was taken: its sender is told, and it is not handed out again."""
