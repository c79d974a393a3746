"""What is promised of many applications in one process, where no other test of a real server shows it."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest

from insula.core.ids import random_id
from insula.testing import servers, shelf
from insula.testing.fleet_client import PATIENCE_S, POLL_S, FleetClient, Kind, connection_values, four_kinds
from insula.testing.instance import Instance, database_settings

LOCAL = {"APP_DISCOVERY_ADAPTER": "local", "APP_PROCESS_ADAPTER": "local"}
TAKES_S = 4.0
WAITS = f"""
import asyncio

from insula.application.api.action import Action, Answer, Resource
from insula.application.plugin import Plugin


async def wait(context):
    await asyncio.sleep({TAKES_S})
    return Answer("done")


class Shelf(Plugin):
    \"\"\"Takes its time.\"\"\"

    name = "shelf"
    title = description = "Shelf"
    enabled_by_default = True
    resources = (Resource("shelf", (Action("wait", wait, "public", "Wait."),), "Shelf"),)
"""
MISBEHAVES = """
import time

from insula.application.api.action import Action, Answer, Resource
from insula.application.plugin import Plugin


async def fall(context):
    raise RuntimeError("the shelf has fallen")


async def block(context):
    time.sleep(3.0)
    return Answer("done")


class Shelf(Plugin):
    \"\"\"Falls, and holds up everyone.\"\"\"

    name = "shelf"
    title = description = "Shelf"
    enabled_by_default = True
    resources = (
        Resource("shelf", (Action("fall", fall, "public", "Fall."), Action("block", block, "public", "B.")), "Shelf"),
    )

    async def load(self, application):
        if application.name == "broken":
            raise RuntimeError("there is no wall")
"""
PICKY = f"""{shelf.SECOND}

async def no_bad_ones(transaction, sync):
    boxes = Shelf.collections[0].table
    if await transaction.run(boxes.select().where(boxes.c.label == "bad")):
        raise RuntimeError("there is a bad box")


Shelf.migrations = (*Shelf.migrations, Migration(3, "no bad ones", no_bad_ones))
Shelf.required = True
"""
"""Its migrations fail in an application where there is a bad box, and in no other."""


def test_a_single_application_becomes_the_entry_of_many(tmp_path: Path) -> None:
    """Nothing is set at first; then the two variables are, and all that was there is there. One process serves all."""
    with Instance(tmp_path / "storage", {}) as instance:
        instance.start()
        with instance.sign_in() as client:
            fields = [{"name": "text", "type": "string"}]
            client.post("/collections:create", json={"name": "notes", "fields": fields}).raise_for_status()
            client.post("/notes:create", json={"text": "from before"}).raise_for_status()
        assert instance.stop() == 0
        instance.settings = LOCAL
        instance.start()
        with FleetClient(instance) as fleet:
            assert [one["name"] for one in fleet.client.get("/environments:list").json()["data"]] == ["local"]
            for name in ("shop", "blog"):
                fleet.create(name)
            (note,) = fleet.client.get("/notes:list").json()["data"]
            assert note["text"] == "from before"
            fleet.call("stop", "shop")  # each for itself
            assert (fleet.get("shop")["status"], fleet.get("blog")["status"]) == ("stopped", "running")
            with fleet.inside("blog") as blog:
                assert blog.get("/notes:list").status_code == 404
                assert plugins(blog) == plugins(fleet.client), "the same ones, in the same versions"
            assert fleet.get("blog")["version"] == fleet.client.get("/app:getInfo").json()["data"]["version"]
        assert instance.process is not None
        children = Path(f"/proc/{instance.process.pid}/task/{instance.process.pid}/children").read_text()
        assert children == ""
        assert instance.stop() == 0


def plugins(client: httpx.Client) -> dict[str, str]:
    """Name → version of those that an application may have: but for the one that looks after applications."""
    rows = client.get("/pm:list").raise_for_status().json()["data"]
    return {row["name"]: row["version"] for row in rows if row["name"] != "app-supervisor"}


def test_all_that_is_said_of_a_new_one_is_kept(tmp_path: Path) -> None:
    said = {
        "name": "shop",
        "displayName": "The shop",
        "cname": "shop.example.com",
        "pinned": True,
        "icon": "cart",
        "labels": ["sales", "north"],
        "environments": ["local"],
    }
    options = {
        "startMode": "withMain",
        "dbConnType": "new_database",
        "database": {"dialect": "sqlite", "storage": "apps/shop/own.sqlite"},
        "autoUpgrade": False,
        "shareSession": True,
        "sleepAfter": 3600,
        "lang": "de-DE",
        "timezone": "Europe/Berlin",
        "inLauncher": False,
        "inSwitcher": False,
    }
    with Instance(tmp_path / "storage") as instance:
        instance.start()
        with FleetClient(instance) as fleet:
            made = fleet.call("create", body={**said, "options": options})
            assert fleet.instance.wait_for_job(fleet.client, made["jobId"])["status"] == "succeeded"
            before = fleet.get("shop")
        instance.kill()
        instance.start()
        with FleetClient(instance) as fleet:
            after = fleet.until("shop", "running")
            for found in (before, after):
                assert {key: found[key] for key in said} == said
                assert found["options"] == options
            (pinned,) = fleet.client.get("/applications:listPinned").json()["data"]
            assert (pinned["displayName"], pinned["icon"]) == ("The shop", "cart")
            by_domain = httpx.get(
                f"{instance.address}/api/app:getInfo",
                headers={"Host": "shop.example.com"},
                timeout=PATIENCE_S,
            )
            assert (by_domain.json()["data"]["name"], by_domain.json()["data"]["lang"]) == ("shop", "de-DE")
            assert (instance.storage / "apps" / "shop" / "own.sqlite").is_file()
            # who is signed in to main is let in
            assert fleet.client.get("/__app/shop/auth:check").status_code == 200
        assert instance.stop() == 0


@pytest.mark.parametrize("verb", ["stop", "sleep", "destroy", "restart"])
def test_requests_that_are_under_way_are_answered_when_it_goes_down(
    install: Callable[..., Instance], tmp_path: Path, verb: str
) -> None:
    instance = install(**shelf.installed(tmp_path / "plugin", WAITS))
    instance.start()
    with FleetClient(instance) as fleet, ThreadPoolExecutor(1) as pool:
        fleet.create("shop")
        address = f"{instance.address}/api/__app/shop/shelf:wait"
        slow = pool.submit(httpx.get, address, timeout=PATIENCE_S)
        metrics = f"{instance.address}/metrics"
        while 'insula_requests_in_flight{application="shop"} 1' not in httpx.get(metrics).text:
            assert not slow.done()
        fleet.call(verb, "shop", **({"confirm": "shop"} if verb == "destroy" else {}))
        answer = slow.result()
        assert (answer.status_code, answer.json()) == (200, {"data": "done"})


@pytest.fixture
def kinds(mariadb: servers.Server) -> dict[str, Kind]:
    return four_kinds("up", mariadb)


@pytest.fixture
def instance(postgresql: servers.Server, tmp_path: Path) -> Iterator[Instance]:
    settings = database_settings(postgresql, f"shared_{random_id(8)}")
    with Instance(tmp_path / "storage", settings) as made:
        yield made


def grams(fleet: FleetClient, name: str) -> list[int]:
    with fleet.inside(name) as inside:
        return [row["grams"] for row in inside.get("/boxes:list").raise_for_status().json()["data"]]


def with_boxes(fleet: FleetClient, name: str, connection: str, label: str = "good", **options: Any) -> None:
    fleet.create(name, connection, startMode="withMain", **options)
    with fleet.inside(name) as inside:
        inside.post("/boxes:create", json={"label": label, "weight": 3}).raise_for_status()


def test_migrations_lie_between_and_one_that_fails_blocks_no_other(
    instance: Instance, kinds: dict[str, Kind], tmp_path: Path
) -> None:
    """Versions follow main's; where nobody may upgrade by itself, both versions are told, and ``upgrade`` does it."""
    settings = dict(instance.settings)
    instance.settings = {**settings, **shelf.installed(tmp_path / "first", shelf.FIRST)}
    instance.start()
    names = {way: f"{way}{random_id(5).lower()}" for way in ("bad", "waits")}
    with FleetClient(instance) as fleet:
        for name, (connection, options) in kinds.items():
            with_boxes(fleet, name, connection, **options)
        with_boxes(fleet, names["bad"], "new_schema", label="bad")
        with_boxes(fleet, names["waits"], "new_database", autoUpgrade=False)
    assert instance.stop() == 0
    instance.settings = {**settings, **shelf.installed(tmp_path / "second", PICKY)}
    instance.start()
    with FleetClient(instance) as fleet:
        for name in kinds:
            fleet.until(name, "running")
            assert grams(fleet, name) == [3007], name
        failed = fleet.until(names["bad"], "error")["failure"]["message"]
        assert "there is a bad box" in failed
        waits = names["waits"]
        deadline = time.monotonic() + PATIENCE_S
        while not (told := fleet.get(waits)["failure"]):
            assert time.monotonic() < deadline
            time.sleep(POLL_S)
        assert fleet.get(waits)["status"] == "stopped"
        for words in ("shelf 1.0.0, migration 0", "2.0.0, migration 3", f"insula apps upgrade {waits}"):
            assert words in told["message"]
        fleet.call("upgrade", waits)
        assert grams(fleet, waits) == [3007]
        for name in (*kinds, *names.values()):
            fleet.call("destroy", name, confirm=name)
            fleet.call("purge", name, confirm=name)
    assert instance.stop() == 0


def test_a_plugin_that_raises_or_blocks_in_one_application_is_named_and_the_others_go_on(
    install: Callable[..., Instance], tmp_path: Path
) -> None:
    plugin = shelf.installed(tmp_path / "plugin", MISBEHAVES)
    instance = install(INSULA_STALL_LIMIT_S="1", INSULA_LOG_FORMAT="json", **plugin)
    instance.start()
    with FleetClient(instance) as fleet:
        for name in ("shop", "blog", "broken"):
            fleet.create(name)
        base = f"{instance.address}/api/__app"
        # what can not be loaded is off there, and says so; the application runs
        off = httpx.get(f"{base}/broken/shelf:fall", timeout=PATIENCE_S)
        assert (off.status_code, off.json()["errors"][0]["code"]) == (503, "PLUGIN_FAILED")
        with fleet.inside("broken") as broken:
            assert broken.get("/users:list").status_code == 200
        for _ in range(5):
            fallen = httpx.get(f"{base}/shop/shelf:fall", timeout=PATIENCE_S)
            assert fallen.status_code == 500
            assert "has fallen" not in fallen.text
            for neighbour in ("blog", "main"):
                assert httpx.get(f"{base}/{neighbour}/app:getInfo", timeout=PATIENCE_S).status_code == 200
        assert httpx.get(f"{base}/shop/shelf:block", timeout=PATIENCE_S).status_code == 200
        deadline = time.monotonic() + PATIENCE_S
        while "moves again" not in instance.log:
            assert time.monotonic() < deadline
            time.sleep(POLL_S)
        counted = httpx.get(f"{instance.address}/metrics", timeout=PATIENCE_S).text
        assert 'insula_loop_stalls_total{application="shop"} 1' in counted
        assert 'insula_loop_stalls_total{application="blog"}' not in counted
        figures = {
            one["name"]: one["errors"] for one in fleet.client.get("/applications:list").json()["data"]
        }
        assert (figures["shop"], figures["blog"]) == (5, 0)
        assert {fleet.get(name)["status"] for name in ("shop", "blog", "broken")} == {"running"}
    logs = instance.storage / "logs"
    assert "it is in the application shop" in (logs / "shop.log").read_text()
    assert "has fallen" in (logs / "shop.log").read_text()
    assert "fallen" not in (logs / "blog.log").read_text()


@pytest.mark.parametrize("upgrades", [True, False])
@pytest.mark.parametrize("kind", ["file", "database", "mariadb"])
def test_an_older_one_that_is_taken_over_is_stamped_anew_and_upgraded_or_left_stopped(
    install: Callable[..., Instance],
    request: pytest.FixtureRequest,
    tmp_path: Path,
    kind: str,
    upgrades: bool,
) -> None:
    first = install(**shelf.installed(tmp_path / "first", shelf.FIRST))
    second = install(**shelf.installed(tmp_path / "second", shelf.SECOND))
    before: dict[str, Any] = {"dialect": "sqlite"}
    after: dict[str, Any] = {"dialect": "sqlite", "storage": "apps/old.sqlite"}
    if kind != "file":
        server = request.getfixturevalue("postgresql" if kind == "database" else "mariadb")
        dialect = "postgres" if kind == "database" else "mariadb"
        before = after = connection_values(server, dialect, database=f"old_{random_id(8).lower()}")
    first.start()
    with FleetClient(first) as fleet:
        with_boxes(fleet, "old", "new_database", database=before)
    assert first.stop() == 0
    second.start()
    if kind == "file":
        (second.storage / "apps").mkdir(exist_ok=True)
        (first.storage / "apps" / "old" / "old.sqlite").rename(second.storage / "apps" / "old.sqlite")
    with FleetClient(second) as fleet:
        options = {"dbConnType": "new_connection", "database": after, "autoUpgrade": upgrades}
        body = {"name": "taken", "options": options}
        refused = fleet.ask("create", body=body)
        stamp = refused.text.partition("adopt=")[2].partition(";")[0]
        assert (refused.status_code, bool(stamp)) == (409, True), refused.text
        made = fleet.call("create", body=body, adopt=stamp)
        assert second.wait_for_job(fleet.client, made["jobId"])["status"] == "succeeded"
        found = fleet.get("taken")
        if upgrades:
            assert found["status"] == "running"
        else:
            assert (found["status"], "shelf 1.0.0" in found["failure"]["message"]) == ("stopped", True)
            fleet.call("upgrade", "taken")
        assert grams(fleet, "taken") == [3007]
        # it bears the stamp of its new owner: by the old one nobody gets it any more
        again = fleet.ask("create", body={**body, "name": "third"}, adopt=stamp)
        assert again.status_code == 409
        assert f"adopt={stamp}" not in again.text
        fleet.call("destroy", "taken", confirm="taken")
        fleet.call("purge", "taken", confirm="taken")
    assert second.stop() == 0
    # and its old owner does not start it any more
    first.start()
    with FleetClient(first) as fleet:
        refused = fleet.ask("start", "old")
        assert refused.status_code >= 400
        assert fleet.get("old")["status"] == "error"
