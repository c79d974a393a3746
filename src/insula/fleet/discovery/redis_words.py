"""What stands in Redis of environments, and what is told over it: names of keys, and the shapes of values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from insula.fleet.environment import Environment
from insula.fleet.lifecycle import Status

ENVIRONMENTS: Final = "insula:environments"
"""Hash: name → sealed ``Announced``."""
REPORTS: Final = "insula:reports"
"""Channel (of each number of a Redis, see ``RedisServer.channel``), and purpose of the seal: ``Batch``."""


def statuses_key(environment: str) -> str:
    """Hash: application → sealed ``Reported``."""
    return f"insula:statuses:{environment}"


def environment_purpose(name: str) -> str:
    """What an announcement is sealed for."""
    return f"{ENVIRONMENTS} {name}"


def status_purpose(environment: str, application: str) -> str:
    """What a status is sealed for."""
    return f"{statuses_key(environment)} {application}"


@dataclass(frozen=True, slots=True)
class Announced:
    """An environment, as of a time of Redis."""

    environment: Environment
    at_ms: int


@dataclass(frozen=True, slots=True)
class Reported:
    """A status, and in which life of the environment it was seen."""

    epoch: int
    status: Status


@dataclass(frozen=True, slots=True)
class Batch:
    """What is told at one go: all that has changed since the last one."""

    environment: str
    epoch: int
    announced: Announced | None = None
    complete: bool = False
    """What is not in ``statuses`` is not there: the first batch of a life."""
    statuses: Mapping[str, Status] = field(default_factory=dict)
    """Application → status; ``not_found`` for one that is not there any more."""


def without_secrets(status: Status) -> Status:
    """Whoever looks on needs to know which command, not what it was told."""
    if status.command is None:
        return status
    return replace(status, command=replace(status.command, configuration=None, arguments={}))
