"""Streams of commands and of outcomes: names of keys, and the shape of what stands there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from insula.fleet.command import Command

GROUP: Final = "worker"
"""Of consumers, in each stream of commands."""
OUTCOMES: Final = "insula:outcomes"
"""Stream: ``r``, the request id, and ``o``, the sealed ``Outcome``."""
BLOCK_MS: Final = 2_000
"""How long a read waits in Redis for something new."""
PATIENCE_S: Final = BLOCK_MS / 1000 + 5.0


def commands_key(environment: str) -> str:
    """Stream of an environment's commands, and the purpose that they are sealed for: ``r``, and ``c``, an ``Envelope``."""
    return f"insula:commands:{environment}"


def outcome_purpose(request_id: str) -> str:
    """What an outcome is sealed for."""
    return f"{OUTCOMES} {request_id}"


@dataclass(frozen=True, slots=True)
class Envelope:
    """A command on its way."""

    command: Command
    expires_ms: int
    """By the clock of Redis: it is not begun any more then. Sealed with it, so that no old one can be sent again."""


def entries(found: Any) -> list[tuple[bytes, dict[bytes, bytes]]]:
    """Of the one stream that was read."""
    return list(found[0][1]) if found else []
