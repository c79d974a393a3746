"""Places where tests let a process fail: off unless configured, and nothing but what was configured."""

import asyncio
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from insula.core import failpoints


@pytest.fixture(autouse=True)
def _off_again() -> Iterator[None]:
    yield
    failpoints.configure({})


async def test_nothing_happens_anywhere_unless_configured() -> None:
    for name in failpoints.NAMES:
        await failpoints.reach(name)


async def test_it_fails_and_waits_where_it_is_told_to() -> None:
    failpoints.configure(failpoints.parse("create.recorded=fail, delete.stopped=delay:0.05"))
    with pytest.raises(failpoints.FailpointReached, match=r"create\.recorded"):
        await failpoints.reach("create.recorded")
    began = time.monotonic()
    await failpoints.reach("delete.stopped")
    assert time.monotonic() - began >= 0.05
    await failpoints.reach("purge.removed")


async def test_a_file_arms_and_disarms_while_the_process_runs(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    file = tmp_path / "effects"
    file.write_text("")
    failpoints.configure(failpoints.parse(f"@{file}"))
    with caplog.at_level("INFO"):
        await failpoints.reach("start.taken")
        file.write_text("start.taken=fail")
        with pytest.raises(failpoints.FailpointReached):
            await failpoints.reach("start.taken")
        await failpoints.reach("start.done")
        file.write_text("")
        await failpoints.reach("start.taken")
    assert [record.getMessage().partition(" (")[0] for record in caplog.records] == [
        "reached start.taken",
        "reached start.taken",
        "reached start.done",
        "reached start.taken",
    ]


async def test_a_file_holds_a_process_until_it_says_so_no_more(tmp_path: Path) -> None:
    file = tmp_path / "effects"
    file.write_text("start.taken=hold")
    failpoints.configure(failpoints.parse(f"@{file}"))
    held = asyncio.create_task(failpoints.reach("start.taken"))
    await failpoints.reach("start.done")
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(asyncio.shield(held), 0.1)
    file.write_text("")
    await asyncio.wait_for(held, 10)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("create.recorde=kill", "no failpoint 'create.recorde'"),
        ("create.recorded", "'' is none of"),
        ("create.recorded=die", "'die' is none of"),
        ("create.recorded=delay:", "'delay:' is none of"),
        ("create.recorded=delay:-1", "'delay:-1' is none of"),
        ("@/nowhere/at/all", "'/nowhere/at/all' can not be read"),
    ],
)
def test_what_means_nothing_is_refused(text: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        failpoints.parse(text)


_PROGRAM = """
import asyncio
from insula.core import failpoints
failpoints.configure({"start.prepared": "%s"})
asyncio.run(failpoints.reach("start.prepared"))
print("went on", flush=True)
"""


def test_it_kills_the_process() -> None:
    ended = subprocess.run([sys.executable, "-c", _PROGRAM % "kill"], capture_output=True, check=False)
    assert (ended.returncode, ended.stdout) == (-signal.SIGKILL, b"")


async def test_it_halts_the_process_until_it_is_continued() -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", _PROGRAM % "stop", stdout=asyncio.subprocess.PIPE
    )
    async with asyncio.timeout(20):
        while "T" not in _state(process.pid):
            await asyncio.sleep(0.01)
        process.send_signal(signal.SIGCONT)
        said, _ = await process.communicate()
    assert (process.returncode, said) == (0, b"went on\n")


def _state(pid: int) -> str:
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
