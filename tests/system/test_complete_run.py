"""A complete run of tests, in a small project of its own."""

import subprocess
import sys
from pathlib import Path

import pytest
from sources import ROOT

FLAKY = """
import pathlib

def test_flaky():
    there = pathlib.Path("tried")
    before = there.exists()
    there.touch()
    assert before
"""
GOOD = "def test_good(): pass\n"


def failing(count: int) -> str:
    return "\n".join(f"def test_bad_{number}(): assert False" for number in range(count))


@pytest.mark.parametrize(
    ("source", "exit_code", "tried", "flaky"),
    [
        (GOOD, 0, False, False),
        (GOOD + FLAKY, 0, True, True),
        (GOOD + failing(1), 1, True, False),
        (FLAKY + failing(2), 1, True, False),
        (FLAKY + failing(3), 1, False, False),
        ("import of_something_that_is_not_there\n", 2, True, False),
    ],
    ids=["all pass", "flaky", "fails twice", "flaky, and others that fail twice", "many", "no test at all"],
)
def test_the_few_that_fail_are_tried_alone(
    source: str, exit_code: int, tried: bool, flaky: bool, tmp_path: Path
) -> None:
    (tmp_path / "test_it.py").write_text(source)
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    noted = tmp_path / ".pytest_cache" / "v" / "cache" / "lastfailed"
    noted.parent.mkdir(parents=True)
    noted.write_text('{"test_gone.py::test_of_long_ago": true}')
    command = [sys.executable, ROOT / "scripts" / "complete_run.py", "-n", "2", "--dist", "loadfile", "."]
    done = subprocess.run(command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert done.returncode == exit_code, done.stdout
    assert ("Tried once more, alone:" in done.stdout) is tried
    assert (
        "FLAKY, passed when tried alone; find out why:\n  test_it.py::test_flaky\n" in done.stdout
    ) is flaky
    assert "of_long_ago" not in done.stdout
