"""One application: what is its own, and how it comes up and goes down.

Code, routes, built-in collections and compiled SQL exist once per process; an object of this class holds only
a name, the database handle, the secrets, the set of enabled plugins, and what its people made.
"""

from __future__ import annotations

import asyncio
import enum
import logging
from typing import TYPE_CHECKING, Any

from insula.application import hooks_guard, install, migrations
from insula.application.access.access import Access
from insula.application.api.dispatch import Dispatcher
from insula.application.collections import CORE_COLLECTIONS
from insula.application.errors import NotInstalled, SealBroken, WrongKey
from insula.application.jobs.runner import Jobs
from insula.application.live import Live
from insula.application.live_socket import converse
from insula.application.options import Options, RootUser
from insula.application.others import Others
from insula.application.plugin_failures import reason_of
from insula.application.plugin_manager import PluginManager
from insula.application.plugin_rows import read_rows
from insula.application.registry import Registry
from insula.application.secrets import DataKey, MasterKey, Secrets
from insula.application.stored import Stored, read_stored
from insula.application.turns import after_turn, start_turn
from insula.application.versions import failed_before, fingerprint, outdated, refuse_newer, upgrade_needed
from insula.core.clock import monotonic
from insula.core.doing import Tell, to_nobody
from insula.core.errors import InsulaError
from insula.core.threads import Threads
from insula.data.metadata import Metadata
from insula.data.repository import Repository

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable

    from insula.application.api.request import Receive, Scope, Send
    from insula.application.plugin import Plugin
    from insula.data.changes import Change
    from insula.database.executor import Database

_logger = logging.getLogger(__name__)


class State(enum.Enum):
    """Where an application object stands, for those who hold it."""

    NEW = "new"
    """Nothing is loaded yet."""
    STARTING = "starting"
    """Its tables are looked at and its plugins loaded."""
    RUNNING = "running"
    """It answers requests."""
    STOPPING = "stopping"
    """It takes no more requests; those in flight finish."""
    ERROR = "error"
    """A step or a required plugin failed: ``Application.cause`` says which and why. ``start`` tries again."""
    STOPPED = "stopped"
    """Gone down for good, its database closed; another object is made for another start."""


class Application:
    """One isolated instance. Also the ASGI callable of its API (paths begin behind the base path)."""

    secrets: Secrets
    """From ``install`` or ``start`` on."""
    identifier: str
    """The id in its owner stamp; from ``install`` or ``start`` on."""

    def __init__(
        self, name: str, database: Database, plugins: Registry, secrets: MasterKey | DataKey, options: Options
    ) -> None:
        """``secrets`` is the key that opens the application's own: main's in the database, others' kept by main."""
        self.name = name
        self.database = database
        self.options = options
        self.registry = plugins
        self.keys = secrets
        self.state = State.NEW
        self.cause = ""
        """Why the application is in ``State.ERROR``, as one sentence."""
        self.on_failure: Callable[[InsulaError], None] | None = None
        """Told when it does not run any more although nobody stopped it."""
        self.on_degraded: Callable[[Collection[str]], None] | None = None
        """Told the names of all plugins that are off since they failed, whenever these are set up anew."""
        self.tell: Tell = to_nobody
        """Told what is being done on its way up and down."""
        self.metadata = Metadata(database, CORE_COLLECTIONS)
        """Collections: those of the plugins, and those that people made."""
        self.repository = Repository(self.metadata, database)
        """Records."""
        self.plugin_manager = PluginManager(self, plugins, {})
        self.access = Access(self)
        """Who may what."""
        self.jobs = Jobs(self)
        self.live = Live(self.repository, self.metadata)
        """Who listens to its changes."""
        self.others = Others(self) if options.beside else None
        """The other processes that run it over the same database."""
        self.threads = Threads(name)
        """For code that blocks."""
        self._dispatcher = Dispatcher(options)
        self._moving = asyncio.Lock()
        self.repository.observers.append(self._changed)

    @property
    def master_key(self) -> MasterKey:
        """The key of the installation. Raises ``TypeError``: only the main application is given it."""
        if not isinstance(self.keys, MasterKey):
            raise TypeError(f"{self.name} is not given the key of the installation")
        return self.keys

    async def install(self, root: RootUser | None = None) -> None:
        """Make tables, secrets and first data in an empty database, all or nothing.

        Without ``root`` nobody can sign in yet. Raises ``AlreadyInstalled``, ``OwnedByAnother``.
        """
        self.offer(install.first_plugins(self.registry, self.options.extra_plugins))
        await install.install(self, root)

    async def start(self) -> None:
        """Come up. Does nothing when running. Not after ``stop``: ``RuntimeError``.

        Raises ``NotInstalled``, ``OwnedByAnother``, ``TurnTaken``, ``WrongKey``, ``NewerDatabase``, ``UpgradeNeeded``,
        ``MigrationFailed``, ``PluginFailed`` (of a required plugin), and what the database raises; the state is
        ``ERROR`` then, and ``cause`` the sentence.
        """
        async with self._moving:
            if self.state is State.RUNNING:
                return
            if self.state is State.STOPPED:
                raise RuntimeError(
                    f"{self.name} has stopped for good; another start takes another Application"
                )
            try:
                if self.state is State.ERROR:  # what still ran when a plugin failed
                    await self._take_down(monotonic() + self.options.stop_deadline_s)
                self.state = State.STARTING
                await self._start()
            except BaseException as error:
                await self._take_down(monotonic())
                self.cause = reason_of(error) if isinstance(error, Exception) else "the start was cancelled"
                self.state = State.ERROR
                raise
            self.cause = ""
            self.state = State.RUNNING
        self.call("application_started")

    async def stop(self) -> None:
        """Go down for good: what is under way finishes, within the deadline; the database is closed.

        May be called in any state, again after it was cancelled, and twice.
        """
        async with self._moving:
            if self.state is State.STOPPED:
                return
            if self.state is State.RUNNING:
                self.call("application_stopping")
            self.state = State.STOPPING
            ends = monotonic() + self.options.stop_deadline_s
            self._dispatcher.in_flight.open = False
            await self.live.close()
            await self._dispatcher.in_flight.drain(self.options.stop_deadline_s, self._draining)
            await self._take_down(ends)
            await self.threads.close(ends - monotonic())
            await self.database.close()
            self.state = State.STOPPED
            self._let_go()

    async def upgrade(self) -> None:
        """Bring the database to the version of the code; ``start`` does it where ``auto_upgrade`` says so."""
        stored = await self._stored()
        self._open_secrets(stored)
        self.offer(migrations.wanted(self, await read_rows(self.repository)))
        await self.metadata.load()
        self.degraded(await migrations.upgrade(self))

    async def provide(self, plugins: Iterable[Plugin]) -> None:
        """Make the tables and first data of plugins that are being enabled, and offer their collections."""
        new = list(plugins)
        enabled = self.registry.in_order(self.plugin_manager.enabled)
        self.offer([*enabled, *new])
        try:
            await migrations.provide(self, new)
        except BaseException:
            self.offer(enabled)
            raise

    def call(self, hook: str, **arguments: Any) -> None:
        """Call a hook of all plugins. One that raises is logged, and is off from then on."""
        failures = hooks_guard.call(self.plugin_manager.hooks, hook, {"application": self, **arguments})
        for plugin, error in failures:
            _logger.error("the plugin %s failed in %s", plugin, hook, exc_info=error)
            self.plugin_manager.fail(plugin, f"in {hook}: {reason_of(error)}")

    def fail(self, error: InsulaError) -> None:
        """What the application can not run without has failed: no more requests are taken, and jobs are interrupted.

        ``start`` tries again.
        """
        if self.state is State.RUNNING:
            _logger.error("the application %s does not run any more: %s", self.name, error.message)
            self._dispatcher.in_flight.open = False
            self.jobs.interrupt()
            self.live.part()
            self.cause = error.message
            self.state = State.ERROR
            if self.on_failure is not None:
                self.on_failure(error)

    def degraded(self, failed: Collection[str]) -> None:
        """These plugins are off since they failed; all else runs on."""
        if self.on_degraded is not None:
            self.on_degraded(failed)

    @property
    def answers(self) -> bool:
        """Whether requests are taken."""
        return self._dispatcher.in_flight.open

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await converse(self, scope, receive, send)
            return
        await self._dispatcher(self, scope, receive, send)

    async def _start(self) -> None:
        stored = await self._stored()
        self._open_secrets(stored)
        rows = await read_rows(self.repository)
        plugins = migrations.wanted(self, rows)
        target = fingerprint(plugins)
        refuse_newer(self.name, stored.fingerprint, target)
        self.offer(plugins)
        await self.metadata.load()
        # What failed with this very code fails again: it waits for other code, or for someone who enables it.
        failed = failed_before(stored.fingerprint, target)
        behind = outdated(stored.fingerprint, target) - failed.keys()
        if behind:
            if not self.options.auto_upgrade:
                raise upgrade_needed(self.name, stored.fingerprint, target, behind)
            failed = await migrations.upgrade(self)
            rows = await read_rows(self.repository)
        if self.others is not None:
            await self.others.join()
            await self.metadata.load()
            rows = await read_rows(self.repository)
            self.offer(migrations.wanted(self, rows))
        self.plugin_manager = PluginManager(self, self.registry, rows)
        self.plugin_manager.failed.update(failed)
        async with start_turn(self):
            await self.access.start()
            await self.plugin_manager.load()
        await self.jobs.start()
        if self.others is not None:
            self.others.start()
        self._dispatcher.in_flight.open = True

    async def _take_down(self, ends: float) -> None:
        """Undo ``_start``, wherever it got to; what was begun detached has until ``ends`` (monotonic seconds)."""
        self._dispatcher.in_flight.open = False
        await self.live.close()
        if self.others is not None:
            await self.others.stop()
        await self.jobs.stop()
        await self.plugin_manager.unload(ends - monotonic())
        await self.metadata.settle(ends - monotonic())
        await self.access.stop()
        if self.others is not None:
            self.others.part()

    def _let_go(self) -> None:
        """Give up the parts that refer back to the application: without cycles it is freed when its last holder lets
        go of it, and not some time later by a collection of all garbage, which holds up the whole process."""
        self.repository.observers.clear()
        del self.plugin_manager, self.access, self.jobs, self.live, self.others

    def _draining(self, left: int) -> None:
        self.tell(f"waiting for requests in flight: {left}")

    async def _stored(self) -> Stored:
        """What the application knows of itself. Raises ``NotInstalled``, ``OwnedByAnother``."""
        stored = await read_stored(self.repository)
        if self.others is not None and (stored is None or not stored.owner):
            await after_turn(self, install.LOCK)
            stored = await read_stored(self.repository)
        if stored is None or not stored.owner:
            raise NotInstalled(application=self.name)
        install.check_owner(self, stored)
        self.identifier = stored.owner["id"]
        return stored

    def _open_secrets(self, stored: Stored) -> None:
        try:
            self.secrets = self.keys.unwrap(self.identifier, stored.secrets)
        except (SealBroken, KeyError) as error:
            raise WrongKey(application=self.name) from error

    def offer(self, plugins: Iterable[Plugin]) -> None:
        """Let the built-in collections be those of these plugins, and keep the names of all resources free."""
        names = frozenset(plugin.name for plugin in plugins)
        self.metadata.set_builtin(
            (*CORE_COLLECTIONS, *self.registry.collections(names)), self.registry.resources
        )

    def _changed(self, change: Change) -> None:
        if self.state is State.RUNNING:
            self.call("records_changed", change=change)
