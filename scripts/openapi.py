"""Writes ui/openapi.json, from which the types of the pages are made; with ``--check``, only says whether it is fresh.

It is what ``swagger:get`` of a new main application answers, with all plugins that come with Insula, less what changes by
itself: the version.
"""

import asyncio
import json
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from insula.application.api.openapi import document
from insula.application.application import Application
from insula.core.errors import InsulaError
from insula.server.declared import Settings
from insula.server.host import Host
from insula.server.roles.single import Single

ROOT = Path(__file__).parent.parent
FILE = ROOT / "ui" / "openapi.json"
PREFIX = "/api"


def text() -> str:
    """What should stand in the file."""
    with tempfile.TemporaryDirectory() as folder:
        found = asyncio.run(_document(Path(folder)))
    found["info"]["version"] = "0"
    return json.dumps(_sorted(found), indent=1, ensure_ascii=False) + "\n"


async def _document(folder: Path) -> dict[str, Any]:
    role = Single(Host(Settings(db_dialect="sqlite"), folder, makes=True), _lost)
    await role.start_main()
    try:
        application = role.main.application
        await _enable_all(application)
        return await document(application, PREFIX)
    finally:
        await role.stop()


async def _enable_all(application: Application) -> None:
    manager = application.plugin_manager
    for name in sorted(application.registry.plugins.keys() - manager.enabled):
        await manager.enable(name)


def _lost(error: InsulaError) -> None:
    raise RuntimeError("a database of our own is somebody else's") from error


def _sorted(value: Any) -> Any:
    """The same in an order of its own: that of plugins and collections says nothing."""
    if isinstance(value, Mapping):
        return {
            key: sorted(inner) if key == "required" and isinstance(inner, list) else _sorted(inner)
            for key, inner in sorted(value.items())
        }
    return [_sorted(inner) for inner in value] if isinstance(value, list | tuple) else value


def main(words: list[str]) -> int:
    check = words == ["--check"]
    if words and not check:
        sys.stderr.write("usage: openapi.py [--check]\n")
        return 2
    wanted = text()
    if FILE.exists() and FILE.read_text(encoding="utf-8") == wanted:
        return 0
    if not check:
        FILE.write_text(wanted, encoding="utf-8")
    said = "not fresh, run make docs" if check else "written"
    sys.stdout.write(f"{said}: {FILE.relative_to(ROOT)}\n")
    return int(check)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
