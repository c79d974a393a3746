"""What kinds of jobs there are: named steps, stated by plugins, and what a step is given when it runs."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Literal

from insula.core.clock import now

if TYPE_CHECKING:
    from insula.application.application import Application
    from insula.database.executor import Transaction

JobStatus = Literal["waiting", "running", "succeeded", "failed", "cancelled", "undoing", "undone"]
StepStatus = Literal["waiting", "running", "succeeded", "failed", "cancelled", "undone"]

MOVES: Final[Mapping[str, tuple[frozenset[JobStatus], JobStatus]]] = {
    "run": (frozenset(("waiting", "running")), "running"),
    "succeed": (frozenset(("running",)), "succeeded"),
    "fail": (frozenset(("running", "undoing")), "failed"),
    "be cancelled": (frozenset(("waiting", "running")), "cancelled"),
    "be retried": (frozenset(("failed", "cancelled")), "waiting"),
    "be undone": (frozenset(("succeeded", "failed", "cancelled")), "undoing"),
    "have been undone": (frozenset(("undoing",)), "undone"),
}
"""What can happen to a job: from which states, and to which. What is absent is forbidden."""
UNFINISHED: Final[tuple[JobStatus, ...]] = ("waiting", "running", "undoing")
GO_ON: Final = "jobs to go on with"
"""What other processes of the application are told, in the place of a collection; none is named so."""
MAX_LOG_LINES: Final = 200
"""Of one step; older lines are dropped."""


@dataclass(slots=True)
class StepRecord:
    """What is kept of a step, so that another process can go on."""

    name: str
    status: StepStatus = "waiting"
    progress: float = 0.0
    """From 0 to 1."""
    result: Any = None
    """What the step gave: JSON."""
    state: Any = None
    """What the step wants to find when it is run again after a crash: JSON."""
    log: list[str] = field(default_factory=list)
    error: str | None = None
    attempts: int = 0

    def to_json(self) -> dict[str, Any]:
        """As it is kept and answered."""
        return {name: getattr(self, name) for name in self.__slots__}

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> StepRecord:
        """As it was kept, perhaps by a version that knew more or less of a step than this one."""
        return cls(**{name: kept[name] for name in cls.__slots__ if name in kept})


@dataclass(slots=True)
class StepContext:
    """What a running step is given."""

    application: Application
    job: int
    input: Mapping[str, Any]
    """What the job was started with."""
    results: Mapping[str, Any]
    """Name → result of the steps before."""
    record: StepRecord
    save: Callable[[], Awaitable[None]]
    """Keep the record, now and then: for progress."""
    commit: Callable[[Callable[[Transaction], Awaitable[Any]], float], Awaitable[None]]
    """Do a piece of the work in a transaction of its own. The piece gives the new ``record.state`` (JSON), which is
    kept in that transaction with the step's progress (0 to 1), and counts once it is committed: after a failure or
    a crash the step goes on exactly there. ``record.state`` is not to be written otherwise."""

    async def progress(self, fraction: float, line: str | None = None) -> None:
        """Say how far the step is (0 to 1); kept now and then."""
        self.record.progress = min(1.0, max(0.0, fraction))
        if line is not None:
            self.log(line)
        await self.save()

    def log(self, line: str) -> None:
        """Add a line to the step's log."""
        self.record.log.append(f"{now().isoformat(timespec='milliseconds')[:-6]}Z {line}")
        del self.record.log[:-MAX_LOG_LINES]


Run = Callable[[StepContext], Awaitable[Any]]


@dataclass(frozen=True, slots=True)
class Step:
    """One step. It may be run again after a crash or a failure, so it begins where ``record.state`` says."""

    name: str
    run: Run
    undo: Run | None = None
    """Takes back what ``run`` did; ``None`` where there is nothing to take back."""


@dataclass(frozen=True, slots=True)
class JobKind:
    """A kind of job: its steps in their order."""

    name: str
    """Dotted, such as ``records.import``."""
    title: str
    steps: tuple[Step, ...]
    undoable: bool = False
    snippet: str | None = None
    """The configuration right that seeing jobs of others takes, and retrying, cancelling and undoing also one's own;
    ``None``: no more than for all jobs."""
    at_once: int | None = None
    """Jobs of this kind that run at the same time, beside all others; ``None``: they share the places of all."""
    refuse_undo: Callable[[Application, Mapping[str, Any]], Awaitable[None]] | None = None
    """Raises what speaks against undoing the job that was started with this input."""
    tidy: Callable[[Application], Awaitable[None]] | None = None
    """Removes what ended jobs have left behind and nobody needs any more; called at the start and every hour."""

    def records(self, kept: Sequence[StepRecord]) -> list[StepRecord]:
        """One record for each step of today: what was kept of it by its name, else a new one."""
        found = {record.name: record for record in kept}
        return [found.get(step.name) or StepRecord(step.name) for step in self.steps]
