"""Orders to an environment, and what came of them."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final

from insula.core.failpoints import reach
from insula.fleet.configuration import Configuration

NOTHING: Mapping[str, Any] = MappingProxyType({})
DEADLINE_S = 120.0
"""How long a command may wait and run before whoever sent it is told that it expired."""


class Verb(enum.Enum):
    """What an environment can be told to do with an application. Each is idempotent: done twice is done once."""

    CHECK = "check"
    """Try everything that making it would need, and change nothing. Argument: ``shared``, several environments are
    to reach it. Result: ``findings``, a list of dicts."""
    CONNECT = "connect"
    """Look whether its configuration leads to its own database, and change nothing. No result; it fails where not."""
    VISITED = "visited"
    """Say how long nobody has visited it there, at whatever address, and change nothing. Result: ``idleS``; nothing where
    nobody has."""
    PREPARE = "prepare"
    """Make its database, stamped for it. Result: ``database``, where it is; with the argument ``shared`` in full, for others to find it."""
    CREATE = "create"
    """Make its tables and first data in the prepared database. Argument: ``root``, its first user (or nothing)."""
    START = "start"
    """Bring it up, with an upgrade where it wants that by itself."""
    STOP = "stop"
    """Take it down: requests in flight finish, connections and memory are given back. Argument: ``asleep``, a visit may
    bring it up again."""
    UPGRADE = "upgrade"
    """Bring its database to the version of the code. It is not running before or after."""
    VOUCH = "vouch"
    """Asked by an environment, of main: whose session is this? Argument: ``token``. Result: ``subject username email
    nickname``."""
    REMOVE = "remove"
    """Drop its data, where they bear its stamp, and all that is kept of it. Argument: ``keep``, its database stays."""


@dataclass(frozen=True, slots=True)
class Command:
    """One order to one environment."""

    verb: Verb
    application: str
    request_id: str
    """Names this order in logs and answers; the same order given twice carries the same one."""
    configuration: Configuration | None = None
    """The application as it should be; ``visited``, ``stop``, and ``remove`` that keeps its database, need none."""
    arguments: Mapping[str, Any] = field(default_factory=lambda: NOTHING, repr=False)
    """What the verb says; JSON."""
    deadline_s: float = DEADLINE_S
    actor: str = ""
    """Who asked for it, as the environment's log tells; empty: nobody did, it is the supervisor's own."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a command."""

    request_id: str
    code: str = ""
    """Empty: it was done. Else the code of what went wrong …"""
    message: str = ""
    """… and its sentence, with what can be done."""
    step: str = ""
    """Where it went wrong."""
    result: Mapping[str, Any] = field(default_factory=lambda: NOTHING, repr=False)
    """What the verb gives; JSON. Of ``prepare`` it holds a password."""

    @property
    def done(self) -> bool:
        """Whether the command did what it says."""
        return not self.code


UNKEPT: Final = frozenset({Verb.CHECK, Verb.CONNECT, Verb.VISITED, Verb.VOUCH})
"""What changes nothing can be done again."""


async def reach_at(command: Command, step: str) -> None:
    """The failpoint of this step on the way of a command that changes something."""
    if command.verb not in UNKEPT:
        await reach(f"{command.verb.value}.{step}")
