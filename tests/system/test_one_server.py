"""Two servers, two storage folders, one database: the second one does not start, on every dialect."""

import asyncio
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import asyncpg  # type: ignore[import-untyped]
import httpx
import pytest

from insula.server.exits import Exit
from insula.testing import servers
from insula.testing.instance import Instance, database_settings

PATIENCE_S = 60.0


def start_and_end(storage: Path, settings: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    """Start a process that is expected to end by itself."""
    return subprocess.run(
        [sys.executable, "-m", "insula.server"],
        env=Instance(storage, settings).environment,
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )


@pytest.mark.parametrize("dialect", ["sqlite", "postgres", "mariadb"])
def test_the_second_server_on_a_database_is_told_who_has_it(
    dialect: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    if dialect == "sqlite":
        settings = {"DB_DIALECT": "sqlite", "DB_STORAGE": str(tmp_path / "shared.sqlite")}
    else:
        server: servers.Server = request.getfixturevalue("mariadb" if dialect == "mariadb" else "postgresql")
        settings = database_settings(server, "insula_one_server", dialect)
    settings["APP_KEY"] = "one key of more than thirty-two letters"
    with Instance(tmp_path / "one", settings) as one:
        one.start()
        assert one.process is not None
        ended = start_and_end(tmp_path / "two", settings)
        (sentence,) = [line for line in ended.stderr.splitlines() if line.startswith("insula: ")]
        assert "used by another Insula server" in sentence
        # MariaDB does not tell a program's name unless it collects statistics
        assert (
            "connected from 127.0.0.1" if dialect == "mariadb" else f"process {one.process.pid}"
        ) in sentence
        assert ended.returncode == Exit.CONFLICT
        assert httpx.get(f"{one.address}/api/__health_check").text == "ok"
        one.kill()
        with Instance(tmp_path / "two", settings) as two:
            two.start()
            assert two.stop() == 0


async def take_away(server: servers.Server, database: str) -> asyncpg.Connection:
    """Cut the claim's session off, and take its lock before it is made again."""
    other = await asyncpg.connect(
        host=server.host, port=server.port, user=server.user, password=server.password, database=database
    )
    (held,) = await other.fetch(
        "SELECT pid, classid::bigint, objid::bigint FROM pg_locks WHERE locktype = 'advisory' AND objsubid = 2"
        " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
    )
    await other.execute("SELECT pg_terminate_backend($1)", held["pid"])
    await other.execute("SELECT pg_advisory_lock($1::int, $2::int)", held["classid"], held["objid"])
    return other


async def test_a_server_whose_database_another_has_taken_ends_and_says_so(
    tmp_path: Path, postgresql: servers.Server
) -> None:
    with Instance(tmp_path / "one", database_settings(postgresql, "insula_lost")) as one:
        await asyncio.to_thread(one.start)
        assert one.process is not None
        other = await take_away(postgresql, "insula_lost")
        assert await asyncio.to_thread(one.process.wait, PATIENCE_S) == Exit.CONFLICT
        await other.close()
        (sentence,) = [line for line in one.log.splitlines() if line.startswith("insula: ")]
        assert "used by another Insula server" in sentence
        assert "Traceback" not in one.log
        await asyncio.to_thread(one.start)
        assert one.stop() == 0
