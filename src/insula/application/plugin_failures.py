"""What the failure of a plugin means: the words for it, and what else is off with it."""

from __future__ import annotations

from collections.abc import Iterable

from insula.application.plugin import Plugin
from insula.application.registry import Registry
from insula.core.errors import InsulaError


def reason_of(error: Exception) -> str:
    """Why a plugin failed, as part of a sentence: its own words, or the type of what it raised."""
    if isinstance(error, InsulaError):
        return error.message
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__


def absence(registry: Registry, name: str) -> str:
    """Why there is no code of this plugin."""
    return registry.broken.get(name, "it is not installed in this version")


def needs(missing: Iterable[str]) -> str:
    """The reason of a plugin that is off since others are."""
    return f"it needs {', '.join(missing)}, which is off"


def off_with(name: str, reason: str, loaded: Iterable[Plugin]) -> dict[str, str]:
    """The plugin and all that need it, of those that are loaded (in their order) → why they are off."""
    off = {name: reason}
    for plugin in loaded:
        missing = [required for required in plugin.requires if required in off]
        if missing:
            off.setdefault(plugin.name, needs(missing))
    return off


def refused_by(plugins: Iterable[Plugin]) -> dict[str, str]:
    """Resources and collections that do not answer since these are off → plugin."""
    refused: dict[str, str] = {}
    for plugin in plugins:
        refused |= {resource.name: plugin.name for resource in plugin.resources}
        refused |= {collection.name: plugin.name for collection in plugin.collections}
    return refused
