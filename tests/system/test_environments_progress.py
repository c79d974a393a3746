"""How far long work in an environment is, as its Supervisor shows it: real processes over a Redis."""

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest

from insula import __version__
from insula.testing import servers, shelf
from insula.testing.eventually import until
from insula.testing.fleets import FleetOfProcesses, shown

PATIENCE_S = 20.0
PLACE = "w1"
PEOPLE = {"Accept": "text/html"}
LAST = rf"\S+ {PLACE}: (?P<words>plugin (?P<last>\d+) of (?P=last): \w+)"
"""A line of the log of a job."""


@pytest.fixture
def plugin(tmp_path: Path) -> Path:
    """Where the plugin of all processes is."""
    return tmp_path / "plugin"


@pytest.fixture
def fleet(postgresql: servers.Server, tmp_path: Path, plugin: Path) -> Iterator[FleetOfProcesses]:
    with servers.redis() as redis:
        more = shelf.installed(plugin, shelf.FIRST)
        made = FleetOfProcesses(tmp_path / "progress", redis.port, postgresql, more, failpoints=True)
        made.folder.mkdir()
        try:
            made.start(PLACE)
            yield made
        finally:
            made.end()


def test_a_creation_and_an_upgrade_show_how_far_they_are(fleet: FleetOfProcesses, plugin: Path) -> None:
    with fleet.supervisor.sign_in() as client:
        creation_is_shown(fleet, client)
        worker = fleet.worker(PLACE)
        assert worker.stop() == 0
        shelf.installed(plugin, shelf.SECOND)
        worker.start()
        until(lambda: shown(client, "shop")["wanted"] == "asleep")
        upgrade_is_shown(fleet, client)


def page(fleet: FleetOfProcesses) -> str:
    """What a person sees who opens the application meanwhile."""
    answer = httpx.get(f"{fleet.supervisor.address}/apps/shop/admin/", headers=PEOPLE, timeout=PATIENCE_S)
    assert answer.status_code == httpx.codes.SERVICE_UNAVAILABLE
    return answer.text


def creation_is_shown(fleet: FleetOfProcesses, client: httpx.Client) -> None:
    """In the job that makes it, which is kept, and on the page of visitors."""
    fleet.arm(PLACE, "hold", "start.initialized")
    begun = client.post("/applications:create", json={"name": "shop", "environments": [PLACE]})
    number = begun.raise_for_status().json()["data"]["jobId"]

    def step() -> dict[str, Any]:
        job = client.get(f"/jobs:get/{number}").raise_for_status().json()["data"]
        found: dict[str, Any] = next(step for step in job["steps"] if step["name"] == "start")
        return found

    def told() -> tuple[dict[str, Any], re.Match[str]] | None:
        """Once it is at the last of its plugins, where it is held."""
        found = step()
        said = re.fullmatch(LAST, found["log"][-1]) if found["log"] else None
        return said and (found, said)

    at_last, said = until(told)
    words, last = said["words"], int(said["last"])
    assert at_last["status"] == "running"
    assert len(at_last["log"]) < last, "of what is over in a moment nothing is told"
    assert at_last["progress"] == pytest.approx((last - 1) / last)
    seen = page(fleet)
    assert words in seen
    assert f'value="{at_last["progress"]}"' in seen
    fleet.arm(PLACE)
    job = fleet.supervisor.wait_for_job(client, number)
    assert (job["status"], job["progress"]) == ("succeeded", 1.0)
    assert shown(client, "shop")["doing"] is None


def upgrade_is_shown(fleet: FleetOfProcesses, client: httpx.Client) -> None:
    """In the application's record, on the page of visitors, and in what programs are told."""
    fleet.arm(PLACE, "hold", "upgrade.migrated")
    words = "migration 2 of 2: shelf"
    at_last = {"environment": PLACE, "message": words, "progress": 0.5}
    with ThreadPoolExecutor(1) as beside:
        upgrading = beside.submit(client.post, "/applications:upgrade/shop", timeout=PATIENCE_S)
        with fleet.supervisor.sign_in() as other:
            until(lambda: shown(other, "shop")["doing"] == at_last, lambda: shown(other, "shop"))
        seen = page(fleet)
        assert f"It is at: {words}." in seen
        assert '<progress id="on-its-way" aria-label="On its way" value="0.5">' in seen
        health = httpx.get(f"{fleet.supervisor.address}/api/__app/shop/__health_check", timeout=PATIENCE_S)
        assert health.status_code == httpx.codes.SERVICE_UNAVAILABLE
        assert health.json()["error"]["message"].endswith(f"It is at: {words}.")
        fleet.arm(PLACE)
        done = upgrading.result(PATIENCE_S).raise_for_status().json()["data"]
    assert (done["version"], done["doing"]) == (__version__, None)
    until(lambda: shown(client, "shop")["status"] == "running")  # those who saw the page have visited it
