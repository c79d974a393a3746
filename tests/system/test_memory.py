"""How much memory the real process keeps."""

import re
import time
from pathlib import Path

import pytest

from insula.testing.fleet_client import FleetClient
from insula.testing.instance import Instance

MOST_GROWTH_KB = 8 * 1024
APPLICATIONS = 16
MOST_LEFT = 1.1
"""Times what was resident before the applications were made."""
COLLECTIONS = 5
PATIENCE_S = 30.0
POLL_S = 0.1

pytestmark = pytest.mark.skipif(
    not Path("/proc/self/status").exists(), reason="reads memory as Linux tells it"
)


def resident_kb(made: Instance) -> int:
    assert made.process is not None
    status = Path(f"/proc/{made.process.pid}/status").read_text()
    found = re.search(r"VmRSS:\s+(\d+) kB", status)
    assert found
    return int(found[1])


def test_signing_in_again_and_again_keeps_no_memory(tmp_path: Path) -> None:
    """A password's hash takes 19 MiB while it is made."""
    with Instance(tmp_path / "s") as made:
        made.start()
        resident: list[int] = []
        for _ in range(5):
            made.sign_in().close()
            resident.append(resident_kb(made))
    assert max(resident) - resident[0] < MOST_GROWTH_KB


def test_what_applications_took_is_given_back_when_they_have_stopped(tmp_path: Path) -> None:
    with Instance(tmp_path / "s") as made:
        made.start()
        with FleetClient(made) as fleet:
            use(fleet, "first")
            before_kb = resident_kb(made)
            names = [f"more{number}" for number in range(APPLICATIONS)]
            for name in names:
                use(fleet, name)
            for name in ("first", *names):
                fleet.call("stop", name)
            deadline = time.monotonic() + PATIENCE_S
            while resident_kb(made) > MOST_LEFT * before_kb:
                assert time.monotonic() < deadline, (before_kb, resident_kb(made))
                time.sleep(POLL_S)


def use(fleet: FleetClient, name: str) -> None:
    """Make one, and in it collections and records."""
    fleet.create(name)
    with fleet.inside(name) as client:
        for number in range(COLLECTIONS):
            fields = [{"name": f"field{index}", "type": "string", "interface": "input"} for index in range(8)]
            collection = {"name": f"things{number}", "fields": fields}
            made = client.post("/collections:create", json=collection)
            assert made.status_code == 200, made.text
            client.post(f"/things{number}:create", json={"field0": "one"}).raise_for_status()
            client.get(f"/things{number}:list").raise_for_status()
