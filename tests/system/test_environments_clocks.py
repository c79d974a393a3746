"""Clocks of a fleet's machines that are apart by minutes: environments before and behind their Supervisor, one application in both."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from insula.supervisor.reconcile import EVERY_S
from insula.testing import servers
from insula.testing.eventful import Events
from insula.testing.eventually import until
from insula.testing.fleets import FleetOfProcesses, shown
from insula.testing.instance import ROOT_EMAIL, ROOT_PASSWORD
from insula.testing.shifted_clock import NoCompiler, ShiftedClock
from insula.testing.writers import ways_in, writers_on

PATIENCE_S = 30.0
AHEAD, BEHIND = "ahead", "behind"
APART_S = {AHEAD: 600, BEHIND: -240}
LONG_S = 660
"""Longer than anything may be on its way."""
HELD_S = 2.0
"""For so long a start is looked at that does not come to its end."""


@pytest.fixture(scope="module")
def clocks(tmp_path_factory: pytest.TempPathFactory) -> dict[str, ShiftedClock]:
    """Of each environment."""
    made = {}
    for place, seconds in APART_S.items():
        try:
            made[place] = ShiftedClock.built(tmp_path_factory.mktemp(place))
        except NoCompiler:
            pytest.skip("there is no C compiler to build the library with that moves the clock")
        made[place].jump_to(seconds)
    return made


@pytest.fixture(scope="module")
def fleet(
    postgresql: servers.Server,
    redis: servers.Server,
    clocks: dict[str, ShiftedClock],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[FleetOfProcesses]:
    folder = tmp_path_factory.mktemp("clocks")
    strangers = {
        "APP_TRUSTED_PROXIES": "192.0.2.0/24"
    }  # so that the Supervisor is believed by its proofs alone
    own = {place: {**clock.environment, **strangers} for place, clock in clocks.items()}
    fleet = FleetOfProcesses(folder, redis.port, postgresql, own=own, failpoints=True)
    with fleet.running(AHEAD, BEHIND) as made:
        with made.supervisor.sign_in() as client:
            both = {"name": "both", "environments": [AHEAD, BEHIND], "options": {"shareSession": True}}
            answer = client.post("/applications:create", json=both)
            assert answer.status_code == httpx.codes.OK, answer.text
            job = made.supervisor.wait_for_job(client, answer.json()["data"]["jobId"])
            assert job["status"] == "succeeded", job
        yield made


def test_the_clocks_are_apart(fleet: FleetOfProcesses) -> None:
    """By what their logs say."""
    for place, apart_s in APART_S.items():
        said = datetime.fromisoformat(fleet.worker(place).log.splitlines()[-1].split()[0])
        assert abs((said - datetime.now(UTC)) - timedelta(seconds=apart_s)) < timedelta(minutes=1)


def test_all_are_online_and_were_heard_just_now(fleet: FleetOfProcesses, web: httpx.Client) -> None:
    def rows() -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = web.get("/environments:list").json()["data"]
        return found

    until(lambda: {row["state"] for row in rows()} == {"online"}, rows)
    for row in rows():
        heard = datetime.fromisoformat(row["lastHeartbeatAt"])
        assert abs(heard - datetime.now(UTC)) < timedelta(seconds=60)


NAMES = ("started", "stopped", "slept", "restarted", "upgraded", "deleted", "purged", "made")


@pytest.mark.parametrize("place", [AHEAD, BEHIND])
def test_every_command_is_carried_out_while_clients_write(
    fleet: FleetOfProcesses, web: httpx.Client, place: str
) -> None:
    ways = ways_in(fleet, place, f"steady_{place}")
    with Events(fleet, place, web.headers) as events, writers_on(ways, place) as writers:
        events.bring(NAMES)
        for answer in events.begin(NAMES):
            told = answer.result(PATIENCE_S)
            assert told is not None
            assert told.status_code == httpx.codes.OK, told.text
        events.settle()
        events.check(NAMES)
        writers.written()
        assert writers.check()
        events.remove(NAMES)


def test_what_one_changes_is_in_force_in_the_other(fleet: FleetOfProcesses) -> None:
    head = f"{fleet.supervisor.address}/api/__app/both"
    for here, there in ((AHEAD, BEHIND), (BEHIND, AHEAD)):
        first, second = ({"X-Environment": place} for place in (here, there))
        with fleet.supervisor.sign_in_to("both") as people:
            made = people.post(f"{head}/collections:create", json={"name": f"of_{here}"}, headers=first)
            assert made.status_code == httpx.codes.OK, made.text
            until(
                lambda people=people, here=here, second=second: (  # type: ignore[misc]
                    people.get(f"{head}/of_{here}:list", headers=second).status_code == httpx.codes.OK
                )
            )
            who = people.get(f"{head}/auth:check", headers=second)
            assert who.json()["data"]["email"] == ROOT_EMAIL
            assert people.post(f"{head}/auth:signOut", headers=first).status_code == httpx.codes.OK
            until(
                lambda people=people, second=second: (  # type: ignore[misc]
                    people.get(f"{head}/auth:check", headers=second).status_code == httpx.codes.UNAUTHORIZED
                )
            )


@pytest.mark.parametrize("place", [AHEAD, BEHIND])
def test_who_signs_in_at_one_is_let_in_by_the_other(fleet: FleetOfProcesses, place: str) -> None:
    given = {"account": ROOT_EMAIL, "password": ROOT_PASSWORD}
    address = {each: f"{fleet.worker(each).address}/api/__app/both" for each in (AHEAD, BEHIND)}
    token = httpx.post(f"{address[place]}/auth:signIn", json=given).json()["data"]["token"]
    for each in address.values():
        who = httpx.get(f"{each}/auth:check", headers={"Authorization": f"Bearer {token}"})
        assert who.json()["data"]["email"] == ROOT_EMAIL, who.text


@pytest.mark.parametrize("place", [AHEAD, BEHIND])
def test_people_of_main_are_let_in_where_sessions_are_shared(
    fleet: FleetOfProcesses, web: httpx.Client, place: str
) -> None:
    for address in (fleet.supervisor.address, fleet.worker(place).address):
        who = web.get(f"{address}/api/__app/both/auth:check", headers={"X-Environment": place})
        assert who.json()["data"]["email"] == ROOT_EMAIL, who.text


@pytest.mark.parametrize("place", [AHEAD, BEHIND])
def test_where_a_forwarded_request_comes_from_is_believed(fleet: FleetOfProcesses, place: str) -> None:
    """That people came over https is told by the Supervisor, and proved."""
    with fleet.supervisor.sign_in() as client:
        fleet.make(client, f"known_{place}", place)
    given = {"account": ROOT_EMAIL, "password": ROOT_PASSWORD}
    for address, secure in ((fleet.supervisor.address, True), (fleet.worker(place).address, False)):
        signed_in = httpx.post(
            f"{address}/api/__app/known_{place}/auth:signIn",
            json=given,
            headers={"X-Forwarded-Proto": "https"},
        )
        cookies = signed_in.headers.get_list("set-cookie")
        assert cookies
        assert ["secure" in cookie.lower() for cookie in cookies] == [secure] * len(cookies)


@pytest.mark.parametrize("place", [AHEAD, BEHIND])
def test_what_is_on_its_way_is_not_overdue(
    fleet: FleetOfProcesses, clocks: dict[str, ShiftedClock], web: httpx.Client, place: str
) -> None:
    def heard() -> datetime:
        found = web.get("/environments:get", params={"filterByTk": place}).json()["data"]
        return datetime.fromisoformat(found["lastHeartbeatAt"])

    name = f"slow_{place}"
    fleet.make(web, name, place)
    assert web.post(f"/applications:stop/{name}").status_code == httpx.codes.OK
    clocks[place].jump_to(LONG_S if place == AHEAD else -LONG_S)
    jumped = datetime.now(UTC)
    until(lambda: heard() > jumped)  # its clock is known
    fleet.arm(place, "hold", "start.prepared")
    with ThreadPoolExecutor(1) as pool:
        starting = pool.submit(web.post, f"/applications:start/{name}")
        fleet.worker(place).printed(rf"\[{name} .*reached start.prepared .*hold")
        seen, began = {shown(web, name)["status"]}, time.monotonic()
        while time.monotonic() - began < HELD_S:
            seen.add(shown(web, name)["status"])
        fleet.arm(place)
        assert starting.result().status_code == httpx.codes.OK, starting.result().text
    assert seen == {"commanding"}
    clocks[place].jump_to(APART_S[place])


def test_one_that_has_just_come_up_is_not_taken_for_idle(fleet: FleetOfProcesses, web: httpx.Client) -> None:
    fleet.make(web, "sleepy", BEHIND, options={"sleepAfter": 120})
    web.post("/applications:restart/sleepy")
    until(lambda: "reached start.told" in fleet.worker(BEHIND).log)
    began = time.monotonic()
    until(lambda: time.monotonic() - began > EVERY_S * 1.5 or shown(web, "sleepy")["wanted"] != "running")
    assert (shown(web, "sleepy")["status"], shown(web, "sleepy")["wanted"]) == ("running", "running")
