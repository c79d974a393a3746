"""The main application: where its database is, what the settings say about it, and its way up and down."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import Any, Final

from insula.application.application import Application
from insula.application.errors import NotInstalled, WrongKey
from insula.application.options import Options, RootUser
from insula.application.plugin import Plugin
from insula.application.registry import Registry
from insula.application.stored import read_stored
from insula.core.errors import InsulaError
from insula.core.names import MAIN
from insula.database.engine import open_database
from insula.database.errors import DatabaseInUse
from insula.database.provision.claim import Claim, claim
from insula.database.provision.ensure import ensure_database, wait_for_database
from insula.fleet.process.base import AsgiApp
from insula.fleet.process.steps import Steps
from insula.server.declared import Settings
from insula.server.host import Host
from insula.server.places import APPLICATIONS
from insula.server.storage import wrong_key

_log = logging.getLogger(__name__)

PRODUCT: Final = "Insula"
"""What the main application is called until an administrator gives it another name."""

Told = Callable[[InsulaError], None]


class MainSteps(Steps):
    """The main application's way up: its database is waited for, made and claimed, its tables are made at first start.

    Unless the host ``makes``, nothing is made: what is not there yet raises.
    """

    deadline_s = None
    """The database is waited for as long as the settings say, and nothing runs without this application."""

    def __init__(self, host: Host, own: Plugin, failed: Told, lost: Told) -> None:
        """``own`` is a plugin that no other application has; ``failed`` is told when the application does not run any more, ``lost`` when another has its database."""
        self._host = host
        self._own = own
        self._failed = failed
        self._told_lost = lost
        self._settings = host.settings
        self._database = host.database
        self._claim: Claim | None = None
        self._application: Application | None = None

    @property
    def application(self) -> Application:
        """The application, once it is prepared."""
        assert self._application is not None, "asked before the step prepare"
        return self._application

    async def prepare(self) -> None:
        found = self._host.registry
        budget, patience_s = self._host.budget_of(self._database), self._settings.insula_wait_timeout_s
        await wait_for_database(self._database, budget, patience_s, lambda line: _log.warning("%s", line))
        if self._host.makes:
            await ensure_database(self._database, budget)
        self._claim = claim(self._database, budget, self._lost)
        await self._claim.take()
        database = open_database(self._database, budget)
        try:
            key = await self._host.master_key(database)
        except BaseException:
            await database.close()
            raise
        registry = Registry([*found.plugins.values(), self._own], found.broken)
        options = application_options(self._host)
        self._application = Application(MAIN, database, registry, key, options)
        self._application.on_failure = self._failed
        self._application.tell = self.tell

    async def create(self, arguments: Mapping[str, Any]) -> None:
        stored = await read_stored(self.application.repository)
        if stored is not None and stored.owner:
            return
        if not self._host.makes:
            raise NotInstalled(application=MAIN)
        _log.info("installing the main application into %s", self._database.where)
        await self.application.install(first_administrator(self._settings))

    async def initialize(self) -> None:
        try:
            await self.application.start()
        except WrongKey as error:
            raise wrong_key(self._host.folder, self._settings.app_key) from error

    async def run(self) -> AsgiApp:
        return self.application

    async def upgrade(self) -> None:
        await self.application.upgrade()

    async def stop(self) -> None:
        if self._application is not None:
            await self._application.stop()
            self._application = None
        if self._claim is not None:
            await self._claim.release()
            self._claim = None

    def _lost(self, error: DatabaseInUse) -> None:
        """Two that write one database would work on stale metadata: the one that was cut off gives way."""
        if self._application is not None:
            self._application.fail(error)
        self._told_lost(error)


def application_options(host: Host) -> Options:
    """What the settings say about the main application."""
    settings = host.settings
    return Options(
        display_name=PRODUCT,
        main=True,
        timezone=settings.tz,
        url=settings.insula_url or f"http://localhost:{settings.app_port}",
        storage=host.folder / APPLICATIONS / MAIN,
        api_base_path=settings.api_base_path,
        extra_plugins=host.extra_plugins,
        body_limit_bytes=settings.insula_body_limit_bytes,
        stop_deadline_s=settings.insula_stop_timeout_s,
    )


def first_administrator(settings: Settings) -> RootUser | None:
    """From ``INIT_ROOT_*``; ``None`` leaves it to the set-up link."""
    if not (settings.init_root_email and settings.init_root_password):
        return None
    return RootUser(
        settings.init_root_email,
        settings.init_root_username or settings.init_root_email.partition("@")[0],
        settings.init_root_nickname or settings.init_root_username,
        settings.init_root_password,
    )
