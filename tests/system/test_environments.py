"""A supervisor and two workers as real processes, over a real Redis and PostgreSQL: one application's whole life in an
environment, reached through the supervisor and at the worker itself."""

import re
import time
from collections.abc import Iterator
from pathlib import Path
from socket import gethostname
from typing import Any

import httpx
import pytest

from insula.server.exits import Exit
from insula.testing import servers
from insula.testing.eventually import until
from insula.testing.fleets import FleetOfProcesses, shown
from insula.testing.instance import ROOT_EMAIL, Instance, database_settings
from insula.testing.suspended import suspended

PATIENCE_S = 20.0
SOON_S = 15.0
"""Far less than a request is held."""
DOMAIN = "shop.example.com"


@pytest.fixture(scope="module")
def fleet(
    postgresql: servers.Server, redis: servers.Server, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[FleetOfProcesses]:
    """It runs, and an application in one of its environments."""
    with FleetOfProcesses(tmp_path_factory.mktemp("fleet"), redis.port, postgresql).running(
        "w1", "w2"
    ) as made:
        with made.supervisor.sign_in() as client:
            shop = made.make(client, "shop", "w1", cname=DOMAIN)
        assert (shop["status"], shop["statuses"]) == ("running", {"w1": "running"})
        yield made


@pytest.fixture
def shop() -> str:
    return "shop"


def do(web: httpx.Client, verb: str, name: str, **params: str) -> dict[str, Any]:
    answer = web.post(f"/applications:{verb}/{name}", params=params)
    assert answer.status_code == httpx.codes.OK, answer.text
    return shown(web, name)


def name_at(address: str, **headers: str) -> str:
    """Which application answers there; else the code of the error."""
    answer = httpx.get(f"{address}/app:getInfo", headers=headers, timeout=PATIENCE_S)
    told = answer.json()
    return str(told["data"]["name"] if answer.status_code == httpx.codes.OK else told["error"]["code"])


def is_up(address: str) -> bool:
    """Whether an application answers, asked as those ask who wake none; its process may be on its way."""
    try:
        return httpx.get(f"{address}/__health_check").status_code == httpx.codes.OK
    except httpx.TransportError:
        return False


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


def test_another_domain_counts_at_once(fleet: FleetOfProcesses, web: httpx.Client, shop: str) -> None:
    head, place, other = fleet.supervisor.address, fleet.worker("w1").address, f"other.{DOMAIN}"
    for domain in (other, DOMAIN):
        changed = web.post(f"/applications:update/{shop}", json={"cname": domain})
        assert changed.status_code == httpx.codes.OK, changed.text
        assert [name_at(f"{address}/api", Host=domain) for address in (head, place)] == [shop, shop]
    assert [name_at(f"{address}/api", Host=other) for address in (head, place)] == ["main", "APP_NOT_FOUND"]


def test_commands_are_given_where_an_application_runs(fleet: FleetOfProcesses, shop: str) -> None:
    head, place = fleet.supervisor, fleet.worker("w1")
    for given in (("collections", "list"), ("users", "list"), ("records", "list", "users")):
        began = time.monotonic()
        elsewhere = head.command(*given, "--app", shop)
        assert elsewhere.returncode == Exit.INVALID
        assert elsewhere.stderr == (
            "insula: The application shop runs in w1; give the command there, with the settings of that environment.\n"
        )
        assert time.monotonic() - began < SOON_S
        there = place.command(*given, "--app", shop)
        assert there.returncode == Exit.DONE, there.stderr
    logged = head.command("apps", "logs", shop)
    assert (logged.returncode, logged.stderr) == (
        Exit.MISSING,
        "insula: Nothing was logged for shop here. The environment where it runs has its log.\n",
    )
    assert "shop is running" in place.command("apps", "logs", shop).stdout
    for given in (("apps", "list"), ("users", "list")):
        without_main = place.command(*given)
        assert without_main.returncode == Exit.INVALID
        assert "no main application; give the command where its Supervisor runs" in without_main.stderr
    missing = head.command("collections", "list", "--app", "nobody")
    assert (missing.returncode, "There is no application 'nobody' here." in missing.stderr) == (
        Exit.MISSING,
        True,
    )


def test_metrics_are_for_programs_on_the_machine_itself(fleet: FleetOfProcesses) -> None:
    """As of one process, though main stands behind the front door here; who comes by a proxy can not say otherwise."""
    for address in (fleet.supervisor.address, fleet.worker("w1").address):
        assert "insula_build_info" in httpx.get(f"{address}/metrics").raise_for_status().text
        for told in ({"X-Forwarded-For": "198.51.100.1"}, {"Via": "1.1 a"}, {"X-Real-IP": "127.0.0.1"}):
            by_proxy = httpx.get(f"{address}/metrics", headers={**told, "X-Insula-Direct": "1"})
            assert (by_proxy.status_code, by_proxy.json()["error"]["code"]) == (403, "NOT_ALLOWED")


def test_it_is_reached_by_every_address(fleet: FleetOfProcesses, shop: str) -> None:
    head, place = fleet.supervisor.address, fleet.worker("w1").address
    assert name_at(f"{head}/api/__app/shop") == shop
    assert name_at(f"{head}/api", **{"X-App": shop}) == shop
    assert name_at(f"{head}/api", Host=DOMAIN) == shop
    by_query = httpx.get(f"{head}/api/app:getInfo", params={"__appName": shop})
    assert by_query.json()["data"]["name"] == shop
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
    assert time.monotonic() - began < SOON_S
    assert "can not be reached" in refused.text
    fleet.worker("w1").start()
    fleet.keep()
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
    fleet.keep()
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


def test_a_small_one_is_filled_and_retired(fleet: FleetOfProcesses, web: httpx.Client) -> None:
    small = fleet.worker("w9", INSULA_CAPACITY="1")
    small.start()
    fleet.keep()
    until(lambda: environments(web).get("w9", {}).get("state") == "online")
    fleet.make(web, "guest", "w9")
    assert (environments(web)["w9"]["placed"], environments(web)["w9"]["capacity"]) == (1, 1)
    refused = web.post("/applications:create", json={"name": "second", "environments": ["w9"]})
    assert refused.status_code == httpx.codes.CONFLICT
    assert "The environment w9 takes no more applications, since it has 1 of at most 1" in refused.text

    def forget() -> str:
        told = fleet.supervisor.command("environments", "forget", "w9")
        return f"{told.returncode:d} {told.stdout}{told.stderr}".strip()

    assert forget().startswith(f"{Exit.CONFLICT:d} ") and "guest" in forget()
    for verb in ("destroy", "purge"):
        do_away = web.post(f"/applications:{verb}/guest", params={"confirm": "guest"})
        assert do_away.status_code == httpx.codes.OK, do_away.text
    assert "it is online; stop it first" in forget()
    small.stop()
    until(lambda: environments(web)["w9"]["state"] == "offline")
    listed = fleet.supervisor.command("environments", "list").stdout
    assert "w9" in listed and "offline" in listed
    shown_ = fleet.supervisor.command("environments", "show", "w9")
    assert "The environment w9 was stopped." in shown_.stdout
    assert forget() == f"{Exit.DONE:d} w9 is forgotten."
    assert "w9" not in environments(web)
    assert fleet.supervisor.command("environments", "show", "w9").returncode == Exit.MISSING
    del fleet.instances["w9"]


def test_programs_that_watch_are_told_of_environments(
    fleet: FleetOfProcesses, web: httpx.Client, shop: str
) -> None:
    do(web, "restart", shop)
    told = httpx.get(f"{fleet.supervisor.address}/metrics").raise_for_status().text
    assert 'insula_environment_state{environment="w1",state="online"} 1' in told
    assert 'insula_environment_applications_placed{environment="w1"} ' in told
    assert 'insula_applications{state="running"} ' in told
    assert 'insula_commands_under_way{environment="w1",command="start"} 0' in told
    assert 'insula_commands_total{environment="w1",command="start",outcome="done"} ' in told
    for proxied in ({"X-Forwarded-For": "198.51.100.1"}, {"Via": "1.1 somebody"}):
        refused = httpx.get(f"{fleet.supervisor.address}/metrics", headers=proxied)
        assert refused.status_code == httpx.codes.FORBIDDEN
    here = httpx.get(f"{fleet.worker('w1').address}/metrics").raise_for_status().text
    assert 'insula_application_state{application="shop",state="running"} 1' in here


def test_one_name_is_one_worker(fleet: FleetOfProcesses, web: httpx.Client) -> None:
    other = fleet.worker("w2", "another")
    process = other.begin()
    assert process.wait(PATIENCE_S) == Exit.CONFLICT
    first = fleet.worker("w2")
    assert first.process is not None
    where = f"{first.settings['ENVIRONMENT_URL']} (host {gethostname()}, process {first.process.pid})"
    assert f" at {where}, is the environment w2 already" in other.log


def test_one_fleet_has_one_supervisor(fleet: FleetOfProcesses, web: httpx.Client, tmp_path: Path) -> None:
    """Another would stop what it does not know."""
    settings = {**fleet.supervisor.settings, **database_settings(None)}
    for name in [name for name in settings if name.startswith("DB_") and name != "DB_DIALECT"]:
        del settings[name]
    with Instance(tmp_path / "second", settings) as second:
        assert second.begin().wait(PATIENCE_S) == Exit.CONFLICT
        assert fleet.supervisor.process is not None
        where = f"host {gethostname()}, process {fleet.supervisor.process.pid}"
        assert re.search(rf"Another Supervisor, \S+ at {re.escape(where)}, commands", second.log)


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
    fleet.keep()
    until(lambda: environments(web)["w1"]["state"] == "online")
    assert do(web, "stop", "both")["statuses"] == {"w1": "stopped", "w2": "stopped"}
    assert do(web, "start", "both")["statuses"] == {"w1": "running", "w2": "running"}


def test_one_that_was_suspended_for_longer_than_its_lease_goes_on(
    fleet: FleetOfProcesses, web: httpx.Client, redis: servers.Server, shop: str
) -> None:
    do(web, "start", shop)
    with suspended(fleet.worker("w1").pid):
        servers.redis_command(redis, "DEL", "insula:lease:w1")  # as if it had run out
        until(lambda: environments(web)["w1"]["state"] != "online")
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
    """The last one: this Redis does not come back. Workers are started meanwhile, too, and join when another does."""
    do(web, "start", shop)
    fleet.make(web, "early", "w2", options={"startMode": "withMain"})
    fleet.make(web, "late", "w2")
    fleet.make(web, "down", "w2")
    assert do(web, "stop", "down")["status"] == "stopped"
    address = f"{fleet.supervisor.address}/api/__app/shop"
    redis.process.kill()
    redis.process.wait()
    fleet.worker("w1").printed(rf"The Redis 127.0.0.1:{redis.port}/0 \(.*\) does not answer")
    assert name_at(address) == shop
    assert name_at(f"{fleet.worker('w1').address}/api/__app/shop") == shop
    two = fleet.worker("w2")
    two.kill()
    two.begin()
    fleet.keep()
    place = f"{two.address}/api/__app"
    until(lambda: is_up(f"{place}/early"))
    assert "does not answer" in two.log and "joins the others when it does" in two.log
    assert name_at(f"{place}/early") == "early"
    assert name_at(f"{place}/late") == "late"
    assert name_at(f"{place}/down") == "APP_STOPPED"
    health = httpx.get(f"{two.address}/api/__health_check")
    assert health.status_code == httpx.codes.SERVICE_UNAVAILABLE
    assert health.json()["error"]["message"].endswith("does not answer; what is here is served.")
    with servers.redis(port=redis.port) as again:
        two.wait_until_well()
        assert do(web, "restart", shop)["status"] == "running"
        until(lambda: {shown(web, name)["status"] for name in ("early", "late")} == {"running"})
        assert shown(web, "late")["wanted"] == "running"
        assert do(web, "start", "down")["statuses"] == {"w2": "running"}
        until(lambda: {row["state"] for row in environments(web).values()} == {"online"})
        until(lambda: servers.redis_command(again, "HLEN", "insula:environments") == "2")
        assert name_at(address) == shop
