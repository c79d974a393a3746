"""What is shown of environments that are not as they should be, and what people and programs are told: a supervisor and its
workers as real processes."""

import json
import re
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from insula import __version__
from insula.testing import servers
from insula.testing.eventually import until
from insula.testing.fleets import FleetOfProcesses, shown
from insula.testing.instance import ROOT_EMAIL
from insula.testing.relay import Relay
from insula.testing.web import boot_of

PATIENCE_S = 20.0
JSON = {"Content-Type": "application/json"}
PEOPLE = {"Accept": "text/html"}
OTHER_VERSION = "9.9.9"
FROM_ELSEWHERE = "127.0.0.2"
"""An address of this machine that is nobody's peer otherwise."""


@pytest.fixture(scope="module")
def fleet(
    postgresql: servers.Server, redis: servers.Server, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[FleetOfProcesses]:
    """Two environments, and an application in the first."""
    # Nobody here is a proxy: by default all on this machine would be believed.
    more = {"INSULA_ACCESS_LOG": "true", "APP_TRUSTED_PROXIES": "192.0.2.1"}
    fleet = FleetOfProcesses(tmp_path_factory.mktemp("told"), redis.port, postgresql, more, failpoints=True)
    with fleet.running("w1", "w2") as made:
        with made.supervisor.sign_in() as client:
            made.make(client, "told", "w1")
        yield made


def environment(web: httpx.Client, name: str) -> dict[str, Any]:
    """As it is shown; empty where it is not."""
    rows = web.get("/environments:list").raise_for_status().json()["data"]
    return next((row for row in rows if row["name"] == name), {})


def do(web: httpx.Client, verb: str, name: str, **values: Any) -> dict[str, Any]:
    web.post(f"/applications:{verb}/{name}", json=values or None).raise_for_status()
    return shown(web, name)


def refusal(answer: httpx.Response) -> str:
    """What is said to who is refused."""
    assert answer.status_code >= httpx.codes.BAD_REQUEST, answer.text
    return str(answer.json()["errors"][0]["message"])


def later(answer: httpx.Response) -> httpx.Response | None:
    """One that does not tell to ask again."""
    return None if "retry-after" in answer.headers else answer


# --- environments that are not as they should be


def test_a_worker_of_another_version_is_shown_so(
    fleet: FleetOfProcesses, web: httpx.Client, short_path: Any
) -> None:
    (short_path / "sitecustomize.py").write_text(f"import insula\ninsula.__version__ = {OTHER_VERSION!r}\n")
    with fleet.worker("w3", PYTHONPATH=str(short_path)) as older:
        older.start()
        found = until(lambda: environment(web, "w3"))
        assert found["appVersion"] == OTHER_VERSION
        assert OTHER_VERSION in found["warning"]
        assert __version__ in found["warning"]
        assert environment(web, "w1")["warning"] is None
        assert environment(web, "w1")["appVersion"] == __version__
        assert older.stop() == 0


def test_a_worker_that_can_not_be_reached_is_shown_with_the_reason(
    fleet: FleetOfProcesses, web: httpx.Client
) -> None:
    """It has registered, and takes commands; but nobody would get to what runs there."""
    nowhere = f"http://127.0.0.1:{servers.free_port()}"
    with fleet.worker("w4", ENVIRONMENT_PROXY_URL=nowhere) as worker:
        worker.start()
        until(lambda: environment(web, "w4").get("state") == "offline")
        found = environment(web, "w4")
        assert (found["url"], found["proxyUrl"], found["available"]) == (worker.address, nowhere, False)
        assert nowhere in found["failure"]
        told = refusal(web.post("/applications:create", json={"name": "unreached", "environments": ["w4"]}))
        assert nowhere in told
        assert worker.stop() == 0


def test_a_worker_that_says_good_bye_is_offline_at_once(fleet: FleetOfProcesses, web: httpx.Client) -> None:
    with fleet.worker("w5") as worker:
        worker.start()
        until(lambda: environment(web, "w5").get("state") == "online")
        assert worker.stop() == 0
        found = until(lambda: environment(web, "w5")["state"] == "offline" and environment(web, "w5"))
        assert found["failure"] == "The environment w5 was stopped."


def test_an_environment_is_not_asked_for_plugins_but_named(
    fleet: FleetOfProcesses, web: httpx.Client
) -> None:
    do(web, "start", "told")
    told = refusal(web.get("/applications:plugins/told"))
    assert "runs in the environment w1; open its own plugin manager there" in told
    do(web, "sleep", "told")
    assert "does not run; start it first" in refusal(web.get("/applications:plugins/told"))
    assert shown(web, "told")["wanted"] == "asleep"


# --- what people and programs are told


def test_a_worker_says_where_the_main_application_is(fleet: FleetOfProcesses) -> None:
    place = fleet.worker("w1").address
    for path in ("/", "/admin/", "/apps/", "/setup"):
        page = httpx.get(f"{place}{path}", headers=PEOPLE)
        assert (page.status_code, page.headers["content-type"][:9]) == (httpx.codes.NOT_FOUND, "text/html")
        assert "Supervisor" in page.text or path == "/apps/", page.text
    for path in ("/api/applications:list", "/api/environments:list", "/api/jobs:list"):
        answer = httpx.get(f"{place}{path}")
        assert (answer.status_code, answer.json()["error"]["code"]) == (404, "APP_NOT_FOUND")
        assert "Supervisor" in answer.text


def test_at_a_worker_nobody_talks_to_a_main_application(fleet: FleetOfProcesses) -> None:
    with pytest.raises(InvalidStatus) as caught:
        connect(f"ws://127.0.0.1:{fleet.worker('w1').port}/ws").close()
    assert caught.value.response.status_code == httpx.codes.NOT_FOUND
    assert b"Supervisor" in bytes(caught.value.response.body or b"")


def test_people_see_how_far_it_is_and_then_the_application(
    fleet: FleetOfProcesses, web: httpx.Client
) -> None:
    assert do(web, "sleep", "told")["wanted"] == "asleep"
    page = f"{fleet.supervisor.address}/apps/told/admin/"
    fleet.arm("w1", "delay:1", "start.initialized")
    with httpx.Client(headers=PEOPLE, timeout=PATIENCE_S) as browser:
        first = browser.get(page)
        assert "told is on its way" in first.text
        assert (first.status_code, first.headers.get("retry-after")) == (503, "1")
        assert first.headers["content-type"].startswith("text/html")
        came = until(lambda: later(browser.get(page)))
    fleet.arm("w1")
    assert boot_of(came.text)["app"] == "told"
    assert (came.status_code, boot_of(came.text)["mode"]) == (200, "worker")
    assert shown(web, "told")["wanted"] == "running"


def test_a_request_with_a_body_is_held_while_its_application_wakes(
    fleet: FleetOfProcesses, web: httpx.Client
) -> None:
    with fleet.supervisor.sign_in_to("told") as people:
        assert do(web, "sleep", "told")["wanted"] == "asleep"
        address = f"{fleet.supervisor.address}/api/__app/told/roles:create"
        role = {"name": "held", "title": "held", "description": "x" * 1000}
        blanks = " " * 200_000  # more than is kept of a request that waits
        made = people.post(address, content=blanks + json.dumps(role), headers=JSON)
        assert made.status_code == httpx.codes.OK, made.text[:500]
        assert shown(web, "told")["wanted"] == "running"


def test_where_a_request_comes_from_is_not_for_strangers_to_say(
    fleet: FleetOfProcesses, web: httpx.Client
) -> None:
    """The worker's log tells what it believes: the Supervisor's word, with its proof, and nobody else's."""
    do(web, "start", "told")
    lies = {
        "X-Forwarded-For": "9.9.9.9",
        "X-Forwarded-Host": "told.example.com",
        "X-Real-IP": "9.9.9.9",
        "Forwarded": "for=9.9.9.9",
        "X-Insula-Hop": f"http 9.9.9.9 - {'0' * 64}",
    }
    worker = fleet.worker("w1")
    transport = httpx.HTTPTransport(local_address=FROM_ELSEWHERE)
    with httpx.Client(transport=transport, headers=lies) as stranger:
        for number, head in enumerate((fleet.supervisor, worker)):
            path = f"/api/__app/told/app:getInfo-{number}"
            assert stranger.get(f"{head.address}{path}").status_code == httpx.codes.NOT_FOUND
            line = worker.printed(rf".*app:getInfo-{number}.*").splitlines()[-1]
            assert FROM_ELSEWHERE in line
        path = "/api/app:getInfo-of-main"
        assert stranger.get(f"{fleet.supervisor.address}{path}").status_code == httpx.codes.NOT_FOUND
        line = fleet.supervisor.printed(rf".*{path}.*").splitlines()[-1]
        assert FROM_ELSEWHERE in line
        # a host that is a stranger's word chooses no application either
        answer = stranger.get(f"{worker.address}/api/app:getInfo")
        assert answer.json()["error"]["code"] == "APP_NOT_FOUND"
    assert "9.9.9.9" not in worker.log
    assert "9.9.9.9" not in fleet.supervisor.log


def test_a_page_loads_the_files_of_the_environment_that_it_comes_from(
    fleet: FleetOfProcesses, web: httpx.Client
) -> None:
    do(web, "start", "told")
    head = fleet.supervisor.address
    for path, mode, below in (
        ("/admin/", "supervisor", "/assets/"),
        ("/apps/told/admin/", "worker", "/apps/told/assets/"),
    ):
        page = httpx.get(f"{head}{path}", headers=PEOPLE)
        assert boot_of(page.text)["mode"] == mode
        files = re.findall(r'(?:href|src)="(/[^"]+)"', page.text)
        assert files
        assert all(file.startswith(below) for file in files)
        for file in files:
            answer = httpx.get(f"{head}{file}", headers={"Accept-Encoding": "gzip"})
            assert (answer.status_code, "immutable" in answer.headers["cache-control"]) == (200, True), file
            assert answer.content == httpx.get(f"{fleet.worker('w1').address}{file}").content


def test_people_see_a_page_and_programs_the_error_when_an_environment_is_down(
    fleet: FleetOfProcesses, web: httpx.Client
) -> None:
    """From the very first request that finds nobody there."""
    do(web, "start", "told")
    head = fleet.supervisor.address
    page, api = f"{head}/apps/told/admin/", f"{head}/api/__app/told/app:getInfo"
    assert httpx.get(page, headers=PEOPLE).status_code == httpx.codes.OK
    fleet.worker("w1").kill()
    first = httpx.get(page, headers=PEOPLE)
    until(lambda: environment(web, "w1")["state"] == "offline")
    later = httpx.get(page, headers=PEOPLE)
    for answer in (first, later):
        assert (answer.status_code, answer.headers["content-type"][:9]) == (503, "text/html"), answer.text
        assert "does not answer" in answer.text
        assert answer.headers["content-security-policy"]
    for answer in (httpx.get(api), httpx.get(page), httpx.get(api, headers=PEOPLE)):
        error = answer.json()["error"]
        assert (answer.status_code, error["code"]) == (503, "ENVIRONMENT_UNAVAILABLE")
        assert error["maintaining"] is False
    fleet.worker("w1").start()
    fleet.keep()
    until(lambda: httpx.get(api).status_code == httpx.codes.OK)


def test_a_worker_that_is_started_again_brings_back_what_is_wanted_and_no_more(
    fleet: FleetOfProcesses, web: httpx.Client
) -> None:
    for name in ("upright", "resting", "halted"):
        fleet.make(web, name, "w2", options={"startMode": "withMain"})
    assert do(web, "sleep", "resting")["wanted"] == "asleep"
    assert do(web, "stop", "halted")["wanted"] == "stopped"
    worker = fleet.worker("w2")
    worker.kill()
    worker.start()
    fleet.keep()
    until(lambda: shown(web, "upright")["status"] == "running")
    until(lambda: environment(web, "w2")["state"] == "online")
    assert (shown(web, "resting")["status"], shown(web, "resting")["wanted"]) == ("stopped", "asleep")
    for address in (worker.address, fleet.supervisor.address):
        halted = httpx.get(f"{address}/api/__app/halted/app:getInfo")
        assert halted.json()["error"]["code"] == "APP_STOPPED"
    resting = httpx.get(f"{worker.address}/api/__app/resting/app:getInfo", timeout=PATIENCE_S)
    assert resting.json()["data"]["name"] == "resting"


def test_an_environment_s_log_tells_who_asked_for_what(fleet: FleetOfProcesses, web: httpx.Client) -> None:
    worker = fleet.worker("w1")
    asked = httpx.Headers({"X-Request-Id": "asked-by-hand"})
    for verb in ("stop", "start"):
        web.post(f"/applications:{verb}/told", headers=asked).raise_for_status()
        assert re.search(rf"{verb} of told, asked for by {ROOT_EMAIL} \(asked-by-hand\.", worker.log)
    assert "create of told, asked for by the job that makes it (" in worker.log


# --- another environment


def test_a_stopped_application_moves_when_its_database_is_reached_from_there(
    fleet: FleetOfProcesses, web: httpx.Client, postgresql: servers.Server
) -> None:
    port = servers.free_port()
    database = {
        "dialect": "postgres",
        "host": "127.0.0.1",
        "port": port,
        "username": postgresql.user,
        "password": postgresql.password,
        "database": f"moving_{port}",
    }
    with Relay(port, postgresql.port):
        fleet.make(web, "moving", "w1", options={"database": database})
        running = web.post("/applications:update/moving", json={"environments": ["w2"]})
        assert "is not stopped; stop it first" in refusal(running)
        do(web, "stop", "moving")
    told = refusal(web.post("/applications:update/moving", json={"environments": ["w2"]}))
    assert "database" in told
    assert postgresql.password not in told
    assert shown(web, "moving")["environments"] == ["w1"]
    with Relay(port, postgresql.port):
        assert do(web, "update", "moving", environments=["w2"])["environments"] == ["w2"]
        assert do(web, "start", "moving")["statuses"] == {"w2": "running"}
        info = httpx.get(f"{fleet.worker('w2').address}/api/__app/moving/app:getInfo")
        assert info.json()["data"]["name"] == "moving"
        gone = httpx.get(f"{fleet.worker('w1').address}/api/__app/moving/app:getInfo")
        assert gone.json()["error"]["code"] == "APP_NOT_FOUND"
        do(web, "stop", "moving")


def test_a_database_that_is_a_file_stays_where_it_is(fleet: FleetOfProcesses, web: httpx.Client) -> None:
    database = {"dialect": "sqlite"}
    fleet.make(web, "filed", "w1", options={"database": database})
    do(web, "stop", "filed")
    for places in (["w2"], ["w1", "w2"]):
        answer = web.post("/applications:update/filed", json={"environments": places})
        assert "file" in refusal(answer)
        assert shown(web, "filed")["environments"] == ["w1"]
    both = {"name": "filed_twice", "environments": ["w1", "w2"], "options": {"database": database}}
    assert "file" in refusal(web.post("/applications:create", json=both))
    assert shown(web, "filed_twice") is None
