"""An application whose threads are all blocked keeps neither main nor its neighbours waiting, nor its own end."""

import select
import socket
import statistics
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families
from vega_datasets import local_data

from insula.core.threads import SIZE, WAITING
from insula.testing import shelf
from insula.testing.fleet_client import FleetClient
from insula.testing.instance import Instance

STOP_S = 2.0
"""What an application and the process get to finish."""
SPARE_S = 15.0
"""For what else is done at an end, on a machine that is busy with other tests."""
PATIENCE_S = 30.0
REFUSED = 20
BLOCKS = '''
import asyncio
import time

from insula.application.api.action import Action, Answer, Resource
from insula.application.plugin import Plugin
from insula.plugins.import_export import importer

batches = importer.batches


def stuck(path, *arguments, **more):
    """As a disk on the network that does not answer."""
    if "/shop/" in str(path):
        time.sleep(1000)
    yield from batches(path, *arguments, **more)


importer.batches = stuck


async def block(context):
    """As a library that waits for a server that does not answer; by habit, the other way."""
    if context.key == "habit":
        await asyncio.to_thread(time.sleep, 1000)
    else:
        await context.application.threads.run(time.sleep, 1000)
    return Answer("done")


async def compute(context):
    return Answer(await context.application.threads.run(sum, range(1000)))


class Shelf(Plugin):
    """Blocks its threads."""

    name = "shelf"
    title = description = "Shelf"
    enabled_by_default = True
    resources = (
        Resource("shelf", (
            Action("block", block, "public", "Block."),
            Action("compute", compute, "public", "Compute."),
        ), "Shelf"),
    )
'''


@pytest.fixture
def fleet(dialect_settings: Mapping[str, str], tmp_path: Path) -> Iterator[FleetClient]:
    """Two applications, ``shop``, whose plugin blocks when it is asked to, and its neighbour ``bank``."""
    plugin = shelf.installed(tmp_path / "plugin", BLOCKS)
    limits = {"INSULA_STOP_TIMEOUT_S": str(STOP_S), "INSULA_STALL_LIMIT_S": "0.3"}
    with Instance(tmp_path / "storage", {**dialect_settings, **plugin, **limits}) as instance:
        instance.start()
        with FleetClient(instance) as fleet:
            for name in ("shop", "bank"):
                fleet.create(name)
            yield fleet


@contextmanager
def asked(fleet: FleetClient, count: int, how: str = "") -> Iterator[list[socket.socket]]:
    """So many requests to ``shop`` that block, under way."""
    path = f"/api/__app/shop/shelf:block{how}".encode()
    with ExitStack() as stack:
        sockets = []
        for _ in range(count):
            one = stack.enter_context(socket.create_connection(("127.0.0.1", fleet.instance.port)))
            one.sendall(b"GET " + path + b" HTTP/1.1\r\nHost: x\r\n\r\n")
            sockets.append(one)
        yield sockets


def answers(sockets: list[socket.socket], count: int) -> list[str]:
    """What the first so many were answered."""
    deadline = time.monotonic() + PATIENCE_S
    while len(ready := select.select(sockets, [], [], 0.05)[0]) < count:
        assert time.monotonic() < deadline, f"{len(ready)} were answered"
    return [one.recv(65536).decode() for one in ready]


def pace(client: httpx.Client) -> float:
    """Seconds that a list takes, in the middle of many."""

    def once() -> float:
        began = time.monotonic()
        client.get("/users:list").raise_for_status()
        return time.monotonic() - began

    return statistics.median(once() for _ in range(30))


def carries_on(fleet: FleetClient, name: str, client: httpx.Client) -> None:
    """People sign in, import, export and read the log, as ever."""
    began = time.monotonic()
    fresh = fleet.instance.sign_in() if name == "main" else fleet.inside(name)
    fresh.close()
    sheet = Path(local_data.airports.filepath).read_bytes()
    taken = (
        client.post("/imports:create?collection=airports", content=sheet).raise_for_status().json()["data"]
    )
    job = fleet.instance.wait_for_job(client, taken["jobId"], timeout_s=PATIENCE_S)
    rows = len(sheet.strip().splitlines()) - 1
    assert (job["status"], job["steps"][0]["result"]["imported"]) == ("succeeded", rows)
    exported = client.get("/airports:export?format=csv").raise_for_status().text
    assert len(exported.strip().splitlines()) == rows + 1
    told = fleet.instance.command("apps", "logs", name)
    assert told.returncode == 0, told.stderr
    assert time.monotonic() - began < PATIENCE_S / 2


def test_neighbours_carry_on_and_the_blocked_one_can_be_stopped(fleet: FleetClient) -> None:
    instance = fleet.instance
    with fleet.inside("shop") as shop, fleet.inside("bank") as bank:
        usual = [pace(client) for client in (fleet.client, bank)]
        taken = shop.post("/imports:create?collection=things", content=b"a\n1\n").raise_for_status()
        deadline = time.monotonic() + PATIENCE_S
        while busy_s(instance)["shop"] < 0.2:  # what it does before that it is stuck takes less
            assert time.monotonic() < deadline
        with asked(fleet, SIZE - 1 + WAITING + REFUSED) as sockets:
            refused = answers(sockets, REFUSED)
            assert len(refused) == REFUSED
            for answer in refused:
                assert answer.startswith("HTTP/1.1 503")
                assert "retry-after: 2" in answer.lower()
                assert f"All {SIZE} threads of shop are busy, and {WAITING} calls wait for one" in answer
                assert '"OVERLOADED"' in answer
            assert shop.get("/users:list").status_code == 200  # what needs no thread is answered there, too
            assert (
                shop.get(f"/jobs:get/{taken.json()['data']['jobId']}").json()["data"]["status"] == "running"
            )
            for name, client, before in zip(("main", "bank"), (fleet.client, bank), usual, strict=True):
                carries_on(fleet, name, client)
                assert pace(client) < 3 * before + 1.0
            is_told(instance)
            began = time.monotonic()
            fleet.call("stop", "shop")
            assert time.monotonic() - began < STOP_S + SPARE_S
        fleet.call("start", "shop")
        assert shop.get("/shelf:compute").json()["data"] == sum(range(1000))
        with asked(fleet, SIZE), asked(fleet, SIZE, "/habit"):
            began = time.monotonic()
            assert instance.stop() == 0
            assert time.monotonic() - began < STOP_S + SPARE_S
    assert "left behind" in instance.log


def busy_s(instance: Instance) -> dict[str, float]:
    """Application → for how long one of its threads has been busy."""
    page = httpx.get(f"{instance.address}/metrics").text
    return {
        sample.labels["application"]: sample.value
        for family in text_string_to_metric_families(page)
        for sample in family.samples
        if sample.name == "insula_thread_busy_seconds"
    }


def is_told(instance: Instance) -> None:
    """Who keeps threads busy: in the log, and to programs that watch."""
    instance.printed(r"A thread of shop has been busy with sleep for \d")
    instance.printed(r"time\.sleep\(1000\)")  # of the import: a line of Python
    busy = busy_s(instance)
    assert busy["shop"] > 3.0
    assert busy["main"] < 1.0 > busy["bank"]


@pytest.mark.parametrize("dialect_settings", ["sqlite"], indirect=True)
def test_a_plugin_that_takes_pythons_own_pool_fills_its_applications_threads(fleet: FleetClient) -> None:
    """And no more: neither those of others, nor of the process, with which databases are made."""
    with fleet.inside("bank") as bank, asked(fleet, SIZE + WAITING + REFUSED, "/habit") as sockets:
        assert len(answers(sockets, REFUSED)) == REFUSED
        carries_on(fleet, "bank", bank)
        fleet.create("press")
        fleet.call("stop", "press")
        fleet.call("destroy", "press", confirm="press")
        fleet.call("purge", "press", confirm="press")
    assert fleet.instance.stop() == 0
