"""What holds at any moment in a fleet, whatever goes wrong: looked at where it happens, and kept for who asks later."""

from __future__ import annotations

import logging
from collections import Counter
from contextvars import ContextVar
from typing import Final

from insula.fleet.command import UNKEPT, Command
from insula.fleet.lifecycle import MOVES, Observed

asked: ContextVar[bool] = ContextVar("somebody has asked for it", default=False)
_repaired: ContextVar[str] = ContextVar("what is repaired", default="")
_REPAIRS: Final = ("repairing %s:", "stopping %s in")

Place = tuple[str, str]
"""Environment and application."""


class Watch(logging.Handler):
    """One command at a time, in order, applied once; moves by the table; repairs that are logged; no defects."""

    def __init__(self) -> None:
        super().__init__()
        self.violations: list[str] = []
        self.steps = 0
        """So many steps of applications were begun."""
        self.sent: list[tuple[str, Command]] = []
        """Environment and command, in the order of sending."""
        self.carried_out: list[tuple[str, Command]] = []
        """Those of them that were carried out, and are known to be."""
        self._numbers: dict[tuple[str, str], int] = {}
        """Environment and request id → its place in that order."""
        self._waited_for: Counter[tuple[str, str]] = Counter()
        self._applied: set[tuple[str, str]] = set()
        self._last: dict[Place, int] = {}
        self._forgot_at = -1
        """So many were sent when Redis forgot the last time."""
        self._inside: Counter[Place] = Counter()
        self._observed: dict[Place, Observed] = {}

    def emit(self, record: logging.LogRecord) -> None:
        """Of each line in the log: a repair is noted for what it does, a defect is a violation."""
        if isinstance(record.args, tuple) and str(record.msg).startswith(_REPAIRS):
            _repaired.set(str(record.args[0]))
        if record.exc_info and record.exc_info[0] is not None:
            self.violations.append(f"a defect: {record.getMessage()}: {record.exc_info[1]!r}")

    def begin(self, environment: str, application: str) -> None:
        """Something is done to an application."""
        place = (environment, application)
        self.steps += 1
        self._inside[place] += 1
        if self._inside[place] > 1:
            self.violations.append(f"two things are done at once to {application} in {environment}")

    def end(self, environment: str, application: str) -> None:
        """It is done, or was ended."""
        self._inside[environment, application] -= 1

    def reported(self, environment: str, application: str, to: Observed) -> None:
        """An environment tells what an application is there."""
        place = (environment, application)
        before = self._observed.get(place, Observed.NOT_FOUND)
        if to is not before and to not in MOVES[before]:
            self.violations.append(f"{application} went from {before.value} to {to.value} in {environment}")
        self._observed[place] = to

    def anew(self, environment: str) -> None:
        """An environment begins a life, in which nothing was observed yet."""
        for place in [place for place in self._observed if place[0] == environment]:
            del self._observed[place]

    def sending(self, environment: str, command: Command) -> None:
        """A command is sent."""
        key, name = (environment, command.request_id), command.application
        if key not in self._numbers:
            self._numbers[key] = len(self.sent)
            self.sent.append((environment, command))
        self._waited_for[key] += 1
        if not asked.get() and _repaired.get() != name:
            self.violations.append(f"{command.verb.value} of {name}: a repair that is not logged")

    def answered(self, environment: str, command: Command) -> None:
        """Nobody waits for its outcome any more."""
        self._waited_for[environment, command.request_id] -= 1

    def forgot(self) -> None:
        """Redis has forgotten everything: what is waited for is sent again, in whatever order."""
        self._forgot_at = len(self.sent)

    def applied(self, environment: str, command: Command) -> None:
        """A command was carried out, and is written down."""
        key, place = (environment, command.request_id), (environment, command.application)
        if command.verb in UNKEPT:
            return
        if key in self._applied:
            self.violations.append(f"{command.request_id} was applied twice in {environment}")
        self._applied.add(key)
        number = self._numbers.get(key)
        if number is None:
            return  # of the environment's own
        self.carried_out.append((environment, command))
        again = self._waited_for[key] > 0 and number < self._forgot_at
        if number < self._last.get(place, -1) and not again:
            later = self.sent[self._last[place]][1].verb.value
            self.violations.append(
                f"{command.verb.value} of {command.application} came after the later {later}"
            )
        self._last[place] = max(number, self._last.get(place, -1))
