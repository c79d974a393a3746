"""The fingerprint: one value that says whether a database is up to date with the code."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

from insula import __version__
from insula.application.errors import NewerDatabase
from insula.application.plugin import Plugin

_NUMBERS: Final = re.compile(r"\d+")


def head(plugin: Plugin) -> int:
    """The number of a plugin's last migration; 0 without one."""
    return max((migration.number for migration in plugin.migrations), default=0)


def fingerprint(plugins: Iterable[Plugin]) -> dict[str, Any]:
    """Versions of the core, and of each plugin with the number of its last migration."""
    return {
        "core": __version__,
        "plugins": {plugin.name: [plugin.version, head(plugin)] for plugin in plugins},
    }


def refuse_newer(application: str, stored: Mapping[str, Any], own: Mapping[str, Any]) -> None:
    """Raises ``NewerDatabase`` when what is stored was written by code that this one does not know."""
    found = str(stored.get("core", ""))
    if _numbers(found) > _numbers(own["core"]):
        raise NewerDatabase(application=application, found=found, own=own["core"])
    plugins: Mapping[str, Any] = stored.get("plugins", {})
    for name, (version, number) in own["plugins"].items():
        known = plugins.get(name)
        if known is not None and (known[1] > number or _numbers(known[0]) > _numbers(version)):
            raise NewerDatabase(
                application=application,
                found=f"{name} {known[0]}, migration {known[1]}",
                own=f"{version}, migration {number}",
            )


def _numbers(version: str) -> tuple[int, ...]:
    """``1.2.3`` → (1, 2, 3), so that 1.10 comes after 1.9."""
    return tuple(int(part) for part in _NUMBERS.findall(version.partition("+")[0]))
