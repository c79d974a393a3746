"""Clients that are slow, idle, endless or not even HTTP, at the real server."""

import contextlib
import json
import resource
import select
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from insula.testing import servers
from insula.testing.instance import Instance

PATIENCE_S = 15.0
SHORT = {"INSULA_HEAD_TIMEOUT_S": "2", "INSULA_BODY_TIMEOUT_S": "2", "INSULA_KEEP_ALIVE_S": "6"}
HEAD = b"GET /api/__health_check HTTP/1.1\r\nHost: x\r\n"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Instance]:
    """One process for this module, with short patience."""
    with Instance(tmp_path_factory.mktemp("slow") / "s", {"DB_DIALECT": "sqlite", **SHORT}) as made:
        made.start()
        yield made


@contextlib.contextmanager
def connected(server: Instance) -> Iterator[socket.socket]:
    with socket.create_connection(("127.0.0.1", server.port), timeout=PATIENCE_S) as made:
        yield made


def rest(made: socket.socket) -> bytes:
    """All that comes until the server closes."""
    received = b""
    while chunk := made.recv(65536):
        received += chunk
    return received


def one_answer(made: socket.socket) -> bytes:
    """Head and body of one answer that has a Content-Length."""
    received = made.recv(65536)
    while b"\r\n\r\n" not in received:
        received += made.recv(65536)
    head, _, body = received.partition(b"\r\n\r\n")
    length = int(head.lower().partition(b"content-length: ")[2].split(b"\r\n")[0])
    while len(body) < length:
        body += made.recv(65536)
    return head + b"\r\n\r\n" + body


def error(answer: bytes) -> dict[str, object]:
    found: dict[str, object] = json.loads(answer.partition(b"\r\n\r\n")[2])["error"]
    return found


def healthy(server: Instance) -> bool:
    return httpx.get(f"{server.address}/api/__health_check", timeout=PATIENCE_S).text == "ok"


def test_a_head_that_never_ends_is_answered_with_408(server: Instance) -> None:
    with connected(server) as made:
        made.sendall(HEAD)
        answer = b""
        while not answer:
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                made.sendall(b"X-Drip: 1\r\n")
            if select.select([made], [], [], 0.2)[0]:
                answer = made.recv(65536)
        assert answer.startswith(b"HTTP/1.1 408 ")
        assert error(answer)["code"] == "TIMEOUT"
        assert b"connection: close" in answer


def test_connections_that_say_nothing_or_only_blank_lines_are_closed(server: Instance) -> None:
    with connected(server) as silent, connected(server) as blank:
        blank.sendall(b"\r\n")
        assert rest(silent) == b""
        assert rest(blank) == b""


def test_an_idle_connection_is_kept_a_while_and_used_again(server: Instance) -> None:
    with connected(server) as made:
        began = time.monotonic()
        made.sendall(HEAD + b"\r\n")
        assert one_answer(made).endswith(b"ok")
        while time.monotonic() - began < 2.3:  # longer than a head may take
            assert not select.select([made], [], [], 0.1)[0]
        made.sendall(HEAD + b"\r\n")
        assert one_answer(made).endswith(b"ok")
        assert rest(made) == b""
        assert time.monotonic() - began >= 6


@pytest.mark.parametrize("announced", [b"Content-Length: 99\r\n", b"Transfer-Encoding: chunked\r\n"])
def test_a_body_that_stalls_is_answered_with_408(server: Instance, announced: bytes) -> None:
    with connected(server) as made:
        made.sendall(
            b"POST /api/auth:signIn HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
            + announced
            + b"\r\n"
        )
        answer = rest(made)
        assert answer.startswith(b"HTTP/1.1 408 ")
        assert error(answer)["code"] == "TIMEOUT"


def test_a_body_that_comes_slowly_but_comes_is_read(server: Instance) -> None:
    body = b'{"account": "nobody", "password": "x"}'
    with connected(server) as made:
        head = f"POST /api/auth:signIn HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        made.sendall(head.encode())
        for start in range(0, len(body), 5):
            assert not select.select([made], [], [], 0.3)[0]
            made.sendall(body[start : start + 5])
        answer = one_answer(made)
        assert answer.startswith(b"HTTP/1.1 401 ")
        assert b"connection: close" not in answer


@pytest.mark.parametrize("piece", [65_000, 300_000])
def test_a_head_without_end_is_answered_with_431(server: Instance, piece: int) -> None:
    with connected(server) as made:
        made.sendall(HEAD + b"X-Long: " + b"a" * piece)
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            made.sendall(b"a" * piece + b"\r\n\r\n")
        answer = rest(made)
        assert answer.startswith(b"HTTP/1.1 431 ")
        assert error(answer)["code"] == "HEAD_TOO_LARGE"


def test_a_long_head_behind_a_request_under_way_takes_no_memory(server: Instance) -> None:
    body = b'{"account"'
    with connected(server) as made:
        head = f"POST /api/auth:signIn HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n\r\n"
        made.sendall(head.encode() + body + HEAD + b"X-Long: " + b"a" * 20_000)
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            for _ in range(100):
                made.sendall(b"a" * 20_000)
        with contextlib.suppress(ConnectionResetError):
            rest(made)
    assert healthy(server)


@pytest.mark.parametrize(
    "sent",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",  # TLS on a plain port
        b"nonsense\r\n\r\n",
        HEAD + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        HEAD + b"Content-Length: abc\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"POST /api/auth:signIn HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    ],
)
def test_what_is_no_http_gets_400_in_the_shape_of_errors(server: Instance, sent: bytes) -> None:
    with connected(server) as made:
        made.sendall(sent)
        answer = rest(made)
        assert answer.startswith(b"HTTP/1.1 400 ")
        assert error(answer)["code"] == "INVALID_HTTP"
    assert healthy(server)
    assert "Traceback" not in server.log


def test_a_client_that_takes_nothing_of_its_answer_is_given_up(server: Instance) -> None:
    with socket.socket() as made:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        made.settimeout(PATIENCE_S)
        made.connect(("127.0.0.1", server.port))
        # Answers pile up: more than the buffers of both sides take.
        with contextlib.suppress(TimeoutError, BrokenPipeError, ConnectionResetError, BlockingIOError):
            made.setblocking(False)
            while True:
                if not select.select([], [made], [], 1.0)[1]:
                    break
                made.send((b"GET /api/nothing:list HTTP/1.1\r\nHost: x\r\n\r\n") * 100)
        deadline = time.monotonic() + PATIENCE_S
        while _connections(server) > 0:
            assert time.monotonic() < deadline, "the connection is still open"
            time.sleep(0.1)
    assert healthy(server)


def _connections(server: Instance) -> int:
    """Established connections of the server's process."""
    import psutil

    assert server.process is not None
    found = psutil.Process(server.process.pid).net_connections("tcp")
    return sum(1 for each in found if each.status == psutil.CONN_ESTABLISHED)


def test_idle_connections_beyond_the_limit_make_room_for_new_ones(tmp_path: Path) -> None:
    descriptors = 256
    with Instance(tmp_path / "s") as made:
        with (tmp_path / "s.log").open("ab") as sink:
            made.process = subprocess.Popen(
                [sys.executable, "-m", "insula.server"],
                env=made.environment,
                stdout=sink,
                stderr=sink,
                preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (descriptors, descriptors)),
            )
        servers.wait_until_open(made.port, made.process, tmp_path / "s.log")
        with contextlib.ExitStack() as idle:
            for _ in range(descriptors * 2):
                idle.enter_context(connected(made))
            deadline = time.monotonic() + PATIENCE_S
            while not healthy(made):
                assert time.monotonic() < deadline
            took = []
            for _ in range(5):
                began = time.monotonic()
                assert healthy(made)
                took.append(time.monotonic() - began)
            assert min(took) < 1
        assert made.stop() == 0
        assert "Too many open files" not in made.log
