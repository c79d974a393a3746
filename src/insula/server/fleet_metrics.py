"""What a head tells to programs that watch: its environments, its applications by state, and its commands."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Final

from insula.server.metrics import Family, Labels
from insula.supervisor.status import shown

if TYPE_CHECKING:
    from insula.fleet.environment import Environment
    from insula.supervisor.supervisor import Supervisor

AT_ONE_GO: Final = 250
"""Applications that are counted before others get a turn of the loop: some 1 ms."""
_MEGABYTE: Final = 1_000_000


class FleetFigures:
    """Read each time that somebody asks; nothing is kept."""

    def __init__(self, supervisor: Supervisor) -> None:
        self._supervisor = supervisor

    def families(self) -> Iterator[Family]:
        """All of them."""
        yield Family(
            "insula_environment_state", "1 for the state that an environment is in.", self._environment_states
        )
        for name, about, read in _OF_ENVIRONMENT:
            yield Family(f"insula_environment_{name}", about, self._of_each(read))
        yield Family(
            "insula_environment_applications_placed", "Applications that are to be there.", self._placed
        )
        yield Family("insula_applications", "Applications in each state.", self._applications)
        yield Family("insula_commands_under_way", "Commands without an outcome yet.", self._under_way)
        yield Family("insula_commands_total", "Commands that have ended.", self._ended, "counter")

    def _environment_states(self) -> Iterator[tuple[Labels, float]]:
        for environment in self._supervisor.places.known():
            yield {"environment": environment.name, "state": environment.state}, 1

    def _of_each(self, read: Callable[[Environment], float]) -> Callable[[], Iterable[tuple[Labels, float]]]:
        def figures() -> Iterator[tuple[Labels, float]]:
            for environment in self._supervisor.places.known():
                yield {"environment": environment.name}, read(environment)

        return figures

    def _placed(self) -> Iterator[tuple[Labels, float]]:
        for place, count in self._supervisor.taken().items():
            yield {"environment": place}, count

    def _applications(self) -> Iterator[tuple[Labels, float] | None]:
        """Deleted ones are counted as such, whatever is observed of them."""
        counted: Counter[str] = Counter()
        records = self._supervisor.records
        for number, entry in enumerate(records.all(), 1):
            counted["deleted" if entry.deleted_at else shown(records.statuses(entry))] += 1
            if not number % AT_ONE_GO:
                yield None
        for state, count in counted.items():
            yield {"state": state}, count

    def _under_way(self) -> Iterator[tuple[Labels, float]]:
        for (place, verb), count in self._supervisor.orders.under_way.items():
            yield {"environment": place, "command": verb}, count

    def _ended(self) -> Iterator[tuple[Labels, float]]:
        for (place, verb, done), count in self._supervisor.orders.ended.items():
            yield {"environment": place, "command": verb, "outcome": "done" if done else "failed"}, count


_OF_ENVIRONMENT: Final[tuple[tuple[str, str, Callable[[Environment], float]], ...]] = (
    ("silent_seconds", "How long nothing was heard of it.", lambda one: one.silent_s),
    ("applications_running", "Applications that run there.", lambda one: one.applications),
    ("capacity", "Applications that may be there; 0: no bound.", lambda one: one.capacity),
    ("cpu", "Share of a core that it has used of late.", lambda one: one.load.get("cpu", 0.0)),
    (
        "memory_bytes",
        "Memory that it uses.",
        lambda one: round(one.load.get("memoryMb", 0.0) * _MEGABYTE),
    ),
    (
        "database_connections",
        "Connections to databases that it has open.",
        lambda one: one.load.get("connections", 0),
    ),
)
"""Figure, what it says, and how it is read of an environment."""
