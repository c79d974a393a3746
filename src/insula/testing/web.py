"""Pages that were never built: a tiny folder like the one that the build of ``ui/`` makes."""

import json
import re
from pathlib import Path
from typing import Any

from insula.gateway.web import Mode, Web, WebOptions

MADE_UP_DIST = Path(__file__).parent / "made_up_dist"
MISSING_DIST = Path(__file__).parent / "no_dist"
"""Where nothing was built."""


def made_up_web(mode: Mode = "shared-memory", dist: Path = MADE_UP_DIST) -> Web:
    """A shell and files."""
    return Web(WebOptions("/api/", mode, dist))


def boot_of(page: str) -> dict[str, Any]:
    """What a shell tells its pages. Raises ``AssertionError`` where it is none."""
    found = re.search(r'<script type="application/json" id="insula">([^<]*)</script>', page)
    assert found is not None, page
    told: dict[str, Any] = json.loads(found[1])
    return told
