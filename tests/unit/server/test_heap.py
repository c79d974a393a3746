"""What is asked of the heap, in a process of its own with each allocator."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from insula.core import allocator as places
from insula.core.allocator import allocator
from insula.server import variables
from insula.server.variables import variables_of_server

ASK = """
from insula.server.heap import heap
found = heap()
found.keep_little()
kept = [bytearray(700) for _ in range(100_000)]
most = resident()
del kept[::2], kept
found.let_go()
found.give_back()
ends = time.monotonic() + 20  # what jemalloc's own thread is about to give back, it gives back itself
while most - resident() < 30 and time.monotonic() < ends:
    time.sleep(0.01)
print(type(found).__name__, most - resident() > 30)
"""
RESIDENT = """
import os, time
def resident() -> float:
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6
"""


def _asked(environment: dict[str, str]) -> str:
    asked = subprocess.run(
        [sys.executable, "-c", RESIDENT + ASK],
        env={"PATH": os.defpath} | environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (asked.returncode, asked.stderr) == (0, "")
    return asked.stdout.strip()


@pytest.mark.skipif(not allocator(), reason="jemalloc is not installed on this machine")
def test_jemalloc_gives_back_what_was_freed() -> None:
    assert _asked(allocator()) == "Jemalloc True"


def test_glibc_gives_back_what_was_freed() -> None:
    assert _asked({"PYTHONMALLOC": "malloc"}) == "Glibc True"


def test_where_there_is_no_jemalloc_nothing_is_chosen(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    file = tmp_path / "libjemalloc.so.2"
    monkeypatch.setattr(places, "_places", lambda: iter([file]))
    assert allocator() == {}
    file.touch()
    assert allocator()["LD_PRELOAD"] == str(file)


@pytest.mark.parametrize("name", ["PYTHONMALLOC", "LD_PRELOAD", "MALLOC_CONF"])
def test_who_chooses_an_allocator_is_left_alone(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    chosen = {"PYTHONMALLOC": "malloc", "LD_PRELOAD": "libjemalloc.so.2", "MALLOC_CONF": "narenas:1"}
    monkeypatch.setattr(variables, "allocator", lambda: chosen)
    for one in chosen:
        monkeypatch.delenv(one, raising=False)
    assert variables_of_server().items() >= chosen.items()
    monkeypatch.setenv(name, "own")
    assert chosen.items() & variables_of_server().items() == set()
