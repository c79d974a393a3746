"""A full disk under a real process: what is answered, that nothing is half made, and that it works again."""

import base64
import itertools
import random
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from insula.server.exits import Exit
from insula.testing import servers
from insula.testing.databases import connected
from insula.testing.disks import Disk, NoDisks, small_disk
from insula.testing.instance import Instance, database_settings

FULL = (503, "DISK_FULL")
PATIENCE_S = 30.0
TEXT = "x" * 60_000


@pytest.fixture
def disk() -> Iterator[Disk]:
    """24 MB, where other users (PostgreSQL's) may go too."""
    try:
        with tempfile.TemporaryDirectory(prefix="insula-disk-") as folder:
            Path(folder).chmod(0o755)
            with small_disk(Path(folder) / "disk", 24) as made:
                yield made
    except NoDisks as reason:
        pytest.skip(f"no file system can be mounted here: {reason}")


@pytest.fixture
def server(disk: Disk) -> Iterator[Instance]:
    """An installation whose folder is on the small disk; its log is elsewhere."""
    with Instance(disk.path / "storage") as made:
        made.log_path = disk.path.parent / "insula.log"
        made.start()
        with made.sign_in() as client:
            fields = [{"name": "text", "type": "text"}, {"name": "number", "type": "integer"}]
            client.post("/collections:create", json={"name": "notes", "fields": fields}).raise_for_status()
        yield made


def noise(length: int) -> str:
    """Text that does not get shorter when it is compressed."""
    return base64.b64encode(random.randbytes(length)).decode()[:length]


def outcome(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["errors"][0]["code"]


def until_full(client: httpx.Client) -> tuple[int, httpx.Response]:
    """Create notes until one is refused: how many there are, and the answer."""
    for number in itertools.count():
        answer = client.post("/notes:create", json={"text": TEXT, "number": number})
        if answer.status_code != 200:
            return number, answer
        assert number < 2_000
    raise AssertionError


def test_records_are_refused_whole_and_taken_again(server: Instance, disk: Disk) -> None:
    with server.sign_in() as client:
        disk.fill(leave_bytes=400_000)
        made, refused = until_full(client)
        assert outcome(refused) == FULL
        assert refused.headers["retry-after"]
        # Reading goes on, and every note is there whole.
        notes = client.get("/notes:list?paginate=false").json()["data"]
        assert [(note["number"], len(note["text"])) for note in notes] == [
            (n, len(TEXT)) for n in range(made)
        ]
        # So do refusals, of everything that writes.
        assert outcome(client.post("/collections:create", json={"name": "more"})) == FULL
        assert outcome(client.post("/notes:update?filterByTk=1", json={"text": TEXT * 20})) == FULL
        disk.free()
        assert client.post("/notes:create", json={"text": TEXT, "number": made}).status_code == 200
        assert client.post("/collections:create", json={"name": "more"}).status_code == 200
        assert client.get("/notes:count").json()["data"]["count"] == made + 1
    assert server.stop() == 0
    assert "Traceback" not in server.log
    server.start()
    with server.sign_in() as client:
        assert client.get("/notes:count").json()["data"]["count"] == made + 1


def test_a_sign_in_on_a_full_disk_says_so(server: Instance, disk: Disk) -> None:
    with server.sign_in() as client:
        disk.fill()
        until_full(client)
        with pytest.raises(httpx.HTTPStatusError) as refused:
            server.sign_in()
        assert outcome(refused.value.response) == FULL
        assert client.get("/auth:check").status_code == 200
        assert httpx.get(f"{server.address}/api/__health_check").text == "ok"
    disk.free()
    server.sign_in().close()


def test_a_file_that_does_not_fit_is_refused_and_taken_away(server: Instance, disk: Disk) -> None:
    with server.sign_in() as client:
        row = b"some text,1\n"
        answer = client.post(
            "/imports:create?collection=large",
            content=itertools.chain([b"a,b\n"], itertools.repeat(row * 5000, 1000)),
        )
        assert outcome(answer) == (503, "STORAGE_FULL")
        assert list((server.storage / "apps" / "main" / "imports").iterdir()) == []
        assert client.get("/collections:get/large").json()["data"] is None
        fits = client.post("/imports:create?collection=large", content=b"a,b\n" + row * 10)
        job = server.wait_for_job(client, fits.json()["data"]["jobId"])
        assert (job["status"], job["steps"][0]["result"]["imported"]) == ("succeeded", 10)


def test_an_import_that_runs_out_of_room_goes_on_once_there_is_some(server: Instance, disk: Disk) -> None:
    rows = 40_000
    with server.sign_in() as client:
        disk.fill(leave_bytes=1_600_000)
        body = b"name,number\n" + b"".join(b"a note of some length,%d\n" % n for n in range(rows))
        answer = client.post("/imports:create?collection=long", content=body)
        job = answer.json()["data"]["jobId"]
        deadline = time.monotonic() + PATIENCE_S
        while "no room left" not in server.log:
            assert time.monotonic() < deadline, client.get(f"/jobs:get/{job}").text
            time.sleep(0.02)
        kept = client.get("/long:count").json()["data"]["count"]
        assert kept < rows
        disk.free()
        ended = server.wait_for_job(client, job)
        assert ended["status"] == "succeeded", ended
        assert ended["steps"][0]["result"]["imported"] == rows
        numbers = sorted(row["number"] for row in client.get("/long:list?paginate=false").json()["data"])
        assert numbers == list(range(rows))


@pytest.mark.parametrize("leave_bytes", [0, 8_192, 100_000])
def test_a_start_on_a_full_disk_is_one_sentence(disk: Disk, leave_bytes: int) -> None:
    disk.fill(leave_bytes=leave_bytes)
    with Instance(disk.path / "storage") as made:
        made.log_path = disk.path.parent / "insula.log"
        ended = subprocess.run(
            [sys.executable, "-m", "insula.server"],
            env=made.environment,
            capture_output=True,
            text=True,
            timeout=PATIENCE_S,
            check=False,
        )
        assert ended.returncode in (Exit.INVALID, Exit.UNAVAILABLE)
        assert "Traceback" not in ended.stderr
        (sentence,) = [line for line in ended.stderr.splitlines() if line.startswith("insula: ")]
        assert re.search("No space left|no room left|without room", sentence)
        disk.free()
        made.start()
        made.sign_in().close()
        assert made.stop() == 0


def test_a_start_on_a_disk_that_can_only_be_read_is_one_sentence(disk: Disk) -> None:
    disk.permit_writing(False)
    with Instance(disk.path / "storage") as made:
        made.log_path = disk.path.parent / "insula.log"
        ended = subprocess.run(
            [sys.executable, "-m", "insula.server"],
            env=made.environment,
            capture_output=True,
            text=True,
            timeout=PATIENCE_S,
            check=False,
        )
        assert ended.returncode == Exit.INVALID
        assert "Traceback" not in ended.stderr
        (sentence,) = [line for line in ended.stderr.splitlines() if line.startswith("insula: ")]
        assert "Read-only file system" in sentence
        disk.permit_writing(True)
        made.start()
        made.sign_in().close()


def test_a_log_that_can_not_be_written_stops_nothing(tmp_path: Path) -> None:
    with Instance(tmp_path / "s", {"DB_DIALECT": "sqlite", "INSULA_ACCESS_LOG": "true"}) as made:
        made.log_path = Path("/dev/full")
        made.start()
        with made.sign_in() as client:
            for _ in range(20):
                assert client.get("/users:list").status_code == 200
            assert client.post("/users:create", content=b"{").status_code == 400
        assert made.stop() == 0


@pytest.fixture
async def full_tablespace(disk: Disk, postgresql: servers.Server) -> str:
    """A database of the shared server whose files are on the small disk."""
    folder = disk.path / "tablespace"
    folder.mkdir()
    servers.give_to_postgresql(folder)
    name = disk.path.parent.name
    async with connected(postgresql) as connection:
        await connection.execute(f"CREATE TABLESPACE \"{name}\" LOCATION '{folder}'")
        await connection.execute(f'CREATE DATABASE "{name}" TABLESPACE "{name}"')
    return name


async def _drop(postgresql: servers.Server, name: str) -> None:
    async with connected(postgresql) as connection:
        await connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
        await connection.execute(f'DROP TABLESPACE "{name}"')


async def test_postgresql_without_room(
    disk: Disk, full_tablespace: str, postgresql: servers.Server, tmp_path: Path
) -> None:
    try:
        with Instance(tmp_path / "s", database_settings(postgresql, full_tablespace)) as made:
            made.start()
            with made.sign_in() as client:
                fields = [{"name": "text", "type": "text"}, {"name": "number", "type": "integer"}]
                client.post(
                    "/collections:create", json={"name": "notes", "fields": fields}
                ).raise_for_status()
                disk.fill(leave_bytes=200_000)
                # Text is compressed: only what is random needs room.
                refused = None
                deadline = time.monotonic() + PATIENCE_S
                count = 0
                while refused is None and time.monotonic() < deadline:
                    answer = client.post("/notes:create", json={"text": noise(60_000), "number": count})
                    if answer.status_code == 200:
                        count += 1
                    else:
                        refused = answer
                assert refused is not None
                assert outcome(refused) == FULL
                assert client.get("/notes:count").json()["data"]["count"] == count
                body = "number,text\n" + "".join(f"{n},{noise(3000)}\n" for n in range(2_000))
                answer = client.post("/notes:import", content=body.encode())
                job = answer.json()["data"]["jobId"] if answer.status_code == 200 else None
                if job is None:
                    assert outcome(answer) == FULL
                else:
                    assert made.wait_for_job(client, job)["status"] == "failed"
                disk.free()
                assert client.post("/notes:create", json={"text": "x", "number": count}).status_code == 200
            assert made.stop() == 0
            assert "Traceback" not in made.log
    finally:
        await _drop(postgresql, full_tablespace)
