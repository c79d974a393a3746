"""Every command of the tutorial, run in order in one shell; what it shows is what the page says."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from insula.testing.instance import Instance

PAGE = Path(__file__).parent.parent.parent / "docs" / "tutorial" / "first-application.md"
ANYTHING = "…"
"""What a page writes where the answer may be anything."""
MARK = "--- the next block ---"


@pytest.fixture
def instance(tmp_path: Path) -> Iterator[Instance]:
    """What ``make start`` runs, with the account that the page chooses."""
    person = {
        "EMAIL": "ada@example.com",
        "USERNAME": "ada",
        "PASSWORD": "analytical engine 1",
        "NICKNAME": "Ada",
    }
    settings = {f"INIT_ROOT_{name}": value for name, value in person.items()}
    with Instance(tmp_path / "storage", {"DB_DIALECT": "sqlite", **settings}) as made:
        made.start()
        yield made
        assert made.stop() == 0


def blocks() -> list[tuple[str, str]]:
    """Kind and text of every code block of the page."""
    return re.findall(r"^```(\w+)\n(.*?)^```$", PAGE.read_text(), re.MULTILINE | re.DOTALL)


def test_every_block_of_the_tutorial(instance: Instance, tmp_path: Path) -> None:
    assert shutil.which("curl"), "the tutorial needs curl on PATH: apt-get install curl"
    kinds, texts = zip(*blocks(), strict=True)
    commands = [text for kind, text in blocks() if kind == "sh"]
    assert (kinds[0], texts[0]) == ("sh", "make start\n")
    assert set(kinds) == {"sh", "text", "json"}
    script = f"\necho '{MARK}'\n".join(commands[1:]).replace("http://localhost:13000", instance.address)
    shell = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        cwd=tmp_path,
        env={**instance.environment, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert shell.returncode == 0, shell.stdout + shell.stderr
    printed = iter(shell.stdout.split(f"{MARK}\n"))
    answers: list[str] = []
    for (kind, _), (following, expected) in zip(blocks()[1:], [*blocks()[2:], ("", "")], strict=True):
        if kind == "sh":
            answers.append(next(printed))
            if following == "json":
                same(json.loads(answers[-1]), json.loads(expected))
            else:
                wanted = re.escape(expected.strip() if following == "text" else "").replace(ANYTHING, ".*")
                assert re.fullmatch(wanted, answers[-1].strip(), re.DOTALL), answers[-1]
    assert next(printed, None) is None


def same(answer: Any, expected: Any) -> None:
    """The answer is what the page shows; ``…`` stands for anything, as a key for any others."""
    if expected == ANYTHING:
        return
    if isinstance(expected, dict):
        assert isinstance(answer, dict)
        open_ended = ANYTHING in expected
        known = {key: value for key, value in expected.items() if key != ANYTHING}
        assert known.keys() <= answer.keys() if open_ended else known.keys() == answer.keys(), answer
        for key, value in known.items():
            same(answer[key], value)
    elif isinstance(expected, list):
        assert isinstance(answer, list)
        assert len(answer) == len(expected), answer
        for one, other in zip(answer, expected, strict=True):
            same(one, other)
    else:
        assert answer == expected
