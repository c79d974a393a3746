"""The main application on a real MariaDB: installed, used, killed, started again."""

import asyncio
import contextlib
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest
import sqlalchemy as sa
from vega_datasets import local_data

from insula.database.budget import ConnectionBudget
from insula.database.engine import open_database
from insula.database.options import DatabaseOptions
from insula.testing import servers
from insula.testing.instance import Instance

pytestmark = pytest.mark.parametrize("dialect_settings", ["mariadb"], indirect=True)

FIELDS = [
    {"name": "title", "type": "string", "unique": True},
    {"name": "pages", "type": "integer"},
    {"name": "facts", "type": "json"},
]


def test_a_day_in_its_life(dialect_settings: Mapping[str, str], tmp_path: Path) -> None:
    with Instance(tmp_path / "s", dialect_settings) as instance:
        instance.start()
        with instance.sign_in() as client:
            made = client.post("/collections:create", json={"name": "books", "fields": FIELDS})
            assert made.status_code == 200, made.text
            for number, title in enumerate(["Émile", "émile", 'it\'s 100 % \\ "?" 😀']):
                values = {"title": title, "pages": number, "facts": {"n": [number]}}
                assert client.post("/books:create", json=values).status_code == 200
            taken = client.post("/books:create", json={"title": "Émile"})
            assert (taken.status_code, taken.json()["errors"][0]["code"]) == (409, "CONFLICT")
            long = client.post("/books:create", json={"title": "x" * 300})
            assert (long.status_code, long.json()["errors"][0]["code"]) == (400, "VALIDATION_ERROR")
        instance.kill()
        instance.start()
        with instance.sign_in() as client:
            found = client.get(
                "/books:list", params={"filter": '{"pages":{"$gt":0}}', "sort": "-pages"}
            ).json()
            assert [(row["title"], row["facts"]) for row in found["data"]] == [
                ('it\'s 100 % \\ "?" 😀', {"n": [2]}),
                ("émile", {"n": [1]}),
            ]
            changed = client.post("/books:update?filterByTk=1", json={"pages": 7}).json()["data"]
            assert [(row["title"], row["pages"]) for row in changed] == [("Émile", 7)]
            assert client.post("/books:destroy?filterByTk=1").json() == {"data": 1}
            assert client.get("/books:list").json()["meta"]["count"] == 2
        assert instance.stop() == 0
        assert "Traceback" not in instance.log


def test_real_data_is_imported_related_and_queried(
    dialect_settings: Mapping[str, str], tmp_path: Path
) -> None:
    path = Path(local_data.airports.filepath)
    lines = len(path.read_text().strip().splitlines()) - 1
    with Instance(tmp_path / "s", dialect_settings) as instance:
        instance.start()
        with instance.sign_in() as client:
            started = client.post("/imports:create?collection=airports", content=path.read_bytes())
            job = instance.wait_for_job(client, started.raise_for_status().json()["data"]["jobId"])
            assert job["status"] == "succeeded", job
            country = {"name": "land", "type": "belongsTo", "target": "lands", "foreignKey": "landId"}
            named = {"name": "lands", "fields": [{"name": "name", "type": "string", "unique": True}]}
            client.post("/collections:create", json=named).raise_for_status()
            client.post("/collections/airports/fields:create", json=country).raise_for_status()
            some = client.get('/airports:list?filter={"state":"AK"}&pageSize=3').json()["data"]
            body = {"name": "Alaska"}
            land = client.post("/lands:create", json=body).raise_for_status().json()["data"]["id"]
            for airport in some:
                change = client.post(f"/airports:update/{airport['id']}", json={"land": {"id": land}})
                change.raise_for_status()
        assert instance.stop() == 0
        instance.start()
        with instance.sign_in() as client:
            related = client.get('/airports:list?filter={"land.name":"Alaska"}&appends=land').json()["data"]
            assert {row["land"]["name"] for row in related} == {"Alaska"}
            assert {row["id"] for row in related} == {airport["id"] for airport in some}
            measure = {"measures": [{"field": ["id"], "aggregation": "count", "alias": "rows"}]}
            found = client.post("/airports:query", json=measure).raise_for_status().json()["data"]
            assert int(found[0]["rows"]) == lines


ROWS = 20_000


def test_killed_in_the_midst_of_a_change_of_tables(
    dialect_settings: Mapping[str, str], tmp_path: Path
) -> None:
    """Each of its statements commits by itself: the next start takes back those of a change that did not end."""
    with Instance(tmp_path / "s", dialect_settings) as instance:
        instance.start()
        with instance.sign_in() as client:
            body = {"name": "things", "fields": [{"name": "n", "type": "string"}]}
            client.post("/collections:create", json=body).raise_for_status()
            text = "n\n" + "\n".join(map(str, range(ROWS)))
            started = client.post("/imports:create?collection=things", content=text)
            job = instance.wait_for_job(client, started.raise_for_status().json()["data"]["jobId"])
            assert job["steps"][0]["result"]["imported"] == ROWS, job
            before = columns(dialect_settings, "things")
            with ThreadPoolExecutor() as pool:
                asked = pool.submit(convert, client)
                until_changed(dialect_settings, "things", before)
                instance.kill()
                assert asked.result() is None
        assert columns(dialect_settings, "things") != before
        instance.start()
        with instance.sign_in() as client:
            found = client.get("/things:list?sort=-id&pageSize=1").json()
            assert (found["data"][0]["n"], found["meta"]["count"]) == (str(ROWS - 1), ROWS)
            assert columns(dialect_settings, "things") == before
            answer = convert(client)
            assert answer is not None
            assert answer.status_code == 200, answer.text
            found = client.get(f'/things:list?filter={{"n":{{"$gte":{ROWS - 2}}}}}').json()
            assert [row["n"] for row in found["data"]] == [ROWS - 2, ROWS - 1]
        assert columns(dialect_settings, "things") == before
        assert instance.stop() == 0


def convert(client: httpx.Client) -> httpx.Response | None:
    """Make numbers of texts; ``None`` where the server ended before it answered."""
    with contextlib.suppress(httpx.TransportError):
        return client.post("/collections/things/fields:update/n", json={"type": "integer"})
    return None


def columns(settings: Mapping[str, str], table: str) -> set[str]:
    """Those that the table has, asked on a connection of its own."""
    return asyncio.run(_columns(settings, table))


async def _columns(settings: Mapping[str, str], table: str) -> set[str]:
    options = DatabaseOptions(
        settings["DB_DIALECT"],
        host=settings["DB_HOST"],
        port=int(settings["DB_PORT"]),
        user=settings["DB_USER"],
        password=settings["DB_PASSWORD"],
        database=settings["DB_DATABASE"],
    )
    asked = sa.text(
        "SELECT COLUMN_NAME AS name FROM information_schema.COLUMNS"
        " WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = :v_table"
    ).columns(sa.column("name"))
    database = open_database(options, ConnectionBudget())
    try:
        rows: list[dict[str, Any]] = await database.run(asked, {"v_table": table})
    finally:
        await database.close()
    return {row["name"] for row in rows}


def until_changed(settings: Mapping[str, str], table: str, before: set[str]) -> None:
    deadline = time.monotonic() + servers.START_TIMEOUT_S
    while columns(settings, table) == before:
        assert time.monotonic() < deadline, "the table does not change"


def test_a_user_that_is_not_let_in_is_told_which_settings_to_look_at(
    dialect_settings: Mapping[str, str], tmp_path: Path
) -> None:
    poor = {**dialect_settings, "DB_USER": "insula_unknown", "DB_PASSWORD": "wrong"}
    with Instance(tmp_path / "s", poor) as instance:
        process = instance.begin()
        assert process.wait(servers.START_TIMEOUT_S) != 0
        assert "DB_USER and DB_PASSWORD" in instance.log
        assert "Traceback" not in instance.log
