"""Named places on the way of a command, where tests let a process end, halt, fail or wait. Off unless configured.

``kill`` ends the process at once, as a power cut does; ``stop`` halts it until somebody continues it (SIGCONT);
``fail`` raises ``FailpointReached``; ``delay:0.5`` waits for half a second.

``@/some/file`` in place of all that: it stands in this file, which is read anew at each place, so that a test arms and
disarms a process that runs; and each place that is reached is logged. There ``hold`` waits until it stands there no more.
"""

from __future__ import annotations

import asyncio
import logging
import os
import re
import signal
from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar, Final

from insula.core import log
from insula.core.errors import InsulaError, Kind

_logger = logging.getLogger(__name__)

_VERBS: Final = ("prepare", "create", "start", "stop", "upgrade", "remove")
"""What environments are told to do that changes something."""
OF_SUPERVISOR: Final = (
    "create.checked",
    "create.recorded",
    "create.prepared",
    "create.created",
    "create.started",
    "wanted.recorded",
    "delete.recorded",
    "delete.stopped",
    "purge.removed",
    *(f"{verb}.{step}" for verb in _VERBS for step in ("sent", "answered")),
)
"""Places on the side that commands, each named after the command and what has just been done."""
OF_WORKER: Final = (
    "prepare.drafted",
    "start.prepared",
    "start.initialized",
    "upgrade.begun",
    "upgrade.migrated",
    "remove.renamed",
    "remove.dropped",
    *(f"{verb}.{step}" for verb in _VERBS for step in ("taken", "done", "kept", "told")),
)
"""The same on the side that carries commands out."""
NAMES: Final = (*OF_SUPERVISOR, *OF_WORKER)

_EFFECT: Final = re.compile(r"kill|stop|fail|hold|delay:\d{1,3}(?:\.\d{1,3})?")
_FILE: Final = "@"
_LOOK_EVERY_S: Final = 0.02

_armed: dict[str, str] = {}
"""Of this process; empty in production."""


class FailpointReached(InsulaError):
    """The failpoint {name} was reached."""

    code: ClassVar[str] = "FAILPOINT"
    kind: ClassVar[Kind] = Kind.INTERNAL


def parse(text: str) -> dict[str, str]:
    """``create.recorded=kill,delete.stopped=delay:0.5`` → name → effect. Raises ``ValueError`` with what is wrong."""
    if text.startswith(_FILE):
        _parse(_read(text))
        return {_FILE: text}
    return _parse(text)


def _parse(text: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for part in filter(None, (part.strip() for part in text.split(","))):
        name, _, effect = part.partition("=")
        if name not in NAMES:
            raise ValueError(f"there is no failpoint {name!r}")
        if not _EFFECT.fullmatch(effect):
            raise ValueError(f"{effect!r} is none of kill, stop, fail, hold, delay:<seconds>")
        found[name] = effect
    return found


def _read(text: str) -> str:
    path = Path(text.removeprefix(_FILE))
    try:
        return path.read_text()
    except OSError as error:
        raise ValueError(f"{str(path)!r} can not be read: {error.strerror}") from None


def configure(effects: Mapping[str, str]) -> None:
    """What happens where, from now on, as ``parse`` gives it; nothing at all other places."""
    _armed.clear()
    _armed.update(effects)


async def reach(name: str) -> None:
    """A place is reached."""
    if _armed:
        effect = _effect(name)
        if _FILE in _armed:
            _logger.info("reached %s (%s)%s", name, log.request_id.get(), f": {effect}" if effect else "")
        await _do(name, effect)


def _effect(name: str) -> str:
    """As it stands now."""
    file = _armed.get(_FILE)
    return (_armed if file is None else _parse(_read(file))).get(name, "")


async def _do(name: str, effect: str) -> None:
    if effect == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    elif effect == "stop":
        os.kill(os.getpid(), signal.SIGSTOP)
    elif effect == "fail":
        raise FailpointReached(name=name)
    elif effect == "hold":
        while _effect(name) == "hold":  # noqa: ASYNC110 - another process writes the file
            await asyncio.sleep(_LOOK_EVERY_S)
    elif effect:
        await asyncio.sleep(float(effect.removeprefix("delay:")))
