"""The command bus: the supervisor sends, workers take, and the outcome comes back."""

from __future__ import annotations

from abc import ABC, abstractmethod

from insula.fleet.command import Command, Outcome


class CommandBus(ABC):
    """Siblings implement all of it. A command arrives at least once; who carries it out sees that twice is once."""

    @abstractmethod
    async def send(self, environment: str, command: Command) -> Outcome:
        """Have it carried out, and wait for what comes of it.

        A command goes on when whoever sent it does not wait any more; the same one sent again, also by a process that
        was started anew, is waited for. Raises ``EnvironmentUnavailable`` for an environment where nobody takes
        commands, ``CommandExpired`` when ``deadline_s`` is over: it is not begun any more then.
        """

    @abstractmethod
    def trouble(self) -> str:
        """Why what is sent waits instead of being on its way, as a sentence; empty: it does not, as far as is known."""

    @abstractmethod
    async def take(self, environment: str) -> Command:
        """The next command for an environment, in the order in which they were sent. Waits until there is one.

        Only who holds the name of the environment may take. What was taken and not finished, by whomever, comes first.
        """

    @abstractmethod
    async def finish(self, environment: str, outcome: Outcome) -> None:
        """Say what came of a command that was taken: its sender is told, and it is not handed out again."""

    @abstractmethod
    async def close(self) -> None:
        """Nothing is sent or taken any more: whoever waits for an outcome is told so. May be called twice."""
