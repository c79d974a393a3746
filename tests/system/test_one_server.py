"""Two servers, two storage folders, one database: the second one does not start, on both dialects."""

import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

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


@pytest.mark.parametrize("dialect", ["sqlite", "postgres"])
def test_the_second_server_on_a_database_is_told_who_has_it(
    dialect: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    if dialect == "sqlite":
        settings = {"DB_DIALECT": "sqlite", "DB_STORAGE": str(tmp_path / "shared.sqlite")}
    else:
        server: servers.Server = request.getfixturevalue("postgresql")
        settings = database_settings(server, "insula_one_server")
    settings["APP_KEY"] = "one key of more than thirty-two letters"
    with Instance(tmp_path / "one", settings) as one:
        one.start()
        assert one.process is not None
        ended = start_and_end(tmp_path / "two", settings)
        (sentence,) = [line for line in ended.stderr.splitlines() if line.startswith("insula: ")]
        assert "used by another Insula server" in sentence
        assert f"process {one.process.pid}" in sentence
        assert ended.returncode == Exit.CONFLICT
        assert httpx.get(f"{one.address}/api/__health_check").text == "ok"
        one.kill()
        with Instance(tmp_path / "two", settings) as two:
            two.start()
            assert two.stop() == 0
