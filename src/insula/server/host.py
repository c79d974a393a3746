"""What all applications of this process share, made once: connections, plugins, and the key to their secrets."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Any, Final
from weakref import WeakValueDictionary

from insula.application.collections import CORE_COLLECTIONS
from insula.application.errors import NotInstalled
from insula.application.registry import Registry
from insula.application.secrets import MasterKey
from insula.application.stored import read_stored
from insula.core.names import MAIN
from insula.data.metadata import Metadata
from insula.data.repository import Repository
from insula.database.budget import ConnectionBudget
from insula.database.dialects import dialect
from insula.database.executor import Database
from insula.database.options import DatabaseOptions
from insula.fleet.configuration import Configuration
from insula.fleet.traffic import Traffic
from insula.server import checks
from insula.server.declared import Settings
from insula.server.errors import PluginUnknown
from insula.server.places import address, as_kept, place
from insula.server.storage import app_key, has_key

_OWN: Final = {"single": MAIN, "supervisor": MAIN, "worker": "worker"}
"""What the file of a process' own SQLite database is called after."""


class Host:
    """Owned by the composition root; the steps of applications are given it."""

    def __init__(self, settings: Settings, folder: Path, *, makes: bool) -> None:
        """Unless ``makes``, no key is made: an installation that is not there is an error."""
        self.settings = settings
        self.folder = folder
        self.makes = makes
        self.traffic = Traffic()
        """What is asked of all applications from here."""
        self._master_key: MasterKey | None = None
        self._budgets: WeakValueDictionary[tuple[str, str, int | None], ConnectionBudget] = (
            WeakValueDictionary()
        )
        """Of servers to which something is open, or about to be."""

    @property
    def url(self) -> str:
        """Where people reach this process, without a slash at its end."""
        settings = self.settings
        given = settings.insula_url or (settings.environment_url if settings.app_mode == "worker" else None)
        return (given or f"http://localhost:{settings.app_port}").rstrip("/")

    @cached_property
    def database(self) -> DatabaseOptions:
        """Where the main application's database is, or a worker's ledger: the service on which others are made."""
        settings = self.settings
        if settings.db_dialect == "sqlite":
            given = settings.db_storage
            file = Path(given).expanduser() if given else self.folder / f"{_OWN[settings.app_mode]}.sqlite"
            return DatabaseOptions(
                "sqlite", storage=file.absolute(), statement_timeout_s=settings.insula_db_statement_timeout_s
            )
        return DatabaseOptions(
            settings.db_dialect,
            host=settings.db_host or "localhost",
            port=settings.db_port,
            database=settings.db_database or "insula",
            user=settings.db_user or "insula",
            password=settings.db_password or "",
            schema=settings.db_schema,
            statement_timeout_s=settings.insula_db_statement_timeout_s,
        )

    def place(self, configuration: Configuration) -> DatabaseOptions:
        """Where an application's database is, or will be."""
        return place(configuration, self.database, self.folder)

    def address(self, configuration: Configuration) -> dict[str, Any]:
        """Where an application's database is, complete, its password among it."""
        return address(self.place(configuration))

    def as_kept(self, application: str, database: Mapping[str, Any]) -> dict[str, Any]:
        """What is kept of where an application's database is."""
        return as_kept(application, database, self.database, self.folder)

    def budget_of(self, database: DatabaseOptions) -> ConnectionBudget:
        """The budget of the server that a database is on: one for each server, however many applications use it."""
        server = _counted(database)
        budget = self._budgets.get(server)
        if budget is None:
            limit = self.settings.insula_db_connections - dialect(database.dialect).aside
            budget = self._budgets[server] = ConnectionBudget(limit)
        return budget

    def connections_used(self) -> int:
        """Connections to database servers that are open now."""
        return sum(budget.open for budget in self._budgets.values())

    @cached_property
    def extra_plugins(self) -> tuple[str, ...]:
        """Plugins that new applications have beside the preset ones."""
        return tuple(checks.plugin_names(self.settings.append_preset_built_in_plugins))

    @cached_property
    def registry(self) -> Registry:
        """The plugins. Raises ``PluginUnknown`` for those that the settings name in vain."""
        return discover(self.settings)

    async def master_key(self, main: Database) -> MasterKey:
        """The key of this installation; a new one where main's database holds nothing yet. Raises as ``app_key``."""
        if self._master_key is None:
            self._master_key = MasterKey(await self._key(main))
        return self._master_key

    async def _key(self, main: Database) -> str:
        given = self.settings.app_key
        if has_key(self.folder, given):
            return app_key(self.folder, given)
        stored = await read_stored(Repository(Metadata(main, CORE_COLLECTIONS), main))
        installed = stored is not None and bool(stored.owner)
        if not (installed or self.makes):
            raise NotInstalled(application=MAIN)
        return app_key(self.folder, given, makes=not installed)


def discover(settings: Settings) -> Registry:
    """The plugins that are installed. Raises ``PluginUnknown`` for those that the settings name in vain."""
    found = Registry.discover()
    wanted = checks.plugin_names(settings.append_preset_built_in_plugins)
    if unknown := [name for name in wanted if name not in found.plugins]:
        known = sorted(found.plugins.keys() - {checks.MAINS_PLUGIN})
        raise PluginUnknown(named=", ".join(unknown), known=", ".join(known))
    return found


def _counted(database: DatabaseOptions) -> tuple[str, str, int | None]:
    """Names the server by what its connections are counted for: this machine's has many names, and speaks as MySQL
    whichever of the two it is."""
    kind, host, port = database.server
    here = host == "localhost" or host.startswith("/")
    return ("mysql" if kind == "mariadb" else kind, "localhost" if here else host, port)
