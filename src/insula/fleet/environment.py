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
    secured: bool = True
    """Whether what it is sent is encrypted, or never leaves the process."""
    applications: int = 0
    """How many run there."""
    load: Mapping[str, float] = field(default_factory=lambda: MappingProxyType({}))
    """``cpu`` (share of a core, 0 to n), ``memoryMb``, ``connections``."""
