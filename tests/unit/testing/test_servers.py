"""Test servers are real, and are found in a program's place on PATH or in a wheel."""

import ast
import os
import socket
import subprocess
import sys
from pathlib import Path

import asyncpg
import pytest

from insula.testing import quick_folders, servers


def say(server: servers.Server, words: bytes) -> bytes:
    with socket.create_connection((server.host, server.port), timeout=10) as connection:
        connection.sendall(words)
        return connection.recv(100)


def test_no_port_is_given_twice_and_none_that_is_taken(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        taken = listening.getsockname()[1]
        monkeypatch.setattr(servers, "_TURN", tmp_path / "turn")
        monkeypatch.setattr(servers, "_PORTS", range(taken, taken + 1))
        with pytest.raises(RuntimeError, match="free"):
            servers.free_port()
    monkeypatch.setattr(servers, "_PORTS", range(7, 11))
    monkeypatch.setattr(servers, "_is_free", lambda port: port != 9)
    assert [servers.free_port() for _ in range(4)] == [8, 10, 7, 8]


def test_ports_are_given_in_turn_to_several_processes(tmp_path: Path) -> None:
    script = "from insula.testing.servers import free_port; print([free_port() for _ in range(50)])"
    asking = [
        subprocess.Popen(
            [sys.executable, "-c", script],
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "TMPDIR": str(tmp_path)},
        )
        for _ in range(4)
    ]
    given = [port for process in asking for port in ast.literal_eval(process.communicate()[0])]
    assert len(given) == len(set(given)) == 200


def test_redis_answers(redis: servers.Server) -> None:
    assert say(redis, b"PING\r\n") == b"+PONG\r\n"


def test_redis_comes_from_its_wheel_where_the_machine_has_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    with servers.redis() as server:
        assert say(server, b"INFO server\r\n").startswith(b"$")
    assert not server.folder.exists()


async def test_postgresql_comes_from_its_wheel_where_the_machine_has_none(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr(servers, "_DEBIAN", tmp_path)
    with servers.postgresql() as server:
        connection = await asyncpg.connect(
            host=server.host,
            port=server.port,
            user=server.user,
            password=server.password,
            database="postgres",
        )
        assert await connection.fetchval("SELECT 1") == 1
        await connection.close()
    assert not server.folder.exists()


def test_a_server_that_cannot_start_says_why() -> None:
    with pytest.raises(RuntimeError, match="nonsense"), servers.redis(settings=("--nonsense", "1")):
        pass


@pytest.mark.skipif(os.geteuid() != 0, reason="without root, programs run as the person who starts them")
def test_programs_in_a_closed_folder_are_copied_for_who_runs_them(tmp_path: Path) -> None:
    program = tmp_path / "closed" / "bin" / "initdb"
    program.parent.mkdir(parents=True)
    program.write_text("#!/bin/sh\n")
    (tmp_path / "closed").chmod(0o700)
    open_to_all = tmp_path / "open"
    open_to_all.mkdir()
    assert (servers._within_reach(program.parent, open_to_all) / "initdb").read_text() == "#!/bin/sh\n"


LEAVES_A_SERVER = """
import os, pathlib, subprocess, sys
from insula.testing.quick_folders import quick_folder

folder = quick_folder("insula-left-", pathlib.Path(sys.argv[1]))
stranger = subprocess.Popen(["sleep", "300"], stdout=subprocess.DEVNULL)
server = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(300)", str(folder)], stdout=subprocess.DEVNULL)
(folder / "server.pid").write_text(str(server.pid))
print(folder, server.pid, stranger.pid, flush=True)
os.kill(os.getpid(), 9)
"""


def test_what_a_killed_run_left_in_memory_is_taken_away_with_its_server(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The folders of those who live, and of others, stay; what has only got the number of a server runs on."""
    monkeypatch.setattr(quick_folders, "_ROOM_BYTES", 0)
    killed = subprocess.run(
        [sys.executable, "-c", LEAVES_A_SERVER, str(tmp_path)], stdout=subprocess.PIPE, text=True, check=False
    )
    folder, server, stranger = killed.stdout.split()
    assert (Path(folder).parent, killed.returncode) == (tmp_path, -9)
    reused = tmp_path / "insula-left-999999999-reused"
    reused.mkdir()
    (reused / "server.pid").write_text(stranger)
    (tmp_path / "insula-left-of-old").mkdir()
    mine = quick_folders.quick_folder("insula-left-", tmp_path)
    try:
        assert quick_folders.quick_folder("insula-left-", tmp_path) != mine
        assert not Path(folder).exists()
        assert not reused.exists()
        assert mine.exists()
        assert (tmp_path / "insula-left-of-old").exists()
        assert not Path(f"/proc/{server}").exists()
        assert Path(f"/proc/{stranger}").exists()
    finally:
        os.kill(int(stranger), 9)
