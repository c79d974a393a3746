"""Following a job to its end, with a progress bar for people."""

import sys
import time
from typing import Any

import click

from insula.cli.client import Client, complain
from insula.cli.paths import action
from insula.server.command import command

POLL_S = 0.2
RUNNING = ("waiting", "running", "undoing")
"""States of a job that has not ended."""


def follow(client: Client, job: int, label: str, *, quiet: bool) -> dict[str, Any]:
    """The job once it has ended. Ended by Ctrl-C, the command says how the job is ended too."""
    try:
        with click.progressbar(length=1000, label=label, file=sys.stderr, hidden=hidden(quiet)) as bar:
            while True:
                state: dict[str, Any] = client.call(action("jobs", "get", job))
                bar.update(int(state["progress"] * 1000) - bar.pos)
                if state["status"] not in RUNNING:
                    return state
                time.sleep(POLL_S)
    except KeyboardInterrupt:
        complain(f"it goes on as job {job}; “{command()} jobs cancel {job}” ends it")
        raise


def hidden(quiet: bool) -> bool:
    """Bars are for terminals; in a file they are noise."""
    return quiet or not sys.stderr.isatty()
