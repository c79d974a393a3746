"""The fingerprint: one value that says whether a database is up to date with the code."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from packaging.version import InvalidVersion, Version

from insula import __version__
from insula.application.errors import NewerDatabase, UpgradeNeeded
from insula.application.plugin import Plugin

CORE: Final = "core"
"""How the core is called beside the plugins."""


def head(plugin: Plugin) -> int:
    """The number of a plugin's last migration; 0 without one."""
    return max((migration.number for migration in plugin.migrations), default=0)


def fingerprint(plugins: Iterable[Plugin]) -> dict[str, Any]:
    """Versions of the core, and of each plugin with the number of its last migration."""
    return {
        "core": __version__,
        "plugins": {plugin.name: [plugin.version, head(plugin)] for plugin in plugins},
    }


def outdated(stored: Mapping[str, Any], own: Mapping[str, Any]) -> frozenset[str]:
    """What the database was not brought up to date with: ``core``, and names of plugins.

    Only plugins that are wanted now count: one that was disabled since has nothing to bring up to date.
    """
    known: Mapping[str, Any] = stored.get("plugins", {})
    behind = {name for name, version in own["plugins"].items() if known.get(name) != version}
    if stored.get("core") != own["core"]:
        behind.add(CORE)
    return frozenset(behind)


def upgrade_needed(
    application: str, stored: Mapping[str, Any], own: Mapping[str, Any], behind: Iterable[str]
) -> UpgradeNeeded:
    """The error that says which version there is and which is wanted: of the core, or else of the first plugin."""
    if stored.get("core") != own["core"]:
        return UpgradeNeeded(application=application, found=stored.get("core"), own=own["core"])
    name = min(behind)
    version, number = stored.get("plugins", {}).get(name, ("none", 0))
    wanted, last = own["plugins"][name]
    return UpgradeNeeded(
        application=application,
        found=f"{name} {version}, migration {number}",
        own=f"{wanted}, migration {last}",
    )


def achieved(
    stored: Mapping[str, Any], target: Mapping[str, Any], failed: Mapping[str, str]
) -> dict[str, Any]:
    """The fingerprint after an upgrade in which some plugins failed: these keep what they had, with the reason."""
    before: Mapping[str, Any] = stored.get("plugins", {})
    plugins = {**before, **{n: version for n, version in target["plugins"].items() if n not in failed}}
    refused = {name: [*target["plugins"][name], reason] for name, reason in failed.items()}
    return {"core": target["core"], "plugins": plugins, "failed": refused}


def provided_too(stored: Mapping[str, Any], plugins: Iterable[Plugin]) -> dict[str, Any]:
    """The fingerprint after these plugins were brought up to date as well."""
    new = fingerprint(plugins)["plugins"]
    failed = {name: found for name, found in stored.get("failed", {}).items() if name not in new}
    return {**stored, "plugins": {**stored.get("plugins", {}), **new}, "failed": failed}


def failed_before(stored: Mapping[str, Any], own: Mapping[str, Any]) -> dict[str, str]:
    """Plugins that could not be brought up to date by the very code that is there now, and why."""
    return {
        name: reason
        for name, (*version, reason) in stored.get("failed", {}).items()
        if own["plugins"].get(name) == version
    }


def refuse_newer(application: str, stored: Mapping[str, Any], own: Mapping[str, Any]) -> None:
    """Raises ``NewerDatabase`` when what is stored was written by code that this one does not know."""
    found = str(stored.get("core", ""))
    if _is_later(found, own["core"]):
        raise NewerDatabase(application=application, found=found, own=own["core"])
    plugins: Mapping[str, Any] = stored.get("plugins", {})
    for name, (version, number) in own["plugins"].items():
        known = plugins.get(name)
        if known is not None and (known[1] > number or _is_later(known[0], version)):
            raise NewerDatabase(
                application=application,
                found=f"{name} {known[0]}, migration {known[1]}",
                own=f"{version}, migration {number}",
            )


def _is_later(found: str, own: str) -> bool:
    """Whether one version comes after the other: 1.10 after 1.9, 1.0.0 after its candidates.

    The local part (``+build``) decides nothing. A plugin whose version is none of PEP 440 is compared by the
    number of its last migration alone.
    """
    try:
        return Version(Version(found).public) > Version(Version(own).public)
    except InvalidVersion:
        return False
