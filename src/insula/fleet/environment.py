"""A running place for applications, as it tells of itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType

LOCAL = "local"
"""The one environment of shared-memory mode."""


@dataclass(frozen=True, slots=True)
class Environment:
    """What the supervisor knows of one environment."""

    name: str
    url: str = ""
    """Where people reach it."""
    proxy_url: str = ""
    """Where requests are forwarded to."""
    version: str = ""
    available: bool = True
    state: str = "online"
    heartbeat_at: datetime | None = None
    silent_s: float = 0.0
    """How long nothing was heard of it."""
    secured: bool = True
    """Whether what it is sent is encrypted, or never leaves the process."""
    applications: int = 0
    """How many run there."""
    capacity: int = 0
    """How many may be placed there; 0: as many as are."""
    dialect: str = ""
    """Of the service on which databases are made there where nothing else is said; empty: it has not told."""
    instance: str = ""
    """The installation that it is: one and the same after a restart."""
    epoch: int = 0
    """Which of its lives: higher for each time that it took its name."""
    beat_s: float = 10.0
    """How often it says that it lives."""
    failure: str = ""
    """Why requests can not be forwarded to it, as whoever probed it found, or why it can not be told or asked anything."""
    load: Mapping[str, float] = field(default_factory=lambda: MappingProxyType({}))
    """``cpu`` (share of a core, 0 to n), ``memoryMb``, ``connections``."""
