"""Runs every benchmark, or those named, and ends with a table of their figures."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

FOLDER = Path(__file__).parent.parent / "benchmarks"
SCRIPTS = (
    *("start_and_memory", "requests_per_second", "appends", "stall", "import_copy", "schemas"),
    *("fleet_create", "fleet_start", "fleet_addresses", "fleet_density", "forward"),
    *("fleet_command", "fleet_in_force", "fleet_returns", "fleet_large", "pages"),
)


def run(script: str) -> list[dict[str, Any]]:
    """The figures of one script, passed on as they come. Raises where it fails."""
    figures = []
    with subprocess.Popen(
        [sys.executable, f"{script}.py"], cwd=FOLDER, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        for line in process.stdout:
            sys.stdout.write(line)
            sys.stdout.flush()
            if line.startswith("{"):
                figures.append(json.loads(line))
    if process.returncode:
        raise SystemExit(f"{script} ended with {process.returncode}")
    return figures


def table(figures: list[dict[str, Any]]) -> Table:
    """One row for each figure."""
    made = Table("what", "measured", "peer", "goal", "met", box=None, pad_edge=False)
    for figure in figures:
        measured = f"{figure['figure']:,g} {figure['unit']}"
        met = "yes" if figure["met"] else "no"
        made.add_row(figure["name"], measured, figure["peer"], figure["goal"], met)
    return made


def main() -> None:
    figures = [figure for script in sys.argv[1:] or SCRIPTS for figure in run(script)]
    Console(width=120).print(table(figures))


if __name__ == "__main__":
    main()
