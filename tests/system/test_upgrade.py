"""An installation of an older version, as it was dumped then, under the processes of this one."""

import asyncio
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest

from insula.server.exits import Exit
from insula.testing import servers, shelf
from insula.testing.instance import Instance, database_settings

OLD = Path(__file__).parent / "old"
"""``shelf.FIRST`` with three boxes and a field that people added, a collection that they made, one root."""
OLD_KEY = "the-old-k3y-of-the-old-installation-42"
PATIENCE_S = 60.0
GRAMS = [(0, 7), (1, 1007), (2, 2007)]
"""Weight and grams of the boxes after both migrations, each applied once."""


def administer(server: servers.Server, database: str, *scripts: str) -> None:
    async def execute() -> None:
        connection = await asyncpg.connect(
            host=server.host, port=server.port, user=server.user, password=server.password, database=database
        )
        try:
            for script in scripts:
                await connection.execute(script)
        finally:
            await connection.close()

    asyncio.run(execute())


@pytest.fixture(params=["sqlite", "postgres"])
def old(request: pytest.FixtureRequest, tmp_path: Path) -> Mapping[str, str]:
    """The settings of an installation whose database is the old one."""
    if request.param == "sqlite":
        path = tmp_path / "old.sqlite"
        with closing(sqlite3.connect(path)) as database:
            database.executescript((OLD / "sqlite.sql").read_text())
        return {"DB_DIALECT": "sqlite", "DB_STORAGE": str(path), "APP_KEY": OLD_KEY}
    server: servers.Server = request.getfixturevalue("postgresql")
    name = f"old {tmp_path.name[-40:]}"
    administer(server, "postgres", f'CREATE DATABASE "{name}"')
    administer(server, name, (OLD / "postgres.sql").read_text())
    request.addfinalizer(lambda: administer(server, "postgres", f'DROP DATABASE "{name}" WITH (FORCE)'))
    return {**database_settings(server, name), "APP_KEY": OLD_KEY}


Make = Callable[..., Instance]


@pytest.fixture
def make(old: Mapping[str, str], tmp_path: Path) -> Iterator[Make]:
    """Makes an installation on the old database, with the plugin in the state of this source."""
    with ExitStack() as stack:
        made: list[Instance] = []

        def one(source: str) -> Instance:
            number = len(made)
            variables = shelf.installed(tmp_path / f"plugin{number}", source)
            made.append(stack.enter_context(Instance(tmp_path / f"s{number}", {**old, **variables})))
            return made[-1]

        yield one


def boxes(client: httpx.Client) -> list[tuple[Any, ...]]:
    rows = client.get("/boxes:list?sort=weight").raise_for_status().json()["data"]
    return [(row["weight"], row["grams"]) for row in rows]


def plugin(client: httpx.Client) -> dict[str, Any]:
    rows = client.get("/pm:list").raise_for_status().json()["data"]
    return next(row for row in rows if row["name"] == "shelf")


def test_all_that_was_there_is_there_after_the_upgrade(make: Make) -> None:
    server = make(shelf.SECOND)
    for _ in range(2):
        server.start()
        with server.sign_in() as client:
            assert boxes(client) == GRAMS
            assert plugin(client)["working"]
            assert client.get("/racks:list").json()["data"] == []
            assert client.get("/boxes:get/2").json()["data"]["mine"] == "kept"
            (note,) = client.get("/notes:list?appends=box,createdBy").json()["data"]
            assert note["text"] == "from the old days"
            assert (note["box"]["label"], note["createdBy"]["username"]) == ("box 1", "root")
            added = client.post("/boxes:create", json={"label": "new", "weight": 9, "grams": 1})
            client.post(f"/boxes:destroy/{added.json()['data']['id']}").raise_for_status()
        assert server.stop() == 0
    assert "Traceback" not in server.log


def test_a_migration_that_fails_leaves_the_old_state_and_says_which(make: Make) -> None:
    server = make(shelf.BROKEN)
    server.start()
    with server.sign_in() as client:
        refused = client.get("/boxes:list")
        assert (refused.status_code, refused.json()["errors"][0]["code"]) == (503, "PLUGIN_FAILED")
        row = plugin(client)
        assert (row["enabled"], row["working"]) == (True, False)
        for word in ("2", "with packing", "the rack is too low"):
            assert word in row["error"]
        assert client.get("/notes:list").json()["data"][0]["text"] == "from the old days"
    assert server.stop() == 0
    mended = make(shelf.MENDED)
    mended.start()
    with mended.sign_in() as client:
        assert boxes(client) == GRAMS


def test_a_required_plugin_whose_migration_fails_stops_the_start(make: Make) -> None:
    server = make(shelf.BROKEN_REQUIRED)
    ended = subprocess.run(
        [sys.executable, "-m", "insula.server"],
        env=server.environment,
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )
    assert ended.returncode == Exit.DEFECT
    (sentence,) = [line for line in ended.stderr.splitlines() if line.startswith("insula: ")]
    for word in ("shelf", "2", "with packing", "the rack is too low"):
        assert word in sentence
    before = make(shelf.FIRST)
    before.start()
    with before.sign_in() as client:
        rows = client.get("/boxes:list").raise_for_status().json()["data"]
        assert [row["weight"] for row in rows] == [0, 1, 2]
        assert "grams" not in rows[0]


@pytest.mark.parametrize("old", ["postgres"], indirect=True)
def test_of_two_processes_that_start_at_once_one_upgrades(
    make: Make, old: Mapping[str, str], postgresql: servers.Server
) -> None:
    both = [make(shelf.SECOND), make(shelf.SECOND)]
    with ThreadPoolExecutor(2) as pool:
        refusals = list(pool.map(_refused, both))
    (refusal,) = filter(None, refusals)
    assert "is used by another Insula server" in refusal
    (server,) = [server for server, refused in zip(both, refusals, strict=True) if not refused]
    with server.sign_in() as client:
        assert boxes(client) == GRAMS
        assert plugin(client)["working"]
    assert server.stop() == 0
    # From now on a start does not even ask.
    administer(postgresql, "postgres", f"""ALTER DATABASE "{old["DB_DATABASE"]}" SET log_statement = 'all'""")
    log = postgresql.folder / "log"
    seen = log.stat().st_size
    both[0].start()
    assert both[0].stop() == 0
    asked = log.read_text()[seen:]
    assert "rolesUsers" in asked
    assert "migrations" not in asked
    assert "pg_advisory_xact_lock" not in asked


def _refused(server: Instance) -> str:
    """What the start says where it is refused; nothing where the server runs."""
    try:
        server.start()
    except RuntimeError as error:
        return str(error)
    return ""
