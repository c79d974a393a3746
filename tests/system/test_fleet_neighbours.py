"""What goes wrong in one application disturbs neither main nor its neighbours."""

import concurrent.futures
import contextlib
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import psutil
import pytest

from insula.testing import servers
from insula.testing.fleet_client import FleetClient
from insula.testing.instance import Instance, database_settings

ANSWERS_WITHIN_S = 10.0
"""For a neighbour, on a machine that is busy with other tests."""
ROWS = 30_000
MOST_GROWTH_BYTES = 64 * 2**20
"""While the answer goes out, which is about as large."""


@pytest.fixture
def fleet(tmp_path: Path) -> Iterator[FleetClient]:
    """Two applications on SQLite: ``shop`` and its neighbour ``bank``."""
    with Instance(tmp_path / "storage") as instance:
        instance.start()
        with FleetClient(instance) as fleet:
            for name in ("shop", "bank"):
                fleet.create(name)
            yield fleet
        instance.stop()


def neighbours_answer(fleet: FleetClient) -> None:
    for path in ("/app:getInfo", "/__app/bank/app:getLang"):
        began = time.monotonic()
        answer = fleet.client.get(path)
        assert answer.status_code == 200, answer.text
        assert time.monotonic() - began < ANSWERS_WITHIN_S


def test_a_database_that_is_broken(fleet: FleetClient) -> None:
    file = fleet.instance.storage / "apps" / "shop" / "shop.sqlite"
    assert file.is_file()
    fleet.call("stop", "shop")
    kept = file.read_bytes()
    file.write_bytes(b"this is no database" * 1000)
    answer = fleet.ask("start", "shop")
    assert answer.status_code >= 400
    assert "Traceback" not in answer.text
    assert fleet.get("shop")["status"] == "error"
    neighbours_answer(fleet)
    asked = httpx.get(f"{fleet.instance.address}/api/__app/shop/app:getInfo", timeout=40)
    assert (asked.status_code, asked.json()["error"]["code"]) == (503, "APP_ERROR")
    file.write_bytes(kept)
    fleet.call("start", "shop")
    assert fleet.get("shop")["status"] == "running"


def test_a_database_of_another(fleet: FleetClient) -> None:
    """A file that bears another stamp is neither written nor dropped."""
    folder = fleet.instance.storage / "apps"
    for name in ("shop", "bank"):
        fleet.call("stop", name)
    shop, bank = folder / "shop" / "shop.sqlite", folder / "bank" / "bank.sqlite"
    bank.replace(shop)
    before = shop.read_bytes()
    answer = fleet.ask("start", "shop")
    assert answer.status_code >= 400, answer.text
    fleet.call("destroy", "shop", confirm="shop")
    purged = fleet.call("purge", "shop", confirm="shop")
    assert "shop.sqlite" in str(purged), purged  # what is left is named
    assert shop.read_bytes() == before
    with sqlite3.connect(shop) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_answers_of_many_rows_and_many_requests_at_once(fleet: FleetClient) -> None:
    with fleet.inside("shop") as shop:
        fields = [{"name": "title", "type": "text"}]
        shop.post("/collections:create", json={"name": "things", "fields": fields}).raise_for_status()
        sheet = "title\n" + "".join(f"{number} {'x' * 100}\n" for number in range(ROWS))
        job = shop.post("/imports:create?collection=things", content=sheet.encode()).json()["data"]["jobId"]
        while shop.get(f"/jobs:get/{job}").json()["data"]["status"] in ("waiting", "running"):
            time.sleep(0.05)

        def flood(_: int) -> int:
            return len(shop.get("/things:list?paginate=false").raise_for_status().json()["data"])

        with concurrent.futures.ThreadPoolExecutor(16) as pool:
            flooding = [pool.submit(flood, number) for number in range(24)]
            while not all(one.done() for one in flooding):
                neighbours_answer(fleet)
                time.sleep(0.1)
            assert {one.result() for one in flooding} == {ROWS}


def test_a_server_that_goes_away(tmp_path: Path) -> None:
    """Applications whose database server dies say so; those beside them on a file go on, and all come back with it."""
    with servers.postgresql() as server, Instance(tmp_path / "storage") as instance:
        instance.start()
        with FleetClient(instance) as fleet:
            where = database_settings(server)
            database = {
                "dialect": "postgres",
                "host": where["DB_HOST"],
                "port": int(where["DB_PORT"]),
                "username": where["DB_USER"],
                "password": where["DB_PASSWORD"],
            }
            fleet.create("bank")
            fleet.create("shop", database=database)
            servers.stop(server.process)
            answer = fleet.client.get("/__app/shop/collections:list")
            assert answer.status_code == 503, answer.text
            neighbours_answer(fleet)
        instance.stop()


def test_an_answer_of_a_million_rows(fleet: FleetClient) -> None:
    """It is streamed: the neighbours are answered meanwhile, and the process does not grow by it."""
    with fleet.inside("shop") as shop:
        fields = [{"name": "title", "type": "string"}]
        shop.post("/collections:create", json={"name": "things", "fields": fields}).raise_for_status()
    fleet.call("stop", "shop")
    numbers = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000000)"
    with contextlib.closing(sqlite3.connect(fleet.instance.storage / "apps/shop/shop.sqlite")) as file:
        file.execute(f"INSERT INTO things (title) {numbers} SELECT 'thing ' || i FROM n")
        file.commit()
    fleet.call("start", "shop")
    assert fleet.instance.process is not None
    process = psutil.Process(fleet.instance.process.pid)
    with fleet.inside("shop") as shop, concurrent.futures.ThreadPoolExecutor(1) as pool:
        before = process.memory_info().rss
        reading = pool.submit(count_rows, shop)
        most = 0
        while not reading.done():
            neighbours_answer(fleet)
            most = max(most, process.memory_info().rss)
            time.sleep(0.05)
        assert reading.result() == 1_000_000
        assert most - before < MOST_GROWTH_BYTES


def count_rows(shop: httpx.Client) -> int:
    """How many there are in the one answer, which is read as it comes."""
    found, rest = 0, b""
    with shop.stream("GET", "/things:list?paginate=false&fields=title") as answer:
        assert answer.status_code == 200
        for piece in answer.iter_bytes():
            text = rest + piece
            found += text.count(b'"title"')
            rest = text[-6:]  # shorter than what is counted, so that nothing is counted twice
    return found
