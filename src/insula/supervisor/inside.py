"""What an application says of its own inside, for who looks after it from the main application."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from insula.application.api.action import Answer, Context
from insula.fleet.environment import LOCAL
from insula.fleet.lifecycle import Observed
from insula.supervisor.entry import Entry
from insula.supervisor.errors import NotNow
from insula.supervisor.supervisor import Supervisor
from insula.supervisor.verbs import name_of

Plugins = Callable[[str], Sequence[Mapping[str, Any]] | None]
"""What the plugin manager of an application lists; ``None`` where it does not run in this process. Wakes nobody."""

_DOWN: Final = "does not run; start it first"
_ELSEWHERE: Final = (
    "runs in the environment {environments}; open its own plugin manager there, in its settings under Plugins"
)


class Inside:
    """The handlers. One object for the main application."""

    def __init__(self, supervisor: Supervisor, plugins: Plugins) -> None:
        self._supervisor = supervisor
        self._plugins = plugins

    async def list_plugins(self, context: Context) -> Answer:
        """What ``pm:list`` of the application answers. Raises ``ApplicationNotFound``, and ``NotNow`` where it does not
        run in this process."""
        entry = self._supervisor.records.get(name_of(context))
        rows = self._plugins(entry.name)
        if rows is None:
            raise NotNow(application=entry.name, verb="list its plugins here", reason=self._why_not(entry))
        return Answer(rows)

    def _why_not(self, entry: Entry) -> str:
        statuses = self._supervisor.records.statuses(entry)
        places = [
            place
            for place, status in statuses.items()
            if status.observed is Observed.RUNNING and place != LOCAL
        ]
        return _ELSEWHERE.format(environments=", ".join(places)) if places else _DOWN
