"""The composition root: the only place that names concrete adapters and puts the roles together."""

import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

from insula.application.access.collections import ROOT_ROLE
from insula.application.access.holding import ROOT_LOCK
from insula.application.access.people import create_root
from insula.application.application import Application
from insula.application.errors import NotInstalled, WrongKey
from insula.application.options import Options, RootUser
from insula.core.clock import now
from insula.core.errors import InsulaError
from insula.data.filters.tree import Condition
from insula.data.scope import Unrestricted
from insula.database.engine import open_database
from insula.database.errors import DatabaseInUse
from insula.database.executor import Executor
from insula.database.options import DatabaseOptions
from insula.database.provision.claim import Claim, claim
from insula.database.provision.ensure import ensure_database, wait_for_database
from insula.fleet.directory.memory import MemoryDirectory
from insula.fleet.lifecycle import Lifecycle
from insula.fleet.process.base import AsgiApp
from insula.fleet.process.local import LocalProcess, Steps
from insula.gateway.entry import Gateway, GatewayOptions
from insula.gateway.pages import Pages, Templates
from insula.gateway.selector import MAIN
from insula.gateway.trust import TrustedProxies
from insula.server import checks
from insula.server.declared import Settings
from insula.server.errors import AlreadySetUp, NotYet
from insula.server.host import Host
from insula.server.pulse import Pulse
from insula.server.setup_form import Administrator
from insula.server.setup_link import SetupLink
from insula.server.setup_page import PATH as SETUP_PATH
from insula.server.setup_page import SetupPage
from insula.server.storage import wrong_key

_log = logging.getLogger(__name__)

_TEMPLATES = Path(__file__).parent / "templates"
_EVERYTHING = Unrestricted()

Told = Callable[[InsulaError], None]


class MainSteps(Steps):
    """The main application's way up: its database is waited for, made and claimed, its tables are made at first start.

    Unless the host ``makes``, nothing is made: what is not there yet raises.
    """

    def __init__(self, host: Host, failed: Told, lost: Told) -> None:
        """``failed`` is told when the application does not run any more, ``lost`` when another has its database."""
        self._host = host
        self._failed = failed
        self._told_lost = lost
        self._settings = host.settings
        self._database = database_options(host.settings, host.folder)
        self._claim: Claim = claim(self._database, self._lost)
        self._application: Application | None = None

    @property
    def application(self) -> Application:
        """The application, once it is prepared."""
        assert self._application is not None, "asked before the step prepare"
        return self._application

    async def prepare(self) -> None:
        await self.stop()  # what an earlier try has opened
        registry = self._host.registry
        await wait_for_database(
            self._database, self._settings.insula_wait_timeout_s, lambda line: _log.warning("%s", line)
        )
        if self._host.makes:
            await ensure_database(self._database)
        await self._claim.take()
        database = open_database(self._database, self._host.budget)
        try:
            key = await self._host.master_key(database)
        except BaseException:
            await database.close()
            raise
        options = application_options(self._settings, self._host.folder)
        self._application = Application(MAIN, database, registry, key, options)
        self._application.on_failure = self._failed

    async def initialize(self) -> None:
        try:
            await self.application.start()
        except WrongKey as error:
            raise wrong_key(self._host.folder, self._settings.app_key) from error
        except NotInstalled:
            if not self._host.makes:
                raise
            _log.info("installing the main application into %s", self._database.where)
            await self.application.install(first_administrator(self._settings))
            await self.application.start()

    async def run(self) -> AsgiApp:
        return self.application

    async def stop(self) -> None:
        if self._application is not None:
            await self._application.stop()
            self._application = None
        await self._claim.release()

    def _lost(self, error: DatabaseInUse) -> None:
        """Two that write one database would work on stale metadata: the one that was cut off gives way."""
        if self._application is not None:
            self._application.fail(error)
        self._told_lost(error)


@dataclass(frozen=True, slots=True)
class Installation:
    """Everything of one process, put together."""

    gateway: Gateway
    process: LocalProcess
    setup_token: Callable[[], Awaitable[str | None]]
    """A token for the set-up link where there is no administrator yet."""


def build(settings: Settings, folder: Path, lost: Told, *, makes: bool = True) -> Installation:
    """Put the roles together. Nothing runs yet. Unless ``makes``, an installation that is not there is an error.

    ``lost`` is told when another process has taken the database: this one has to end. Raises ``NotYet`` for modes that this version has not.
    """
    if settings.app_mode != "single":
        raise NotYet(mode=settings.app_mode)
    lifecycle = Lifecycle(MAIN, now)
    process, directory = LocalProcess(), MemoryDirectory()
    steps = MainSteps(
        Host(settings, folder, makes=makes), lambda error: process.fail(MAIN, error.message), lost
    )
    process.add(lifecycle, steps)
    directory.add(lifecycle)
    link = SetupLink()
    templates = Templates(_TEMPLATES)

    async def set_up(asked: Administrator) -> None:
        await make_administrator(steps.application, asked)

    async def setup_token() -> str | None:
        return None if await _has_administrator(steps.application) else link.issue()

    page = SetupPage(link, templates, set_up, settings.api_base_path)
    pulse = Pulse(lambda: _has_administrator(steps.application))
    pages = Pages(templates, settings.api_base_path, {SETUP_PATH: page}, pulse)
    proxies = TrustedProxies(checks.networks(settings.app_trusted_proxies))
    options = GatewayOptions(
        settings.api_base_path, proxies, settings.insula_access_log, settings.insula_hold_timeout_s
    )
    return Installation(Gateway(options, directory, process, pages), process, setup_token)


async def make_administrator(application: Application, asked: Administrator) -> None:
    """The first one. Raises ``AlreadySetUp`` where somebody is there by now, however they came."""
    root = RootUser(asked.email, asked.username, asked.nickname, asked.password)
    repository = application.repository
    async with repository.transaction() as transaction:
        await transaction.lock(ROOT_LOCK)
        if await _has_administrator(application, transaction):
            raise AlreadySetUp()
        await create_root(repository, transaction, root, ROOT_ROLE)


async def _has_administrator(application: Application, on: Executor | None = None) -> bool:
    root = Condition(("roleName",), "$eq", ROOT_ROLE)
    return await application.repository.count("rolesUsers", root, scopes=_EVERYTHING, on=on) > 0


def database_options(settings: Settings, folder: Path) -> DatabaseOptions:
    """Where the main application's database is."""
    if settings.db_dialect == "sqlite":
        file = Path(settings.db_storage).expanduser() if settings.db_storage else folder / "main.sqlite"
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


def application_options(settings: Settings, folder: Path) -> Options:
    """What the settings say about the main application."""
    return Options(
        display_name="Main",
        main=True,
        timezone=settings.tz,
        url=settings.insula_url or f"http://localhost:{settings.app_port}",
        storage=folder / "apps" / MAIN,
        api_base_path=settings.api_base_path,
        extra_plugins=tuple(checks.plugin_names(settings.append_preset_built_in_plugins)),
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
