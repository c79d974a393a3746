"""A process that is killed at any step of making or dropping a database: the next one brings it to its end."""

import asyncio
import json
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from dataclasses import asdict
from pathlib import Path

import asyncpg
import pytest
import sqlalchemy as sa

from insula.database.engine import open_database
from insula.database.options import DatabaseOptions
from insula.database.provision.base import Order
from insula.database.provision.by_dialect import provision
from insula.database.provision.ownership import read_stamp
from insula.testing.provisioning import BOOKS, TABLES, order, template
from insula.testing.servers import Server

CHILD = Path(__file__).parent / "child.py"


@pytest.fixture(params=["file", "database", "schema", "tables", "mariadb"])
async def given(
    request: pytest.FixtureRequest, folder: Path, admin: asyncpg.Connection, postgresql: Server
) -> AsyncIterator[Order]:
    """An order, and afterwards nothing of it left on the server."""
    place = str(request.param)
    what = {"schema": "new_schema", "tables": "new_connection"}.get(place, "new_database")
    at = DatabaseOptions("sqlite", storage=folder / "apps" / "a" / "a.sqlite")
    if place == "mariadb":
        there: Server = request.getfixturevalue("mariadb")
        at = DatabaseOptions(
            "mariadb",
            host=there.host,
            port=there.port,
            user=there.user,
            password=there.password,
            database="killed_mariadb",
        )
    elif place != "file":
        at = DatabaseOptions(
            "postgres",
            host=postgresql.host,
            port=postgresql.port,
            user=postgresql.user,
            password=postgresql.password,
            database=f"killed_{place}",
            schema="killed" if place == "schema" else None,
        )
        if place != "database":
            await admin.execute(f"CREATE DATABASE {at.database}")
    yield order(what, at, DatabaseOptions("sqlite", storage=folder / "main.sqlite"), folder)
    left = await admin.fetch("SELECT datname FROM pg_database WHERE datname ~ '^insula_(draft|gone)'")
    assert left == []
    if at.dialect == "postgres":
        await admin.execute(f"DROP DATABASE IF EXISTS {at.database} WITH (FORCE)")
        for row in await admin.fetch("SELECT datname FROM pg_database WHERE datname ~ '^insula_template'"):
            await admin.execute(f'DROP DATABASE "{row["datname"]}"')


async def killed(asked: Order, verb: str, at: int) -> bool:
    """Whether there was such a step, and the process was killed there."""
    said = {
        "verb": verb,
        "at": at,
        "what": asked.what,
        "options": asdict(asked.options) | {"storage": str(asked.options.storage or "")},
        "folder": str(asked.folder),
        "application": asked.stamp.application,
        "id": asked.stamp.id,
    }
    process = await asyncio.create_subprocess_exec(
        sys.executable, str(CHILD), json.dumps(said), stderr=subprocess.PIPE
    )
    _, complaint = await process.communicate()
    assert process.returncode in (0, -signal.SIGKILL), complaint.decode()
    return process.returncode != 0


async def whole(asked: Order) -> None:
    """It is there, stamped, with all its tables, and can be written."""
    assert await read_stamp(asked.options, asked.budget) == asked.stamp
    database = open_database(asked.options, asked.budget)
    await database.run(sa.insert(BOOKS).values(id=1))
    assert await database.run(sa.select(BOOKS)) == [{"id": 1}]
    await database.close()


async def test_killed_at_every_step(given: Order, folder: Path) -> None:
    way = provision(given.options.dialect)
    steps = 0
    while await killed(given, "prepare", steps + 1):
        steps += 1
        stamp = await read_stamp(given.options, given.budget)
        assert stamp in (None, given.stamp)
        assert not (await way.check(given)).problems
        await way.prepare(given, template(given.options.dialect))
        await whole(given)
        await way.remove(given, TABLES)
        assert await read_stamp(given.options, given.budget) is None
    assert steps >= 4
    await whole(given)
    steps = 0
    while await killed(given, "remove", steps + 1):
        steps += 1
        await way.remove(given, TABLES)
        assert await read_stamp(given.options, given.budget) is None
        await way.prepare(given, template(given.options.dialect))
        await whole(given)
    assert steps >= 2
    assert await read_stamp(given.options, given.budget) is None
    assert not list(folder.rglob("*.part*"))
