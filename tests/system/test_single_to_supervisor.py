"""An installation that ran by itself is started as a supervisor: what it has made is kept, and moves to an environment."""

import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from insula.core.ids import random_id
from insula.testing import servers
from insula.testing.fleets import FleetOfProcesses, shown
from insula.testing.instance import Instance

PATIENCE_S = 20.0


@pytest.fixture
def fleet(postgresql: servers.Server, short_path: Path) -> Iterator[FleetOfProcesses]:
    """With a Redis of its own, where nobody else has registered."""
    with servers.redis() as redis:
        made = FleetOfProcesses(short_path / f"to_{random_id(6)}", redis.port, postgresql)
        made.folder.mkdir()
        yield made
        made.end()


def before(fleet: FleetOfProcesses) -> Instance:
    """The supervisor as it was before it became one."""
    head = fleet.supervisor
    kept = {key: value for key, value in head.settings.items() if key.startswith(("DB_", "INIT_"))}
    return replace(head, settings=kept, process=None)


def make(client: httpx.Client, on: Instance, name: str, **options: object) -> None:
    answer = client.post("/applications:create", json={"name": name, "options": options})
    assert answer.status_code == httpx.codes.OK, answer.text
    assert on.wait_for_job(client, answer.json()["data"]["jobId"])["status"] == "succeeded"


def test_what_it_has_made_moves_to_an_environment(fleet: FleetOfProcesses) -> None:
    with before(fleet) as single:
        single.start()
        with single.sign_in() as client:
            make(client, single, "ours", startMode="withMain")
            make(client, single, "filed", database={"dialect": "sqlite"})
        with single.sign_in_to("ours") as people:
            address = f"{single.address}/api/__app/ours/roles:create"
            assert people.post(address, json={"name": "clerk"}).status_code == httpx.codes.OK
        assert single.stop() == 0
    fleet.start("w1")
    head = fleet.supervisor
    with head.sign_in() as client:
        assert "choose another one" in shown(client, "ours")["failure"]["message"]
        refused = client.post("/applications:start/ours")
        assert refused.status_code >= httpx.codes.BAD_REQUEST
        assert "w1" in refused.text
        filed = client.post("/applications:update/filed", json={"environments": ["w1"]})
        assert (filed.status_code, "is a file" in filed.text) == (httpx.codes.BAD_REQUEST, True)
        moved = client.post("/applications:update/ours", json={"environments": ["w1"]})
        assert moved.status_code == httpx.codes.OK, moved.text
        assert "password" not in moved.text
        started = client.post("/applications:start/ours")
        assert started.status_code == httpx.codes.OK, started.text
        assert shown(client, "ours")["statuses"] == {"w1": "running"}
    with head.sign_in_to("ours") as people:
        found = people.get(f"{head.address}/api/__app/ours/roles:get/clerk")
        assert found.json()["data"]["name"] == "clerk"


def test_one_that_sleeps_is_woken_where_it_has_moved_to(fleet: FleetOfProcesses) -> None:
    """By a visitor who goes there, past the Supervisor."""
    with before(fleet) as single:
        single.start()
        with single.sign_in() as client:
            make(client, single, "dozes")
            make(client, single, "down")
            assert client.post("/applications:sleep/dozes").status_code == httpx.codes.OK
            assert client.post("/applications:stop/down").status_code == httpx.codes.OK
        assert single.stop() == 0
    fleet.start("w1")
    with fleet.supervisor.sign_in() as client:
        for name in ("dozes", "down"):
            moved = client.post(f"/applications:update/{name}", json={"environments": ["w1"]})
            assert moved.status_code == httpx.codes.OK, moved.text
            assert shown(client, name)["statuses"] == {"w1": "stopped"}
        place = f"{fleet.worker('w1').address}/api/__app"
        down = httpx.get(f"{place}/down/app:getInfo", timeout=PATIENCE_S)
        assert down.json()["error"]["code"] == "APP_STOPPED"
        woken = httpx.get(f"{place}/dozes/app:getInfo", timeout=PATIENCE_S)
        assert woken.json()["data"]["name"] == "dozes"
        deadline = time.monotonic() + PATIENCE_S
        while (found := shown(client, "dozes"))["wanted"] != "running":
            assert time.monotonic() < deadline, found
            time.sleep(0.05)
        assert found["statuses"] == {"w1": "running"}
