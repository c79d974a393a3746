"""Which plugins one application has, and the table of actions that follows from them.

A plugin that fails is off for this application: its resources answer ``PLUGIN_FAILED``, the list of plugins
says why, and the application runs on, degraded. Where a required one fails, the application can not run.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final, TypeVar

import msgspec
import pluggy

from insula.application.api.routing import ActionTable
from insula.application.errors import PluginFailed, PluginRequired, UnknownPlugin
from insula.application.plugin import Plugin
from insula.application.plugin_failures import absence, needs, off_with, reason_of, refused_by
from insula.application.plugin_rows import PluginRow, read_rows, write_row
from insula.application.plugin_settings import change_settings, read_settings
from insula.application.registry import Registry
from insula.core.detached import Detached

if TYPE_CHECKING:
    from insula.application.application import Application

_logger = logging.getLogger(__name__)

LOCK: Final = "plugins"
"""Held by who changes rows of the table."""

Settings = TypeVar("Settings", bound=msgspec.Struct)


class PluginManager:
    """The plugins of one application."""

    def __init__(self, application: Application, registry: Registry, rows: Mapping[str, PluginRow]) -> None:
        self._application = application
        self.registry = registry
        self.rows = dict(rows)
        self.failed: dict[str, str] = {}
        """Enabled plugins that are off, and why."""
        self.refused: dict[str, str] = {}
        """Resources and collections of those plugins → plugin."""
        self._loaded: list[Plugin] = []
        self._lock = asyncio.Lock()
        self._changes = Detached()
        """What is committed is also loaded, whether or not the one who asked for it still waits."""
        self.table: ActionTable = registry.actions(frozenset())
        self.hooks: pluggy.PluginManager = registry.hooks(frozenset())

    @property
    def enabled(self) -> frozenset[str]:
        """Plugins that are wanted, whether or not they work; required ones always are."""
        return self.registry.required | {name for name, row in self.rows.items() if row.enabled}

    @property
    def loaded(self) -> frozenset[str]:
        """Plugins that work."""
        return frozenset(plugin.name for plugin in self._loaded)

    def settings(self, plugin: str, kind: type[Settings]) -> Settings:
        """The settings of a plugin; ``kind`` is its struct. Raises ``InvalidSettings``."""
        settings = self.settings_of(self.registry.get(plugin))
        if not isinstance(settings, kind):
            raise TypeError(f"the settings of {plugin} are no {kind.__name__}")
        return settings

    def settings_of(self, plugin: Plugin) -> msgspec.Struct:
        """As ``settings``, of whatever type."""
        kept = self.rows[plugin.name].settings if plugin.name in self.rows else {}
        below = self._application.options.plugin_settings.get(plugin.name, {})
        return read_settings(plugin, {**below, **kept}, self._application.secrets)

    async def load(self) -> None:
        """Load all enabled plugins. Raises ``PluginFailed`` when a required one fails."""
        for name in sorted(self.enabled - self.registry.plugins.keys()):
            self._fail(name, absence(self.registry, name))
        plugins = self.registry.in_order(self.enabled)
        for done, plugin in enumerate(plugins):
            self._application.tell(f"plugin {done + 1} of {len(plugins)}: {plugin.name}", done / len(plugins))
            if plugin.name not in self.failed:
                await self._load(plugin)
        self._swap()

    async def unload(self, deadline_s: float) -> None:
        """Unload all plugins, in reverse order, once changes under way have ended (cancelled when too late).

        What one raises is logged and stops no other. May be called again where it was cancelled.
        """
        await self._changes.end(deadline_s)
        while self._loaded:
            await self._unload(self._loaded[-1])
            self._loaded.pop()
        self._swap()

    async def enable(self, name: str) -> None:
        """Make the plugin and all that it requires work from now on, or leave everything as it was.

        Raises ``UnknownPlugin``, ``PluginFailed``, and what its installation raises.
        """
        await self._changes.run(self._enable(name))

    async def disable(self, name: str) -> None:
        """Take the plugin off; its tables and data stay. Raises ``UnknownPlugin``, ``PluginRequired``."""
        await self._changes.run(self._disable(name))

    async def change_settings(self, name: str, given: Mapping[str, Any]) -> msgspec.Struct:
        """Lay settings over those that are kept, and load the plugin again with them.

        Raises ``UnknownPlugin``, ``InvalidSettings``, and ``PluginFailed`` when the plugin does not come up
        again (it is off then, with the new settings).
        """
        return await self._changes.run(self._change_settings(self.registry.get(name), given))

    async def follow(self, named: Collection[str] = ()) -> None:
        """Take over what another process of the application has changed: as if it had been asked for here.

        Of those that are off here, the ``named`` ones are tried again. A plugin that does not come up here is off
        here, and only here. Raises what reading the rows raises.
        """
        await self._changes.run(self._follow(named))

    def fail(self, name: str, reason: str) -> None:
        """Take a plugin off that failed while the application runs, and those that need it."""
        gone = self._give_up(name, reason)
        self._swap()
        self._changes.start(self._unload_all(gone))
        for plugin in gone:
            if plugin.required:
                self._application.fail(PluginFailed(plugin=plugin.name, reason=self.failed[plugin.name]))

    async def _enable(self, name: str) -> None:
        self._known(name)
        if name not in self.registry.plugins:
            raise PluginFailed(plugin=name, reason=absence(self.registry, name))
        async with self._lock:
            wanted = self.registry.with_required([name])
            new = [plugin for plugin in self.registry.in_order(wanted) if plugin.name not in self.loaded]
            if new:
                await self._bring_up(new)
        self._switched(name, enabled=True)

    async def _bring_up(self, new: list[Plugin]) -> None:
        before = dict(self.failed)
        await self._application.provide(new)
        began: list[Plugin] = []
        try:
            for plugin in new:
                self.failed.pop(plugin.name, None)
                began.append(plugin)
                await self._load(plugin)
                if plugin.name in self.failed:
                    raise PluginFailed(plugin=plugin.name, reason=self.failed[plugin.name])
            await self._keep_switched([plugin.name for plugin in new], enabled=True)
        except BaseException:
            for undone in reversed(began):
                await self._take_off(undone)
            self.failed = before
            self._application.offer(self.registry.in_order(self.enabled))
            self._swap()
            raise
        self._in_order()

    async def _disable(self, name: str) -> None:
        self._known(name)
        if name in self.registry.required:
            raise PluginRequired(plugin=name, reason="no application runs without it")
        async with self._lock:
            users = [p.name for p in self._loaded if name in p.requires]
            if users:
                raise PluginRequired(plugin=name, reason=f"{', '.join(users)} need it")
            await self._keep_switched([name], enabled=False)
            self.failed.pop(name, None)
            for plugin in self.registry.in_order((name,)):
                await self._take_off(plugin)
            self._application.offer(self.registry.in_order(self.enabled))
            self._swap()
        self._switched(name, enabled=False)

    async def _change_settings(self, plugin: Plugin, given: Mapping[str, Any]) -> msgspec.Struct:
        async with self._lock:

            def laid_over(row: PluginRow) -> PluginRow:
                secrets = self._application.secrets
                return replace(row, settings=change_settings(plugin, row.settings, given, secrets))

            self.rows |= await self._keep([plugin.name], laid_over)
            if plugin.name in self.enabled:
                await self._reload(plugin)
        return self.settings_of(plugin)

    async def _follow(self, named: Collection[str]) -> None:
        async with self._lock:
            before, old = self.enabled, self.rows
            self.rows = await read_rows(self._application.repository)
            gone, new = before - self.enabled, self.enabled - before
            for plugin in reversed(self.registry.in_order(gone)):
                await self._take_off(plugin)
            for name in gone:
                self.failed.pop(name, None)
            for name in new - self.registry.plugins.keys():
                self._fail(name, absence(self.registry, name))
            if gone or new:
                self._application.offer(self.registry.in_order(self.enabled))
            for plugin in self.registry.in_order(self.enabled):
                again = plugin.name in named and plugin.name in self.failed
                if again or plugin.name in new or self._set_otherwise(plugin.name, old):
                    await self._follow_one(plugin)
            self._in_order()
        for name in sorted(gone | new):
            self._switched(name, enabled=name in new)

    def _set_otherwise(self, name: str, old: Mapping[str, PluginRow]) -> bool:
        none = PluginRow()
        return self.rows.get(name, none).settings != old.get(name, none).settings

    async def _follow_one(self, plugin: Plugin) -> None:
        try:
            await self._reload(plugin)
        except PluginFailed as error:
            if plugin.required:
                self._application.fail(error)

    async def _reload(self, plugin: Plugin) -> None:
        await self._take_off(plugin)
        self.failed.pop(plugin.name, None)
        await self._load(plugin)
        if plugin.name not in self.failed:
            self._in_order()
            return
        reason = self.failed[plugin.name]
        gone = self._give_up(plugin.name, reason)
        self._swap()
        for dependent in gone:
            await self._unload(dependent)
        raise PluginFailed(plugin=plugin.name, reason=reason)

    def _give_up(self, name: str, reason: str) -> list[Plugin]:
        """Take note that a plugin and all that need it are off. Gives those that are to be unloaded, in order."""
        off = off_with(name, reason, self._loaded)
        for each, why in off.items():
            self._fail(each, why)
        gone = [plugin for plugin in reversed(self._loaded) if plugin.name in off]
        self._loaded = [plugin for plugin in self._loaded if plugin.name not in off]
        return gone

    async def _unload_all(self, gone: list[Plugin]) -> None:
        async with self._lock:
            for plugin in gone:
                await self._unload(plugin)

    def _in_order(self) -> None:
        self._loaded = self.registry.in_order(self.loaded)
        self._swap()

    async def _load(self, plugin: Plugin) -> None:
        """Load one plugin, or take note of why it is off. A required one that fails raises ``PluginFailed``."""
        missing = [name for name in plugin.requires if name not in self.loaded]
        if missing:
            self._fail(plugin.name, needs(missing))
        else:
            try:
                self.settings_of(plugin)
                await plugin.load(self._application)
            except Exception as error:  # whatever a plugin raises: it alone is off
                _logger.exception(
                    "the plugin %s of %s can not be loaded", plugin.name, self._application.name
                )
                self._fail(plugin.name, reason_of(error))
                await self._unload(plugin)
            except BaseException:  # cancelled: what it began is undone all the same
                await self._unload(plugin)
                raise
            else:
                self._loaded.append(plugin)
        if plugin.required and plugin.name in self.failed:
            raise PluginFailed(plugin=plugin.name, reason=self.failed[plugin.name])

    async def _take_off(self, plugin: Plugin) -> None:
        """Unload a plugin that is loaded."""
        if plugin in self._loaded:
            self._loaded.remove(plugin)
            self._swap()
            await self._unload(plugin)

    async def _unload(self, plugin: Plugin) -> None:
        try:
            await plugin.unload(self._application)
        except Exception:  # the others are unloaded all the same
            _logger.exception("the plugin %s of %s can not be unloaded", plugin.name, self._application.name)

    def _fail(self, name: str, reason: str) -> None:
        self.failed[name] = reason
        _logger.warning("the plugin %s of %s is off: %s", name, self._application.name, reason)

    def _swap(self) -> None:
        """Build what follows from the set of plugins, then put it in place at once."""
        loaded = self.loaded
        self.refused = refused_by(self.registry.in_order(self.failed))
        self.table = self.registry.actions(loaded)
        self.hooks = self.registry.hooks(loaded)
        self._application.degraded(self.failed.keys())

    def _known(self, name: str) -> None:
        """Raises ``UnknownPlugin``; a plugin whose code is gone is known while it is enabled."""
        if name not in self.registry.plugins and name not in self.rows:
            raise UnknownPlugin(plugin=name[:100])

    async def _keep_switched(self, names: Iterable[str], *, enabled: bool) -> None:
        def switched(row: PluginRow) -> PluginRow:
            return replace(row, enabled=enabled)

        # of what another process has set meanwhile, which is not loaded here, one hears as of all others
        for name in await self._keep(names, switched):
            self.rows[name] = switched(self.rows.get(name, PluginRow()))

    async def _keep(
        self, names: Iterable[str], change: Callable[[PluginRow], PluginRow]
    ) -> dict[str, PluginRow]:
        """Change rows as they are in the table by now. Gives them, once that is committed."""
        repository = self._application.repository
        async with repository.transaction() as transaction:
            await transaction.lock(LOCK)
            kept = await read_rows(repository, transaction)
            rows = {name: change(kept.get(name, PluginRow())) for name in names}
            for name, row in rows.items():
                await write_row(repository, name, row, transaction)
        return rows

    def _switched(self, name: str, *, enabled: bool) -> None:
        self._application.call("plugin_switched", plugin=name, enabled=enabled)
