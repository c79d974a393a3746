"""Bodies that are too large, at the real server: JSON without end, and files that only look like CSV."""

import gzip
import io
import itertools
import time
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from insula.testing.instance import Instance
from insula.testing.resident import MEGABYTE, stays_flat

GIGABYTE = 1024 * MEGABYTE
PATIENCE_S = 30.0


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Instance]:
    """One process for this module."""
    with Instance(tmp_path_factory.mktemp("large") / "s") as made:
        made.start()
        with made.sign_in() as client:
            fields = [{"name": "a", "type": "string"}]
            client.post("/collections:create", json={"name": "notes", "fields": fields}).raise_for_status()
        yield made


@pytest.fixture
def client(server: Instance) -> Iterator[httpx.Client]:
    with server.sign_in() as made:
        yield made


class Counted:
    """A body of the given pieces that counts what was taken of it."""

    def __init__(self, pieces: Iterable[bytes]) -> None:
        self._pieces = pieces
        self.taken = 0

    def __iter__(self) -> Iterator[bytes]:
        for piece in self._pieces:
            self.taken += len(piece)
            yield piece


def endless_json() -> Iterator[bytes]:
    """A gigabyte."""
    return itertools.chain([b'{"a": "'], itertools.repeat(b"x" * MEGABYTE, 1024), [b'"}'])


@pytest.mark.parametrize("announced", [True, False], ids=["content-length", "chunked"])
@pytest.mark.parametrize("action", ["notes:create", "auth:signIn", "notes:list", "nothing:create"])
def test_a_gigabyte_of_json_is_refused_without_being_read(
    server: Instance, client: httpx.Client, action: str, announced: bool
) -> None:
    body = Counted(endless_json())
    headers = {"Content-Type": "application/json"}
    if announced:
        headers["Content-Length"] = str(GIGABYTE + 9)
    with stays_flat(server):
        answer = client.post(f"/{action}", content=iter(body), headers=headers)
    error = answer.json()["errors"][0]
    if action == "nothing:create":
        assert (answer.status_code, error["code"]) == (404, "NOT_FOUND")
    else:
        assert (answer.status_code, error["code"]) == (413, "PAYLOAD_TOO_LARGE")
    assert answer.headers["connection"] == "close"
    assert answer.headers["x-request-id"]
    # A second piece of a second, and not all of it: the server does not listen for longer.
    assert client.get("/notes:list").json()["data"] == []


def test_a_client_that_waits_for_100_continue_is_spared_the_body(server: Instance) -> None:
    import socket

    with socket.create_connection(("127.0.0.1", server.port), timeout=PATIENCE_S) as made:
        made.sendall(
            b"POST /api/auth:signIn HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
            b"Content-Length: 1073741824\r\nExpect: 100-continue\r\n\r\n"
        )
        answer = made.makefile("rb").read()
    assert answer.startswith(b"HTTP/1.1 413 ")
    assert b"PAYLOAD_TOO_LARGE" in answer


def test_the_limit_is_the_setting(tmp_path: Path) -> None:
    with Instance(tmp_path / "s", {"DB_DIALECT": "sqlite", "INSULA_BODY_LIMIT_BYTES": "1024"}) as made:
        made.start()
        with made.sign_in() as client:
            fits = client.post("/systemSettings:update", content=b'{"title": "' + b"x" * 900 + b'"}')
            assert fits.status_code != 413
            beyond = client.post("/systemSettings:update", json={"title": "x" * 1100})
            assert beyond.status_code == 413
            assert "1024" in beyond.json()["errors"][0]["message"]
            assert "connection" not in beyond.headers  # a short rest is read, so the connection is good


def test_json_as_deep_as_a_well(client: httpx.Client) -> None:
    for body in (b"[" * 10_000 + b"]" * 10_000, b'{"a":' * 10_000 + b"1" + b"}" * 10_000, b"[" * 1_000_000):
        answer = client.post("/notes:create", content=body, headers={"Content-Type": "application/json"})
        assert answer.status_code == 400, answer.text
        assert answer.json()["errors"][0]["code"] == "INVALID_JSON"


def refused(answer: httpx.Response) -> dict[str, Any]:
    error: dict[str, Any] = answer.json()["errors"][0]
    assert 400 <= answer.status_code < 500, answer.text
    assert error["code"] in ("INVALID_FILE", "INVALID_IMPORT", "UNSUPPORTED_MEDIA_TYPE"), error
    return error


def left(server: Instance) -> list[Path]:
    """Files that imports have left in the storage folder."""
    return sorted((server.storage / "apps" / "main" / "imports").glob("*"))


def result(job: dict[str, Any]) -> dict[str, Any]:
    assert job["status"] == "succeeded", job
    found: dict[str, Any] = job["steps"][0]["result"]
    return found


CSV = {"Content-Type": "text/csv"}


@pytest.mark.parametrize(
    ("separator", "megabytes"),
    [(b"x", 1024), (b"a,", 1024), (b'"', 1024), (b'"\n",', 128)],
    ids=["one cell", "cells", "quotes", "quoted lines"],
)
def test_a_gigabyte_without_the_end_of_a_row(
    server: Instance, client: httpx.Client, separator: bytes, megabytes: int
) -> None:
    piece = separator * (MEGABYTE // len(separator))
    for header in ([], [b"a,b\n1,2\n"]):
        body = Counted(itertools.chain(header, itertools.repeat(piece, megabytes)))
        with stays_flat(server, 80 * MEGABYTE):
            answer = client.post("/imports:create?collection=wide", content=iter(body), headers=CSV)
            if answer.status_code == 200:
                job = server.wait_for_job(client, answer.json()["data"]["jobId"])
                assert job["status"] == "failed", job
                for path in left(server):
                    path.unlink()  # a failed import keeps its file, to be tried again
                assert "line" in job["error"]
            else:
                refused(answer)
    assert left(server) == []


def test_a_million_columns(server: Instance, client: httpx.Client) -> None:
    names = ",".join(f"c{number}" for number in range(1_000_000)).encode()
    with stays_flat(server):
        for body in (names + b"\n", b"a,b\n" + b"1," * 1_000_000 + b"1\n"):
            answer = client.post("/imports:create?collection=wide", content=body, headers=CSV)
            if answer.status_code == 200:
                job = server.wait_for_job(client, answer.json()["data"]["jobId"])
                assert result(job)["rejected"] == 1
                assert "1000001 cells" in result(job)["errors"][0]["reason"]
            else:
                refused(answer)
    assert left(server) == []


def test_uneven_rows_are_reported_with_their_lines(server: Instance, client: httpx.Client) -> None:
    body = b"a,b\n1,2\n3\n4,5,6\n7,8\n,\n"
    answer = client.post("/imports:create?collection=uneven", content=body, headers=CSV)
    job = server.wait_for_job(client, answer.json()["data"]["jobId"])
    assert {name: result(job)[name] for name in ("imported", "rejected", "empty")} == {
        "imported": 2,
        "rejected": 2,
        "empty": 1,
    }
    assert [error["line"] for error in result(job)["errors"]] == [3, 4]
    assert client.get("/uneven:count").json()["data"] == {"count": 2}


def test_files_that_are_not_in_the_encoding_they_claim(server: Instance, client: httpx.Client) -> None:
    text = "name,city\nZoë,Köln\n"
    wrong = client.post(
        "/imports:create",
        params={"collection": "enc", "encoding": "utf-8"},
        content=text.encode("latin-1"),
        headers=CSV,
    )
    assert "utf-8" in refused(wrong)["message"]
    unknown = client.post(
        "/imports:create",
        params={"collection": "enc", "encoding": "klingon"},
        content=text.encode(),
        headers=CSV,
    )
    assert "klingon" in refused(unknown)["message"]
    silent = client.post(
        "/imports:create", params={"collection": "enc"}, content=text.encode("latin-1"), headers=CSV
    )
    assert "line 2: the text is not UTF-8" in refused(silent)["message"]
    for number, encoding in enumerate(("latin-1", "utf-16", "utf-8-sig", "cp1252")):
        params = {"collection": (name := f"enc{number}")}
        if not encoding.startswith("utf"):
            params["encoding"] = encoding
        answer = client.post("/imports:create", params=params, content=text.encode(encoding), headers=CSV)
        assert server.wait_for_job(client, answer.json()["data"]["jobId"])["status"] == "succeeded"
        (row,) = client.get(f"/{name}:list").json()["data"]
        assert (row["name"], row["city"]) == ("Zoë", "Köln")
    # Wrong only far behind: what stands before is in, and the job says where it broke.
    late = b"a\n" + b"1\n" * 200_000 + b"\xff\xfe\n"
    answer = client.post(
        "/imports:create", params={"collection": "late", "encoding": "utf-8"}, content=late, headers=CSV
    )
    job = server.wait_for_job(client, answer.json()["data"]["jobId"])
    assert job["status"] == "failed"
    assert "line 200002" in job["error"]
    (kept,) = left(server)
    kept.unlink()  # a failed import keeps its file, to be tried again


def test_archives_and_other_binaries_are_no_csv(server: Instance, client: httpx.Client) -> None:
    bomb = io.BytesIO()
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.csv", b"0" * (16 * MEGABYTE))
    squeezed = gzip.compress(b"a,b\n" + b"1,2\n" * MEGABYTE)
    with stays_flat(server):
        for body in (
            bomb.getvalue(),
            squeezed,
            b"\x00" * MEGABYTE,
            b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 99,
        ):
            answer = client.post("/imports:create?collection=binary", content=body, headers=CSV)
            refused(answer)
        encoded = client.post(
            "/imports:create?collection=binary", content=squeezed, headers={**CSV, "Content-Encoding": "gzip"}
        )
        assert encoded.status_code == 415
    assert client.get("/collections:get/binary").json()["data"] is None
    assert left(server) == []


def test_a_cell_that_no_database_takes_rejects_its_row(server: Instance, client: httpx.Client) -> None:
    body = b"a,b\nx,1\nx\x00,2\nx,3\n"
    answer = client.post("/imports:create?collection=nul", content=body, headers=CSV)
    tally = result(server.wait_for_job(client, answer.json()["data"]["jobId"]))
    assert (tally["imported"], [error["line"] for error in tally["errors"]]) == (2, [3])


def test_an_upload_that_breaks_off_leaves_nothing(server: Instance, client: httpx.Client) -> None:
    def broken() -> Iterator[bytes]:
        yield b"a,b\n" + b"1,2\n" * 100_000
        raise InterruptedError

    with pytest.raises(InterruptedError):
        client.post("/imports:create?collection=torn", content=broken(), headers=CSV)
    deadline = time.monotonic() + PATIENCE_S
    while left(server):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    assert client.get("/collections:get/torn").json()["data"] is None
