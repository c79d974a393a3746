"""A complete run of the tests: ``complete_run.py ARGUMENT...``, all for pytest, with folders or files at the end.

The few that fail are tried once more, alone and in a new process, and named at the end
(docs/decisions/0019-a-test-that-fails-is-tried-alone.md). Exits as pytest does.
"""

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

MOST = 3
"""That many may be flaky; more have failed together, and mean something."""
FAILED = 1
"""What pytest exits with where tests have failed, and nothing worse has happened."""

NOTED = Path(".pytest_cache/v/cache/lastfailed")
"""Where pytest notes what has failed and not passed since."""


def main(arguments: Sequence[str]) -> int:
    """The exit code of the run, or that of the second try."""
    NOTED.unlink(missing_ok=True)
    exit_code = _pytest(*arguments)
    failed = _failed() if exit_code == FAILED else []
    if not 0 < len(failed) <= MOST:
        return exit_code
    print("\nTried once more, alone:", *failed, sep="\n  ", flush=True)
    exit_code = _pytest(*failed)
    if exit_code == 0:
        print("\nFLAKY, passed when tried alone; find out why:", *failed, sep="\n  ", flush=True)
    return exit_code


def _pytest(*arguments: str) -> int:
    return subprocess.call([Path(sys.executable).with_name("pytest"), *arguments])


def _failed() -> list[str]:
    found: dict[str, bool] = json.loads(NOTED.read_text())
    return sorted(found)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
