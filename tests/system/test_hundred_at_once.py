"""A hundred applications in two environments, started at once: all come up, none twice, none late."""

import re
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Final

import httpx
import pytest

from insula.fleet.command import DEADLINE_S
from insula.testing import servers
from insula.testing.fleets import FleetOfProcesses
from insula.testing.leaks import outlives_a_test

COUNT: Final = 100
NAMES: Final = [f"app{number}" for number in range(COUNT)]
HOLD_S: Final = 30.0
"""What a visitor is held for at most, as it is set where nothing else is said."""


@pytest.fixture(scope="module")
def fleet(postgresql: servers.Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[FleetOfProcesses]:
    """The applications are made, half of them in each of two environments, and stopped."""
    with servers.redis() as redis:
        outlives_a_test(redis.process.pid)
        made = FleetOfProcesses(tmp_path_factory.mktemp("hundred"), redis.port, postgresql)
        try:
            made.start("w1", "w2")
            for instance in made.instances.values():
                assert instance.process is not None
                outlives_a_test(instance.process.pid)
            with made.supervisor.sign_in() as client:

                def make(name: str) -> None:
                    made.make(client, name, _place(name), options={"dbConnType": "new_schema"})

                at_once(make, 8)
            yield made
        finally:
            made.end()


def _place(name: str) -> str:
    return ("w1", "w2")[int(name.removeprefix("app")) % 2]


def at_once(work: Callable[[str], None], clients: int = COUNT) -> float:
    """Do it for all of them; seconds that it took."""
    began = time.monotonic()
    with ThreadPoolExecutor(clients) as pool:
        list(pool.map(work, NAMES))
    return time.monotonic() - began


def down(client: httpx.Client, verb: str) -> None:
    """Have all stopped, or put to sleep."""
    answer = client.post(f"/applications:{verb}", params={"filterByTk": str(NAMES).replace("'", '"')})
    assert answer.status_code == httpx.codes.OK, answer.text


def starts(fleet: FleetOfProcesses) -> Counter[str]:
    """Application → how often it has come up, as the workers' logs tell it."""
    logs = "".join(fleet.worker(place).log for place in ("w1", "w2"))
    return Counter(re.findall(r"\b(app\d+) is running$", logs, re.MULTILINE))


def shown(client: httpx.Client) -> dict[str, str]:
    """Application → status."""
    rows = client.get("/applications:list", params={"paginate": "false"}).json()["data"]
    return {row["name"]: row["status"] for row in rows}


def test_all_that_are_started_at_once_come_up_and_none_twice(fleet: FleetOfProcesses) -> None:
    with fleet.supervisor.sign_in() as client:
        down(client, "stop")
        before = starts(fleet)

        def start(name: str) -> None:
            answer = client.post(f"/applications:start/{name}")
            assert answer.status_code == httpx.codes.OK, answer.text
            assert answer.json()["data"]["status"] == "running"

        took_s = at_once(start)
        assert took_s < DEADLINE_S
        assert shown(client) == dict.fromkeys(NAMES, "running")
        assert starts(fleet) - before == Counter(NAMES)


def test_all_that_are_visited_at_once_come_up_and_none_twice(fleet: FleetOfProcesses) -> None:
    """Each by two visitors, one through the Supervisor and one at the environment itself."""
    with fleet.supervisor.sign_in() as client:
        down(client, "sleep")
        before = starts(fleet)
        anyone = httpx.Client(
            timeout=HOLD_S + 10, limits=httpx.Limits(max_connections=2 * COUNT, max_keepalive_connections=0)
        )

        def visit(name: str) -> None:
            addresses = (fleet.supervisor.address, fleet.worker(_place(name)).address)
            with ThreadPoolExecutor(2) as pool:
                found = pool.map(
                    lambda address: anyone.get(f"{address}/api/__app/{name}/app:getLang"), addresses
                )
            for answer in found:
                assert answer.status_code == httpx.codes.OK, answer.text

        with anyone:
            took_s = at_once(visit)
        assert took_s < HOLD_S
        assert shown(client) == dict.fromkeys(NAMES, "running")
        assert starts(fleet) - before == Counter(NAMES)
