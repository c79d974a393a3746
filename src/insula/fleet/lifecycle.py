"""The life of an application: what is observed, what is wanted, and the one table of allowed moves.

Pure: no clock, no database, no loop. Whoever observes a change calls ``Lifecycle.move``, the one setter;
a move that is not in the table raises and changes nothing. The shape follows home-assistant's
``config_entries.py`` (an enum with a sentence per member).
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from insula.fleet.command import Command
from insula.fleet.errors import WrongMove


class Observed(enum.Enum):
    """What an application is in one environment, as seen there."""

    PREPARING = "preparing"
    """Its database is being made or waited for."""
    INITIALIZING = "initializing"
    """Its tables are being made and its plugins loaded."""
    INITIALIZED = "initialized"
    """Everything is in place; it does not answer yet."""
    RUNNING = "running"
    """It answers requests."""
    COMMANDING = "commanding"
    """A command is being carried out on it."""
    STOPPED = "stopped"
    """It exists and does not run."""
    ERROR = "error"
    """A step failed; the status says which, and why."""
    NOT_FOUND = "not_found"
    """This environment knows no such application."""


class Wanted(enum.Enum):
    """What an application should be, kept in the main application's database."""

    RUNNING = "running"
    """It should answer."""
    ASLEEP = "asleep"
    """It may be down until someone visits it."""
    STOPPED = "stopped"
    """It stays down until someone starts it."""
    DELETED = "deleted"
    """It is gone for its people; its data can still be restored."""


_O = Observed

MOVES: Mapping[Observed, frozenset[Observed]] = {
    _O.NOT_FOUND: frozenset({_O.PREPARING, _O.STOPPED, _O.COMMANDING}),
    _O.PREPARING: frozenset({_O.INITIALIZING, _O.ERROR, _O.NOT_FOUND}),
    _O.INITIALIZING: frozenset({_O.INITIALIZED, _O.ERROR}),
    _O.INITIALIZED: frozenset({_O.RUNNING, _O.COMMANDING, _O.STOPPED, _O.ERROR}),
    _O.RUNNING: frozenset({_O.COMMANDING, _O.ERROR}),
    _O.COMMANDING: frozenset({_O.RUNNING, _O.INITIALIZED, _O.STOPPED, _O.ERROR, _O.NOT_FOUND}),
    _O.STOPPED: frozenset({_O.COMMANDING, _O.PREPARING, _O.NOT_FOUND, _O.ERROR}),
    _O.ERROR: frozenset({_O.COMMANDING, _O.PREPARING, _O.STOPPED, _O.NOT_FOUND}),
}
"""From each state, the states that may follow. What is absent is forbidden."""


PENDING: Final = frozenset((_O.PREPARING, _O.INITIALIZING, _O.INITIALIZED, _O.COMMANDING))
"""States that go on by themselves."""

AWAY: Final = "environment"
"""The step of an error that no environment has reported: the one where the application runs does not answer."""


@dataclass(frozen=True, slots=True)
class Status:
    """What was observed last, and since when."""

    observed: Observed
    since: datetime
    command: Command | None = None
    """Only while ``commanding``."""
    step: str = ""
    """Only in ``error``: the step that failed."""
    cause: str = ""
    """Why, and what can be done, as one sentence: of ``error``, and of ``stopped`` where nobody has stopped it."""

    own: Wanted | None = None
    """What its environment has made of it by itself, told by nobody: running since a visitor came there, asleep since the
    environment was started anew."""
    wakes: bool | None = None
    """Whether a visitor who comes there may bring it up, as its environment keeps it; ``None``: nothing is kept of it."""
    doing: str = ""
    """Only while pending, and where that takes a while: what is being done, in a few words such as ``tables``."""
    progress: float | None = None
    """How much of it is done, from 0 to 1, where that is known."""
    failed: tuple[str, ...] = ()
    """The plugins that are off since they failed, by name: of ``running``, which is degraded then, and of ``stopped`` after
    an upgrade."""

    @property
    def away(self) -> bool:
        """Whether nobody knows what it is, since its environment does not answer."""
        return self.step == AWAY

    @property
    def stuck(self) -> bool:
        """Whether it does not come up before somebody does something about the cause."""
        return bool(self.cause)


class Lifecycle:
    """The status of one application in one environment; ``move`` alone changes its state, ``tell`` what is said of it,
    and ``degrade`` what of it does not work."""

    __slots__ = ("_now", "application", "status", "wanted")

    def __init__(
        self,
        application: str,
        now: Callable[[], datetime],
        wanted: Wanted = Wanted.RUNNING,
        status: Status | None = None,
    ) -> None:
        """``status``: what was observed last, where it was seen before."""
        self.application = application
        self.wanted = wanted
        self._now = now
        self.status = Status(Observed.NOT_FOUND, now()) if status is None else status

    def move(
        self,
        to: Observed,
        *,
        command: Command | None = None,
        step: str = "",
        cause: str = "",
        failed: tuple[str, ...] = (),
    ) -> Status:
        """Record a new observation and give it. Raises ``WrongMove`` when the table forbids it.

        ``commanding`` needs the command and no other state takes one; ``step`` belongs to ``error``, ``cause`` to that and
        to ``stopped``, and ``failed`` to ``running`` and ``stopped`` (``ValueError`` otherwise: a defect of the caller).
        """
        if (to is Observed.COMMANDING) != (command is not None):
            raise ValueError("a command belongs to the state commanding, and only to it")
        if (to is Observed.ERROR) != bool(step):
            raise ValueError("a failed step belongs to the state error, and only to it")
        if cause and to not in (Observed.ERROR, Observed.STOPPED):
            raise ValueError("a cause belongs to the states error and stopped, and only to them")
        if failed and to not in (Observed.RUNNING, Observed.STOPPED):
            raise ValueError("failed plugins belong to the states running and stopped, and only to them")
        if to not in MOVES[self.status.observed]:
            raise WrongMove(
                application=self.application,
                observed=self.status.observed.value,
                wanted=self.wanted.value,
                to=to.value,
            )
        self.status = Status(to, self._now(), command, step, cause, failed=failed)
        return self.status

    def tell(self, doing: str, progress: float | None) -> Status | None:
        """Record what is being done. Gives the status where that is news; only of what is pending anything is told."""
        if self.status.observed not in PENDING:
            return None
        told = replace(self.status, doing=doing, progress=progress)
        if told == self.status:
            return None
        self.status = told
        return told

    def degrade(self, failed: tuple[str, ...]) -> Status | None:
        """Record which plugins have failed. Gives the status where that is news; only of what runs this is recorded."""
        if self.status.observed is not Observed.RUNNING or failed == self.status.failed:
            return None
        self.status = replace(self.status, failed=failed)
        return self.status
