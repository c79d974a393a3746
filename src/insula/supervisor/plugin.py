"""The supervisor as a plugin of the main application, and of no other: the composition root hands it over."""

from __future__ import annotations

from contextlib import ExitStack
from functools import partial
from typing import TYPE_CHECKING

from insula.application.hooks import hook
from insula.application.plugin import Plugin
from insula.supervisor.collections import COLLECTIONS, SNIPPET
from insula.supervisor.creation import KIND, Creation
from insula.supervisor.environments import environments
from insula.supervisor.inside import Inside, Plugins
from insula.supervisor.launcher import Launcher, entrances
from insula.supervisor.migrations import migrations
from insula.supervisor.resources import applications
from insula.supervisor.shown import given_up
from insula.supervisor.supervisor import Supervisor

if TYPE_CHECKING:
    from insula.application.application import Application
    from insula.application.live import Live
    from insula.fleet.lifecycle import Status
    from insula.supervisor.migrations import Shorten


class SupervisorPlugin(Plugin):
    """Opens the supervisor with the main application, and closes it."""

    name = "app-supervisor"
    title = "App supervisor"
    description = "Makes applications beside this one, and looks after them."
    required = True
    requires = ("users", "acl")
    collections = COLLECTIONS
    snippets = (SNIPPET,)

    def __init__(self, supervisor: Supervisor, shorten: Shorten, plugins: Plugins) -> None:
        """``shorten`` says how the address of a database is kept by this version; ``plugins`` what plugins an application
        of this process has."""
        self.supervisor = supervisor
        self.migrations = migrations(shorten)
        self.creation = Creation(supervisor)
        self._unwatch = ExitStack()
        launcher = Launcher(supervisor)
        self.resources = (
            applications(supervisor, self.creation, launcher, Inside(supervisor, plugins)),
            entrances(launcher),
            environments(supervisor),
        )

    async def load(self, application: Application) -> None:
        await self.supervisor.open(application)
        application.jobs.register(self.creation.kind)
        self.supervisor.records.given_up = partial(given_up, application, self.supervisor)
        self._watch(application.live)

    async def unload(self, application: Application) -> None:
        self.supervisor.records.given_up = None
        await self.creation.close()
        application.jobs.unregister(KIND)
        self._unwatch.close()
        await self.supervisor.close()

    @hook
    def application_started(self, application: Application) -> None:
        """It answers now: what starts together with it may come up."""
        self.supervisor.resume()

    def _watch(self, live: Live) -> None:
        """Tell those who listen of what environments observe, which no table holds."""

        def seen(environment: str, application: str, status: Status) -> None:
            live.publish("applications", keys=(application,))
            live.publish("environments", keys=(environment,))

        def changed(environment: str) -> None:
            live.publish("environments", keys=(environment,))
            places = ((entry.name, entry.places) for entry in self.supervisor.records.all())
            live.publish("applications", keys=tuple(name for name, there in places if environment in there))

        self._unwatch.callback(self.supervisor.watch(seen))
        self._unwatch.callback(self.supervisor.places.watch(changed))
