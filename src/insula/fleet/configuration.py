"""What an environment is told of an application in order to run it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final, Literal, get_args

Connection = Literal["new_database", "new_schema", "new_connection"]
"""What is made for an application: a database, a schema in an existing one, or nothing but its tables."""
CONNECTIONS: Final[tuple[Connection, ...]] = get_args(Connection)
DEFAULT_CONNECTION: Final[Connection] = "new_database"


@dataclass(frozen=True, slots=True)
class Configuration:
    """One application, complete: an environment that has this needs to ask nobody."""

    application: str
    """Its name, which is its id."""
    stamp: str
    """The uuid that marks its database as its own; another one there is never touched."""
    display_name: str = ""
    connection: Connection = DEFAULT_CONNECTION
    database: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}), repr=False)
    """``dialect host port username password database schema storage``, resolved; opaque to the fleet."""
    data_key: str = field(default="", repr=False)
    """The application's own key (base64), which main keeps; seals its secrets."""
    environments: tuple[str, ...] = ()
    """All environments where it runs at once, over its one database; none or one: it is alone."""
    domain: str | None = None
    """Its custom domain, lower case."""
    auto_upgrade: bool = True
    with_main: bool = False
    """It comes up with its environment, and not with its first visit."""
    share_session: bool = False
    """People who are signed in to main are let in; see ``main_key``."""
    main_key: str = field(default="", repr=False)
    """Main's public key (base64), by which main's tokens are verified; only with ``share_session``."""
    lang: str = "en-US"
    timezone: str = "UTC"
