"""Part of the build of a package: one without the pages of the web interface is not made."""

from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

MANIFEST = Path("src/insula/web/dist/.vite/manifest.json")


class PagesHook(BuildHookInterface[Any]):
    """An editable installation, whose pages may be built later, is made all the same."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """``version`` is ``standard`` or ``editable``. Raises ``RuntimeError``."""
        if version == "standard" and not (Path(self.root) / MANIFEST).is_file():
            raise RuntimeError(f"{MANIFEST} is missing: scripts/setup pages builds the pages first.")
