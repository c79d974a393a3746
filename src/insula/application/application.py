"""One application: what is its own, and how it comes up and goes down.

Code, routes, built-in collections and compiled SQL exist once per process; an object of this class holds only
a name, the database handle, the secrets, the set of enabled plugins, and what its people made.
"""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING

from insula.application.options import Options, RootUser
from insula.application.secrets import MasterKey, Secrets

if TYPE_CHECKING:
    from insula.application.access.access import Access
    from insula.application.api.request import Receive, Scope, Send
    from insula.application.plugin_manager import PluginManager, Registry
    from insula.data.metadata import Metadata
    from insula.data.repository import Repository
    from insula.database.executor import Database


class State(enum.Enum):
    """Where an application object stands, for those who hold it."""

    STOPPED = "stopped"
    """Nothing is loaded; ``start`` may be called."""
    STARTING = "starting"
    """Its tables are looked at and its plugins loaded."""
    RUNNING = "running"
    """It answers requests."""
    STOPPING = "stopping"
    """It takes no more requests; those in flight finish."""
    ERROR = "error"
    """A step failed: ``Application.cause`` says which and why."""


class Application:
    """One isolated instance. Also the ASGI callable of its API (paths begin behind the base path)."""

    database: Database
    metadata: Metadata
    """Collections: those of the plugins, and those that people made. From ``start`` on."""
    repository: Repository
    """Records. From ``start`` on."""
    access: Access
    """Who may what. From ``start`` on."""
    plugin_manager: PluginManager
    secrets: Secrets
    """From ``start`` on."""

    def __init__(
        self, name: str, database: Database, plugins: Registry, secrets: MasterKey, options: Options
    ) -> None:
        self.name = name
        self.database = database
        self.options = options
        self.registry = plugins
        self.master_key = secrets
        self.state = State.STOPPED
        self.cause = ""
        """Why the application is in ``State.ERROR``, as one sentence."""

    async def install(self, root: RootUser | None = None) -> None:
        """Make tables, secrets and first data in an empty database, all or nothing."""
        raise NotImplementedError

    async def start(self) -> None:
        """Come up. Does nothing when running."""
        raise NotImplementedError

    async def stop(self) -> None:
        """Go down. Does nothing when stopped."""
        raise NotImplementedError

    async def upgrade(self) -> None:
        """Bring the database to the version of the code."""
        raise NotImplementedError

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        raise NotImplementedError
