"""A supervisor and two workers as real processes, over a real Redis and PostgreSQL: one application's whole life in an
environment, reached through the supervisor and at the worker itself."""

import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from insula.server.exits import Exit
from insula.testing import servers
from insula.testing.fleets import FleetOfProcesses, shown
from insula.testing.instance import ROOT_EMAIL, Instance, database_settings
from insula.testing.leaks import outlives_a_test

PATIENCE_S = 20.0
DOMAIN = "shop.example.com"


def keep(fleet: FleetOfProcesses) -> None:
    """What runs of it runs on after the test."""
    for instance in fleet.instances.values():
        if instance.process is not None:
            outlives_a_test(instance.process.pid)


@pytest.fixture(scope="module")
def redis() -> Iterator[servers.Server]:
    """One of its own, where nobody else has registered."""
    with servers.redis() as server:
        outlives_a_test(server.process.pid)
        yield server


@pytest.fixture(scope="module")
def fleet(
    postgresql: servers.Server, redis: servers.Server, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[FleetOfProcesses]:
    """It runs, and an application in one of its environments."""
    made = FleetOfProcesses(tmp_path_factory.mktemp("fleet"), redis.port, postgresql)
    try:
        made.start("w1", "w2")
        keep(made)
        with made.supervisor.sign_in() as client:
            shop = made.make(client, "shop", "w1", cname=DOMAIN)
        assert (shop["status"], shop["statuses"]) == ("running", {"w1": "running"})
        yield made
    finally:
        made.end()


@pytest.fixture
def web(fleet: FleetOfProcesses) -> Iterator[httpx.Client]:
    """The supervisor's API, signed in."""
    with fleet.supervisor.sign_in() as client:
        yield client


@pytest.fixture
def shop() -> str:
    return "shop"


def until(right: Callable[[], Any], what: object = None) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not right():
        assert time.monotonic() < deadline, what
        time.sleep(0.02)


def do(web: httpx.Client, verb: str, name: str, **params: str) -> dict[str, Any]:
    answer = web.post(f"/applications:{verb}/{name}", params=params)
    assert answer.status_code == httpx.codes.OK, answer.text
    return shown(web, name)


def name_at(address: str, **headers: str) -> str:
    """Which application answers there; else the code of the error."""
    answer = httpx.get(f"{address}/app:getInfo", headers=headers, timeout=PATIENCE_S)
    told = answer.json()
    return str(told["data"]["name"] if answer.status_code == httpx.codes.OK else told["error"]["code"])


def environments(web: httpx.Client) -> dict[str, dict[str, Any]]:
    return {found["name"]: found for found in web.get("/environments:list").json()["data"]}


def test_environments_are_shown(fleet: FleetOfProcesses, web: httpx.Client) -> None:
    until(lambda: {row["state"] for row in environments(web).values()} == {"online"})
    found = environments(web)
    assert sorted(found) == ["w1", "w2"]
    assert found["w1"]["proxyUrl"] == fleet.worker("w1").address
    assert found["w1"]["secured"] is True
    assert found["w1"]["warning"] is None
    two = web.post("/applications:create", json={"name": "where"})
    assert two.status_code == httpx.codes.BAD_REQUEST
    assert "must name one of w1, w2" in two.text


def test_it_is_reached_by_every_address(fleet: FleetOfProcesses, shop: str) -> None:
    head, place = fleet.supervisor.address, fleet.worker("w1").address
    assert name_at(f"{head}/api/__app/shop") == shop
    assert name_at(f"{head}/api", **{"X-App": shop}) == shop
    assert name_at(f"{head}/api", Host=DOMAIN) == shop
    assert name_at(f"{place}/api/__app/shop") == shop
    assert name_at(f"{place}/api", Host=DOMAIN) == shop
    page = httpx.get(f"{head}/apps/shop/admin/", headers={"Accept": "text/html"})
    assert (page.status_code, "shop" in page.text) == (httpx.codes.OK, True)
    assert name_at(f"{fleet.worker('w2').address}/api/__app/shop") == "APP_NOT_FOUND"


def test_a_worker_has_no_main_application(fleet: FleetOfProcesses, shop: str) -> None:
    place = fleet.worker("w1").address
    answer = httpx.get(f"{place}/api/users:list")
    assert answer.status_code == httpx.codes.NOT_FOUND
    assert "Supervisor" in answer.json()["error"]["message"]
    assert httpx.get(f"{place}/api/__health_check").text == "ok"
    ended = fleet.worker("w1").command("users", "reset-password", "root")
    assert ended.returncode != 0


def test_what_is_written_through_the_supervisor_is_there(fleet: FleetOfProcesses, shop: str) -> None:
    """The creator is its first user."""
    head = f"{fleet.supervisor.address}/api/__app/shop/"
    with fleet.supervisor.sign_in_to(shop) as people:
        made = people.post(f"{head}roles:create", json={"name": "clerk", "title": "Clerk"})
        assert made.status_code == httpx.codes.OK, made.text
        direct = f"{fleet.worker('w1').address}/api/__app/shop/roles:get/clerk"
        assert people.get(direct).json()["data"]["title"] == "Clerk"


def test_it_stops_starts_sleeps_and_is_woken(fleet: FleetOfProcesses, web: httpx.Client, shop: str) -> None:
    head, place = (
        f"{each}/api/__app/shop" for each in (fleet.supervisor.address, fleet.worker("w1").address)
    )
    assert do(web, "stop", shop)["status"] == "stopped"
    assert name_at(head) == name_at(place) == "APP_STOPPED"
    assert do(web, "start", shop)["status"] == "running"
    assert do(web, "restart", shop)["status"] == "running"
    assert do(web, "upgrade", shop)["status"] == "running"
    assert do(web, "sleep", shop)["status"] == "stopped"
    assert name_at(head) == shop
    assert do(web, "stop", shop)["status"] == "stopped"
    assert do(web, "sleep", shop)["wanted"] == "asleep"
    assert name_at(place) == shop  # the visitor wakes it there, and what is wanted follows
    until(lambda: shown(web, shop)["wanted"] == "running")
    assert name_at(head) == shop


def test_it_is_deleted_restored_and_purged(fleet: FleetOfProcesses, web: httpx.Client) -> None:
    fleet.make(web, "brief", "w2")
    address = f"{fleet.worker('w2').address}/api/__app/brief"
    assert web.post("/applications:destroy/brief", params={"confirm": "brief"}).status_code == httpx.codes.OK
    assert name_at(address) == "APP_STOPPED"
    assert do(web, "restore", "brief")["wanted"] == "stopped"
    assert do(web, "start", "brief")["status"] == "running"
    assert name_at(address) == "brief"
    for verb in ("destroy", "purge"):
        answer = web.post(f"/applications:{verb}/brief", params={"confirm": "brief"})
        assert answer.status_code == httpx.codes.OK, answer.text
    assert name_at(address) == "APP_NOT_FOUND"
    assert name_at(f"{fleet.supervisor.address}/api/__app/brief") == "APP_NOT_FOUND"


def test_a_killed_worker_comes_back_by_itself(fleet: FleetOfProcesses, web: httpx.Client, shop: str) -> None:
    do(web, "start", shop)
    fleet.make(web, "always", "w1", options={"startMode": "withMain"})
    head = fleet.supervisor.address
    fleet.worker("w1").kill()
    assert name_at(f"{head}/api/__app/shop") == "ENVIRONMENT_UNAVAILABLE"
    until(lambda: environments(web)["w1"]["state"] == "offline")
    assert shown(web, shop)["failure"]["step"] == "environment"
    began = time.monotonic()
    refused = web.post("/applications:start/shop")
    assert time.monotonic() - began < PATIENCE_S / 4
    assert "can not be reached" in refused.text
    fleet.worker("w1").start()
    keep(fleet)
    until(lambda: name_at(f"{head}/api/__app/always") == "always")
    until(lambda: name_at(f"{head}/api/__app/shop") == shop)
    until(lambda: shown(web, shop)["status"] == "running")
    assert environments(web)["w1"]["state"] == "online"


def test_without_its_head_everything_serves_on(fleet: FleetOfProcesses, web: httpx.Client, shop: str) -> None:
    do(web, "start", shop)
    place = fleet.worker("w1")
    before = place.log.count("shop is running")
    fleet.supervisor.kill()
    assert name_at(f"{place.address}/api/__app/shop") == shop
    fleet.supervisor.start()
    keep(fleet)
    assert name_at(f"{fleet.supervisor.address}/api/__app/shop") == shop
    with fleet.supervisor.sign_in() as client:
        assert (shown(client, shop)["status"], shown(client, shop)["wanted"]) == ("running", "running")
    assert place.log.count("shop is running") == before


def test_a_redis_that_forgets_loses_nothing(
    fleet: FleetOfProcesses, web: httpx.Client, redis: servers.Server, shop: str
) -> None:
    with fleet.supervisor.sign_in() as client:
        do(client, "start", shop)
        servers.redis_command(redis, "FLUSHALL")
        assert name_at(f"{fleet.supervisor.address}/api/__app/shop") == shop
        assert sorted(environments(client)) == ["w1", "w2"]
        assert do(client, "restart", shop)["status"] == "running"
        until(lambda: servers.redis_command(redis, "HLEN", "insula:environments") == "2")
        until(lambda: {row["state"] for row in environments(client).values()} == {"online"})


def test_one_name_is_one_worker(fleet: FleetOfProcesses, web: httpx.Client) -> None:
    other = fleet.worker("w2", "another")
    process = other.begin()
    assert process.wait(PATIENCE_S) == Exit.CONFLICT
    assert "is the environment w2 already" in other.log


def test_one_fleet_has_one_supervisor(fleet: FleetOfProcesses, web: httpx.Client, tmp_path: Path) -> None:
    """Another would stop what it does not know."""
    settings = {**fleet.supervisor.settings, **database_settings(None)}
    for name in [name for name in settings if name.startswith("DB_") and name != "DB_DIALECT"]:
        del settings[name]
    with Instance(tmp_path / "second", settings) as second:
        assert second.begin().wait(PATIENCE_S) == Exit.CONFLICT
        assert "Another Supervisor" in second.log


@pytest.mark.parametrize("key", ["f" * 64, ""], ids=["another", "none"])
def test_who_has_another_key_does_not_come_in(fleet: FleetOfProcesses, web: httpx.Client, key: str) -> None:
    stranger = fleet.worker("w3", f"w3{key[:1]}", APP_SUPERVISOR_AES_SECRET_KEY=key)
    assert stranger.begin().wait(PATIENCE_S) == Exit.INVALID
    assert "write the same APP_SUPERVISOR_AES_SECRET_KEY for the supervisor and all workers" in stranger.log
    assert ("is not set: whoever can write to Redis" in stranger.log) == (not key)
    assert "w3" not in environments(web)


def test_one_application_in_several_environments(fleet: FleetOfProcesses, web: httpx.Client) -> None:
    answer = web.post("/applications:create", json={"name": "both", "environments": ["w1", "w2"]})
    assert answer.status_code == httpx.codes.OK, answer.text
    job = fleet.supervisor.wait_for_job(web, answer.json()["data"]["jobId"])
    assert job["status"] == "succeeded", job
    assert shown(web, "both")["statuses"] == {"w1": "running", "w2": "running"}
    head = f"{fleet.supervisor.address}/api/__app/both"
    with fleet.supervisor.sign_in_to("both") as people:
        assert people.post(f"{head}/roles:create", json={"name": "clerk"}).status_code == httpx.codes.OK
        for place in ("w1", "w2"):
            found = people.get(f"{head}/roles:get/clerk", headers={"X-Environment": place})
            assert found.json()["data"]["name"] == "clerk"
        first, second = ({"X-Environment": place} for place in ("w1", "w2"))
        made = people.post(f"{head}/collections:create", json={"name": "notes"}, headers=first)
        assert made.status_code == httpx.codes.OK, made.text
        assert people.get(f"{head}/notes:list", headers=second).status_code == httpx.codes.OK
        assert people.post(f"{head}/auth:signOut", headers=first).status_code == httpx.codes.OK
        until(
            lambda: people.get(f"{head}/auth:check", headers=second).status_code == httpx.codes.UNAUTHORIZED
        )
    assert name_at(head, **{"X-Environment": "nowhere"}) == "ENVIRONMENT_UNAVAILABLE"
    page = f"{fleet.supervisor.address}/apps/both/admin/"
    with httpx.Client(headers={"Accept": "text/html"}) as browser:
        assert "several environments" in browser.get(page).text
        chosen = browser.get(page, params={"__environment": "w2"})
        assert (chosen.status_code, chosen.headers["location"]) == (httpx.codes.FOUND, "/apps/both/admin/")
        assert "several environments" not in browser.get(page).text
    fleet.worker("w1").kill()
    until(lambda: name_at(head) == "both")
    fleet.worker("w1").start()
    keep(fleet)
    until(lambda: environments(web)["w1"]["state"] == "online")
    assert do(web, "stop", "both")["statuses"] == {"w1": "stopped", "w2": "stopped"}
    assert do(web, "start", "both")["statuses"] == {"w1": "running", "w2": "running"}


def test_one_that_was_suspended_for_longer_than_its_lease_goes_on(
    fleet: FleetOfProcesses, web: httpx.Client, redis: servers.Server, shop: str
) -> None:
    do(web, "start", shop)
    process = fleet.worker("w1").process
    assert process is not None
    process.send_signal(signal.SIGSTOP)
    try:
        servers.redis_command(redis, "DEL", "insula:lease:w1")  # as if it had run out
        until(lambda: environments(web)["w1"]["state"] != "online")
    finally:
        process.send_signal(signal.SIGCONT)
    until(lambda: environments(web)["w1"]["state"] == "online")
    assert name_at(f"{fleet.supervisor.address}/api/__app/shop") == shop
    assert do(web, "restart", shop)["status"] == "running"


def test_people_of_main_are_let_in_where_sessions_are_shared(
    fleet: FleetOfProcesses, web: httpx.Client
) -> None:
    fleet.make(web, "shared", "w2", options={"shareSession": True})
    for head in (fleet.supervisor.address, fleet.worker("w2").address):
        who = web.get(f"{head}/api/__app/shared/auth:check")
        assert who.json()["data"]["email"] == ROOT_EMAIL
    closed = web.get(f"{fleet.supervisor.address}/api/__app/shop/auth:check")
    assert closed.status_code == httpx.codes.UNAUTHORIZED
    assert web.post("/auth:signOut").status_code == httpx.codes.OK
    address = f"{fleet.worker('w2').address}/api/__app/shared/auth:check"
    until(lambda: web.get(address).status_code == httpx.codes.UNAUTHORIZED)


def test_a_redis_that_is_gone_for_a_while_keeps_nobody_from_serving(
    fleet: FleetOfProcesses, web: httpx.Client, redis: servers.Server, shop: str
) -> None:
    """The last one: this Redis does not come back."""
    do(web, "start", shop)
    address = f"{fleet.supervisor.address}/api/__app/shop"
    redis.process.kill()
    redis.process.wait()
    fleet.worker("w1").printed("the lease of w1 is not renewed")
    assert name_at(address) == shop
    assert name_at(f"{fleet.worker('w1').address}/api/__app/shop") == shop
    with servers.redis(port=redis.port) as again:
        assert do(web, "restart", shop)["status"] == "running"
        until(lambda: {row["state"] for row in environments(web).values()} == {"online"})
        until(lambda: servers.redis_command(again, "HLEN", "insula:environments") == "2")
        assert name_at(address) == shop
