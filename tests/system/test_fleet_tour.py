"""Applications on a file, a database, a schema and another server, each with real data, through their whole life."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from vega_datasets import local_data

from insula.testing import servers
from insula.testing.fleet_client import FleetClient, connection_values
from insula.testing.instance import Instance, database_settings

SHEETS = ("airports", "seattle_weather", "stocks")
KINDS = ("file", "database", "schema", "another server")


@pytest.fixture
def fleet(postgresql: servers.Server, tmp_path: Path) -> Iterator[FleetClient]:
    settings = database_settings(postgresql, f"tour_{time.monotonic_ns()}")
    with Instance(tmp_path / "storage", settings) as instance:
        instance.start()
        with FleetClient(instance) as fleet:
            yield fleet
        instance.stop()


def import_all(fleet: FleetClient, name: str) -> dict[str, int]:
    """Bring the sheets in; gives their numbers of rows as the application counts them."""
    with fleet.inside(name) as inside:
        for sheet in SHEETS:
            path = Path(getattr(local_data, sheet).filepath)
            started = inside.post(f"/imports:create?collection={sheet}", content=path.read_bytes())
            assert started.status_code == 200, started.text
            job = fleet.instance.wait_for_job(inside, started.json()["data"]["jobId"])
            assert job["status"] == "succeeded", job
        return counts(inside)


def counts(inside: httpx.Client) -> dict[str, int]:
    return {sheet: inside.get(f"/{sheet}:count").json()["data"]["count"] for sheet in SHEETS}


def visit(fleet: FleetClient, name: str) -> httpx.Response:
    return httpx.get(f"{fleet.instance.address}/api/__app/{name}/app:getLang", timeout=60)


def expected() -> dict[str, int]:
    def lines(sheet: str) -> int:
        text = Path(getattr(local_data, sheet).filepath).read_text()
        return len(text.strip().splitlines()) - 1

    return {sheet: lines(sheet) for sheet in SHEETS}


@pytest.fixture(params=KINDS)
def place(request: pytest.FixtureRequest) -> tuple[str, dict[str, Any]]:
    """How an application is connected, and its other options."""
    if request.param == "another server":
        server: servers.Server = request.getfixturevalue("mariadb")
        at = connection_values(server, "mariadb", database=f"tour_{time.monotonic_ns()}")
        return "new_database", {"database": at}
    given = {"database": {"dialect": "sqlite"}} if request.param == "file" else {}
    return "new_schema" if request.param == "schema" else "new_database", given


def test_a_whole_life(fleet: FleetClient, place: tuple[str, dict[str, Any]]) -> None:
    connection, options = place
    made = fleet.create("shop", connection, **options)
    assert (made["status"], made["statuses"]) == ("running", {"local": "running"})
    rows = import_all(fleet, "shop")
    assert rows == expected()

    fleet.call("stop", "shop")
    answer = visit(fleet, "shop")
    assert (answer.status_code, answer.json()["error"]["code"]) == (503, "APP_STOPPED")
    fleet.call("start", "shop")
    assert visit(fleet, "shop").status_code == 200

    fleet.call("sleep", "shop")
    assert fleet.get("shop")["status"] == "stopped"
    health = f"{fleet.instance.address}/api/__app/shop/__health_check"
    assert httpx.get(health).status_code == 503
    assert visit(fleet, "shop").status_code == 200  # held while it wakes
    with fleet.inside("shop") as inside:
        assert counts(inside) == rows

    assert fleet.ask("destroy", "shop").status_code == 400
    assert fleet.ask("destroy", "shop", confirm="bank").status_code == 400
    fleet.call("destroy", "shop", confirm="shop")
    assert visit(fleet, "shop").status_code == 404
    assert fleet.ask("create", body={"name": "shop"}).status_code == 409
    fleet.call("restore", "shop")
    assert fleet.get("shop")["status"] == "stopped"
    fleet.call("start", "shop")
    with fleet.inside("shop") as inside:
        assert counts(inside) == rows

    fleet.call("destroy", "shop", confirm="shop")
    assert fleet.ask("purge", "shop").status_code == 400
    fleet.call("purge", "shop", confirm="shop")
    assert fleet.client.get("/applications:get", params={"filterByTk": "shop"}).json()["data"] is None
    fleet.create("shop", connection, **options)
    with fleet.inside("shop") as inside:
        assert [
            one["name"] for one in inside.get("/collections:list").json()["data"] if one["name"] in SHEETS
        ] == []


def test_what_ran_runs_again_and_what_slept_sleeps(fleet: FleetClient) -> None:
    """After an orderly end and after a power cut."""
    for name, mode in (("early", "withMain"), ("late", "onFirstVisit"), ("down", "withMain")):
        fleet.create(name, startMode=mode)
    fleet.call("stop", "down")
    for end in (fleet.instance.stop, fleet.instance.kill):
        end()
        fleet.instance.start()
        with FleetClient(fleet.instance) as again:
            again.until("early", "running")
            assert again.get("late")["status"] == "stopped"
            assert again.get("down")["wanted"] == "stopped"
            assert visit(again, "late").status_code == 200
            assert visit(again, "down").status_code == 503


def test_fifty_are_created_at_once(fleet: FleetClient) -> None:
    names = [f"app{number}" for number in range(50)]
    jobs = [fleet.call("create", body={"name": name})["jobId"] for name in names]
    for job in jobs:
        ended = fleet.instance.wait_for_job(fleet.client, job)
        assert ended["status"] == "succeeded", ended
    listed = fleet.client.get("/applications:list?paginate=false").json()["data"]
    assert {one["name"]: one["status"] for one in listed} == dict.fromkeys(names, "running")
    assert all(visit(fleet, name).status_code == 200 for name in names[:3])
