"""Named places on the way of a command, where tests let a process end, halt, fail or wait. Off unless configured.

``kill`` ends the process at once, as a power cut does; ``stop`` halts it until somebody continues it (SIGCONT);
``fail`` raises ``FailpointReached``; ``delay:0.5`` waits for half a second.
"""

from __future__ import annotations

import asyncio
import os
import re
import signal
from collections.abc import Mapping
from typing import ClassVar, Final

from insula.core.errors import InsulaError, Kind

NAMES: Final = (
    "create.checked",
    "create.recorded",
    "create.prepared",
    "create.created",
    "create.started",
    "start.prepared",
    "start.initialized",
    "upgrade.begun",
    "upgrade.migrated",
    "delete.recorded",
    "delete.stopped",
    "purge.removed",
)
"""All places, each named after the command and what has just been done."""

_EFFECT: Final = re.compile(r"kill|stop|fail|delay:\d{1,3}(?:\.\d{1,3})?")

_armed: dict[str, str] = {}
"""Of this process; empty in production."""


class FailpointReached(InsulaError):
    """The failpoint {name} was reached."""

    code: ClassVar[str] = "FAILPOINT"
    kind: ClassVar[Kind] = Kind.INTERNAL


def parse(text: str) -> dict[str, str]:
    """``create.recorded=kill,delete.stopped=delay:0.5`` → name → effect. Raises ``ValueError`` with what is wrong."""
    found: dict[str, str] = {}
    for part in filter(None, (part.strip() for part in text.split(","))):
        name, _, effect = part.partition("=")
        if name not in NAMES:
            raise ValueError(f"there is no failpoint {name!r}")
        if not _EFFECT.fullmatch(effect):
            raise ValueError(f"{effect!r} is none of kill, stop, fail, delay:<seconds>")
        found[name] = effect
    return found


def configure(effects: Mapping[str, str]) -> None:
    """What happens where, from now on; nothing at all other places."""
    _armed.clear()
    _armed.update(effects)


async def reach(name: str) -> None:
    """A place is reached."""
    if _armed:
        await _do(name, _armed.get(name, ""))


async def _do(name: str, effect: str) -> None:
    if effect == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    elif effect == "stop":
        os.kill(os.getpid(), signal.SIGSTOP)
    elif effect == "fail":
        raise FailpointReached(name=name)
    elif effect:
        await asyncio.sleep(float(effect.removeprefix("delay:")))
