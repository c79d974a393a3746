"""How much memory the real process keeps."""

import re
from pathlib import Path

import pytest

from insula.testing.instance import Instance

MOST_GROWTH_KB = 8 * 1024


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="reads memory as Linux tells it")
def test_signing_in_again_and_again_keeps_no_memory(tmp_path: Path) -> None:
    """A password's hash takes 19 MiB while it is made."""
    with Instance(tmp_path / "s") as made:
        made.start()
        resident: list[int] = []
        for _ in range(5):
            made.sign_in().close()
            assert made.process is not None
            status = Path(f"/proc/{made.process.pid}/status").read_text()
            resident += map(int, re.findall(r"VmRSS:\s+(\d+) kB", status))
    assert max(resident) - resident[0] < MOST_GROWTH_KB
