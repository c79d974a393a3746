"""The plugins of this process, found once, and what a set of them offers, built once per set.

Applications with the same plugins share their table of actions, their hooks and their built-in collections.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from functools import cached_property, lru_cache
from importlib.metadata import entry_points
from typing import Final

import pluggy

from insula.application.api.routing import ActionTable
from insula.application.api.system import SYSTEM_RESOURCES
from insula.application.collections import CORE_COLLECTIONS
from insula.application.errors import Misstated, PluginCycle, UnknownPlugin
from insula.application.hooks import PROJECT, Hooks
from insula.application.hooks_guard import Guarded
from insula.application.jobs.resource import JOBS_RESOURCE
from insula.application.jobs.resource import SNIPPET as JOBS_SNIPPET
from insula.application.plugin import Plugin
from insula.data.collection import Collection

_logger = logging.getLogger(__name__)

ENTRY_POINT_GROUP: Final = "insula.plugins"
KEPT_SETS: Final = 64
"""Sets of enabled plugins whose tables are kept; the least recently used fall out."""


class Registry:
    """Plugins by name, those that others require before these."""

    def __init__(self, plugins: Iterable[Plugin], broken: Mapping[str, str] | None = None) -> None:
        self.plugins: Mapping[str, Plugin] = _ordered({plugin.name: plugin for plugin in plugins})
        self.broken: Mapping[str, str] = dict(broken or {})
        """Plugins whose code can not be loaded at all, and why."""
        self.actions = lru_cache(maxsize=KEPT_SETS)(self._actions)
        self.hooks = lru_cache(maxsize=KEPT_SETS)(self._hooks)
        self.collections = lru_cache(maxsize=KEPT_SETS)(self._collections)

    @classmethod
    def discover(cls) -> Registry:
        """All plugins that are installed: the entry points of the group ``insula.plugins``."""
        found: list[Plugin] = []
        broken: dict[str, str] = {}
        for point in entry_points(group=ENTRY_POINT_GROUP):
            try:
                found.append(point.load()())
            except Exception as error:  # whatever its module raises: the others are found
                _logger.exception("the plugin %s can not be loaded", point.name)
                broken[point.name] = f"it can not be loaded ({type(error).__name__}: {error})"
        return cls(found, broken)

    def get(self, name: str) -> Plugin:
        """Raises ``UnknownPlugin``."""
        try:
            return self.plugins[name]
        except KeyError:
            raise UnknownPlugin(plugin=name[:100]) from None

    @property
    def required(self) -> frozenset[str]:
        """Plugins without which no application runs."""
        return frozenset(name for name, plugin in self.plugins.items() if plugin.required)

    @cached_property
    def resources(self) -> frozenset[str]:
        """Names of all resources of all plugins, whether or not they are enabled: no collection may have them."""
        stated = [*SYSTEM_RESOURCES, JOBS_RESOURCE]
        stated += [resource for plugin in self.plugins.values() for resource in plugin.resources]
        return frozenset(resource.name for resource in stated)

    @cached_property
    def snippets(self) -> frozenset[str]:
        """Names of all configuration rights that actions and built-in collections ask for, enabled or not."""
        plugins = self.plugins.values()
        resources = [*SYSTEM_RESOURCES, JOBS_RESOURCE]
        resources += [resource for plugin in plugins for resource in plugin.resources]
        collections = [*CORE_COLLECTIONS, *(item for plugin in plugins for item in plugin.collections)]
        asked = [action.snippet for resource in resources for action in resource.actions]
        asked += [JOBS_SNIPPET, *(snippet for plugin in plugins for snippet in plugin.snippets)]
        asked += [str(item.options.get("snippet", f"pm.{item.name}")) for item in collections]
        return frozenset(snippet for snippet in asked if snippet)

    def with_required(self, names: Iterable[str]) -> frozenset[str]:
        """These plugins, and all that they require, and all that every application needs."""
        complete: set[str] = set()
        left = [*names, *self.required]
        while left:
            name = left.pop()
            if name not in complete and name in self.plugins:
                complete.add(name)
                left.extend(self.plugins[name].requires)
        return frozenset(complete)

    def in_order(self, names: Iterable[str]) -> list[Plugin]:
        """Those of the plugins that exist, in the order of loading."""
        wanted = set(names)
        return [plugin for name, plugin in self.plugins.items() if name in wanted]

    def _actions(self, names: frozenset[str]) -> ActionTable:
        return ActionTable((*SYSTEM_RESOURCES, JOBS_RESOURCE), self.in_order(names))

    def _hooks(self, names: frozenset[str]) -> pluggy.PluginManager:
        manager = pluggy.PluginManager(PROJECT)
        manager.add_hookspecs(Hooks)
        # pluggy calls those that were registered last first: here, those that are required come first
        for plugin in reversed(self.in_order(names)):
            manager.register(Guarded(plugin), plugin.name)
        return manager

    def _collections(self, names: frozenset[str]) -> tuple[Collection, ...]:
        found: dict[str, str] = {}
        collections: list[Collection] = []
        for plugin in self.in_order(names):
            for collection in plugin.collections:
                first = found.setdefault(collection.name, plugin.name)
                if first != plugin.name:
                    raise Misstated(
                        what="The collection", name=collection.name, first=first, second=plugin.name
                    )
                collections.append(collection)
        return tuple(collections)


def _ordered(plugins: Mapping[str, Plugin]) -> Mapping[str, Plugin]:
    """Those that are required before those that require them; by name where nothing else decides.

    A requirement that is not installed orders nothing: the plugin that has it is off where it is enabled.
    """
    done: dict[str, Plugin] = {}
    left = dict(sorted(plugins.items()))
    while left:
        ready = [
            name for name, plugin in left.items() if not any(required in left for required in plugin.requires)
        ]
        if not ready:
            raise PluginCycle(plugins=", ".join(left))
        for name in ready:
            done[name] = left.pop(name)
    return done
