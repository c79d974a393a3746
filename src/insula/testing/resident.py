"""How much memory a process takes, by what the kernel counts."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from pathlib import Path

from insula.testing.instance import Instance

MEGABYTE = 1024 * 1024
FLAT_BYTES = 24 * MEGABYTE
"""What a server may grow by while a large body passes."""


@contextlib.contextmanager
def stays_flat(server: Instance, allowed_bytes: int = FLAT_BYTES) -> Iterator[None]:
    """Fails where the peak of the server's resident memory grows by more while the block runs."""
    assert server.process is not None
    folder = Path(f"/proc/{server.process.pid}")
    (folder / "clear_refs").write_text("5")  # the peak begins anew
    before = _bytes(folder, "VmRSS")
    yield
    grown = _bytes(folder, "VmHWM") - before
    assert grown <= allowed_bytes, f"grew by {grown / MEGABYTE:.0f} MB"


def _bytes(folder: Path, name: str) -> int:
    found = re.search(rf"{name}:\s+(\d+) kB", (folder / "status").read_text())
    assert found is not None
    return int(found[1]) * 1024
