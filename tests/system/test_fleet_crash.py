"""A process killed at every step of a command: the next start finds things as they were or as they were wanted."""

import asyncio
import contextlib
import sqlite3
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import httpx
import pytest

from insula import __version__
from insula.database.options import DatabaseOptions
from insula.testing import servers
from insula.testing.databases import run_on
from insula.testing.fleet_client import PATIENCE_S, POLL_S, FleetClient
from insula.testing.instance import Instance, database_settings

CREATING = (
    "create.recorded",
    "create.prepared",
    "create.created",
    "create.started",
    "start.prepared",
    "start.initialized",
)
KINDS = ("file", "database", "schema", "mariadb")


def on_server(settings: Mapping[str, str], database: str) -> DatabaseOptions:
    """Another database of the server that the installation is on."""
    return DatabaseOptions(
        settings["DB_DIALECT"],
        host=settings["DB_HOST"],
        port=int(settings["DB_PORT"]),
        user=settings["DB_USER"],
        password=settings["DB_PASSWORD"],
        database=database,
    )


@pytest.fixture(params=KINDS)
def installation(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Instance, str]]:
    """An installation, and what is made in it for each application."""
    kind: str = request.param
    server: servers.Server | None = None
    if kind != "file":
        server = request.getfixturevalue("mariadb" if kind == "mariadb" else "postgresql")
    name = f"crash_{kind}_{time.monotonic_ns()}"
    settings = database_settings(server, name, "mariadb" if kind == "mariadb" else "postgres")
    with Instance(tmp_path / "storage", settings) as instance:
        yield instance, "new_schema" if kind == "schema" else "new_database"
    if server is not None and kind != "schema":
        other = "mysql" if kind == "mariadb" else "postgres"
        asyncio.run(run_on(on_server(settings, other), "DROP DATABASE IF EXISTS shop"))


SERVERS = pytest.mark.parametrize("installation", ["schema", "mariadb"], indirect=True)
"""Where a change is one transaction, and where each of its statements commits by itself."""


@contextlib.contextmanager
def started(instance: Instance, **more: str) -> Iterator[FleetClient]:
    """Started with settings beside its own, and ended if it has not ended."""
    settings: Mapping[str, str] = instance.settings
    instance.settings = {**settings, **more}
    try:
        instance.start()
        with FleetClient(instance) as fleet:
            yield fleet
    finally:
        instance.settings = settings
        assert instance.process is not None
        if instance.process.poll() is None:
            instance.stop()


def until_killed(instance: Instance) -> None:
    assert instance.process is not None
    deadline = time.monotonic() + PATIENCE_S
    while instance.process.poll() is None:
        assert time.monotonic() < deadline, "the failpoint was not reached"
        time.sleep(POLL_S)
    assert instance.process.returncode == -9


def told(fleet: FleetClient, verb: str, name: str | None = None, **given: Any) -> None:
    """Ask, though the process may end before it answers."""
    with contextlib.suppress(httpx.TransportError):
        fleet.ask(verb, name, **given)


def works(fleet: FleetClient, name: str, records: int) -> None:
    """It takes sign-ins and records, and has those that it had."""
    with fleet.inside(name) as inside:
        found = inside.get("/things:list") if records else None
        if found is not None:
            assert found.json()["meta"]["count"] == records, found.text
        inside.post("/collections:create", json={"name": f"more{records}", "fields": []}).raise_for_status()


def furnish(fleet: FleetClient, name: str) -> None:
    with fleet.inside(name) as inside:
        fields = [{"name": "title", "type": "string"}]
        inside.post("/collections:create", json={"name": "things", "fields": fields}).raise_for_status()
        inside.post("/things:create", json=[{"title": "one"}, {"title": "two"}]).raise_for_status()


@SERVERS
@pytest.mark.parametrize("failpoint", CREATING)
def test_a_creation_goes_on_where_it_was(installation: tuple[Instance, str], failpoint: str) -> None:
    instance, connection = installation
    with started(instance, INSULA_TESTING="true", INSULA_FAILPOINTS=f"{failpoint}=kill") as fleet:
        told(fleet, "create", body={"name": "shop", "options": {"dbConnType": connection}})
        until_killed(instance)
    with started(instance) as fleet:
        fleet.until("shop", "running")
        works(fleet, "shop", 0)
        fleet.call("destroy", "shop", confirm="shop")
        fleet.call("purge", "shop", confirm="shop")
        fleet.create("shop", connection)
        works(fleet, "shop", 0)


@SERVERS
@pytest.mark.parametrize("failpoint", ["delete.recorded", "delete.stopped", "purge.removed"])
def test_a_deletion_is_done_or_not(installation: tuple[Instance, str], failpoint: str) -> None:
    instance, connection = installation
    with started(instance, INSULA_TESTING="true", INSULA_FAILPOINTS=f"{failpoint}=kill") as fleet:
        fleet.create("shop", connection)
        furnish(fleet, "shop")
        told(fleet, "destroy", "shop", confirm="shop")
        if failpoint.startswith("purge"):
            told(fleet, "purge", "shop", confirm="shop")
        until_killed(instance)
    with started(instance) as fleet:
        if failpoint.startswith("purge"):
            gone_or_purged(fleet)
            fleet.create("shop", connection)
            works(fleet, "shop", 0)
            return
        fleet.call("restore", "shop")
        fleet.call("start", "shop")
        works(fleet, "shop", 2)


def gone_or_purged(fleet: FleetClient) -> None:
    """The name is free in the end, whether the purge goes on by itself or is asked for again."""
    answer = fleet.ask("purge", "shop", confirm="shop")
    assert answer.status_code in (200, 404), answer.text


def grow_older(instance: Instance, connection: str) -> None:
    """Make the application's database one of an older version, whose server is not running."""
    change = "UPDATE {table} SET {value} = {older} WHERE {key} = 'fingerprint'"
    older = f"""replace({{value}}, '"{__version__}"', '"0.0.1"')"""
    settings = instance.settings
    if settings["DB_DIALECT"] == "sqlite":
        text = change.format(
            table="insula", value='"value"', key='"key"', older=older.format(value='"value"')
        )
        with contextlib.closing(sqlite3.connect(instance.storage / "apps" / "shop" / "shop.sqlite")) as file:
            file.execute(text)
            file.commit()
        return
    schema = connection == "new_schema"
    if settings["DB_DIALECT"] == "mariadb":
        text = change.format(
            table="insula", value="`value`", key="`key`", older=older.format(value="`value`")
        )
    else:
        older = older.format(value='"value"::text') + "::jsonb"
        text = change.format(
            table="shop.insula" if schema else "insula", value='"value"', key='"key"', older=older
        )
    options = on_server(settings, settings["DB_DATABASE"] if schema else "shop")
    assert asyncio.run(run_on(options, text)) == 1


@pytest.mark.parametrize("failpoint", ["upgrade.begun", "upgrade.migrated", "start.initialized"])
def test_an_upgrade_that_was_cut_off_is_done_at_the_next_start(
    installation: tuple[Instance, str], failpoint: str
) -> None:
    instance, connection = installation
    with started(instance) as fleet:
        fleet.create("shop", connection)
        furnish(fleet, "shop")
    grow_older(instance, connection)
    with started(instance, INSULA_TESTING="true", INSULA_FAILPOINTS=f"{failpoint}=kill") as fleet:
        told(fleet, "start" if failpoint.startswith("start") else "upgrade", "shop")
        until_killed(instance)
    with started(instance) as fleet:
        works(fleet, "shop", 2)
        assert fleet.until("shop", "running")["version"] == __version__
        fleet.call("destroy", "shop", confirm="shop")
        fleet.call("purge", "shop", confirm="shop")


@SERVERS
def test_one_that_is_upgraded_by_hand_stays_down_and_says_why(installation: tuple[Instance, str]) -> None:
    instance, connection = installation
    with started(instance) as fleet:
        fleet.create("shop", connection, autoUpgrade=False)
        furnish(fleet, "shop")
    grow_older(instance, connection)
    with started(instance) as fleet:
        refused = fleet.ask("start", "shop")
        assert refused.status_code >= 400
        assert "0.0.1" in refused.text
        assert __version__ in refused.text
        fleet.call("sleep", "shop")
        for _ in range(2):
            visited = httpx.get(f"{instance.address}/api/__app/shop/app:getInfo", timeout=PATIENCE_S)
            assert (visited.status_code, visited.json()["error"]["code"]) == (503, "APP_STOPPED")
            assert "0.0.1" in visited.text
            assert __version__ in visited.text
            assert "insula apps upgrade shop" in visited.text
            assert "retry-after" not in visited.headers
        browser = {"Accept": "text/html"}
        page = httpx.get(f"{instance.address}/apps/shop/admin/", headers=browser, timeout=PATIENCE_S)
        assert page.status_code == 503
        assert "insula apps upgrade shop" in page.text
        shown = fleet.until("shop", "stopped")
        assert (shown["wanted"], "0.0.1" in shown["failure"]["message"]) == ("running", True)
        fleet.call("update", "shop", {"options": {"startMode": "withMain"}})
    with started(instance) as fleet:
        deadline = time.monotonic() + PATIENCE_S
        while not fleet.get("shop")["failure"]:
            assert time.monotonic() < deadline, "it was not tried to start it with main"
            time.sleep(POLL_S)
        assert fleet.get("shop")["status"] == "stopped"
        fleet.call("upgrade", "shop")
        works(fleet, "shop", 2)
