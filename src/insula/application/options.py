"""What the composition root decides about an application."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from insula.application.api.request import JSON_BODY_LIMIT_BYTES

if TYPE_CHECKING:
    from insula.application.access.shared import SharedSession

IMPORTS: Final = "imports"
"""In an application's storage folder: files that were sent and wait to be read."""
REQUESTS_AT_ONCE: Final = 512
"""Requests of one application in flight; beyond it, 503 with ``Retry-After``."""
REQUEST_DEADLINE_S: Final = 60.0
"""From the first byte of a request to the first of its answer. Streams are not ended by it while they move."""
STOP_DEADLINE_S: Final = 20.0
"""What requests in flight get to finish when the application stops; then they are cancelled."""


@dataclass(frozen=True, slots=True)
class Options:
    """Settings of one application that it does not keep in its own database."""

    display_name: str = ""
    owner_id: str = ""
    """The id in the owner stamp, where it is known; a database with another one is not touched."""
    environment: str = ""
    """Where this process runs, where that has a name."""
    beside: tuple[str, ...] = ()
    """Environments in which the application runs at the same time, over the same database; none: it is alone."""
    main: bool = False
    """The entry application, which holds the records of all others."""
    shared: SharedSession | None = None
    """Lets in people who are signed in to the main application; ``None``: its tokens are of no use here."""
    auto_upgrade: bool = True
    """Bring an older database up to date at start; else the start is refused."""
    lang: str = "en-US"
    timezone: str = "UTC"
    """IANA name: where dates without a zone are, when a request does not say (``X-Timezone``)."""
    url: str = ""
    """Where people reach the application; shown in links."""
    storage: Path | None = None
    """A folder of the application's own for files; ``None`` when there is none."""
    api_base_path: str = "/api/"
    extra_plugins: tuple[str, ...] = ()
    """Plugins enabled at install beside those that are by default (``APPEND_PRESET_BUILT_IN_PLUGINS``)."""
    body_limit_bytes: int = JSON_BODY_LIMIT_BYTES
    requests_at_once: int = REQUESTS_AT_ONCE
    request_deadline_s: float = REQUEST_DEADLINE_S
    stop_deadline_s: float = STOP_DEADLINE_S
    plugin_settings: Mapping[str, Mapping[str, object]] = field(default_factory=lambda: MappingProxyType({}))
    """Plugin name → settings laid over its defaults and under what the application has set itself."""


@dataclass(frozen=True, slots=True)
class RootUser:
    """The first user of a new application. Either a password, or the hash and subject of its creator's."""

    email: str | None = None
    username: str | None = None
    nickname: str | None = None
    password: str | None = field(default=None, repr=False)
    password_hash: str | None = field(default=None, repr=False)
    subject: str | None = None
    """Global subject (uuid, text); a new one when ``None``."""
