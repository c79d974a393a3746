"""How answers go out over the wire, at the real server."""

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from insula.testing.instance import Instance

PATIENCE_S = 15.0


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Instance]:
    folder: Path = tmp_path_factory.mktemp("answers")
    with Instance(folder / "s") as made:
        made.start()
        yield made


def ask(server: Instance, method: str, path: str, more: str = "") -> tuple[socket.socket, bytes]:
    """A connection on which a request was sent, and the first thing that came back."""
    made = socket.create_connection(("127.0.0.1", server.port), timeout=PATIENCE_S)
    made.sendall(f"{method} {path} HTTP/1.1\r\nHost: x\r\n{more}\r\n".encode())
    return made, made.recv(65536)


def test_head_and_body_of_an_answer_come_in_one_piece(server: Instance) -> None:
    made, first = ask(server, "GET", "/api/__health_check")
    made.close()
    assert first.startswith(b"HTTP/1.1 200 ")
    assert first.endswith(b"\r\n\r\nok")


def test_an_answer_without_a_body_comes_at_once(server: Instance) -> None:
    for method, path, status in (("HEAD", "/api/app:getInfo", b"200"), ("OPTIONS", "/api/users", b"204")):
        made, first = ask(server, method, path)
        made.close()
        assert first.startswith(b"HTTP/1.1 " + status)
        assert first.endswith(b"\r\n\r\n")


def test_a_client_that_waits_for_leave_to_send_gets_it(server: Instance) -> None:
    body = b'{"account": "nobody", "password": "nothing at all"}'
    headers = f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\nExpect: 100-continue\r\n"
    made, first = ask(server, "POST", "/api/auth:signIn", headers)
    with made:
        assert first.startswith(b"HTTP/1.1 100 ")
        made.sendall(body)
        assert made.recv(65536).startswith(b"HTTP/1.1 401 ")
