"""The end of a process with work under way, and the start after it."""

import contextlib
import signal
import socket
import time
from collections.abc import Mapping
from pathlib import Path

import httpx
import pytest

from insula.testing.instance import Instance

PATIENCE_S = 30.0
ROWS = 40_000


@pytest.fixture
def body() -> bytes:
    return b"name,number\n" + b"".join(b"a note of some length,%d\n" % number for number in range(ROWS))


def test_a_stream_and_an_import_under_way(
    dialect_settings: Mapping[str, str], tmp_path: Path, body: bytes
) -> None:
    with Instance(tmp_path / "s", dialect_settings) as server:
        server.start()
        process = server.process
        assert process is not None
        with server.sign_in() as client:
            job = client.post("/imports:create?collection=first", content=body).json()["data"]["jobId"]
            assert server.wait_for_job(client, job)["status"] == "succeeded"
            second = client.post("/imports:create?collection=second", content=body).json()["data"]["jobId"]
            with client.stream("GET", "/first:export?format=csv") as answer:
                lines = answer.iter_lines()
                assert next(lines).startswith("id,name,number")
                process.send_signal(signal.SIGTERM)
                # What is under way is given whole, though nobody new is let in.
                assert sum(1 for line in lines if line) == ROWS
        assert process.wait(PATIENCE_S) == 0
        assert "Traceback" not in server.log
        server.start()
        with server.sign_in() as client:
            assert server.wait_for_job(client, second)["status"] == "succeeded"
            numbers = sorted(
                row["number"] for row in client.get("/second:list?paginate=false").json()["data"]
            )
            assert numbers == list(range(ROWS))


def test_a_second_signal_ends_the_process_at_once(tmp_path: Path) -> None:
    with Instance(tmp_path / "s") as server:
        server.start()
        process = server.process
        assert process is not None
        with socket.create_connection(("127.0.0.1", server.port)) as stuck:
            stuck.sendall(
                b"POST /api/auth:signIn HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
                b"Content-Length: 9\r\n\r\n{"
            )
            httpx.get(f"{server.address}/api/__health_check")
            process.send_signal(signal.SIGTERM)
            deadline = time.monotonic() + PATIENCE_S
            while "requests in flight" not in server.log:
                assert time.monotonic() < deadline
                time.sleep(0.01)
            process.send_signal(signal.SIGTERM)
            assert process.wait(PATIENCE_S) == 128 + signal.SIGTERM
        server.start()  # nothing that was left hinders it
        assert server.stop() == 0


@pytest.mark.parametrize("left", ["a socket", "a file", "a dangling link"])
def test_what_stands_where_the_operators_socket_belongs_is_replaced(tmp_path: Path, left: str) -> None:
    with Instance(tmp_path / "s") as server:
        path = server.storage / "insula.sock"
        server.storage.mkdir()
        if left == "a socket":
            with contextlib.closing(socket.socket(socket.AF_UNIX)) as stale:
                stale.bind(str(path))
        elif left == "a file":
            path.write_text("not a socket")
        else:
            path.symlink_to(tmp_path / "nowhere")
        server.start()
        with httpx.Client(transport=httpx.HTTPTransport(uds=str(path))) as operator:
            assert operator.get("http://insula/api/users:list").status_code == 200
        assert path.stat().st_mode & 0o777 == 0o600
        assert server.stop() == 0
        assert not path.exists()
