"""How answers go out over the wire, at the real server."""

import gzip
import json
import socket
from codecs import BOM_UTF8
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from insula.testing.instance import ROOT_EMAIL, ROOT_PASSWORD, Instance

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


@pytest.mark.parametrize(
    "headers", ["", "Host: a\r\nHost: b\r\n", "Host: a b\r\n", "Host: a/b\r\n", "Host: user@a\r\n"]
)
def test_a_request_names_one_host(server: Instance, headers: str) -> None:
    with socket.create_connection(("127.0.0.1", server.port), timeout=PATIENCE_S) as made:
        made.sendall(f"GET /api/__health_check HTTP/1.1\r\n{headers}\r\n".encode())
        answer = made.recv(65536).decode()
    assert answer.startswith("HTTP/1.1 400 ")
    assert "\r\nx-request-id: " in answer
    assert json.loads(answer.partition("\r\n\r\n")[2])["error"]["code"] == "INVALID_HTTP"


@pytest.mark.parametrize(
    "head", ["HTTP/1.0", "HTTP/1.1\r\nHost: [::1]:13000", "HTTP/1.1\r\nHost: insula.example.com"]
)
def test_hosts_that_are_fine(server: Instance, head: str) -> None:
    with socket.create_connection(("127.0.0.1", server.port), timeout=PATIENCE_S) as made:
        made.sendall(f"GET /api/__health_check {head}\r\n\r\n".encode())
        assert made.recv(65536).startswith(b"HTTP/1.1 200 ")


def test_what_is_no_http_gets_json_and_an_id(server: Instance) -> None:
    with socket.create_connection(("127.0.0.1", server.port), timeout=PATIENCE_S) as made:
        made.sendall(b"\x16\x03\x01 hello\r\n\r\n")
        answer = made.recv(65536).decode()
    assert answer.startswith("HTTP/1.1 400 ")
    assert "\r\nx-request-id: " in answer
    assert json.loads(answer.partition("\r\n\r\n")[2])["error"]["status"] == 400


def test_bodies_are_taken_as_they_are(server: Instance) -> None:
    account = json.dumps({"account": ROOT_EMAIL, "password": ROOT_PASSWORD}).encode()
    headers = {"Content-Type": "application/json"}
    url = f"{server.address}/api/auth:signIn"
    assert httpx.post(url, content=BOM_UTF8 + account, headers=headers).status_code == 200
    plain = {**headers, "Content-Encoding": "identity"}
    assert httpx.post(url, content=account, headers=plain).status_code == 200
    packed = httpx.post(url, content=gzip.compress(account), headers={**headers, "Content-Encoding": "gzip"})
    assert packed.status_code == 415
    assert packed.json()["errors"][0]["code"] == "UNSUPPORTED_MEDIA_TYPE"
    assert "gzip" in packed.json()["errors"][0]["message"]


def test_answers_are_not_packed_and_open_to_no_other_origin(server: Instance) -> None:
    asked = {"Accept-Encoding": "gzip, br", "Origin": "https://elsewhere.example.com"}
    answer = httpx.get(f"{server.address}/api/app:getInfo", headers=asked)
    assert "content-encoding" not in answer.headers
    assert [name for name in answer.headers if name.startswith("access-control-")] == []
