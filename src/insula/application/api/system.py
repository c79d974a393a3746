"""The resources of the application itself: ``app`` and ``pm`` (its plugins)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec

from insula import __version__
from insula.application.api.action import Action, Answer, Context, Resource
from insula.application.api.openapi_system import APP, PM, SCHEMAS
from insula.application.api.queries import one_key
from insula.application.errors import InvalidBody, InvalidParameter
from insula.application.plugin_settings import shown_settings

if TYPE_CHECKING:
    from insula.application.application import Application

SNIPPET: Final = "pm"


async def get_info(context: Context) -> Answer:
    """What clients ask first."""
    application = context.application
    return Answer(
        {
            "name": application.name,
            "displayName": application.options.display_name or application.name,
            "version": __version__,
            "lang": application.options.lang,
            "theme": "default",
            "database": {"dialect": application.database.dialect.name},
        }
    )


async def get_lang(context: Context) -> Answer:
    """The language of the pages; its texts are with the pages."""
    return Answer({"lang": context.application.options.lang, "resources": {}})


async def list_plugins(context: Context) -> Answer:
    """All plugins: whether they are enabled, work, and if not, why."""
    return Answer(plugins_of(context.application))


def plugins_of(application: Application) -> list[dict[str, Any]]:
    """One row per plugin, as ``pm:list`` answers them."""
    manager = application.plugin_manager
    rows: list[dict[str, Any]] = []
    for plugin in manager.registry.plugins.values():
        rows.append(
            {
                "name": plugin.name,
                "packageName": plugin.name,
                "displayName": plugin.title,
                "description": plugin.description,
                "version": plugin.version,
                "builtIn": plugin.required,
                "requires": list(plugin.requires),
                "configurable": bool(msgspec.structs.fields(plugin.settings)),
                "enabled": plugin.name in manager.enabled,
                "installed": plugin.name in manager.rows and manager.rows[plugin.name].installed,
                "working": plugin.name in manager.loaded,
                "error": manager.failed.get(plugin.name),
            }
        )
    for name in sorted(manager.failed.keys() - manager.registry.plugins.keys()):
        rows.append({"name": name, "enabled": True, "working": False, "error": manager.failed[name]})
    return rows


async def list_enabled(context: Context) -> Answer:
    """The plugins that work, for pages to load their part of."""
    manager = context.application.plugin_manager
    plugins = manager.registry.in_order(manager.loaded)
    return Answer(
        [
            {"name": p.name, "packageName": p.name, "version": p.version, "displayName": p.title}
            for p in plugins
        ]
    )


async def get_plugin(context: Context) -> Answer:
    """One plugin with its settings; secrets are hidden."""
    manager = context.application.plugin_manager
    plugin = manager.registry.get(_name(context))
    return Answer(
        {
            "name": plugin.name,
            "displayName": plugin.title,
            "description": plugin.description,
            "version": plugin.version,
            "enabled": plugin.name in manager.enabled,
            "working": plugin.name in manager.loaded,
            "error": manager.failed.get(plugin.name),
            "settings": shown_settings(plugin, manager.settings_of(plugin)),
        }
    )


async def enable(context: Context) -> Answer:
    """Make a plugin work, with all that it requires."""
    await context.application.plugin_manager.enable(_name(context))
    return Answer({"name": _name(context), "enabled": True})


async def disable(context: Context) -> Answer:
    """Take a plugin off; its data stay."""
    await context.application.plugin_manager.disable(_name(context))
    return Answer({"name": _name(context), "enabled": False})


async def update_settings(context: Context) -> Answer:
    """Change settings of a plugin; ``null`` takes one back to its default."""
    body = context.body
    given = body.get("settings") if isinstance(body, dict) else None
    if not isinstance(given, dict):
        raise InvalidBody(reason='must be an object such as {"settings": {"name": "value"}}')
    manager = context.application.plugin_manager
    plugin = manager.registry.get(_name(context))
    return Answer({"settings": shown_settings(plugin, await manager.change_settings(plugin.name, given))})


def _name(context: Context) -> str:
    """The plugin that is addressed; ``@nocobase/plugin-X`` means X."""
    body = context.body if isinstance(context.body, dict) else {}
    name = one_key(context.key, {**context.params, **body})
    name = body.get("name", context.params.get("name")) if name is None else name
    if not isinstance(name, str) or not name:
        raise InvalidParameter(parameter="filterByTk", reason="must be the name of a plugin")
    return name.removeprefix("@nocobase/plugin-")


SYSTEM_RESOURCES: Final = (
    Resource(
        "app",
        (
            Action("getInfo", get_info, "public", "Name, version and database of the application."),
            Action("getLang", get_lang, "public", "Language of the application."),
        ),
        "Application",
        APP,
    ),
    Resource(
        "pm",
        (
            Action("list", list_plugins, "snippet", "List all plugins.", snippet=SNIPPET),
            Action("listEnabled", list_enabled, "public", "List the plugins that work."),
            Action("get", get_plugin, "snippet", "Get a plugin with its settings.", snippet=SNIPPET),
            Action("enable", enable, "snippet", "Enable a plugin.", snippet=SNIPPET, writes=True, slow=True),
            Action("disable", disable, "snippet", "Disable a plugin.", snippet=SNIPPET, writes=True),
            Action(
                "update",
                update_settings,
                "snippet",
                "Change the settings of a plugin.",
                snippet=SNIPPET,
                writes=True,
            ),
        ),
        "Plugins",
        PM,
        SCHEMAS,
    ),
)
