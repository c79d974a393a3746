"""The applications beside the main one: the way up and down of each, made from its configuration."""

from __future__ import annotations

import base64
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from insula.application.access.shared import SharedSession, Visitor, Vouch
from insula.application.adopt import adopt
from insula.application.application import Application
from insula.application.errors import AlreadyInstalled, FileNotShared, OwnedByAnother, UpgradeNeeded
from insula.application.options import Options, RootUser
from insula.application.secrets import DataKey
from insula.core.errors import InsulaError
from insula.core.failpoints import reach
from insula.database.engine import open_database
from insula.fleet.address import address
from insula.fleet.configuration import Configuration
from insula.fleet.environment import LOCAL
from insula.fleet.errors import StaysDown
from insula.fleet.process.base import AsgiApp
from insula.fleet.process.steps import Steps
from insula.server.homes import Homes
from insula.server.host import Host
from insula.server.places import APPLICATIONS

if TYPE_CHECKING:
    from insula.database.provision.ownership import Stamp

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Around:
    """What applications are given of those around them."""

    homes: Homes
    failed: Callable[[str, str], None]
    """Told application and cause when one does not run any more although nobody stopped it."""
    vouch: Callable[[str, str], Awaitable[Visitor]]
    """Main's word to an application on whose token something is."""
    certain: Callable[[], bool]
    """Whether nobody else can have this environment's name now, and thus no command to run the application."""


class ApplicationSteps(Steps):
    """One time of an application: its database is there for it already, and bears its stamp."""

    def __init__(self, host: Host, configuration: Configuration, around: Around) -> None:
        self._host = host
        self._configuration = configuration
        self._around = around
        self._application: Application | None = None

    @property
    def application(self) -> Application:
        """The application, once it is prepared."""
        assert self._application is not None, "asked before the step prepare"
        return self._application

    async def prepare(self) -> None:
        # Not loaded by a process that has the main application alone.
        from insula.database.provision.ownership import stamp_in

        configuration = self._configuration
        options = self._host.place(configuration)
        if options.storage is not None and len(configuration.environments) > 1:
            raise FileNotShared(application=configuration.application, path=options.storage)
        database = open_database(options, self._host.budget_of(options))
        try:
            check_stamp(configuration, await stamp_in(database, options))
            if not self._around.certain():
                await self._around.homes.check(configuration, database)
        except BaseException:
            await database.close()
            raise
        self._application = Application(
            configuration.application,
            database,
            self._host.registry,
            DataKey(base64.b64decode(configuration.data_key)),
            application_options(
                self._host, configuration, partial(self._around.vouch, configuration.application)
            ),
        )
        self._application.on_failure = self._failed
        self._application.on_degraded = self.degrade
        self._application.tell = self.tell

    async def create(self, arguments: Mapping[str, Any]) -> None:
        if arguments.get("adopt"):
            await adopt(self.application)
            return
        try:
            await self.application.install(first_user(arguments.get("root")))
        except AlreadyInstalled:
            _log.info("%s was made already", self._configuration.application)

    async def initialize(self) -> None:
        await reach("start.prepared")
        try:
            await self.application.start()
        except UpgradeNeeded as error:
            raise StaysDown(reason=error.message) from error
        await reach("start.initialized")

    async def run(self) -> AsgiApp:
        self._around.homes.enter(self.application)
        return self.application

    async def upgrade(self) -> None:
        await self.application.upgrade()

    async def stop(self) -> None:
        if self._application is not None:
            await self._around.homes.leave(self._application)
            await self._application.stop()
            self._application = None

    def _failed(self, error: InsulaError) -> None:
        self._around.failed(self._configuration.application, error.message)


def check_stamp(configuration: Configuration, found: Stamp | None) -> None:
    """Raises ``OwnedByAnother`` where the database does not bear the stamp of the configuration."""
    if found is None or (found.application, found.id) != (configuration.application, configuration.stamp):
        raise OwnedByAnother(
            application=configuration.application,
            owner=found.application if found else "nobody",
            stamp=found.id if found else "none",
        )


def application_options(host: Host, configuration: Configuration, vouch: Vouch) -> Options:
    """What its configuration says, and what holds for all applications here."""
    settings = host.settings
    here = settings.environment_name or LOCAL
    others = configuration.environments if len(configuration.environments) > 1 else ()
    shared = None
    if configuration.share_session:
        shared = SharedSession(base64.b64decode(configuration.main_key), vouch)
    return Options(
        display_name=configuration.display_name,
        owner_id=configuration.stamp,
        environment=here,
        beside=tuple(name for name in others if name != here),
        auto_upgrade=configuration.auto_upgrade,
        lang=configuration.lang,
        timezone=configuration.timezone,
        url=address(host.url, configuration.application, configuration.domain),
        storage=host.folder / APPLICATIONS / configuration.application,
        api_base_path=settings.api_base_path,
        body_limit_bytes=settings.insula_body_limit_bytes,
        stop_deadline_s=settings.insula_stop_timeout_s,
        extra_plugins=host.extra_plugins,
        shared=shared,
    )


def first_user(given: Mapping[str, Any] | None) -> RootUser | None:
    """Its first user, a copy of who makes it: ``email username nickname password_hash subject``."""
    if not given:
        return None
    return RootUser(
        email=given.get("email"),
        username=given.get("username"),
        nickname=given.get("nickname"),
        password_hash=given.get("password_hash"),
        subject=given.get("subject"),
    )
