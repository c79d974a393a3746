"""The README's tour on real files: set up, import, relate, ask; numbers are checked against plain Python."""

import csv
import json
import re
import signal
import stat
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import vega_datasets

from insula.testing.instance import Instance, database_settings

DATA = Path(vega_datasets.__file__).parent / "_data"
EMAIL, PASSWORD = "ada@example.com", "analytical engine 1"


@pytest.fixture(params=["sqlite", "postgres"])
def instance(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Instance]:
    """An installation on a bare folder, without a first administrator; started."""
    server = request.getfixturevalue("postgresql") if request.param == "postgres" else None
    settings = database_settings(server, f"tour_{abs(hash(tmp_path)) % 10**8}")
    nobody = dict.fromkeys(
        ("INIT_ROOT_EMAIL", "INIT_ROOT_USERNAME", "INIT_ROOT_PASSWORD", "INIT_ROOT_NICKNAME"), ""
    )
    with Instance(tmp_path / "storage", {**settings, **nobody}) as made:
        made.start()
        yield made
        assert made.process is not None
        if made.process.poll() is None:
            assert made.stop() == 0


def set_up(instance: Instance) -> httpx.Client:
    """Through the one-time link, as a person does."""
    link = wait_for_link(instance)
    page = httpx.get(link, headers={"Accept": "text/html"})
    assert page.status_code == 200 and "password" in page.text
    form = {
        "token": link.partition("token=")[2],
        "email": EMAIL,
        "username": "ada",
        "nickname": "Ada",
        "password": PASSWORD,
        "again": PASSWORD,
    }
    address = link.partition("?")[0]
    assert httpx.post(address, data={**form, "again": "other"}).status_code == 400
    assert httpx.post(address, data=form).status_code == 303
    assert httpx.post(address, data=form).status_code == 410
    return instance.sign_in(EMAIL, PASSWORD)


def wait_for_link(instance: Instance) -> str:
    """The link is printed just after the first answer."""
    for _ in range(500):
        if found := re.search(r"http://\S+/setup\?token=\S+", instance.log):
            return found[0].replace("localhost", "127.0.0.1")
        httpx.get(f"{instance.address}/api/__health_check")
    raise AssertionError(instance.log)


def rows_of(name: str) -> list[dict[str, str]]:
    with (DATA / f"{name}.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def ask(client: httpx.Client, path: str, **params: Any) -> Any:
    answer = client.get(path, params=params)
    assert answer.status_code == 200, answer.text
    return answer.json()


def query(client: httpx.Client, collection: str, **body: Any) -> list[dict[str, Any]]:
    answer = client.post(f"/{collection}:query", json=body)
    assert answer.status_code == 200, answer.text
    data: list[dict[str, Any]] = answer.json()["data"]
    return data


def test_tour_on_real_files(instance: Instance) -> None:
    with set_up(instance) as client:
        for name in (
            "airports",
            "seattle-weather",
            "stocks",
            "us-employment",
            "iowa-electricity",
            "la-riots",
        ):
            done = instance.command(
                "records", "import", str(DATA / f"{name}.csv"), "--collection", name, "--json"
            )
            assert done.returncode == 0, done.stderr
            tally = json.loads(done.stdout)
            assert (tally["imported"], tally["rejected"]) == (len(rows_of(name)), 0)
        check_airports(client)
        check_weather(client)
        check_stocks(client)
        relate(client)
        check_export(instance)


def check_airports(client: httpx.Client) -> None:
    airports = rows_of("airports")
    texas = [row for row in airports if row["state"] == "TX" and float(row["latitude"]) > 30]
    answer = ask(
        client,
        "/airports:list",
        filter='{"state":"TX","latitude":{"$gt":30}}',
        sort="-latitude",
        pageSize="7",
        page="2",
    )
    assert answer["meta"]["count"] == len(texas)
    texas.sort(key=lambda row: -float(row["latitude"]))
    assert [row["iata"] for row in answer["data"]] == [row["iata"] for row in texas[7:14]]
    per_state: dict[str, int] = defaultdict(int)
    for row in airports:
        per_state[row["state"]] += 1
    measures = [{"field": ["id"], "aggregation": "count", "alias": "n"}]
    found = query(client, "airports", measures=measures, dimensions=[{"field": ["state"], "alias": "state"}])
    assert {row["state"]: int(row["n"]) for row in found} == per_state


def check_weather(client: httpx.Client) -> None:
    weather = rows_of("seattle-weather")
    sunny = [row for row in weather if row["weather"] == "sun" and row["date"].startswith("2013/07")]
    wanted = json.dumps({"weather": "sun", "date": {"$dateOn": "2013-07"}})
    answer = ask(client, "/seattle-weather:list", filter=wanted, paginate="false", sort="date")
    assert [row["date"].replace("-", "/") for row in answer["data"]] == [row["date"] for row in sunny]
    by_kind: dict[str, list[float]] = defaultdict(list)
    for row in weather:
        by_kind[row["weather"]].append(float(row["temp_max"]))
    found = query(
        client,
        "seattle-weather",
        measures=[
            {"field": ["temp_max"], "aggregation": "avg", "alias": "mean"},
            {"field": ["temp_max"], "aggregation": "max", "alias": "most"},
        ],
        dimensions=[{"field": ["weather"], "alias": "weather"}],
        orders=[{"field": ["weather"], "order": "asc"}],
    )
    assert [row["weather"] for row in found] == sorted(by_kind)
    for row in found:
        values = by_kind[row["weather"]]
        assert float(row["mean"]) == pytest.approx(sum(values) / len(values))
        assert float(row["most"]) == max(values)


def check_stocks(client: httpx.Client) -> None:
    """Dates written as ``Jan 1 2000``."""
    stocks = rows_of("stocks")
    answer = ask(client, "/stocks:list", filter='{"symbol":"AAPL"}', sort="-price", pageSize="1")
    best = max((row for row in stocks if row["symbol"] == "AAPL"), key=lambda row: float(row["price"]))
    assert (answer["data"][0]["price"], answer["data"][0]["date"][:4]) == (
        float(best["price"]),
        best["date"][-4:],
    )


def relate(client: httpx.Client) -> None:
    """States of their own, to which airports belong by their code; asked through the relation."""
    airports = rows_of("airports")
    names = {"TX": "Texas", "WA": "Washington", "CA": "California"}
    fields = [{"name": "code", "type": "string", "unique": True}, {"name": "title", "type": "string"}]
    client.post("/collections:create", json={"name": "states", "fields": fields}).raise_for_status()
    for code, title in names.items():
        client.post("/states:create", json={"code": code, "title": title}).raise_for_status()
    field = {
        "name": "inState",
        "type": "belongsTo",
        "target": "states",
        "foreignKey": "stateCode",
        "targetKey": "code",
    }
    client.post("/collections/airports/fields:create", json=field).raise_for_status()
    for code in names:
        answer = client.post(
            "/airports:update", params={"filter": json.dumps({"state": code})}, json={"stateCode": code}
        )
        assert answer.status_code == 200, answer.text
    answer = ask(
        client,
        "/airports:list",
        filter='{"inState.title":{"$includes":"wash"}}',
        appends="inState",
        pageSize="3",
        sort="iata",
    )
    washington = sorted(row["iata"] for row in airports if row["state"] == "WA")
    assert answer["meta"]["count"] == len(washington)
    assert [row["iata"] for row in answer["data"]] == washington[:3]
    assert {row["inState"]["title"] for row in answer["data"]} == {"Washington"}


def check_export(instance: Instance) -> None:
    done = instance.command(
        "records",
        "export",
        "--collection",
        "iowa-electricity",
        "--fields",
        "year,source,net_generation",
    )
    assert done.returncode == 0, done.stderr
    exported = list(csv.DictReader(done.stdout.splitlines()))
    assert sorted(map(str, exported)) == sorted(map(str, rows_of("iowa-electricity")))


def test_a_kill_in_the_middle_of_an_import_loses_and_doubles_nothing(
    instance: Instance, tmp_path: Path
) -> None:
    count = 120_000
    file = tmp_path / "numbers.csv"
    file.write_text("n,word\n" + "".join(f"{n},word {n}\n" for n in range(count)))
    with set_up(instance) as client, file.open("rb") as source:
        answer = client.post("/imports:create", params={"collection": "numbers"}, content=source)
        job = answer.raise_for_status().json()["data"]["jobId"]
        while ask(client, "/numbers:count")["data"]["count"] == 0:
            pass
    instance.kill()
    instance.start()
    with instance.sign_in(EMAIL, PASSWORD) as client:
        state = instance.wait_for_job(client, job)
        assert (state["status"], state["steps"][0]["result"]["imported"]) == ("succeeded", count)
        (row,) = query(
            client,
            "numbers",
            measures=[
                {"field": ["n"], "aggregation": "count", "alias": "rows"},
                {"field": ["n"], "aggregation": "sum", "alias": "sum"},
            ],
        )
        assert (int(row["rows"]), int(row["sum"])) == (count, count * (count - 1) // 2)


def test_a_kill_in_the_middle_of_schema_changes_leaves_whole_ones(instance: Instance) -> None:
    """Collections are created until the process dies: afterwards each is either there and works, or absent."""
    with set_up(instance) as client:
        begun = 0
        try:
            for begun in range(1000):
                if begun == 8:
                    assert instance.process is not None
                    instance.process.send_signal(signal.SIGKILL)
                client.post(
                    "/collections:create",
                    json={"name": f"c{begun}", "fields": [{"name": "a", "type": "string"}]},
                )
        except httpx.TransportError:
            pass  # it is dead, as wanted
    instance.kill()
    instance.start()
    with instance.sign_in(EMAIL, PASSWORD) as client:
        there = {row["name"] for row in ask(client, "/collections:list", paginate="false")["data"]}
        assert {f"c{n}" for n in range(8)} <= there
        for n in range(begun + 1):
            made = client.post(f"/c{n}:create", json={"a": "x"})
            assert made.status_code == (200 if f"c{n}" in there else 404), made.text
            if f"c{n}" not in there:
                again = client.post("/collections:create", json={"name": f"c{n}", "fields": []})
                assert again.status_code == 200, again.text


def test_the_folder_keeps_its_secrets(instance: Instance) -> None:
    with set_up(instance):
        pass
    for name in ("app_key", "insula.sock"):
        assert stat.S_IMODE((instance.storage / name).stat().st_mode) == 0o600
    assert PASSWORD not in instance.log
    second = Instance(instance.storage, instance.settings)
    with pytest.raises(RuntimeError, match="did not start"):
        second.start()
    assert "already" in instance.log or "in use" in instance.log or "another" in instance.log


def test_commands_without_a_server_say_so(tmp_path: Path) -> None:
    done = Instance(tmp_path / "storage").command("collections", "list")
    assert done.returncode == 4
    assert "No server answers" in done.stderr and "insula start" in done.stderr
