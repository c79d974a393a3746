"""Commands to the environments of an application, and what comes of them."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Mapping
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, Final

from insula.core import log
from insula.core.errors import InsulaError, Kind
from insula.core.ids import random_id, request_id
from insula.fleet.bus.base import CommandBus
from insula.fleet.command import DEADLINE_S, NOTHING, Command, Outcome, Verb, reach_at
from insula.fleet.configuration import Configuration
from insula.fleet.errors import EnvironmentUnavailable
from insula.supervisor.errors import CommandFailed, CommandUnanswered
from insula.supervisor.places import Places

if TYPE_CHECKING:
    from insula.supervisor.entry import Entry

LONGEST_REQUEST_ID: Final = 48
"""Characters that are taken over from the id of a request, which its client may have chosen."""
PASSING: Final = frozenset(
    (
        "COMMAND_EXPIRED",
        "DATABASE_BUSY",
        "DATABASE_TIMEOUT",
        "DATABASE_UNAVAILABLE",
        "ENVIRONMENT_UNAVAILABLE",
        "SERVER_UNREACHABLE",
    )
)
"""Codes of failures that may pass by themselves."""
_UNANSWERED: Final = frozenset((Kind.UNAVAILABLE, Kind.TIMEOUT))


asked_by: ContextVar[str] = ContextVar("asked_by", default="")
"""Who asked for what is being done, for the commands that it takes."""
SLOW_S: Final = 2.0
"""A command that takes longer makes one look, again and again, whether its environment is there at all."""


class Orders:
    """Sends commands, each to every environment where the application runs."""

    def __init__(self, bus: CommandBus, places: Places, deadline_s: float = DEADLINE_S) -> None:
        self._bus = bus
        self._places = places
        self._deadline_s = deadline_s
        self.under_way: Counter[tuple[str, str]] = Counter()
        """Environment and verb → commands that have no outcome yet."""
        self.ended: Counter[tuple[str, str, bool]] = Counter()
        """Environment, verb and whether it was done → commands since this process began."""
        self.waits: dict[str, str] = {}
        """Application → why a command for it has waited, as a sentence, until whoever sent it is done with it."""

    async def send(
        self,
        entry: Entry,
        verb: Verb,
        configuration: Configuration | None = None,
        arguments: Mapping[str, Any] = NOTHING,
    ) -> dict[str, Outcome]:
        """Have it done in all environments of the application at once. Gives environment → outcome.

        Raises ``CommandFailed`` (``CommandUnanswered`` where it may help to try again) for the first environment
        that did not do it; the others have done it all the same.
        """
        return await self.send_to(entry.places, entry.name, verb, configuration, arguments)

    async def send_to(
        self,
        places: tuple[str, ...],
        name: str,
        verb: Verb,
        configuration: Configuration | None = None,
        arguments: Mapping[str, Any] = NOTHING,
    ) -> dict[str, Outcome]:
        """As ``send``, to these environments."""
        asked = configuration, arguments, self._deadline_s, asked_by.get()
        commands = [Command(verb, name, _command_id(), *asked) for _ in places]
        found = await asyncio.gather(*map(self._counted, places, commands))
        outcomes = dict(zip(places, found, strict=True))
        for place, outcome in outcomes.items():
            if not outcome.done:
                raise _failure(name, verb, place, outcome)
        return outcomes

    async def _counted(self, place: str, command: Command) -> Outcome:
        key = (place, command.verb.value)
        self.under_way[key] += 1
        done = False
        try:
            outcome = await self._one(place, command)
            done = outcome.done
            return outcome
        finally:
            self.under_way[key] -= 1
            self.ended[*key, done] += 1

    async def _one(self, place: str, command: Command) -> Outcome:
        """An environment that does not answer has an outcome as well, and is not waited for."""
        if away := await self._places.away(place):
            return _unanswered(command, away)
        sending = asyncio.create_task(self._bus.send(place, command), name=f"{command.verb.value} in {place}")
        try:
            while not sending.done():
                await asyncio.wait((sending,), timeout=SLOW_S)
                if not sending.done():
                    self._places.doubt(place)
                    if trouble := self._bus.trouble():
                        self.waits[command.application] = _waits(command, trouble)
                    if away := self._places.why_not(place):
                        return _unanswered(command, away)
            outcome = sending.result()
            await reach_at(command, "answered")
            return outcome
        except InsulaError as error:
            if error.kind not in _UNANSWERED:
                raise
            return Outcome(command.request_id, error.code, error.message, command.verb.value)
        finally:
            sending.cancel()  # where nobody waits any more, it is still carried out by whoever takes it in time


def _waits(command: Command, trouble: str) -> str:
    carried_out = f"It is carried out once that is over, within {command.deadline_s:g} s."
    return f"The command {command.verb.value} waits. {trouble} {carried_out}"


def _unanswered(command: Command, why: str) -> Outcome:
    return Outcome(command.request_id, EnvironmentUnavailable.code, why, command.verb.value)


def _command_id() -> str:
    """Each command has an id of its own, which begins with that of the request that brought it about."""
    asked = log.request_id.get()[:LONGEST_REQUEST_ID]
    return f"{asked}.{random_id(6)}" if asked else request_id()


def _failure(name: str, verb: Verb, place: str, outcome: Outcome) -> CommandFailed:
    kind = CommandUnanswered if outcome.code in PASSING else CommandFailed
    step = outcome.step or verb.value
    return kind(
        application=name,
        verb=verb.value,
        environment=place,
        step=step,
        message=outcome.message or outcome.code,
        code=outcome.code,
    )
